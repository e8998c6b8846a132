package mbtiles

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Compression is how hard an Encoder tries. Whatever it is, every segment is stored in the smallest
// of the forms tried, but for what Fast leaves at hand.
type Compression uint8

// The compressions. The zero value stores everything as it is.
const (
	None Compression = iota
	Fast
	Best
)

// String returns what ParseCompression reads.
func (c Compression) String() string {
	switch c {
	case None:
		return "none"
	case Fast:
		return "fast"
	case Best:
		return "best"
	}
	return fmt.Sprintf("Compression(%d)", uint8(c))
}

// ParseCompression reads "none", "fast" or "best", in any case.
func ParseCompression(s string) (Compression, error) {
	for _, c := range [...]Compression{None, Fast, Best} {
		if strings.EqualFold(s, c.String()) {
			return c, nil
		}
	}
	return None, fmt.Errorf("unknown compression %q (want none, fast or best)", s)
}

// Content is a DDS file as the archive stores it: cut, compressed, hashed, with its preview. It is
// immutable.
type Content struct {
	layout   dds.Layout
	sha      [sha256.Size]byte
	segments []segment.Stored
	preview  []byte
	bytes    int64 // of all segments' data
}

// Bytes returns the memory that c holds.
func (c *Content) Bytes() int64 { return c.bytes + int64(len(c.preview)) }

// Layout returns the layout of the file.
func (c *Content) Layout() dds.Layout { return c.layout }

// SHA256 returns the hash of the whole file.
func (c *Content) SHA256() [32]byte { return c.sha }

// Encoder makes Contents. It serves one goroutine.
type Encoder struct {
	compression Compression
	packer      *segment.Packer // nil: None
	err         error
	buf         []byte // segments one after the other, as they are stored
}

// NewEncoder returns an encoder at compression c.
func NewEncoder(c Compression) *Encoder {
	if c == None {
		return &Encoder{}
	}
	p, err := segment.NewPacker(c == Best)
	return &Encoder{compression: c, packer: p, err: err}
}

// Encode makes a Content of a whole DDS file with a header as pkg/dds writes it. It keeps nothing
// of file.
func (e *Encoder) Encode(file []byte) (*Content, error) {
	if e.err != nil {
		return nil, fmt.Errorf("encode texture: %w", e.err)
	}
	l, err := dds.ParseHeader(file)
	if err != nil {
		return nil, fmt.Errorf("encode texture: %w", err)
	}
	if int64(len(file)) != l.Size() {
		return nil, fmt.Errorf("encode texture: %d bytes, want %d for %v at %d px", len(file), l.Size(), l.Format, l.Side)
	}
	jpeg, err := preview.Of(l, file)
	if err != nil {
		return nil, fmt.Errorf("encode texture: %w", err)
	}
	c := &Content{layout: l, sha: sha256.Sum256(file), preview: jpeg}

	// First into the scratch buffer, to know the length, then into one block of memory of just that
	// length.
	cut := segment.CutOf(l)
	c.segments = make([]segment.Stored, cut.Segments)
	e.buf = slices.Grow(e.buf[:0], len(file))
	for n := range c.segments {
		off, length := cut.Bounds(n)
		start, raw := len(e.buf), file[off:][:length]
		e.buf, c.segments[n].Codec = e.packer.Append(e.buf, raw, cut.Piece(0, n).Shape)
		if e.compression == Fast && cut.AtHand(n) && len(e.buf)-start > length/2 {
			e.buf = append(e.buf[:start], raw...)
			c.segments[n].Codec = segment.Raw
		}
		c.segments[n].Data = e.buf[start:] // its length is what counts: the bytes may move yet
	}
	c.bytes = int64(len(e.buf))
	rest := append(make([]byte, 0, len(e.buf)), e.buf...)
	for n := range c.segments {
		length := len(c.segments[n].Data)
		c.segments[n].Data, rest = rest[:length:length], rest[length:]
	}
	return c, nil
}
