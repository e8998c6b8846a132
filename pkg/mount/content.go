package mount

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
)

// content is the bytes of a live texture's file, shared by all opens that get them: a texture that
// was made, or a stand-in. Immutable except for pins.
type content struct {
	data  []byte // the whole file; nil if it is on disk or ground colour
	made  *Made  // nil for stand-ins
	disk  *DiskCache
	entry mbtiles.Entry // its place in the disk cache
	sum   uint64        // equal for equal bytes, within one process; never 0
	final bool          // may be kept as long as there is room
	stand bool          // a stand-in, not made

	pins int // open files that hold it; guarded by live.mu
}

// contents makes contents whose sums can be compared.
type contents struct{ seed maphash.Seed }

func newContents() contents { return contents{seed: maphash.MakeSeed()} }

func (c contents) of(made Made) *content {
	s := c.ofBytes(made.File)
	s.made, s.final = &made, made.Failed == 0
	return s
}

func (c contents) ofBytes(data []byte) *content {
	return &content{data: data, sum: max(maphash.Bytes(c.seed, data), 2)}
}

// standIn makes the content of a stand-in.
func (c contents) standIn(data []byte) *content {
	s := c.ofBytes(data)
	s.stand = true
	return s
}

// ground returns the stand-in that takes no memory.
func (contents) ground() *content { return &content{sum: 1, stand: true} }

// origin says where an open got c from: from a cache if kept, otherwise made for it.
func (c *content) origin(kept bool) Origin {
	switch {
	case c == nil:
		return FromNowhere
	case c.stand:
		return FromFallback
	case c.disk != nil:
		return FromDisk
	case kept:
		return FromMemory
	}
	return FromLive
}

func (c *content) bytes() int64 { return int64(len(c.data)) }

// read returns the len(buf) bytes from off, in buf or in memory of its own; they must lie inside
// the file. If reading from disk fails, it returns ground colour and the error.
func (c *content) read(ctx context.Context, buf []byte, off int64) ([]byte, error) {
	switch {
	case len(buf) == 0:
	case c.data != nil:
		return c.data[off:][:len(buf)], nil
	case c.disk != nil:
		err := readFull(ctx, c.disk, c.entry, buf, off)
		if err != nil {
			standin.Ground(LiveLayout(), buf, off)
		}
		return buf, err
	default:
		standin.Ground(LiveLayout(), buf, off)
	}
	return buf, nil
}

// checkLive returns what is wrong with a file from a Generator, or nil.
func checkLive(file []byte) error {
	l, err := dds.ParseHeader(file)
	if err != nil {
		return err
	}
	if l != LiveLayout() || int64(len(file)) != l.Size() {
		return fmt.Errorf("%d bytes of %v at %d px, want %d bytes of %v at %d px", len(file),
			l.Format, l.Side,
			LiveLayout().Size(), LiveLayout().Format, LiveLayout().Side)
	}
	return nil
}
