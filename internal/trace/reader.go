package trace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Reader reads a trace.
type Reader struct {
	name string
	in   *bufio.Reader
	file *os.File // nil: owned by the caller
	at   int64    // offset of the current block

	textures []named
	last     int64
	lost     int64
	err      error
}

type named struct {
	tiles.Texture
	size int64
}

// Open opens the trace at path. The caller must Close it. The error wraps ErrFormat or ErrVersion
// if the file cannot be read as a trace.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	r, err := NewReader(f, path)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.file = f
	return r, nil
}

// NewReader reads a trace from in; name is used in errors.
func NewReader(in io.Reader, name string) (*Reader, error) {
	r := &Reader{name: name, in: bufio.NewReaderSize(in, 64<<10), at: int64(headerSize)}
	header := make([]byte, headerSize)
	n, err := io.ReadFull(r.in, header)
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return nil, fmt.Errorf("%s: %w", name, err) // a folder
	case n < len(magic)+1 || string(header[:len(magic)]) != magic:
		return nil, fmt.Errorf("%s: %w", name, ErrFormat)
	case header[len(magic)] != version:
		return nil, fmt.Errorf("%s: %w %d (want %d)", name, ErrVersion, header[len(magic)], version)
	case err != nil:
		return nil, fmt.Errorf("%s: %w in its first bytes", name, ErrCut)
	}
	return r, nil
}

// Lost returns how many events the writer had to drop, up to the point read.
func (r *Reader) Lost() int64 { return r.lost }

// Err returns nil if Events has read the whole trace, an ErrCut that says where if it was cut
// short, or another read error.
func (r *Reader) Err() error { return r.err }

// Close closes a Reader returned by Open.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Events yields the events in the order in which they were answered. Err tells how it ended. It can
// be used once.
func (r *Reader) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		var block []byte
		for {
			var err error
			if block, err = r.next(block); err != nil {
				if err != io.EOF {
					r.err = err
				}
				return
			}
			if !r.events(block, yield) {
				return
			}
			r.at += int64(8 + len(block))
		}
	}
}

// next reads a block, into buf if it is large enough. io.EOF is the normal end.
func (r *Reader) next(buf []byte) ([]byte, error) {
	var header [8]byte
	if _, err := io.ReadFull(r.in, header[:]); err != nil {
		if err == io.EOF {
			return nil, err
		}
		return nil, r.cut(err)
	}
	n := binary.LittleEndian.Uint32(header[:])
	if n > maxBlock {
		return nil, r.cut(nil)
	}
	if cap(buf) < int(n) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r.in, buf); err != nil {
		return nil, r.cut(err)
	}
	if crc32.Checksum(buf, castagnoli()) != binary.LittleEndian.Uint32(header[4:]) {
		return nil, r.cut(nil)
	}
	return buf, nil
}

// cut returns the error for the end of what can be read: err, or that the bytes are not a block.
func (r *Reader) cut(err error) error {
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return fmt.Errorf("%s: read at byte %d: %w", r.name, r.at, err)
	}
	return fmt.Errorf("%s: %w at byte %d", r.name, ErrCut, r.at)
}

// events yields a block's events and reports whether to go on.
func (r *Reader) events(block []byte, yield func(Event) bool) bool {
	d := decoder{rest: block}
	for len(d.rest) > 0 && !d.bad {
		switch tag := d.byte(); tag {
		case recordTexture:
			r.textures = append(r.textures, d.texture())
		case recordLost:
			r.lost += int64(d.uint())
		default:
			e, ok := r.event(&d, tag)
			if !ok {
				d.bad = true
				continue
			}
			if !yield(e) {
				return false
			}
		}
	}
	if d.bad {
		r.err = r.cut(nil)
	}
	return !d.bad
}

func (r *Reader) event(d *decoder, tag byte) (Event, bool) {
	e := Event{Op: Op(tag >> 4), Source: Source(tag & 15)}
	id := d.uint()
	r.last += d.int()
	e.Start, e.Took = time.Duration(r.last)*time.Microsecond, time.Duration(
		d.uint())*time.Microsecond
	if e.Op == OpRead {
		e.Offset, e.Length = int64(d.uint()), int64(d.uint())
	}
	if d.bad || e.Op < OpOpen || e.Op > OpMissing || id < 1 || id > uint64(len(r.textures)) ||
		e.Took < 0 || e.Offset < 0 || e.Length < 0 {
		return e, false
	}
	t := r.textures[id-1]
	e.Texture, e.Size = t.Texture, t.size
	return e, true
}

// decoder takes numbers from a block. Once bad is set, its results are meaningless.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) byte() byte {
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.rest)
	return take(d, v, n)
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.rest)
	return take(d, v, n)
}

func take[T int64 | uint64](d *decoder, v T, n int) T {
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) texture() named {
	zl, row, col, size, n := d.uint(), d.uint(), d.uint(), d.uint(), d.uint()
	if d.bad || zl > uint64(tiles.MaxZL) || max(row, col) >= 1<<zl || n > uint64(len(d.rest)) ||
		int64(size) < 0 {
		d.bad = true
		return named{}
	}
	t := tiles.Texture{
		ZL: tiles.ZL(zl), Row: uint32(row) * tiles.TextureChunks, Col: uint32(
			col) * tiles.TextureChunks, Maptype: string(d.rest[:n]),
	}
	d.rest = d.rest[n:]
	// Names come from a file: accept only valid texture names.
	if _, err := tiles.ParseName(t.Name()); err != nil {
		d.bad = true
	}
	return named{t, int64(size)}
}
