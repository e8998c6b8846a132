package trace

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Encoder writes a trace. It is not safe for concurrent use; Writer is.
type Encoder struct {
	w       io.Writer
	block   []byte // header and payload of the current block
	ids     map[tiles.Texture]uint64
	sizes   []int64
	last    int64 // start of the previous event, in microseconds
	written int64 // bytes of complete blocks, including the header
	err     error
}

// NewEncoder starts a trace on w that began at the given time.
func NewEncoder(w io.Writer, began time.Time) (*Encoder, error) {
	header := append([]byte(magic), version)
	header = binary.LittleEndian.AppendUint64(header, uint64(began.UnixNano()))
	if _, err := w.Write(header); err != nil {
		return nil, err
	}
	return &Encoder{w: w, block: make([]byte, 8, 64<<10), ids: make(map[tiles.Texture]uint64),
		written: int64(headerSize)}, nil
}

// Encode adds an event.
func (e *Encoder) Encode(ev Event) error {
	id := e.id(ev.Texture, ev.Size)
	start := ev.Start.Microseconds()
	b := append(e.block, byte(ev.Op)<<4|byte(ev.Source))
	b = binary.AppendUvarint(b, id)
	b = binary.AppendVarint(b, start-e.last)
	b = binary.AppendUvarint(b, uint64(max(0, ev.Took.Microseconds())))
	if ev.Op == OpRead {
		b = binary.AppendUvarint(b, uint64(max(0, ev.Offset)))
		b = binary.AppendUvarint(b, uint64(max(0, ev.Length)))
	}
	e.block, e.last = b, start
	return e.full()
}

// Lost records that events are missing here.
func (e *Encoder) Lost(count int64) error {
	e.block = binary.AppendUvarint(append(e.block, recordLost), uint64(count))
	return e.full()
}

// id returns the texture's number. It writes the texture's record before its first event, and again
// once its size is known.
func (e *Encoder) id(t tiles.Texture, size int64) uint64 {
	id, known := e.ids[t]
	if known && (size == 0 || e.sizes[id-1] == size) {
		return id
	}
	id = uint64(len(e.sizes) + 1)
	e.ids[t] = id
	e.sizes = append(e.sizes, size)
	b := append(e.block, recordTexture)
	for _, v := range [...]uint64{uint64(t.ZL), uint64(t.Row / tiles.TextureChunks),
		uint64(t.Col / tiles.TextureChunks), uint64(size), uint64(len(t.Maptype))} {
		b = binary.AppendUvarint(b, v)
	}
	e.block = append(b, t.Maptype...)
	return id
}

func (e *Encoder) full() error {
	if len(e.block) < fullBlock {
		return e.err
	}
	return e.Flush()
}

// Flush writes the current block.
func (e *Encoder) Flush() error {
	if e.err != nil || len(e.block) == 8 {
		return e.err
	}
	payload := e.block[8:]
	binary.LittleEndian.PutUint32(e.block, uint32(len(payload)))
	binary.LittleEndian.PutUint32(e.block[4:], crc32.Checksum(payload, castagnoli()))
	if _, err := e.w.Write(e.block); err != nil {
		e.err = fmt.Errorf("write trace: %w", err)
		return e.err
	}
	e.written += int64(len(e.block))
	e.block = e.block[:8]
	return nil
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }
