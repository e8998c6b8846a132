package mbtiles

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
)

// Colours as RGB 5:6:5, and what a preview shows for them.
const (
	red, green, blue, white = 0xf800, 0x07e0, 0x001f, 0xffff
)

var shown = map[uint16]color.RGBA{red: {255, 0, 0, 255}, green: {0, 255, 0, 255}, blue: {0, 0, 255, 255}, white: {255, 255, 255, 255}}

// quarters makes a file whose quarters have these colours: north-west, north-east, south-west,
// south-east.
func quarters(l dds.Layout, colours [4]uint16) []byte {
	h := l.Header()
	file := h[:]
	for n := range l.Levels() {
		across := max(1, l.Side>>n/4)
		for y := range across {
			for x := range across {
				c := colours[2*(2*y/across)+2*x/across]
				file = append(file, byte(c), byte(c>>8), byte(c), byte(c>>8), 0, 0, 0, 0)
			}
		}
	}
	return file
}

// checkPixels compares pixels of a preview, given from its north-west corner, with colours. JPEG is
// allowed some loss.
func checkPixels(t *testing.T, name string, img image.Image, want map[image.Point]color.RGBA) {
	t.Helper()
	for p, w := range want {
		r, g, b, _ := img.At(p.X, p.Y).RGBA()
		for i, d := range [...]int{int(r>>8) - int(w.R), int(g>>8) - int(w.G), int(b>>8) - int(w.B)} {
			if d < -12 || d > 12 {
				t.Errorf("%s: pixel %v is %v, want %v (channel %d is off by %d)", name, p, img.At(p.X, p.Y), w, i, d)
				break
			}
		}
	}
}

func pictureAt(t *testing.T, a *Archive, at preview.Tile) image.Image {
	t.Helper()
	b, err := a.Preview(t.Context(), zlOf(at), at.X, at.Y)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// tileAt is a tile by its address.
func tileAt(z uint8, x, y uint32) preview.Tile { return preview.Tile{Z: z, X: x, Y: y} }

// allTiles lists the rows of tiles by address.
func allTiles(t *testing.T, a *Archive) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := a.reader.Conns.Do(t.Context(), func(c *sqlite.Conn) error {
		return c.Query(t.Context(), `SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles`, func(r *sqlite.Row) error {
			found[fmt.Sprintf("%d/%d/%d", r.Int(0), r.Int(1), r.Int(2))] = string(r.Blob(3))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The preview stands at the texture's own tile, every overview down to the whole world shows it in
// its place, and nothing else is there.
func TestPreviews(t *testing.T) {
	t.Parallel()
	a := build(t, map[string][]byte{"1488_2096_BI12": quarters(full, [4]uint16{red, green, blue, white})})
	at := preview.TileOf(texture(t, "1488_2096_BI12")) // 8/131/93
	if n := len(allTiles(t, a)); n != 9 {
		t.Errorf("%d previews, want 9", n)
	}
	checkPixels(t, "own", pictureAt(t, a, at), map[image.Point]color.RGBA{
		{60, 60}: shown[red], {200, 60}: shown[green], {60, 200}: shown[blue], {200, 200}: shown[white],
	})
	// 131 and 93 are odd: the south-east quarter of 7/65/46.
	checkPixels(t, "first overview", pictureAt(t, a, at.Up(1)), map[image.Point]color.RGBA{
		{128 + 30, 128 + 30}: shown[red], {128 + 100, 128 + 30}: shown[green], {128 + 30, 128 + 100}: shown[blue], {128 + 100, 128 + 100}: shown[white],
		{60, 60}: preview.Ground, {200, 60}: preview.Ground, {60, 200}: preview.Ground,
	})
	// 65 is odd, 46 even: the north-east quarter of 6/32/23, and there its south-east.
	checkPixels(t, "second overview", pictureAt(t, a, at.Up(2)), map[image.Point]color.RGBA{
		{128 + 64 + 16, 64 + 16}: shown[red], {128 + 64 + 50, 64 + 50}: shown[white], {128 + 30, 30}: preview.Ground, {60, 200}: preview.Ground,
	})
	for _, none := range []preview.Tile{{Z: 8, X: 130, Y: 93}, {Z: 9, X: 262, Y: 186}, {Z: 3, X: 99, Y: 0}, {Z: 40, X: 0, Y: 0}} {
		if _, err := a.Preview(t.Context(), zlOf(none), none.X, none.Y); !errors.Is(err, ErrNoTile) {
			t.Errorf("preview %s: %v, want %v", none, err, ErrNoTile)
		}
	}
}

// The water of a BC3 texture is transparent, and a preview shows the preview.Ground beneath.
func TestPreviewOfBC3(t *testing.T) {
	t.Parallel()
	l := dds.Layout{Format: dds.BC3, Side: 256}
	file := solidFile(l, red)
	for i := dds.HeaderSize; i < len(file); i += 16 {
		file[i], file[i+1] = 0, 0 // alpha
	}
	a := build(t, map[string][]byte{"16_16_BI12": file})
	checkPixels(t, "preview", pictureAt(t, a, preview.Tile{Z: 8, X: 1, Y: 1}), map[image.Point]color.RGBA{{128, 128}: shown[red]})
}

// Of two maptypes on one square the first in the order of their lower case is shown, however they
// come.
func TestPreviewOfTwins(t *testing.T) {
	t.Parallel()
	for _, order := range [][]string{{"az", "BI", "GO2"}, {"GO2", "BI", "az"}, {"BI", "az", "GO2"}} {
		path := filepath.Join(t.TempDir(), "a.mbtiles")
		w := createAt(t, path)
		colours := map[string]uint16{"az": red, "BI": green, "GO2": blue}
		for _, maptype := range order {
			put(t, w, "16_16_"+maptype+"12", solidFile(small, colours[maptype]))
		}
		put(t, w, "16_16_AZ12", solidFile(small, white)) // in place of az
		finish(t, w)
		a := openAt(t, path)
		checkPixels(t, fmt.Sprint(order), pictureAt(t, a, preview.Tile{Z: 8, X: 1, Y: 1}), map[image.Point]color.RGBA{{128, 128}: shown[white]})
		mustVerify(t, a)
	}
}

// Where one texture is sharper, the others' larger mips fill its zoom levels, two levels down at
// most, and no further than they go.
func TestFills(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine: for the full suite")
	}
	a := build(t, map[string][]byte{
		"16_16_BI12":   quarters(full, [4]uint16{red, green, blue, white}),                                   // 8/1/1
		"16_32_BI12":   quarters(dds.Layout{Format: dds.BC1, Side: 512}, [4]uint16{white, blue, green, red}), // 8/2/1: enough for one level
		"16_48_BI12":   solidFile(small, red),                                                                // 8/3/1: for none
		"112_80_BI14":  solidFile(small, blue),                                                               // 10/5/7: in 8/1/1's south-east quarter
		"192_176_BI15": solidFile(small, green),                                                              // 11/11/12: three levels below it
		"112_192_BI14": solidFile(small, green),                                                              // 10/12/7: in 8/3/1
	})
	count := map[int]int{}
	for at := range allTiles(t, a) {
		z := 0
		if _, err := fmt.Sscanf(at, "%d/", &z); err != nil {
			t.Fatal(err)
		}
		count[z]++
	}
	// 9: four each of the first two, and the overview 9/6/3; 10: sixteen of the first, and 10/12/7;
	// 11: 11/11/12 alone, the rest being too small.
	want := map[int]int{0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 2, 8: 3, 9: 9, 10: 17, 11: 1}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("previews by zoom (-want +got):\n%s", diff)
	}
	north, south := image.Point{128, 60}, image.Point{128, 200}
	west, east := image.Point{60, 60}, image.Point{200, 60}
	for _, tt := range []struct {
		name string
		at   preview.Tile
		want map[image.Point]color.RGBA
	}{
		{"a quarter one level down", tileAt(9, 2, 2), map[image.Point]color.RGBA{{20, 20}: shown[red], {240, 240}: shown[red]}},
		{"its opposite", tileAt(9, 3, 3), map[image.Point]color.RGBA{{20, 20}: shown[white], {240, 240}: shown[white]}},
		{"a sixteenth two levels down", tileAt(10, 7, 4), map[image.Point]color.RGBA{{20, 20}: shown[green], {240, 240}: shown[green]}},
		{"of the smaller texture", tileAt(9, 4, 2), map[image.Point]color.RGBA{{20, 20}: shown[white], {240, 240}: shown[white]}},
		{"the sharper texture itself", tileAt(10, 5, 7), map[image.Point]color.RGBA{north: shown[blue], south: shown[blue]}},
		{"overview of fills and a texture", tileAt(9, 2, 3), map[image.Point]color.RGBA{west: shown[blue], east: shown[green], {60, 200}: shown[blue]}},
		{"overview drawn over what is beneath", tileAt(10, 5, 6), map[image.Point]color.RGBA{west: shown[blue], east: shown[green], south: shown[blue]}},
		{"overview over what is enlarged", tileAt(9, 6, 3), map[image.Point]color.RGBA{{60, 60}: shown[red], {60, 200}: shown[green], {200, 200}: shown[red]}},
		{"a texture above sharper ones", tileAt(8, 1, 1), map[image.Point]color.RGBA{west: shown[red], {200, 200}: shown[white]}},
	} {
		checkPixels(t, tt.name, pictureAt(t, a, tt.at), tt.want)
	}
	for _, none := range []preview.Tile{tileAt(10, 8, 4), tileAt(10, 13, 4), tileAt(9, 7, 2), tileAt(11, 8, 8)} {
		if _, err := a.Preview(t.Context(), zlOf(none), none.X, none.Y); !errors.Is(err, ErrNoTile) {
			t.Errorf("preview %s: %v, want %v", none, err, ErrNoTile)
		}
	}
	mustVerify(t, a)
}

// Overviews that an interrupted Finish drew are kept, but do not outlive what they show.
func TestOverviewsAfterInterruption(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	filling := dds.Layout{Format: dds.BC1, Side: 1024}
	before := map[string][]byte{"16_16_BI12": solidFile(filling, red), "80_80_BI14": solidFile(small, green)}
	after := map[string][]byte{"16_16_BI12": solidFile(filling, blue), "80_80_BI14": solidFile(small, green), "16_32_BI12": solidFile(small, white)}
	a := build(t, before)
	// Killed after the last commit and before the renaming: a complete archive under the .part's
	// name.
	path := filepath.Join(t.TempDir(), "b.mbtiles")
	b, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		want map[string][]byte
	}{{"nothing new", before}, {"new textures", after}} {
		t.Run(tt.name, func(t *testing.T) {
			os.Remove(path)
			if err := os.WriteFile(path+partSuffix, b, 0o666); err != nil {
				t.Fatal(err)
			}
			w := createAt(t, path)
			for name, file := range tt.want {
				if rec, ok := w.Has(texture(t, name).Key()); ok && rec.SHA256 == encode(t, None, file).SHA256() {
					continue
				}
				put(t, w, name, file)
			}
			finish(t, w)
			if diff := cmp.Diff(allTiles(t, build(t, tt.want)), allTiles(t, openAt(t, path))); diff != "" {
				t.Errorf("previews differ from those of a build in one go (-want +got):\n%.2000s", diff)
			}
		})
	}
}
