package publish

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/jpeg"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/image/draw"

	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// pageClass is an archive as the map's script draws it.
type pageClass struct {
	Title string     `json:"title"`
	Label string     `json:"label"`
	ZL    tiles.ZL   `json:"zl"` // of textures that are as large as the squares
	K     int        `json:"k"`
	Light string     `json:"light"`
	Dark  string     `json:"dark"`
	Runs  []uint32   `json:"runs"`
	Box   [4]float64 `json:"box"` // west, south, east, north
}

// card is an archive in the page's list.
type card struct {
	catalogue.Archive
	Link, Swatch, Size, ZL, Detail, Credit, Shown string
	Signers                                       []string
	Preview                                       template.URL
}

// Files returns the catalogue and the page.
func (f *Folder) Files() (text, page []byte, err error) {
	if text, err = f.Catalogue.Text(); err != nil {
		return nil, nil, err
	}
	ground, err := planmap.Map{}.Ground()
	if err != nil {
		return nil, nil, err
	}
	css := planmap.Style() + pageCSS
	classes, cards, boxes := []pageClass{}, []card{}, []tiles.Box{}
	bytesOfAll := int64(0)
	for _, i := range f.drawingOrder() {
		a, s := f.Catalogue.Archives[i], f.shown[i]
		light, dark := planmap.Colours(tiles.ZL(a.Finest()), uint8(a.Sharpest()))
		c := card{
			Archive: a, Link: url.PathEscape(a.File), Swatch: fmt.Sprint("a", i),
			Size: units.Bytes(a.Bytes), ZL: list(a.ZLs()), Detail: list(a.Details()),
			Signers: signers(a.Signatures),
			Preview: template.URL("data:image/jpeg;base64," +
				base64.StdEncoding.EncodeToString(s.preview)),
		}
		p := pageClass{Title: a.File, ZL: s.squares.Z + 4, Light: light, Dark: dark,
			Box:   [4]float64{s.box.West, s.box.South, s.box.East, s.box.North},
			Label: fmt.Sprintf("ZL%s, %s, %s", c.ZL, units.Plural(a.Textures, "texture"), c.Size)}
		for _, r := range s.squares.Runs {
			p.Runs = append(p.Runs, r.Row, r.Col, r.N)
		}
		css += planmap.SwatchStyle(c.Swatch, light, dark)
		classes, cards = append(classes, p), append(cards, c)
		boxes = append(boxes, s.box)
		bytesOfAll += a.Bytes
	}
	slices.SortFunc(cards, func(a, b card) int { return strings.Compare(a.File, b.File) })
	box := tiles.Box{West: -180, South: -80, East: 180, North: 80}
	if len(boxes) > 0 {
		box = planmap.Around(boxes)
	}
	data, err := json.Marshal(map[string]any{"classes": classes,
		"box": [4]float64{box.West, box.South, box.East, box.North}})
	if err != nil {
		return nil, nil, fmt.Errorf("draw the page: %w", err)
	}
	var w bytes.Buffer
	err = planmap.Execute(&w, pageHTML, css, planmap.Script()+pageJS, map[string]any{
		"Heading": f.Catalogue.Title + " – xelpack archives", "Title": f.Catalogue.Title,
		"Drawn": "what the archives cover", "Private": f.Catalogue.Private, "Cards": cards,
		"Total": fmt.Sprintf("%s, %s", units.Plural(len(cards), "archive"),
			units.Bytes(bytesOfAll)),
		"Catalogue": catalogue.File, "Data": template.JS(ground), "Archives": template.JS(data),
	})
	return text, w.Bytes(), err
}

// drawingOrder returns the archives' places in the catalogue: coarse ones first, so that finer ones
// are drawn over them.
func (f *Folder) drawingOrder() []int {
	place := map[string]int{}
	for i, a := range f.Catalogue.Archives {
		place[a.File] = i
	}
	var order []int
	for _, a := range f.Catalogue.Covering(nil) {
		order = append([]int{place[a.File]}, order...)
	}
	return order
}

// list writes numbers as 14, 16, 17.
func list(numbers []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(numbers), "[]"), " ", ", ")
}

// The size of a preview in pixels, at most.
const (
	previewWide = 400
	previewHigh = 240
)

// preview returns a small picture of what the archive covers, as JPEG.
func preview(ctx context.Context, a *mbtiles.Archive) ([]byte, error) {
	sheet, err := planmap.ContactSheet(ctx, a, 1024)
	if err != nil {
		return nil, err
	}
	from := sheet.Image.Bounds()
	scale := min(1, previewWide/float64(from.Dx()), previewHigh/float64(from.Dy()))
	to := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(from.Dx())*scale)),
		max(1, int(float64(from.Dy())*scale))))
	// Where there is no imagery: a grey that suits the light page and the dark one.
	draw.Draw(to, to.Rect, image.NewUniform(color.RGBA{132, 142, 152, 255}), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(to, to.Rect, sheet.Image, from, draw.Over, nil)
	var b bytes.Buffer
	err = jpeg.Encode(&b, to, &jpeg.Options{Quality: 75})
	return b.Bytes(), err
}
