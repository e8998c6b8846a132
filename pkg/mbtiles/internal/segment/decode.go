package segment

import (
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
)

// Decoder decodes stored segments. Safe for concurrent use; it allocates only as much memory as
// concurrent calls need. It is left to the garbage collector: it has no goroutines, and a read may
// still be decoding when its archive is closed.
type Decoder struct {
	zstd  *zstd.Decoder
	idle  sync.Pool // of *unpacking
	flats flats
}

// unpacking is the memory of one call.
type unpacking struct {
	*blocks.Unpacker
	packed []byte // content of a zstd frame
}

// NewDecoder returns a Decoder.
func NewDecoder() (*Decoder, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxMemory(1<<20))
	d := &Decoder{zstd: z}
	d.idle.New = func() any { return &unpacking{Unpacker: blocks.NewUnpacker()} }
	return d, err
}

// Decode fills buf, whose length is the shape's, with the decoded bytes of s. It never produces
// more.
func (d *Decoder) Decode(s Stored, shape blocks.Shape, buf []byte) error {
	if d.flats.fill(s, shape, buf) {
		return nil
	}
	if err := d.unpack(s, shape, buf); err != nil {
		return err
	}
	d.flats.keep(s, shape, buf)
	return nil
}

// unpack is Decode without the memory of flat segments.
func (d *Decoder) unpack(s Stored, shape blocks.Shape, buf []byte) error {
	switch s.Codec {
	case Raw:
		if len(s.Data) != len(buf) {
			return fmt.Errorf("%d bytes, want %d", len(s.Data), len(buf))
		}
		copy(buf, s.Data)
		return nil
	case Zstd:
		out, err := d.inflate(s.Data, buf)
		if err == nil && len(out) != len(buf) {
			err = fmt.Errorf("%d bytes, want %d", len(out), len(buf))
		}
		return err
	case Blocks, BlocksZstd:
	default:
		return fmt.Errorf("unknown codec %d", s.Codec)
	}
	if shape.Bytes() != len(buf) {
		return fmt.Errorf("%d bytes, want %d", shape.Bytes(), len(buf))
	}
	u := d.idle.Get().(*unpacking)
	defer d.idle.Put(u)
	packed := s.Data
	if s.Codec == BlocksZstd {
		u.packed = slices.Grow(u.packed[:0], len(buf)+blocks.Slack)
		var err error
		if packed, err = d.inflate(packed, u.packed[:len(buf)]); err != nil {
			return err
		}
	}
	return u.Unpack(buf, shape, packed)
}

// inflate returns the content of a zstd frame, in buf, which it must not exceed.
func (d *Decoder) inflate(frame, buf []byte) ([]byte, error) {
	out, err := d.zstd.DecodeAll(frame, buf[:0:len(buf)])
	if err != nil {
		return nil, fmt.Errorf("its compressed data is damaged: %w", err)
	}
	return out, nil
}
