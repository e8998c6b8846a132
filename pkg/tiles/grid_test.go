package tiles

import (
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// The golden vectors of the field: corners and centres as X-Plane's own terrain files give them.
func TestGoldenPlaces(t *testing.T) {
	tests := []struct {
		name       string
		nw, centre orb.Point // longitude, latitude; a zero point is not given
	}{
		{"100000_125184_BI18", orb.Point{-8.0859375, 39.1982053},
			orb.Point{-8.0749512, 39.1896908}},
		{"169840_253472_BI18", orb.Point{}, orb.Point{168.1018066, -46.9127510}},
		{"116208_75824_BI18", orb.Point{}, orb.Point{-75.8605957, 19.9836740}},
		{"94800_47888_BI18", orb.Point{}, orb.Point{-114.2248535, 44.5043413}},
		{"25264_10912_BI16", orb.Point{-120.0585938, 38.0653924},
			orb.Point{-120.0146484, 38.0307858}},
		{"23952_32960_BI16", orb.Point{}, orb.Point{1.09863, 43.48481}},
		{"65472_77440_BI17", orb.Point{}, orb.Point{32.71729, 0.15381}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tex, err := ParseName(test.name)
			if err != nil {
				t.Fatal(err)
			}
			box := tex.Box()
			near(t, "north-west corner", orb.Point{box.West, box.North}, test.nw)
			near(t, "centre", tex.Center(), test.centre)
			if again := At(tex.Center(), tex.ZL, tex.Maptype); again != tex {
				t.Errorf("the texture at its centre is %v", again)
			}
		})
	}
}

func near(t *testing.T, what string, got, want orb.Point) {
	t.Helper()
	if want == (orb.Point{}) {
		return
	}
	if math.Abs(got.Lon()-want.Lon()) > 1e-5 || math.Abs(got.Lat()-want.Lat()) > 1e-5 {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestLoadCenterSize(t *testing.T) {
	tex, _ := ParseName("65472_77440_BI17")
	if side := TexturePixels * PixelSize(tex.Center().Lat(), tex.ZL); math.Round(side) != 4892 &&
		math.Round(side) != 4891 {
		t.Errorf("side %v m, want 4891", side)
	}
}

// Textures touching one half-open degree at longitude +005.
func TestDegreeCounts(t *testing.T) {
	tests := []struct {
		lat, zl16, zl17 int
	}{{0, 156, 552}, {43, 221, 792}, {52, 247, 912}, {60, 312, 1128}}
	for _, test := range tests {
		for zl, want := range map[ZL]int{16: test.zl16, 17: test.zl17} {
			t.Run(fmt.Sprintf("lat %d ZL%d", test.lat, zl), func(t *testing.T) {
				r, err := ParseBBox(fmt.Sprintf("5,%d,6,%d", test.lat, test.lat+1))
				if err != nil {
					t.Fatal(err)
				}
				got, err := Grid(t.Context(), r, zl, "BI")
				if err != nil || len(got) != want {
					t.Errorf("got %d textures, %v; want %d", len(got), err, want)
				}
			})
		}
	}
}

func TestQuadkey(t *testing.T) {
	if got := (Chunk{Z: 3, X: 3, Y: 5}).Quadkey(); got != "213" {
		t.Errorf("got %s, want 213", got)
	}
	if got := (Chunk{}).Quadkey(); got != "" {
		t.Errorf("the world's quadkey is %q, want none", got)
	}
}

func TestTile(t *testing.T) {
	tex, _ := ParseName("23952_33712_BI16")
	if z, x, y := tex.Tile(); z != 12 || x != 2107 || y != 1497 {
		t.Errorf("got %d/%d/%d, want 12/2107/1497", z, x, y)
	}
}

func TestItemChunks(t *testing.T) {
	tex, _ := ParseName("23952_33712_BI16")
	for k := range uint8(MaxDetail + 1) {
		it := Item{tex, k}
		var got []Chunk
		for place, c := range it.Chunks() {
			if it.Chunk(place.Row, place.Col) != c {
				t.Fatalf("k %d: place %v is %v, not %v", k, place, it.Chunk(place.Row, place.Col),
					c)
			}
			got = append(got, c)
		}
		if len(got) != it.ChunkCount() || it.ChunksPerSide()*ChunkPixels != it.Side() {
			t.Errorf("k %d: %d chunks, %d a side, %d px", k, len(got), it.ChunksPerSide(),
				it.Side())
		}
		// The first and last chunks are the corners of the texture.
		first, last := got[0], got[len(got)-1]
		nw, se := corner(first.Z, first.X, first.Y), corner(last.Z, last.X+1, last.Y+1)
		box := it.Box()
		near(t, "first chunk", nw, orb.Point{box.West, box.North})
		near(t, "last chunk", se, orb.Point{box.East, box.South})
	}
}

func TestParent(t *testing.T) {
	c := Chunk{Z: 16, X: 33713, Y: 23955}
	if got, want := c.Parent(), (Chunk{Z: 15, X: 16856, Y: 11977}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if world := (Chunk{}); world.Parent() != world {
		t.Errorf("the world has parent %v", world.Parent())
	}
}

func TestAtTheEdges(t *testing.T) {
	tests := []struct {
		p        orb.Point
		row, col uint32
	}{
		{orb.Point{-180, 90}, 0, 0},
		{orb.Point{180, -90}, 65520, 65520},
		{orb.Point{0, 0}, 32768, 32768},
	}
	for _, test := range tests {
		if got := At(test.p, 16, "BI"); got.Row != test.row || got.Col != test.col ||
			got.Valid() != nil {
			t.Errorf("at %v: got %v, want row %d col %d", test.p, got, test.row, test.col)
		}
	}
}
