package plan

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// largePlan is the size in bytes from which on a plan is probably a mistake.
const largePlan = 100e9

// routeText describes the routes: length, start and end, and how much of them the scenery covers;
// "" without a route.
func (s *Selected) routeText() string {
	const most = 3
	var texts []string
	for _, p := range s.Paths {
		if line := p.Points(math.Inf(1)); len(line) > 0 {
			texts = append(texts, fmt.Sprintf("%s from %s to %s", milesText(p.Length()),
				placeText(line[0]), placeText(line[len(line)-1])))
		}
	}
	if len(texts) == 0 {
		return ""
	}
	if n := len(texts); n > most {
		texts = append(texts[:most],
			fmt.Sprintf("%s more, %s in all", units.Plural(n-most, "route"),
				milesText(length(s.Paths))))
	}
	text := strings.Join(texts, "; ")
	if cover := s.coverText(); cover != "" {
		text += "; " + cover
	}
	return text
}

// coverText says for how much of the routes the packages have terrain; "" without packages.
func (s *Selected) coverText() string {
	if s.Packages == 0 {
		return ""
	}
	have := "the package has"
	if s.Packages > 1 {
		have = "the packages have"
	}
	if s.Covered > 0 {
		return fmt.Sprintf("%s terrain for %s", have, milesText(s.Covered))
	}
	return have + " no terrain there"
}

// extentNotes returns warnings before a build: a very large plan, a route that the scenery hardly
// covers, and more requests than the provider takes a day.
func (p *Plan) extentNotes() []string {
	var notes []string
	where := p.routeText()
	if where != "" {
		where = "the route is " + where
	} else if bound := tiles.Outline(p.Regions).Bound(); len(p.Regions) > 0 {
		where = fmt.Sprintf("the area is from %s to %s", placeText(bound.Min), placeText(bound.Max))
	}
	switch {
	case max(p.Estimate.StoreBytes, p.Estimate.DownloadBytes) > largePlan:
		note := fmt.Sprintf("a large plan, %s to download and %s to store",
			units.Bytes(p.Estimate.DownloadBytes), units.Bytes(p.Estimate.StoreBytes))
		if where != "" {
			note += ": " + where
		}
		notes = append(notes, note+". A smaller area, --corridor, or a lower --zoom without "+
			"scenery reduces it")
	case p.Packages > 0 && p.Covered < length(p.Paths)/2:
		notes = append(notes, "little of the route is covered: "+p.coverText())
	}
	if perDay := p.Provider.RequestsADay; perDay > 0 && p.Estimate.Requests > perDay {
		notes = append(notes, fmt.Sprintf("%s takes %s requests a day: the build stops when they are used up, and takes the same command on %d days",
			p.Provider.ID, units.Count(perDay), (p.Estimate.Requests+perDay-1)/perDay))
	}
	return notes
}

// outside describes where the selection is that no texture meets, and where the textures are.
func (s *Selected) outside(candidates []tiles.Texture) error {
	var none NoMatch
	switch {
	case s.Traced != nil:
		none = outside("the trace's", candidates)
	case s.Packages > 0:
		none = outside("the scenery's", candidates)
	default:
		none = NoMatch{Place: true,
			why: fmt.Sprintf("the grid of textures ends at %.2f° north and south",
				tiles.MaxLatitude)}
	}
	if text := s.routeText(); text != "" {
		none.why = "the route is " + text + "; " + none.why
	}
	return none
}

// length returns the total length of the paths in metres.
func length(paths []*tiles.Path) float64 {
	metres := 0.0
	for _, p := range paths {
		metres += p.Length()
	}
	return metres
}

// placeText formats a place for people: "46.24° N 6.11° E".
func placeText(p orb.Point) string {
	side := func(v float64, positive, negative string) string {
		if v < 0 {
			positive = negative
		}
		return fmt.Sprintf("%.2f° %s", math.Abs(v), positive)
	}
	return side(p.Lat(), "N", "S") + " " + side(math.Remainder(p.Lon(), 360), "E", "W")
}

// milesText formats a length for people, in nautical miles.
func milesText(metres float64) string {
	nm := metres / 1852
	if nm > 0 && nm < 9.95 {
		return fmt.Sprintf("%.1f NM", nm)
	}
	return units.Count(int64(math.Round(nm))) + " NM"
}
