package fetch

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"testing"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestCapturedBy(t *testing.T) {
	for header, want := range map[string]terms.Days{
		"5/1/2019-6/30/2020":    {Oldest: "2019-05-01", Newest: "2020-06-30"},
		"12/24/2021-12/24/2021": {Oldest: "2021-12-24", Newest: "2021-12-24"},
		"6/30/2020-5/1/2019":    {},
		"":                      {},
		"2019":                  {},
		"1/1/1999-":             {},
		"13/1/2019-1/1/2020":    {},
	} {
		if got := CapturedBy(http.Header{"X-Ve-Tilemeta-Capturedatesrange": {header}}); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

// TestDated looks at a JPEG that says when it was taken: it is the same picture, passes the checks,
// and is not changed where nothing is known.
func TestDated(t *testing.T) {
	var b bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 256, 256))
	img.SetGray(1, 2, color.Gray{200})
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	body := b.Bytes()
	days := terms.Days{Oldest: "2019-05-01", Newest: "2020-06-30"}
	marked := dated(bytes.Clone(body), days)
	if got := Captured(marked); got != days {
		t.Errorf("it was taken %v, want %v", got, days)
	}
	if err := CheckTile(marked, tiles.ChunkPixels); err != nil {
		t.Error(err)
	}
	was, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if is, err := jpeg.Decode(bytes.NewReader(marked)); err != nil || !bytes.Equal(is.(*image.Gray).Pix, was.(*image.Gray).Pix) {
		t.Errorf("another picture: %v", err)
	}
	if got := dated(body, terms.Days{}); !bytes.Equal(got, body) {
		t.Error("changed, though nothing is known")
	}
	for cut := range marked[:80] {
		if got := Captured(marked[:cut]); got != (terms.Days{}) && got != days {
			t.Errorf("cut after %d bytes it was taken %v", cut, got)
		}
	}
	if got := Captured(body); got != (terms.Days{}) {
		t.Errorf("one that says nothing was taken %v", got)
	}
}
