package mbtiles

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
)

// Compression is how hard an Encoder tries. Whatever it is, every segment is stored in the smallest of the forms tried, but for what Fast leaves at hand.
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
	return None, fmt.Errorf("compression %q is none of none, fast, best", s)
}

// Content is a DDS file as the archive stores it: cut, compressed, hashed, with its preview. It is immutable.
type Content struct {
	layout   dds.Layout
	sha      [sha256.Size]byte
	segments []segment
	preview  []byte
	bytes    int64 // of all segments' data
}

type segment struct {
	codec int64
	data  []byte
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
	packer      *blocks.Packer // nil: None
	zstd        *zstd.Encoder  // likewise
	err         error
	buf         []byte    // segments one after the other, as they are stored
	trial       [2][]byte // what zstd makes of one, raw and packed
}

// NewEncoder returns an encoder at compression c.
func NewEncoder(c Compression) *Encoder {
	if c == None {
		return &Encoder{}
	}
	level := zstd.SpeedFastest
	if c == Best {
		level = zstd.SpeedBestCompression
	}
	// One goroutine; the frame says its length, so that a reader knows what to expect; no checksum, since contents have their SHA-256.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false))
	return &Encoder{compression: c, packer: blocks.NewPacker(), zstd: z, err: err}
}

// Encode makes a Content of a whole DDS file with a header as pkg/dds writes it. It keeps nothing of file.
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
	preview, err := previewOf(l, file)
	if err != nil {
		return nil, fmt.Errorf("encode texture: %w", err)
	}
	c := &Content{layout: l, sha: sha256.Sum256(file), preview: preview}

	// First into the scratch buffer, to know the length, then into one block of memory of just that length.
	cut := cutOf(l)
	c.segments = make([]segment, cut.segments)
	e.buf = slices.Grow(e.buf[:0], len(file))
	for n := range c.segments {
		off, length := cut.segment(n)
		start, raw := len(e.buf), file[off:][:length]
		c.segments[n].codec = e.segment(raw, cut.piece(0, n).shape)
		if e.compression == Fast && cut.atHand(n) && len(e.buf)-start > length/2 {
			e.buf = append(e.buf[:start], raw...)
			c.segments[n].codec = codecRaw
		}
		c.segments[n].data = e.buf[start:] // its length is what counts: the bytes may move yet
	}
	c.bytes = int64(len(e.buf))
	rest := append(make([]byte, 0, len(e.buf)), e.buf...)
	for n := range c.segments {
		length := len(c.segments[n].data)
		c.segments[n].data, rest = rest[:length:length], rest[length:]
	}
	return c, nil
}

// segment appends a segment to buf in the smallest of the forms that are tried, and returns its codec.
func (e *Encoder) segment(raw []byte, s blocks.Shape) (codec int64) {
	start := len(e.buf)
	packed := false
	if e.packer != nil {
		e.buf, packed = e.packer.Append(e.buf, s, raw)
	}
	if packed {
		codec = codecBlocks
	} else {
		e.buf = append(e.buf, raw...)
	}
	if e.compression == Best || e.compression == Fast && blocks.Repetitive(s, raw) {
		zstdOfRaw := e.zstd.EncodeAll(raw, e.trial[0][:0])
		e.trial[0] = zstdOfRaw
		// What is next to nothing already had better be quick to decode.
		if packed && len(zstdOfRaw) > len(raw)/64 {
			e.trial[1] = e.zstd.EncodeAll(e.buf[start:], e.trial[1][:0])
			codec = e.prefer(start, e.trial[1], codec, codecBlocksZstd)
		}
		codec = e.prefer(start, zstdOfRaw, codec, codecZstd)
	}
	return codec
}

// prefer puts data in the place of what stands in buf from start on, if it is smaller, and returns the codec of what then stands there.
func (e *Encoder) prefer(start int, data []byte, codec, of int64) int64 {
	if len(data) >= len(e.buf)-start {
		return codec
	}
	e.buf = append(e.buf[:start], data...)
	return of
}
