package preview

import (
	"context"
	"slices"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// grid is 4×4 textures of 256 px at ZL16, and a smaller one that lies below none of them.
type grid struct{}

func (grid) Len() int { return 17 }
func (grid) Texture(i int) tiles.Texture {
	if i == 16 {
		return tiles.Texture{ZL: 17, Row: 64, Col: 64, Maptype: "BI"}
	}
	return tiles.Texture{ZL: 16, Row: uint32(i / 4 * 16), Col: uint32(i % 4 * 16), Maptype: "BI"}
}
func (grid) Layout(int) dds.Layout { return dds.Layout{Format: dds.BC1, Side: 256} }

// coming is a grid whose textures come when they are told to.
type coming struct {
	picture []byte
	drawn   chan Tile

	news
	came  int
	there map[Tile][]byte
}

// come has so many textures come.
func (c *coming) come(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.came = n
	c.tell()
}

func (c *coming) Await(ctx context.Context, n int) error {
	return c.wait(ctx, func() bool { return c.came >= n })
}

func (c *coming) ReadAt(_ context.Context, _ int, p []byte, _ int64) error {
	clear(p)
	return nil
}

func (c *coming) Tile(ctx context.Context, t Tile) (jpeg []byte, err error) {
	if i := slices.IndexFunc(slices.Collect(textures), func(own Tile) bool { return own == t }); i >= 0 {
		return c.picture, nil
	}
	planned := slices.Contains(slices.Collect(New(grid{}).Drawn()), t)
	err = c.wait(ctx, func() bool { jpeg = c.there[t]; return jpeg != nil || !planned })
	return jpeg, err
}

func textures(yield func(Tile) bool) {
	for i := range (grid{}).Len() {
		if !yield(TileOf(grid{}.Texture(i))) {
			return
		}
	}
}

func (c *coming) Put(_ context.Context, t Tile, jpeg []byte) error {
	c.mu.Lock()
	c.there[t] = jpeg
	c.tell()
	c.mu.Unlock()
	c.drawn <- t
	return nil
}

// An overview is drawn as soon as what is below it has come, while the rest is still on its way.
func TestDrawEarly(t *testing.T) {
	t.Parallel()
	picture, err := encodeJPEG(newCanvas(), quality)
	if err != nil {
		t.Fatal(err)
	}
	c := &coming{picture: picture, drawn: make(chan Tile, 100), news: newNews(),
		there: map[Tile][]byte{}}
	ended := make(chan error, 1)
	p := New(grid{})
	go func() { ended <- p.DrawEarly(t.Context(), c) }()
	expect := func(want ...Tile) {
		t.Helper()
		for _, w := range want {
			select {
			case got := <-c.drawn:
				if got != w {
					t.Errorf("drew %v, want %v", got, w)
				}
			case err := <-ended:
				t.Fatalf("ended before %v was drawn: %v", w, err)
			}
		}
	}
	c.come(6) // two rows of the grid, but for two of the textures
	expect(Tile{11, 0, 0})
	c.come(8)
	expect(Tile{11, 1, 0})
	c.come(16)
	expect(Tile{11, 0, 1}, Tile{11, 1, 1}, Tile{10, 0, 0})
	c.come(All)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	close(c.drawn)
	for range c.drawn {
	}
	for place := range p.Drawn() {
		if c.there[place] == nil {
			t.Errorf("%v was not drawn", place)
		}
	}
	if n := p.Count() - (grid{}).Len(); n != len(c.there) {
		t.Errorf("%d were drawn, want %d", len(c.there), n)
	}
}

// What cannot be read ends it, and so does giving up.
func TestDrawEarlyEnds(t *testing.T) {
	t.Parallel()
	c := &coming{picture: []byte("no JPEG"), drawn: make(chan Tile, 100),
		news: newNews(), there: map[Tile][]byte{}, came: All}
	if err := New(grid{}).DrawEarly(t.Context(), c); err == nil {
		t.Error("a preview that is none was drawn")
	}
	c.come(0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(grid{}).DrawEarly(ctx, c); err == nil {
		t.Error("given up, and no error")
	}
}
