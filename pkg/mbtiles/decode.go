package mbtiles

import (
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
)

// decoder turns what is stored into the bytes of the file. Any number of goroutines may use it; it makes no more memory than some of them need at once.
// It is left to the garbage collector: it has no goroutines, and a read may still be decoding when its archive is closed.
type decoder struct {
	zstd  *zstd.Decoder
	idle  sync.Pool // of *unpacking
	flats flats
}

// unpacking is the memory of one that is at work.
type unpacking struct {
	*blocks.Unpacker
	packed []byte // out of a zstd frame
}

func newDecoder() (*decoder, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(1<<20))
	d := &decoder{zstd: z}
	d.idle.New = func() any { return &unpacking{Unpacker: blocks.NewUnpacker()} }
	return d, err
}

// decode fills buf, whose length is the shape's, with the bytes of the file that s holds. It never makes more of them.
func (d *decoder) decode(s segment, shape blocks.Shape, buf []byte) error {
	if d.flats.fill(s, shape, buf) {
		return nil
	}
	if err := d.unpack(s, shape, buf); err != nil {
		return err
	}
	d.flats.keep(s, shape, buf)
	return nil
}

// unpack is decode without remembering.
func (d *decoder) unpack(s segment, shape blocks.Shape, buf []byte) error {
	switch s.codec {
	case codecRaw:
		if len(s.data) != len(buf) {
			return corrupt("%d bytes, want %d", len(s.data), len(buf))
		}
		copy(buf, s.data)
		return nil
	case codecZstd:
		out, err := d.inflate(s.data, buf)
		if err == nil && len(out) != len(buf) {
			err = corrupt("%d bytes, want %d", len(out), len(buf))
		}
		return err
	case codecBlocks, codecBlocksZstd:
	default:
		return corrupt("codec %d is unknown", s.codec)
	}
	if shape.Bytes() != len(buf) {
		return corrupt("%d bytes, want %d", shape.Bytes(), len(buf))
	}
	u := d.idle.Get().(*unpacking)
	defer d.idle.Put(u)
	packed := s.data
	if s.codec == codecBlocksZstd {
		u.packed = slices.Grow(u.packed[:0], len(buf)+blocks.Slack)
		var err error
		if packed, err = d.inflate(packed, u.packed[:len(buf)]); err != nil {
			return err
		}
	}
	if err := u.Unpack(buf, shape, packed); err != nil {
		return corrupt("%v", err)
	}
	return nil
}

// inflate returns the content of a zstd frame, in buf, which it must not exceed.
func (d *decoder) inflate(frame, buf []byte) ([]byte, error) {
	out, err := d.zstd.DecodeAll(frame, buf[:0:len(buf)])
	if err != nil {
		return nil, corrupt("zstd: %v", err)
	}
	return out, nil
}
