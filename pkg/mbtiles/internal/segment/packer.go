package segment

import (
	"github.com/klauspost/compress/zstd"

	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
)

// Packer encodes segments for storage. It must be used by one goroutine at a time. A nil Packer
// stores everything raw.
type Packer struct {
	best   bool
	blocks *blocks.Packer
	zstd   *zstd.Encoder
	trial  [2][]byte // zstd output for one segment, raw and packed
}

// NewPacker returns a Packer; best tries every codec on every segment.
func NewPacker(best bool) (*Packer, error) {
	level := zstd.SpeedFastest
	if best {
		level = zstd.SpeedBestCompression
	}
	// One goroutine; with the length in the frame, so that a reader knows what to expect; without a
	// checksum, because contents have their SHA-256.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1),
		zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false))
	return &Packer{best: best, blocks: blocks.NewPacker(), zstd: z}, err
}

// Append appends a segment to buf in the smallest of the forms tried. It returns the extended buf
// and the codec.
func (p *Packer) Append(buf, raw []byte, s blocks.Shape) (longer []byte, codec int64) {
	if p == nil {
		return append(buf, raw...), Raw
	}
	start := len(buf)
	buf, packed := p.blocks.Append(buf, s, raw)
	if packed {
		codec = Blocks
	} else {
		buf = append(buf, raw...)
	}
	if !p.best && !blocks.Repetitive(s, raw) {
		return buf, codec
	}
	prefer := func(data []byte, of int64) {
		if len(data) < len(buf)-start {
			buf, codec = append(buf[:start], data...), of
		}
	}
	p.trial[0] = p.zstd.EncodeAll(raw, p.trial[0][:0])
	// A segment that is tiny already should at least decode quickly.
	if packed && len(p.trial[0]) > len(raw)/64 {
		p.trial[1] = p.zstd.EncodeAll(buf[start:], p.trial[1][:0])
		prefer(p.trial[1], BlocksZstd)
	}
	prefer(p.trial[0], Zstd)
	return buf, codec
}
