package pack

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// tileServer serves fields, and has been asked nothing that is wrong when the test ends.
func tileServer(t *testing.T, images fetch.Source, faults fetchtest.Faults) *fetchtest.Server {
	t.Helper()
	server := fetchtest.NewServer(fetchtest.Options{Image: images, Fault: faults})
	t.Cleanup(func() {
		for _, mistake := range server.Mistakes() {
			t.Error(mistake)
		}
		server.Close()
	})
	return server
}

// tilePipeline builds from tiles of px.
func tilePipeline(t *testing.T, template string, px int, o Options) (*Pipeline, *fetch.Client) {
	t.Helper()
	p := fetch.Provider{ID: "test", Template: template, TilePx: px, MaxZL: tiles.MaxZL, Blank: o.Blank}
	if o.MaxZL > 0 {
		p.MaxZL = o.MaxZL
	}
	client := fetch.NewClient(clientOptions())
	t.Cleanup(client.Close)
	return newPipeline(t, o.From(client.Source(p), p)), client
}

// TestTileSizes: of a picture without loss, textures from tiles of 256, 512, 1,024 and 2,048 px,
// ready-made or of boxes, are the same bytes, at every detail. How many requests that takes is what
// the sizes say.
func TestTileSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes large PNG tiles: for the full suite")
	}
	server := tileServer(t, fields(), nil)
	want := map[uint8]string{}
	for _, test := range []struct {
		name, template string
		px             int
		requests       [5]int64 // by detail; 0: it is left out, to be faster
	}{
		{"256 px", server.TileTemplate(256, "png"), 256, [5]int64{256, 64, 16, 4, 1}},
		{"512 px", server.TileTemplate(512, "png"), 512, [5]int64{0, 16, 4, 1, 1}},
		{"1,024 px", server.TileTemplate(1024, "png"), 1024, [5]int64{0, 4, 1, 1, 1}},
		{"2,048 px", server.TileTemplate(2048, "png"), 2048, [5]int64{4, 1, 1, 1, 1}},
		{"GetMap 1.1.1", server.WMSTemplate("1.1.1", "png"), 2048, [5]int64{0, 1, 1, 1, 1}},
		{"GetMap 1.3.0", server.WMSTemplate("1.3.0", "png"), 1024, [5]int64{0, 4, 1, 1, 1}},
		{"GetMap of chunks", server.WMSTemplate("1.3.0", "png"), 256, [5]int64{0, 64, 16, 4, 1}},
		{"exportImage", server.ExportTemplate("png"), 2048, [5]int64{0, 1, 1, 1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, client := tilePipeline(t, test.template, test.px, Options{})
			for k, requests := range test.requests {
				if requests == 0 {
					continue
				}
				before := client.Stats()
				got := fileHash(t, p, land(uint8(k)))
				if want[uint8(k)] == "" {
					want[uint8(k)] = got
				}
				if got != want[uint8(k)] {
					t.Errorf("detail %d: %s, from 256 px %s", k, got, want[uint8(k)])
				}
				// A slow answer may have been asked for twice, or would have been had it not come then.
				now := client.Stats()
				n, twice := now.Requests-before.Requests, now.Hedges-before.Hedges
				if n < requests || n > requests+twice {
					t.Errorf("detail %d: %d requests, want %d and %d more at most", k, n, requests, twice)
				}
			}
		})
	}
}

// TestTileOrder: however the work falls out, the bytes are the same, also with room for one tile at
// a time.
func TestTileOrder(t *testing.T) {
	server := tileServer(t, fields(), nil)
	want, it := "", land(0) // 16 tiles
	if testing.Short() {
		it = land(1) // 4
	}
	for _, o := range []Options{{Workers: 1, Slots: 1}, {Workers: 3, Slots: 7}, {Workers: 8}} {
		p, _ := tilePipeline(t, server.TileTemplate(1024, "jpg"), 1024, o)
		p.blocks.room.TryAcquire(leastRoom - pictureBytes(1024))
		if got := fileHash(t, p, it); want == "" {
			want = got
		} else if got != want {
			t.Errorf("%d workers, %d slots: %s, want %s", o.Workers, o.Slots, got, want)
		}
	}
}

// TestTilesAreShared: textures that are smaller than a tile have it fetched and decoded once,
// whichever of them are being built.
func TestTilesAreShared(t *testing.T) {
	server := tileServer(t, fields(), nil)
	p, client := tilePipeline(t, server.TileTemplate(2048, "jpg"), 2048, Options{})
	var all sync.WaitGroup
	for y := range uint32(4) {
		for x := range uint32(4) {
			it := land(3) // two chunks a side: sixteen a tile, if it begins where a tile does
			it.Row, it.Col = it.Row&^63+16*y, it.Col&^63+16*x
			all.Go(func() {
				built, err := p.Texture(t.Context(), it)
				if err != nil {
					t.Error(err)
					return
				}
				if built.Failed+built.Missing > 0 {
					t.Errorf("%+v", built.Tally)
				}
				built.Release()
			})
		}
	}
	all.Wait()
	if n := client.Stats().Requests; n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// TestBuildsByTile: a plan that goes to and fro builds what is cut from one tile together.
func TestBuildsByTile(t *testing.T) {
	p := newPipeline(t, Options{TilePx: 2048})
	at := func(row, col uint32) tiles.Item {
		it := land(3)
		it.Row, it.Col = it.Row&^63+row*16, it.Col&^63+col*16
		return it
	}
	got := p.byTile([]tiles.Item{at(0, 0), at(0, 4), at(1, 0), at(1, 4), at(0, 1)})
	if diff := cmp.Diff([]tiles.Item{at(0, 0), at(1, 0), at(0, 1), at(0, 4), at(1, 4)}, got); diff != "" {
		t.Error(diff)
	}
	chunks := newPipeline(t, Options{})
	if diff := cmp.Diff([]tiles.Item{at(0, 0), at(0, 4), at(1, 0)}, chunks.byTile([]tiles.Item{at(0, 0), at(0, 4), at(1, 0)})); diff != "" {
		t.Error(diff)
	}
}

// gaps lacks every chunk at the even columns of zoom level 15.
type gaps struct{ fetch.Source }

func (g gaps) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	if c.Z == 15 && c.X%2 == 0 {
		return nil, fetch.ErrNoImagery
	}
	return g.Source.Fetch(ctx, c)
}

// TestNoneHere: what the provider paints white or transparent is filled from the level above, chunk
// by chunk, as where it says 404, at any size of tiles.
func TestNoneHere(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes large PNG tiles: for the full suite")
	}
	server := tileServer(t, gaps{fields()}, nil)
	white, flat := fetch.Colour{R: 255, G: 255, B: 255}, fetch.Colour{Any: true}
	const px = 512
	plain, _ := tilePipeline(t, server.TileTemplate(px, "jpg"), px, Options{})
	built, err := plain.Texture(t.Context(), land(1))
	if err != nil || built.Missing != 0 {
		t.Errorf("white imagery that nobody calls none: %+v, %v", built, err)
	}
	var want [sha256.Size]byte
	for _, test := range []struct {
		name, format string
		px           int
		blank        []fetch.Colour
	}{
		{"transparent", "png", 512, nil},
		{"transparent in boxes of 2,048 px", "png", 2048, []fetch.Colour{white}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, _ := tilePipeline(t, server.TileTemplate(test.px, test.format), test.px, Options{Blank: test.blank})
			built, err := p.Texture(t.Context(), land(1))
			if err != nil {
				t.Fatal(err)
			}
			defer built.Release()
			if diff := cmp.Diff(Tally{Chunks: 64, Missing: 32, Overzoomed: 32}, built.Tally); diff != "" {
				t.Error(diff)
			}
			got := sha256.Sum256(built.File)
			if want == [sha256.Size]byte{} {
				want = got
			}
			if got != want {
				t.Errorf("%x, want %x", got, want)
			}
		})
	}
	for _, px := range []int{256, 512, 2048} {
		for name, blank := range map[string]fetch.Colour{"white": white, "flat": flat} {
			t.Run(fmt.Sprintf("%s JPEG of %d px", name, px), func(t *testing.T) {
				p, _ := tilePipeline(t, server.TileTemplate(px, "jpg"), px, Options{Blank: []fetch.Colour{{G: 1}, blank}})
				built, err := p.Texture(t.Context(), land(1))
				if err != nil {
					t.Fatal(err)
				}
				defer built.Release()
				if diff := cmp.Diff(Tally{Chunks: 64, Missing: 32, Overzoomed: 32}, built.Tally); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestOddTiles: of a service that answers oddly, a texture's chunks end as those of a service of
// chunks do.
func TestOddTiles(t *testing.T) {
	missing, failed := Tally{Chunks: 16, Missing: 16}, Tally{Chunks: 16, Failed: 16}
	for kind, want := range map[fetchtest.Kind]Tally{
		fetchtest.NotFound: missing, fetchtest.Transparent: missing, fetchtest.White: missing,
		fetchtest.Exception: failed, fetchtest.WrongSize: failed, fetchtest.Truncated: failed, fetchtest.Corrupt: failed,
		fetchtest.HTML: failed, fetchtest.Unavailable: failed, fetchtest.CMYK: failed,
		fetchtest.Progressive: {Chunks: 16}, fetchtest.Padded: {Chunks: 16}, fetchtest.PNG: {Chunks: 16},
	} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			if testing.Short() && kind != fetchtest.HTML && kind != fetchtest.PNG {
				t.Skip("an answer and a picture find the races of all: for the full suite")
			}
			server := tileServer(t, fields(), fetchtest.Always(kind))
			p, _ := tilePipeline(t, server.WMSTemplate("1.3.0", "jpeg"), 1024, Options{Blank: []fetch.Colour{{R: 255, G: 255, B: 255}}})
			built, err := p.Texture(t.Context(), land(2))
			if err != nil {
				t.Fatal(err)
			}
			defer built.Release()
			if diff := cmp.Diff(want, built.Tally); diff != "" {
				t.Errorf("%v: %s", built.Cause, diff)
			}
			if kind == fetchtest.Exception && fetch.Explain(built.Cause) != "answers XML: InvalidParameterValue: Missing WMS:GetMap right" {
				t.Error(fetch.Explain(built.Cause))
			}
			if kind == fetchtest.WrongSize && fetch.Explain(built.Cause) != "answers what is not a usable image: JPEG of 512×512 px, not 1024×1024 (tile_px = 512 in providers.toml?)" {
				t.Error(fetch.Explain(built.Cause))
			}
		})
	}
}

// TestRoomForTiles: however many tiles are wanted at once, no more are kept than there is room for,
// and none of it is lost.
func TestRoomForTiles(t *testing.T) {
	p := newPipeline(t, Options{TilePx: 2048, Workers: 1, Source: &solid{px: 2048}})
	var all sync.WaitGroup
	users := uint32(32)
	if testing.Short() {
		users = 16
	}
	for i := range users {
		all.Go(func() {
			b, err := p.blocks.get(t.Context(), layerChunk{&p.layers[0], tiles.Chunk{Z: 13, X: i % 12, Y: 1}}, TaskChunk)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := b.tile.cut(tiles.Chunk{Z: 16, X: i % 12 * 8, Y: 9}); err != nil {
				t.Error(err)
			}
			p.blocks.release(b)
		})
	}
	all.Wait()
	p.blocks.mu.Lock()
	defer p.blocks.mu.Unlock()
	if n := len(p.blocks.known); n > leastRoom/int(pictureBytes(2048)) || n != p.blocks.idle.Len() {
		t.Errorf("%d tiles are kept, %d of them idle", n, p.blocks.idle.Len())
	}
	free := leastRoom - int64(len(p.blocks.known))*pictureBytes(2048)
	if !p.blocks.room.TryAcquire(free) || p.blocks.room.TryAcquire(1) {
		t.Error("room has been lost or made")
	}
}

// TestCalledOff: who waits for a tile that another has begun to fetch, and was called off, gets it
// all the same; and a tile that failed is asked for again.
func TestCalledOff(t *testing.T) {
	source := &solid{px: 512, begun: make(chan struct{}, 1), hold: make(chan struct{})}
	p := newPipeline(t, Options{TilePx: 512, Source: source})
	ctx, cancel := context.WithCancel(t.Context())
	at := layerChunk{&p.layers[0], tiles.Chunk{Z: 15, X: 1, Y: 1}}
	first := make(chan error, 1)
	go func() {
		_, err := p.blocks.get(ctx, at, TaskChunk)
		first <- err
	}()
	<-source.begun
	second := make(chan error, 1)
	go func() {
		b, err := p.blocks.get(t.Context(), at, TaskChunk)
		if err == nil {
			p.blocks.release(b)
		}
		second <- err
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	close(source.hold)
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// solid gives pictures of one colour, once hold is closed.
type solid struct {
	px    int
	begun chan struct{}
	hold  chan struct{}
	made  sync.Once
	body  []byte
}

func (s *solid) Fetch(ctx context.Context, _ tiles.Chunk) ([]byte, error) {
	if s.begun != nil {
		select {
		case s.begun <- struct{}{}:
		default:
		}
		select {
		case <-s.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var err error
	s.made.Do(func() {
		img := image.NewNRGBA(image.Rect(0, 0, s.px, s.px))
		draw.Draw(img, img.Rect, image.NewUniform(color.NRGBA{90, 90, 60, 255}), image.Point{}, draw.Src)
		s.body, err = fetchtest.EncodePNG(img)
	})
	return s.body, err
}

// TestTileFaults: one answer in five is faulty, in every way there is that may pass; the archive
// equals that of a server without faults.
func TestTileFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes many large tiles: for the full suite")
	}
	items := neighbours(40, 2)
	build := func(faults fetchtest.Faults) (string, Report, fetchtest.Stats) {
		server := tileServer(t, fields(), faults)
		p, client := tilePipeline(t, server.WMSTemplate("1.1.1", "jpeg"), 1024, Options{})
		digest, r := buildArchive(t, p, client, filepath.Join(t.TempDir(), "a.mbtiles"), items)
		return digest, r, server.Stats()
	}
	want, _, _ := build(nil)
	got, r, s := build(fetchtest.OneIn(5, fetchtest.TooMany, fetchtest.Unavailable, fetchtest.ServerError, fetchtest.Reset, fetchtest.ShortBody,
		fetchtest.Empty, fetchtest.HTML, fetchtest.Exception, fetchtest.Truncated, fetchtest.Corrupt, fetchtest.WrongSize, fetchtest.CMYK))
	if got != want || r.State != StateComplete || r.Chunks.Failed > 0 {
		t.Errorf("digest %s, without faults %s; %+v", got, want, r)
	}
	if s.Requests <= s.Distinct {
		t.Errorf("%d requests for %d tiles: no fault was provoked", s.Requests, s.Distinct)
	}
}
