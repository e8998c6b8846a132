package sqlpages

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

// Header is the header of an SQLite file, its first 100 bytes.
type Header struct {
	Blank       bool // empty or all zeros, as SQLite begins a file
	Cut         bool // the beginning of a header and no more
	SQLite      bool
	Other       string // what it seems to be if it is not SQLite: a content type
	Application uint32
	User        uint32
	Size        int64 // what the file's size should be; 0 if the header does not say
	Schema      error // what is wrong with the length of the table list
}

// ReadHeader reads the header without SQLite, and so without changing the file or anything beside
// it.
func ReadHeader(path string) (Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return Header{}, err
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, 100)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Header{}, fmt.Errorf("%s: %w", path, err)
	}
	const magic = "SQLite format 3\x00"
	if len(bytes.Trim(b[:n], "\x00")) == 0 {
		return Header{Blank: true}, nil
	}
	if n < len(b) && bytes.HasPrefix(b, []byte(magic[:min(n, len(magic))])) {
		return Header{Cut: true}, nil
	}
	if n < len(b) || string(b[:16]) != magic {
		return Header{Other: http.DetectContentType(b[:n])}, nil
	}
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	h := Header{SQLite: true, Application: u32(68), User: u32(60)}
	page := int64(binary.BigEndian.Uint16(b[16:]))
	if page == 1 {
		page = 65536
	}
	if u32(24) == u32(92) { // otherwise an old SQLite wrote last and the page count is out of date
		h.Size = page * int64(u32(28))
	}
	h.Schema = checkSchemaSize(f, page)
	return h, nil
}

// Bounds of the table list, sqlite_schema: SQLite reads and parses all of it before it does
// anything. An archive's takes two kilobytes.
const (
	maxSchemaPages = 64
	MaxSchema      = 1 << 20
)

// checkSchemaSize refuses a file whose table list is too long or contains a cycle. It walks the
// b-tree that begins on page 1, after the header of the file.
func checkSchemaSize(f io.ReaderAt, page int64) error {
	const leaf, interior = 13, 5
	if page < 512 || page&(page-1) != 0 {
		return fmt.Errorf("invalid page size of %d bytes", page)
	}
	read := func(number uint32) (b []byte, start, cells int, err error) {
		b = make([]byte, page)
		if number == 1 {
			start = 100
		}
		if _, err := f.ReadAt(b, (int64(number)-1)*page); number == 0 || err != nil {
			return nil, 0, 0, fmt.Errorf("page %d of its table list cannot be read", number)
		}
		cells = int(binary.BigEndian.Uint16(b[start+3:]))
		if start+12+2*cells > len(b) {
			return nil, 0, 0, fmt.Errorf("page %d of its table list has too many cells", number)
		}
		return b, start, cells, nil
	}
	b, start, cells, err := read(1)
	if err != nil {
		return err
	}
	leaves := []uint32{1}
	if b[start] == interior {
		if cells >= maxSchemaPages {
			return fmt.Errorf("its table list is too long for an archive")
		}
		leaves[0] = binary.BigEndian.Uint32(b[start+8:])
		for i := range cells {
			at := int(binary.BigEndian.Uint16(b[start+12+2*i:]))
			if at+4 > len(b) {
				return fmt.Errorf("its table list has a cell outside its page")
			}
			leaves = append(leaves, binary.BigEndian.Uint32(b[at:]))
		}
	}
	var total int64
	for _, number := range leaves {
		b, start, cells, err := read(number)
		if err != nil {
			return err
		}
		if b[start] != leaf {
			return fmt.Errorf("its table list is too long for an archive, or goes round in circles")
		}
		for i := range cells {
			at := min(int(binary.BigEndian.Uint16(b[start+8+2*i:])), len(b))
			payload, n := Varint(b[at:])
			if n == 0 || payload < 0 || payload > MaxSchema-total {
				return fmt.Errorf("its table list is too long for an archive")
			}
			total += payload
		}
	}
	return nil
}
