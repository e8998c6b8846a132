package mbtiles

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// codecsOf counts the segments of a content by codec.
func codecsOf(c *Content) map[int64]int {
	found := make(map[int64]int)
	for _, s := range c.stored.Segments {
		found[s.Codec]++
	}
	return found
}

// Every segment is stored in the form that suits it, and what is solid costs next to nothing.
func TestCodecChoice(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine: for the full suite")
	}
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
		{"none", None, groundFile(large, 1), map[int64]int{segment.Raw: 3}, 1},
		{"noise", Fast, noisy, map[int64]int{segment.Raw: 3}, 1},
		{"noise, best", Best, noisy, map[int64]int{segment.Raw: 3}, 1},
		{"ground", Fast, groundFile(large, 1), map[int64]int{segment.Blocks: 3}, 0.82},
		{"solid", Fast, solidFile(large, 0x1234), map[int64]int{segment.Zstd: 3}, 0.001},
		{"black", Fast, solidFile(large, 0), map[int64]int{segment.Blocks: 2, segment.Zstd: 1}, 0.001},
		{"tiled", Fast, tiled, map[int64]int{segment.Zstd: 3}, 0.02},
		{"half solid", Fast, halfGround(large), map[int64]int{segment.Blocks: 1, segment.BlocksZstd: 1, segment.Zstd: 1}, 0.45},
		{"full", Fast, groundFile(full, 1), map[int64]int{segment.Raw: 2, segment.Blocks: 41}, 0.84},
		{"full, solid", Fast, solidFile(full, 0x1234), map[int64]int{segment.Zstd: 43}, 0.001},
		{"alpha", Fast, groundFile(dds.Layout{Format: dds.BC3, Side: 512}, 1), map[int64]int{segment.Blocks: 1}, 0.6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := encode(t, tt.c, tt.file)
			if diff := cmp.Diff(tt.want, codecsOf(c)); diff != "" {
				t.Errorf("codecs (-want +got):\n%s", diff)
			}
			stored := 0
			for _, s := range c.stored.Segments {
				stored += len(s.Data)
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
	d, err := segment.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []dds.Format{dds.BC1, dds.BC3} {
		for side := 256; side <= 4096; side *= 2 {
			if testing.Short() && side > 1024 {
				continue
			}
			l := dds.Layout{Format: f, Side: side}
			cut := segment.CutOf(l)
			for name, file := range map[string][]byte{"noise": ddsFile(l, 1), "ground": groundFile(l, 2), "solid": solidFile(l, 0x1234), "half": halfGround(l)} {
				t.Run(fmt.Sprintf("%v/%d/%s", f, side, name), func(t *testing.T) {
					for n, s := range encode(t, Fast, file).stored.Segments {
						off, length := cut.Bounds(n)
						got := make([]byte, length)
						if err := d.Decode(s, cut.Piece(1, n).Shape, got); err != nil || !bytes.Equal(got, file[off:][:length]) {
							t.Fatalf("segment %d, codec %d: %v, equal %v", n, s.Codec, err, bytes.Equal(got, file[off:][:length]))
						}
					}
				})
			}
		}
	}
}

// zstdFrame holds so many zeros.
func zstdFrame(t *testing.T, zeros int) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false))
	if err != nil {
		t.Fatal(err)
	}
	return enc.EncodeAll(make([]byte, zeros), nil)
}

// A frame that holds more than a segment can be, or less, is refused.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	d, err := segment.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	p := segment.CutOf(small).Piece(1, 0)
	frame := func(n int) []byte { return zstdFrame(t, n) }
	for _, tt := range []struct {
		name string
		s    segment.Stored
	}{
		{"raw short", segment.Stored{Codec: segment.Raw, Data: make([]byte, p.Length-1)}},
		{"raw long", segment.Stored{Codec: segment.Raw, Data: make([]byte, p.Length+1)}},
		{"zstd short", segment.Stored{Codec: segment.Zstd, Data: frame(p.Length - 1)}},
		{"zstd long", segment.Stored{Codec: segment.Zstd, Data: frame(p.Length + 1)}},
		{"bomb", segment.Stored{Codec: segment.Zstd, Data: frame(100 << 20)}},
		{"bomb of blocks", segment.Stored{Codec: segment.BlocksZstd, Data: frame(100 << 20)}},
		{"zeros for blocks", segment.Stored{Codec: segment.Blocks, Data: make([]byte, 1000)}},
		{"nothing for blocks", segment.Stored{Codec: segment.Blocks, Data: nil}},
		{"zstd of zeros for blocks", segment.Stored{Codec: segment.BlocksZstd, Data: frame(1000)}},
		{"codec 4", segment.Stored{Codec: 4, Data: frame(p.Length)}},
		{"codec -1", segment.Stored{Codec: -1, Data: frame(p.Length)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := d.Decode(tt.s, p.Shape, make([]byte, p.Length)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestEncodeInvalid(t *testing.T) {
	t.Parallel()
	file := ddsFile(small, 1)
	for name, bad := range map[string][]byte{
		"empty": nil, "short": file[:len(file)-1], "long": append(slices.Clone(file), 0), "no header": file[1:], "text": []byte(strings.Repeat("x", 5000)),
	} {
		if _, err := NewEncoder(Fast).Encode(bad); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// A Content holds nothing of the file it was made from.
func TestContentDoesNotAlias(t *testing.T) {
	t.Parallel()
	for _, c := range []Compression{None, Fast, Best} {
		file := ddsFile(small, 1)
		enc := NewEncoder(c)
		content, err := enc.Encode(file)
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(content.stored.Segments[0].Data)
		clear(file[128:])
		if _, err := enc.Encode(file); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, content.stored.Segments[0].Data) {
			t.Errorf("%v: the content changed with the file", c)
		}
	}
}

func TestParseCompression(t *testing.T) {
	t.Parallel()
	for _, c := range []Compression{None, Fast, Best} {
		if got, err := ParseCompression(strings.ToUpper(c.String())); got != c || err != nil {
			t.Errorf("%v: %v, %v", c, got, err)
		}
	}
	if _, err := ParseCompression("lots"); err == nil || !strings.Contains(err.Error(), "none, fast or best") {
		t.Errorf("error %v does not list the known", err)
	}
}
