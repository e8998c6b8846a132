package scenery

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Errors about a DSF. Errors of this file wrap one of them.
var (
	ErrDSF           = errors.New("not a usable DSF")
	ErrDSFCompressed = errors.New("the DSF is 7z-compressed")
)

const (
	dsfCookie    = "XPLNEDSF"
	dsfVersion   = 1
	dsfHeader    = 12 // cookie and version
	dsfFooter    = 16 // an MD5, which is not verified
	atomHeader   = 8
	maxAtoms     = 4096     // in one level; a real file has a handful
	maxUnpacked  = 1 << 30  // of a compressed file: Ortho4XP's largest have about 200 MB
	maxStrings   = 1 << 16  // of an atom: references to them have 16 bits
	maxAtomBytes = 16 << 20 // of an atom that is read: maxStrings names of 256 bytes
)

// DSF is the head of a scenery mesh. Its geometry is not read.
type DSF struct {
	Properties map[string]string // of HEAD/PROP: "sim/west" → "5"
	// of DEFN/TERT, in the file's order: "terrain/23952_33712_BI16.ter"
	Terrains []string
}

// Overlay reports whether the DSF lies on top of a mesh, as airports, forests and roads do, instead
// of being one.
func (d DSF) Overlay() bool { return d.Properties["sim/overlay"] == "1" }

// Box returns the square that the mesh covers according to its properties, and false if they do not
// say.
func (d DSF) Box() (tiles.Box, bool) {
	var box tiles.Box
	for key, side := range map[string]*float64{"sim/west": &box.West, "sim/south": &box.South,
		"sim/east": &box.East, "sim/north": &box.North} {
		v, err := strconv.ParseFloat(d.Properties[key], 64)
		if err != nil {
			return tiles.Box{}, false
		}
		*side = v
	}
	return box, box.West < box.East && box.South < box.North
}

// ReadDSF reads the properties and terrain list of a DSF file. It does not verify the checksum.
//
// A file that is 7z-compressed as a whole is unpacked as far as needed. The error wraps
// ErrDSFCompressed if that fails, and ErrDSF for anything else that is not a DSF.
func ReadDSF(file string) (DSF, error) {
	d, err := readDSF(file)
	if err != nil {
		return DSF{}, fmt.Errorf("read DSF %s: %w", file, err)
	}
	return d, nil
}

// CheckDSF returns why a file is certainly no DSF, or nil: it reads only where its atoms are and,
// of a compressed one, the list of its content.
func CheckDSF(file string) error {
	r, size, closeFile, err := openDSF(file)
	if err != nil {
		return err
	}
	defer closeFile()
	if _, compressed := r.(*forwardReader); compressed {
		return nil
	}
	return eachPart(r, size, func(string, int64, int64) error { return nil })
}

func readDSF(file string) (DSF, error) {
	r, size, closeFile, err := openDSF(file)
	if err != nil {
		return DSF{}, err
	}
	defer closeFile()
	_, headOnly := r.(*forwardReader)
	return parseDSF(r, size, headOnly)
}

// openDSF opens a DSF file and checks its beginning. What is 7z-compressed must be read at
// increasing offsets.
func openDSF(file string) (r io.ReaderAt, size int64, closeFile func(), err error) {
	f, size, err := openRegular(file)
	if err != nil {
		return nil, 0, nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if err = checkDSFHeader(f, size); !errors.Is(err, ErrDSFCompressed) {
		return f, size, func() { _ = f.Close() }, err
	}
	content, size, err := unpack7z(f, size)
	if err != nil {
		return nil, 0, nil, fmt.Errorf("%w, and cannot be unpacked: %w", ErrDSFCompressed, err)
	}
	return &forwardReader{r: content}, size, func() { _, _ = content.Close(), f.Close() }, nil
}

// forwardReader reads a stream at increasing offsets, which is how parseDSF reads.
type forwardReader struct {
	r  io.Reader
	at int64
}

func (f *forwardReader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < f.at {
		return 0, fmt.Errorf("offset %d lies before the current offset %d", offset, f.at)
	}
	skipped, err := io.CopyN(io.Discard, f.r, offset-f.at)
	f.at += skipped
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(f.r, p)
	f.at += int64(n)
	return n, err
}

// ParseDSF reads the properties and terrain list of a DSF of size bytes. Lengths are checked
// against the enclosing atom before anything is allocated, and at most 16 MiB of an atom are read.
func ParseDSF(r io.ReaderAt, size int64) (DSF, error) { return parseDSF(r, size, false) }

// errDone ends a walk over atoms early.
var errDone = errors.New("done")

// parseDSF is ParseDSF. With headOnly it stops after the definitions, before the geometry, which is
// the bulk of a file.
func parseDSF(r io.ReaderAt, size int64, headOnly bool) (DSF, error) {
	if err := checkDSFHeader(r, size); err != nil {
		return DSF{}, err
	}
	d := DSF{Properties: map[string]string{}}
	err := eachPart(r, size, func(id string, from, to int64) error {
		switch id {
		case "HEAD":
			words, err := atomStrings(r, from, to, "PROP")
			for i := 0; i+1 < len(words); i += 2 {
				d.Properties[words[i]] = words[i+1]
			}
			return err
		case "DEFN":
			words, err := atomStrings(r, from, to, "TERT")
			d.Terrains = append(d.Terrains, words...)
			if err == nil && headOnly {
				return errDone
			}
			return err
		}
		return nil
	})
	if err != nil && err != errDone {
		return DSF{}, err
	}
	return d, nil
}

// eachPart calls do for every atom of a DSF, which must have definitions, if only an empty list: a
// file that was cut may end before them.
func eachPart(r io.ReaderAt, size int64, do func(id string, from, to int64) error) error {
	defined := false
	err := eachAtom(r, dsfHeader, size-dsfFooter, func(id string, from, to int64) error {
		defined = defined || id == "DEFN"
		return do(id, from, to)
	})
	if err == nil && !defined {
		err = fmt.Errorf("%w: it has no definitions and may be cut short", ErrDSF)
	}
	return err
}

// checkDSFHeader checks the cookie, the version and the minimum size.
func checkDSFHeader(r io.ReaderAt, size int64) error {
	var head [dsfHeader]byte
	n, err := r.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	switch got := head[:n]; {
	case bytes.HasPrefix(got, []byte("7z\xbc\xaf\x27\x1c")):
		return ErrDSFCompressed
	case !bytes.HasPrefix(got, []byte(dsfCookie)):
		return fmt.Errorf("%w: it does not start with %s", ErrDSF, dsfCookie)
	case size < dsfHeader+dsfFooter || n < dsfHeader:
		return fmt.Errorf("%w: it is too short (%d bytes)", ErrDSF, size)
	}
	if version := binary.LittleEndian.Uint32(head[len(dsfCookie):]); version != dsfVersion {
		return fmt.Errorf("%w: unknown version %d (want %d)", ErrDSF, version, dsfVersion)
	}
	return nil
}

// eachAtom calls do for every atom between from and to, with its four letters in reading order and
// the range of its content.
func eachAtom(r io.ReaderAt, from, to int64, do func(id string, from, to int64) error) error {
	for n := 0; from < to; n++ {
		if n == maxAtoms {
			return fmt.Errorf("%w: more than %d atoms side by side", ErrDSF, maxAtoms)
		}
		if to-from < atomHeader {
			return fmt.Errorf("%w: %d stray bytes at offset %d", ErrDSF, to-from, from)
		}
		var head [atomHeader]byte
		if _, err := r.ReadAt(head[:], from); err != nil {
			return fmt.Errorf("%w: atom at offset %d: %w", ErrDSF, from, err)
		}
		id := string([]byte{head[3], head[2], head[1], head[0]})
		length := int64(binary.LittleEndian.Uint32(head[4:]))
		if length < atomHeader || length > to-from {
			return fmt.Errorf("%w: atom %q at offset %d claims %d bytes, %d are left", ErrDSF, id,
				from, length, to-from)
		}
		if err := do(id, from+atomHeader, from+length); err != nil {
			return err
		}
		from += length
	}
	return nil
}

// atomStrings returns the NUL-terminated strings of the first atom called want between from and to.
func atomStrings(r io.ReaderAt, from, to int64, want string) ([]string, error) {
	var words []string
	err := eachAtom(r, from, to, func(id string, from, to int64) error {
		if id != want || from == to {
			return nil
		}
		if to-from > maxAtomBytes {
			return fmt.Errorf("%w: atom %q has %d bytes, more than %d", ErrDSF, id, to-from,
				maxAtomBytes)
		}
		content := make([]byte, to-from)
		if _, err := r.ReadAt(content, from); err != nil {
			return fmt.Errorf("%w: atom %q at offset %d: %w", ErrDSF, id, from, err)
		}
		content = bytes.TrimSuffix(content, []byte{0})
		if n := bytes.Count(content, []byte{0}) + 1; n > maxStrings {
			return fmt.Errorf("%w: atom %q lists %d names, more than the format can refer to",
				ErrDSF, id, n)
		}
		for word := range bytes.SplitSeq(content, []byte{0}) {
			words = append(words, string(word))
		}
		return nil
	})
	return words, err
}
