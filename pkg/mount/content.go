package mount

import (
	"fmt"
	"hash/maphash"

	"github.com/xelpack/xelpack/pkg/dds"
)

// content is what a live texture's file holds for one open or for many: made, or a stand-in. Immutable but for pins.
type content struct {
	data  []byte // the whole file, or nil for ground colour
	sum   uint64 // equal for equal bytes, within one process; never 0
	final bool   // may be kept as long as there is room
	stand bool   // a stand-in, not made

	pins int // open files that hold it; guarded by live.mu
}

// contents makes contents whose sums compare.
type contents struct{ seed maphash.Seed }

func newContents() contents { return contents{seed: maphash.MakeSeed()} }

func (c contents) of(data []byte, final bool) *content {
	return &content{data: data, sum: max(maphash.Bytes(c.seed, data), 2), final: final}
}

// standIn makes the content of a stand-in.
func (c contents) standIn(data []byte) *content {
	s := c.of(data, false)
	s.stand = true
	return s
}

// ground is the stand-in that costs nothing.
func (contents) ground() *content { return &content{sum: 1, stand: true} }

// origin says where an open finds c: kept, or made for it.
func (c *content) origin(kept bool) Origin {
	switch {
	case c == nil:
		return FromNowhere
	case c.stand:
		return FromFallback
	case kept:
		return FromMemory
	}
	return FromLive
}

func (c *content) bytes() int64 { return int64(len(c.data)) }

// read returns the len(buf) bytes from off, in buf or elsewhere; they lie inside the file.
func (c *content) read(buf []byte, off int64) []byte {
	switch {
	case len(buf) == 0:
	case c.data != nil:
		return c.data[off:][:len(buf)]
	default:
		ground(LiveLayout(), buf, off)
	}
	return buf
}

// checkLive says what is wrong with a file that a Generator returned, or nil.
func checkLive(file []byte) error {
	l, err := dds.ParseHeader(file)
	if err != nil {
		return err
	}
	if l != LiveLayout() || int64(len(file)) != l.Size() {
		return fmt.Errorf("%d bytes of %v at %d px, want %d bytes of %v at %d px", len(file), l.Format, l.Side,
			LiveLayout().Size(), LiveLayout().Format, LiveLayout().Side)
	}
	return nil
}
