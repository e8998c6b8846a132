package planmap

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"image/jpeg"
	"io"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var (
	//go:embed parts.html
	partsHTML string
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed geo.js
	geoJS string
	//go:embed input.js
	inputJS string
	//go:embed pick.js
	pickJS string
	//go:embed page.js
	drawJS string
)

// pageData is the input of the page's script.
type pageData struct {
	View    [4]float64    `json:"view"` // west, north, east, south
	Classes []pageClass   `json:"classes"`
	Counts  []tiles.Count `json:"counts"`
	Routes  [][]float64   `json:"routes"` // x, y, x, y, …
	Stops   [][]float64   `json:"stops"`
	Area    [][]float64   `json:"area"`
	Cells   []int         `json:"cells"`          // latitude, longitude; latitude, longitude; …
	Land    []byte        `json:"land,omitempty"` // land.bin
	Holes   []pageHole    `json:"holes"`
	Imagery *pageImagery  `json:"imagery,omitempty"`
	// names of textures, by when they were taken
	Taken map[string][]string `json:"taken"`
}

type pageHole struct {
	ZL   tiles.ZL `json:"zl"`
	Row  uint32   `json:"row"` // counted in textures, like Col
	Col  uint32   `json:"col"`
	Name string   `json:"name"`
}

type pageImagery struct {
	Box  [4]float64 `json:"box"` // west, north, east, south
	JPEG []byte     `json:"jpeg"`
}

type pageClass struct {
	ZL      tiles.ZL `json:"zl"`
	Detail  uint8    `json:"k"`
	Maptype string   `json:"maptype"`
	Light   string   `json:"light"`
	Dark    string   `json:"dark"`
	Runs    []uint32 `json:"runs"` // row, column, count; row, column, count; …
}

// legendRow is a line of the legend, coloured by the CSS class Swatch.
type legendRow struct {
	tiles.Count
	Swatch string
}

// Side returns the width of the row's textures in pixels.
func (r legendRow) Side() int { return tiles.Item{Detail: r.Detail}.Side() }

// WriteHTML writes the page as one self-contained file.
func (m Map) WriteHTML(w io.Writer) error {
	drawn := m.data()
	if m.Imagery != nil {
		var picture bytes.Buffer
		if err := jpeg.Encode(&picture, m.Imagery.Image,
			&jpeg.Options{Quality: imageryQuality}); err != nil {
			return fmt.Errorf("draw the imagery: %w", err)
		}
		drawn.Imagery = &pageImagery{
			[4]float64{m.Imagery.West, m.Imagery.North, m.Imagery.East, m.Imagery.South},
			picture.Bytes()}
	}
	data, err := json.Marshal(drawn) // escapes <, > and &: it cannot end its element
	if err != nil {
		return fmt.Errorf("draw the plan: %w", err)
	}
	css := strings.Builder{}
	css.WriteString(pageCSS)
	var legend []legendRow
	for i, c := range tiles.Counts(m.Items) {
		row := legendRow{c, fmt.Sprintf("c%d", i)}
		legend = append(legend, row)
		light, dark := Colours(c.ZL, c.Detail)
		css.WriteString(SwatchStyle(row.Swatch, light, dark))
	}
	replace := ""
	if m.Kind == kindArchive {
		replace = shell.Command("xelpack", "replace", m.Title, "--texture")
	}
	return Execute(w, pageHTML, css.String(), Script(), map[string]any{
		"Title":   m.Title,
		"Heading": m.Title + " – xelpack " + m.kind(),
		"Drawn":   "the " + m.kind() + "'s textures",
		"Kind":    m.kind(),
		"Holes":   len(m.Holes),
		"Replace": replace,
		"Imagery": m.Imagery != nil,
		"Facts":   m.Facts,
		"Legend":  legend,
		"Routes":  len(m.Routes) > 0,
		"Area":    len(m.Area) > 0,
		"Cells":   len(m.Cells) > 0,
		"Data":    template.JS(data),
	})
}

// Execute writes a page with a map. Its body is a template that begins with {{template "head" .}},
// has {{template "map" .}} where the map is to be and ends with {{template "foot" .}}. These take
// Heading, the title of the window, Drawn, what is on the map, and Data, that of Ground. The page's
// style and script must contain Style and Script. A Policy that allows no more than these is put
// in, unless data has one.
func Execute(w io.Writer, body, style, script string, data map[string]any) error {
	page, err := template.New("parts").Funcs(template.FuncMap{"thousands": units.Count[int]}).
		Parse(partsHTML)
	if err == nil {
		page, err = page.New("page").Parse(body)
	}
	if err != nil {
		return fmt.Errorf("draw the page: %w", err)
	}
	data["CSS"], data["JS"] = template.CSS(style), template.JS(script)
	if _, given := data["Policy"]; !given {
		data["Policy"] = Policy(style, script)
	}
	return page.Execute(w, data)
}

// imageryQuality is that of the JPEG in the page.
const imageryQuality = 75

// Style returns the style of the page, for another page that shows a map; see Execute.
func Style() string { return pageCSS }

// Script returns the script that draws the map; see Style. Its xelpackMap.replace takes the
// textures to draw from then on, with their extent; xelpackMap.frame takes a box to be drawn around
// some of them.
func Script() string { return geoJS + inputJS + pickJS + drawJS }

// Ground returns the data for Script, as JSON that is safe in a script element: routes, area,
// coastlines and the view of m, without its textures.
func (m Map) Ground() ([]byte, error) {
	data := m.data()
	data.Classes, data.Counts = []pageClass{}, nil
	return json.Marshal(data)
}

// Drawing returns the data for Script's xelpackMap.show, as JSON: everything of m but the
// coastlines.
func (m Map) Drawing() (json.RawMessage, error) {
	data := m.data()
	data.Land = nil
	return json.Marshal(data)
}

// Policy returns a content security policy that allows only this style and this script and no other
// servers.
func Policy(style, script string) string {
	return fmt.Sprintf("default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "+
		"style-src '%s'; script-src '%s'", digest(style), digest(script))
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (m Map) data() pageData {
	all := classes(m.Items)
	flown, stops := m.lines()
	rings := m.rings()
	view := extent(all, flown, rings)
	data := pageData{
		View:    [4]float64{view.Min.X(), view.Min.Y(), view.Max.X(), view.Max.Y()},
		Classes: []pageClass{}, Counts: tiles.Counts(m.Items),
		// lists, not null
		Routes: [][]float64{}, Stops: [][]float64{}, Area: [][]float64{}, Cells: []int{},
		Land: landFile, Holes: []pageHole{}, Taken: make(map[string][]string),
	}
	for days, textures := range m.Taken {
		for _, t := range textures {
			data.Taken[days] = append(data.Taken[days], t.Name())
		}
	}
	for _, t := range m.Holes {
		data.Holes = append(data.Holes,
			pageHole{t.ZL, t.Row / tiles.TextureChunks, t.Col / tiles.TextureChunks, t.Name()})
	}
	for _, c := range all {
		light, dark := Colours(c.zl, c.detail)
		p := pageClass{c.zl, c.detail, c.maptype, light, dark, nil}
		for _, r := range c.runs {
			p.Runs = append(p.Runs, r.row, r.col, r.n)
		}
		data.Classes = append(data.Classes, p)
	}
	for i := range flown {
		data.Routes = append(data.Routes, flat(flown[i]))
		data.Stops = append(data.Stops, flat(stops[i]))
	}
	for _, ring := range rings {
		data.Area = append(data.Area, flat(orb.LineString(ring)))
	}
	for _, c := range m.Cells {
		data.Cells = append(data.Cells, c.Lat, c.Lon)
	}
	return data
}

// flat returns a line as numbers, rounded to four metres.
func flat(line orb.LineString) []float64 {
	numbers := make([]float64, 0, 2*len(line))
	for _, p := range line {
		numbers = append(numbers, math.Round(p[0]*1e7)/1e7, math.Round(p[1]*1e7)/1e7)
	}
	return numbers
}
