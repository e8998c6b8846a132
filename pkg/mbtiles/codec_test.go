package mbtiles

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/dds"
)

// codecsOf counts the segments of a content by codec.
func codecsOf(c *Content) map[int64]int {
	found := make(map[int64]int)
	for _, s := range c.segments {
		found[s.codec]++
	}
	return found
}

// Every segment is stored in the form that suits it, and what is solid costs next to nothing.
func TestCodecChoice(t *testing.T) {
	t.Parallel()
	large := dds.Layout{Format: dds.BC1, Side: 1024}
	noisy := ddsFile(large, 1)
	tiled := append(groundFile(large, 1)[:dds.HeaderSize], bytes.Repeat(groundFile(large, 1)[dds.HeaderSize:][:1024], int(large.Size())/1024)...)[:large.Size()]
	for _, tt := range []struct {
		name string
		c    Compression
		file []byte
		want map[int64]int
		most float64 // of raw
	}{
		{"none", None, groundFile(large, 1), map[int64]int{codecRaw: 3}, 1},
		{"noise", Fast, noisy, map[int64]int{codecRaw: 3}, 1},
		{"noise, best", Best, noisy, map[int64]int{codecRaw: 3}, 1},
		{"ground", Fast, groundFile(large, 1), map[int64]int{codecBlocks: 3}, 0.82},
		{"solid", Fast, solidFile(large, 0x1234), map[int64]int{codecZstd: 3}, 0.001},
		{"black", Fast, solidFile(large, 0), map[int64]int{codecBlocks: 2, codecZstd: 1}, 0.001},
		{"tiled", Fast, tiled, map[int64]int{codecZstd: 3}, 0.02},
		{"half solid", Fast, halfGround(large), map[int64]int{codecBlocks: 1, codecBlocksZstd: 1, codecZstd: 1}, 0.45},
		{"full", Fast, groundFile(full, 1), map[int64]int{codecRaw: 2, codecBlocks: 41}, 0.84},
		{"full, solid", Fast, solidFile(full, 0x1234), map[int64]int{codecZstd: 43}, 0.001},
		{"alpha", Fast, groundFile(dds.Layout{Format: dds.BC3, Side: 512}, 1), map[int64]int{codecBlocks: 1}, 0.6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := encode(t, tt.c, tt.file)
			if diff := cmp.Diff(tt.want, codecsOf(c)); diff != "" {
				t.Errorf("codecs (-want +got):\n%s", diff)
			}
			stored := 0
			for _, s := range c.segments {
				stored += len(s.data)
			}
			if share := float64(stored) / float64(len(tt.file)); share > tt.most {
				t.Errorf("%.4f of raw, want at most %.4f", share, tt.most)
			}
		})
	}
}

// What is encoded is decoded, whatever the layout and the form.
func TestDecode(t *testing.T) {
	t.Parallel()
	d, err := newDecoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []dds.Format{dds.BC1, dds.BC3} {
		for side := 256; side <= 4096; side *= 2 {
			if testing.Short() && side > 1024 {
				continue
			}
			l := dds.Layout{Format: f, Side: side}
			cut := cutOf(l)
			for name, file := range map[string][]byte{"noise": ddsFile(l, 1), "ground": groundFile(l, 2), "solid": solidFile(l, 0x1234), "half": halfGround(l)} {
				t.Run(fmt.Sprintf("%v/%d/%s", f, side, name), func(t *testing.T) {
					for n, s := range encode(t, Fast, file).segments {
						off, length := cut.segment(n)
						got := make([]byte, length)
						if err := d.decode(s, cut.piece(1, n).shape, got); err != nil || !bytes.Equal(got, file[off:][:length]) {
							t.Fatalf("segment %d, codec %d: %v, equal %v", n, s.codec, err, bytes.Equal(got, file[off:][:length]))
						}
					}
				})
			}
		}
	}
}

// A frame that holds more than a segment can be, or less, is refused.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	d, err := newDecoder()
	if err != nil {
		t.Fatal(err)
	}
	p := cutOf(small).piece(1, 0)
	enc := NewEncoder(Fast)
	frame := func(n int) []byte { return enc.zstd.EncodeAll(make([]byte, n), nil) }
	for _, tt := range []struct {
		name string
		s    segment
	}{
		{"raw short", segment{codecRaw, make([]byte, p.length-1)}},
		{"raw long", segment{codecRaw, make([]byte, p.length+1)}},
		{"zstd short", segment{codecZstd, frame(p.length - 1)}},
		{"zstd long", segment{codecZstd, frame(p.length + 1)}},
		{"bomb", segment{codecZstd, frame(100 << 20)}},
		{"bomb of blocks", segment{codecBlocksZstd, frame(100 << 20)}},
		{"zeros for blocks", segment{codecBlocks, make([]byte, 1000)}},
		{"nothing for blocks", segment{codecBlocks, nil}},
		{"zstd of zeros for blocks", segment{codecBlocksZstd, frame(1000)}},
		{"codec 4", segment{4, frame(p.length)}},
		{"codec -1", segment{-1, frame(p.length)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := d.decode(tt.s, p.shape, make([]byte, p.length)); err == nil {
				t.Error("accepted")
			}
		})
	}
}
