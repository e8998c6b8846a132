package planmap

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/tiles"
)

var imageryColour = color.RGBA{200, 60, 180, 255}

// archive is a map of four textures over imagery of one colour; one is a hole.
func archive(t testing.TB) Map {
	t.Helper()
	m := Map{Title: "flight.mbtiles", Kind: "archive"}
	for _, name := range []string{"23936_33712_BI16", "23936_33728_BI16", "23952_33712_BI16",
		"23952_33728_BI16"} {
		tex, err := tiles.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		m.Items = append(m.Items, tiles.Item{Texture: tex})
	}
	m.Holes = []tiles.Texture{m.Items[3].Texture}
	m.Taken = map[string][]tiles.Texture{"2019-06-30": {m.Items[1].Texture, m.Items[2].Texture}}
	img := image.NewRGBA(image.Rect(0, 0, 512, 512))
	draw.Draw(img, img.Rect, image.NewUniform(imageryColour), image.Point{}, draw.Src)
	const world = 4096 // tiles at z 12
	m.Imagery = &Imagery{Image: img, West: 2107. / world, North: 1496. / world, East: 2109. / world,
		South: 1498. / world}
	return m
}

func TestPageOfAnArchive(t *testing.T) {
	m := archive(t)
	elements := parsed(t, page(t, m))
	data := dataOf(t, elements)
	if diff := cmp.Diff([]pageHole{{16, 1497, 2108, "23952_33728_BI16"}}, data.Holes); diff != "" {
		t.Errorf("holes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]string{
		"2019-06-30": {"23936_33728_BI16", "23952_33712_BI16"}}, data.Taken); diff != "" {
		t.Errorf("when they were taken (-want +got):\n%s", diff)
	}
	if data.Imagery == nil {
		t.Fatal("the page has no imagery")
	}
	img, err := jpeg.Decode(bytes.NewReader(data.Imagery.JPEG))
	if err != nil || img.Bounds().Dx() != 512 {
		t.Errorf("imagery: %v", err)
	}
	text := textOf(elements["html"][0])
	for _, want := range []string{"xelpack archive", "Imagery", "Colours",
		"some chunks failed (1)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	plan := page(t, worked(t))
	for _, unwanted := range []string{`id="imagery"`, `class="hole"`} {
		if bytes.Contains(plan, []byte(unwanted)) {
			t.Errorf("a plan's page says %q", unwanted)
		}
	}
}

// The still shows the same: imagery under a tint, the hole hatched.
func TestPictureOfAnArchive(t *testing.T) {
	img, err := archive(t).picture()
	if err != nil {
		t.Fatal(err)
	}
	showsArchive(t, img)
}

// showsArchive fails the test unless a picture has the imagery and the hole of archive.
func showsArchive(t *testing.T, img image.Image) {
	t.Helper()
	for what, want := range map[string]color.RGBA{
		"imagery under its tint": over(colour(16, 0, false), imageryColour, tintOpacity),
		"a hole":                 holeColour} {
		if n := count(img, want); n < 1000 {
			t.Errorf("%s has %d pixels", what, n)
		}
	}
}
