package planmap

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// still returns the picture and where its map shows a place.
func still(t *testing.T, m Map) (image.Image, func(orb.Point) image.Point) {
	t.Helper()
	img, err := m.picture()
	if err != nil {
		t.Fatal(err)
	}
	flown, _ := m.lines()
	v := newView(image.NewRGBA(image.Rect(0, 0, mapWidth, pictureHeight)),
		extent(classes(m.Items), flown, m.rings()))
	return img, func(p orb.Point) image.Point {
		at := place(p)
		if v.x(at[0]) < 0 {
			at[0]++
		}
		return image.Pt(int(v.x(at[0])), int(v.y(at[1])))
	}
}

// blend is what a texture looks like on a ground.
func blend(zl tiles.ZL, k uint8, ground color.RGBA) color.RGBA {
	return over(colour(zl, k, false), ground, textureOpacity)
}

func over(c, ground color.RGBA, opacity float64) color.RGBA {
	mix := func(a, b uint8) uint8 {
		return uint8(round(opacity*float64(a) + (1-opacity)*float64(b)))
	}
	return color.RGBA{mix(c.R, ground.R), mix(c.G, ground.G), mix(c.B, ground.B), 255}
}

// has says whether the picture has the colour, to rounding, within some pixels of p: lines may run
// through p itself.
func has(img image.Image, p image.Point, want color.RGBA) bool {
	for dx := -4; dx <= 4; dx++ {
		for dy := -4; dy <= 4; dy++ {
			if alike(img.At(p.X+dx, p.Y+dy), want) {
				return true
			}
		}
	}
	return false
}

func alike(got color.Color, want color.RGBA) bool {
	c := color.RGBAModel.Convert(got).(color.RGBA)
	off := func(a, b uint8) bool { return max(a, b)-min(a, b) > 2 }
	return !off(c.R, want.R) && !off(c.G, want.G) && !off(c.B, want.B)
}

func TestPictureOfTheWorkedPlan(t *testing.T) {
	t.Parallel()
	img, at := still(t, worked(t))
	tests := []struct {
		name  string
		place orb.Point
		want  color.RGBA
	}{
		{"on the track", orb.Point{3, 45.13}, ink},
		{"beside the track", orb.Point{6, 45.07}, blend(16, 0, landColour)},
		{"k 1", orb.Point{6, 45.33}, blend(16, 1, landColour)},
		{"k 2", orb.Point{6, 45.5}, blend(16, 2, landColour)},
		{"k 3", orb.Point{6, 45.8}, blend(16, 3, landColour)},
		{"k 4 over land", orb.Point{6, 46.6}, blend(16, 4, landColour)},
		{"k 4 over the sea", orb.Point{8.5, 43.5}, blend(16, 4, sea)},
		{"the window's northern edge", orb.Point{5.9, 48}, areaColour},
		{"a cell's edge", orb.Point{6.5, 47}, over(areaColour, blend(16, 4, landColour), 0.6)},
		{"land beyond the window", orb.Point{6, 48.4}, landColour},
		{"sea beyond the window", orb.Point{5.5, 41.8}, sea},
		{"departure", orb.Point{0, 45}, ink},
		{"destination", orb.Point{11.75, 45}, paper},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if p := at(test.place); !has(img, p, test.want) {
				t.Errorf("at %v, pixel %v, is %v, want %v", test.place, p, img.At(p.X, p.Y),
					test.want)
			}
		})
	}
}

// Textures on both sides of the antimeridian are drawn side by side.
func TestPictureAcrossTheAntimeridian(t *testing.T) {
	t.Parallel()
	img, at := still(t, antimeridian(t))
	west, east := at(orb.Point{179.9, -16.7}), at(orb.Point{-179.9, -16.7})
	if wide := east.X - west.X; wide < 1 || wide > 60 {
		t.Errorf("0.2° across the antimeridian are %d pixels", wide)
	}
	ground := []color.RGBA{blend(14, 0, sea), blend(14, 0, landColour)}
	for _, p := range []image.Point{west, east} {
		if !slices.ContainsFunc(ground, func(c color.RGBA) bool { return has(img, p, c) }) {
			t.Errorf("no texture at pixel %v: %v", p, img.At(p.X, p.Y))
		}
	}
}

func TestPictureOfOneTexture(t *testing.T) {
	t.Parallel()
	m := oneTexture(t)
	img, at := still(t, m)
	box := m.Items[0].Box()
	nw, se := at(orb.Point{box.West, box.North}), at(orb.Point{box.East, box.South})
	if side := se.X - nw.X; side < 800 || side > mapWidth || side-(se.Y-nw.Y) > 3 ||
		se.Y-nw.Y-side > 3 {
		t.Errorf("one texture is drawn from %v to %v", nw, se)
	}
	centre := nw.Add(se).Div(2)
	if !has(img, centre, blend(16, 0, landColour)) && !has(img, centre, blend(16, 0, sea)) {
		t.Errorf("its middle is %v", img.At(centre.X, centre.Y))
	}
}

// Sharper textures are drawn over the others.
func TestPictureOfMixedZoomLevels(t *testing.T) {
	t.Parallel()
	img, at := still(t, mixed(t))
	sharp := at(tiles.At(orb.Point{7.3, 44.01}, 18, "BI").Center())
	if want := blend(18, 0, blend(16, 0, landColour)); !has(img, sharp, want) {
		t.Errorf("the ZL18 texture is %v, want %v", img.At(sharp.X, sharp.Y), want)
	}
	stacked := at(tiles.At(orb.Point{7.2, 44}, 18, "BI").Center())
	if want := blend(18, 0, blend(18, 0, blend(16, 0, blend(14, 2, landColour)))); !has(img,
		stacked, want) {
		t.Errorf("four textures over each other are %v, want %v", img.At(stacked.X, stacked.Y),
			want)
	}
}

func TestPictureOfTheWorld(t *testing.T) {
	t.Parallel()
	img, at := still(t, wholeWorld(t))
	for name, p := range map[string]orb.Point{"Siberia": {100, 60}, "Brazil": {-55, -10},
		"Antarctica": {20, -80}} {
		if !has(img, at(p), blend(10, 0, landColour)) {
			t.Errorf("%s is %v, want %v", name, img.At(at(p).X, at(p).Y), blend(10, 0, landColour))
		}
	}
}

func TestWritePNG(t *testing.T) {
	var b bytes.Buffer
	if err := (Map{}).WritePNG(&b); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, pictureWidth, pictureHeight) {
		t.Errorf("the picture is %v", img.Bounds())
	}
}

func TestWrapped(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"short", "one two", []string{"one two"}},
		{"breaks at blanks", "one two three four", []string{"one two", "three four"}},
		{"breaks long words", "abcdefghijklmnop", []string{"abcdefghij", "klmnop"}},
		{"counts letters, not bytes", "ééééé ééé", []string{"ééééé ééé"}},
		{"is cut", "aaaaaaaa bbbbbbbb cccccccc dddddddd", []string{"aaaaaaaa", "bbbbbbbb", "…"}},
		{"nothing", "", []string{""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, wrapped(test.text, 10, 3)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func BenchmarkPicture(b *testing.B) {
	m := worked(b)
	for b.Loop() {
		if _, err := m.picture(); err != nil {
			b.Fatal(err)
		}
	}
}
