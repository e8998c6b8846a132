package planmap

import (
	"fmt"
	"image"
	"image/draw"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// panelColumns is how many letters fit beside the map.
const panelColumns = (pictureWidth - mapWidth - 48) / letterWidth

// panel writes title, totals and legend beside the map.
func (m Map) panel(p *pen) {
	const left, right, line = mapWidth + 24, pictureWidth - 24, 22
	y := 40
	write := func(s string) { p.text(s, left, y, false, words) }
	divide := func() {
		draw.Draw(p.img, image.Rect(left, y-16, right, y-15), image.NewUniform(rule), image.Point{},
			draw.Src)
	}
	heading := func(s string) {
		p.text(s, left, y, true, words)
		y += line
	}
	p.text("xelpack "+m.kind(), left, y, false, muted)
	y += line
	for _, s := range wrapped(m.Title, panelColumns, 3) {
		heading(s)
	}
	y += 14
	heading("Totals")
	for _, f := range m.Facts {
		divide()
		p.text(f.Name, left, y, false, muted)
		for _, s := range wrapped(f.Text, panelColumns-11, 4) {
			p.text(s, left+11*letterWidth, y, false, words)
			y += line
		}
	}
	y += 14
	heading("By zoom level and detail")
	p.text("     ZL  k  pixels   textures       chunks", left, y, false, muted)
	y += line
	const bottom = pictureHeight - 100
	for _, c := range tiles.Counts(m.Items) {
		if y > bottom {
			write("…")
			y += line
			break
		}
		divide()
		draw.Draw(p.img, image.Rect(left, y-12, left+28, y+2),
			image.NewUniform(colour(c.ZL, c.Detail, false)), image.Point{}, draw.Src)
		write(fmt.Sprintf("     %2d %2d  %6d %10s %12s", c.ZL, c.Detail,
			tiles.Item{Detail: c.Detail}.Side(), units.Count(c.Textures), units.Count(c.Chunks)))
		y += line
	}
	y += 14
	key := func(s string, draw func(sample orb.LineString)) {
		draw(orb.LineString{{left, float64(y) - 5}, {left + 28, float64(y) - 5}})
		p.text(s, left+5*letterWidth, y, false, words)
		y += line
	}
	if len(m.Routes) > 0 {
		key("route, as great circles", func(sample orb.LineString) { p.stroke(ink, 3, sample) })
	}
	if len(m.Area) > 0 {
		key("area asked for", func(sample orb.LineString) { p.stroke(areaColour, 2, sample) })
	}
	if len(m.Cells) > 0 {
		key("cell, which X-Plane loads whole",
			func(sample orb.LineString) { p.stroke(cellColour, 1, sample) })
	}
	if len(m.Holes) > 0 {
		key("hole: some chunks failed", func(sample orb.LineString) {
			frame(p.img, image.Rect(int(sample[0][0]), y-12, int(sample[1][0]), y+2),
				image.NewUniform(holeColour))
		})
	}
	p.text("Coastlines: Natural Earth", left, pictureHeight-24, false, muted)
}

// wrapped breaks s into lines of at most columns letters, at blanks if possible, and cuts it after
// most lines.
func wrapped(s string, columns, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		for letters := []rune(word); ; letters = letters[columns:] {
			part := string(letters[:min(len(letters), columns)])
			switch {
			case line == "":
				line = part
			case len([]rune(line))+1+len([]rune(part)) <= columns:
				line += " " + part
			default:
				lines, line = append(lines, line), part
			}
			if len(letters) <= columns {
				break
			}
		}
	}
	if lines = append(lines, line); len(lines) > most {
		lines = append(lines[:most-1:most-1], "…")
	}
	return lines
}
