// Package textfile reads text as people's editors write it.
package textfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"unicode/utf16"
	"unicode/utf8"
)

// Read returns the text of a file of at most so many bytes, decoded and with lines that end in \n.
// Errors name the file.
func Read(file string, most int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		err = syscall.EISDIR
	case !info.Mode().IsRegular():
		err = errors.New("not a file")
	case info.Size() > most:
		err = fmt.Errorf("longer than %d MiB", most>>20)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: file, Err: err}
	}
	data, err := os.ReadFile(file)
	return Text(data), err
}

// Text drops a byte order mark, converts UTF-16, which Windows editors write, to UTF-8, and ends
// lines in \n.
func Text(data []byte) []byte {
	text := bytes.ReplaceAll(decoded(data), []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
}

func decoded(data []byte) []byte {
	if text, ok := bytes.CutPrefix(data, []byte{0xef, 0xbb, 0xbf}); ok {
		return text
	}
	var order binary.ByteOrder
	start := 2
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case len(data) > 3 && data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0:
		// UTF-16 without a mark
		order, start = binary.LittleEndian, 0
	case len(data) > 3 && data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0:
		order, start = binary.BigEndian, 0
	default:
		return data
	}
	text := make([]byte, 0, len(data)/2)
	for i := start; i+1 < len(data); i += 2 {
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) && i+3 < len(data) {
			r = utf16.DecodeRune(r, rune(order.Uint16(data[i+2:])))
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	return text
}
