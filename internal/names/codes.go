package names

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/xplane"
)

var (
	// pair is a flight from one airport to another: "LSGG-LFMN", "KSEA-0S9".
	pair = regexp.MustCompile(`^([A-Za-z0-9]{3,7})-([A-Za-z0-9]{3,7})$`)
	// word is a word of a route as it is filed.
	word = regexp.MustCompile(`^[A-Za-z0-9/]{2,16}$`)
	// level is a cruising altitude, alone or behind a speed: "FL350", "N0450F350".
	level = regexp.MustCompile(`^(?:FL|(?:[NKM]\d{3,4})?F)(\d{3})$`)
	// airway is the name of an airway.
	airway = regexp.MustCompile(`^[A-Z]{1,2}\d{1,4}[A-Z]?$`)
)

// words returns the words of a route in codes; nil if name is none.
func words(name string) []string {
	if m := pair.FindStringSubmatch(name); m != nil {
		return []string{strings.ToUpper(m[1]), strings.ToUpper(m[2])}
	}
	list := strings.Fields(strings.ToUpper(name))
	if len(list) < 2 {
		return nil
	}
	for _, w := range list {
		if !word.MatchString(w) {
			return nil
		}
	}
	return list
}

// stop is a point of a route in codes.
type stop struct {
	ident string
	at    orb.Point
	feet  int
}

// between makes the flight plan of a route in codes: airports at its ends and, between them, points
// of X-Plane's navigation data.
func (f Finder) between(ctx context.Context, name string, codes []string) (string, error) {
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("%s: no such file, and as a route from airport to airport: %w", name, err)
	}
	x, err := f.X()
	if err != nil {
		return fail(err)
	}
	dir, err := f.cache()
	if err != nil {
		return fail(err)
	}
	airports, err := x.Airports(ctx, dir, func(text string) { f.note("%s", text) })
	if err != nil {
		return fail(err)
	}
	from, to := code(codes[0]), code(codes[len(codes)-1])
	var ends [2]stop
	for i, c := range []string{from, to} {
		a, ok := airports[c]
		if !ok {
			return fail(fmt.Errorf("X-Plane has no airport %s", c))
		}
		ends[i] = stop{a.Code, a.At, a.Elevation}
	}
	if from == to {
		return fail(errors.New("it begins and ends at the same airport"))
	}
	stops, cruise, err := f.via(ctx, x, codes[1:len(codes)-1], ends, airports)
	if err != nil {
		return fail(err)
	}
	// The same words are the same file.
	base := strings.Join(codes, "-")
	sum := fnv.New32a()
	_, _ = io.WriteString(sum, base) // a hash takes everything
	file := filepath.Join(dir, fmt.Sprintf("%s %08x.lnmpln", fileName(from, to), sum.Sum32()))
	if err := writePlan(file, stops, cruise); err != nil {
		return fail(err)
	}
	text := fmt.Sprintf("%s: from %s to %s by X-Plane's own airports", name, from, to)
	if len(stops) > 2 {
		text += fmt.Sprintf(" and %d points between them", len(stops)-2)
	}
	if cruise == 0 {
		text += "; no altitude is given, so it is planned as if near the ground: a word such as " +
			"FL350 behind the first says it"
	}
	f.note("%s; kept as %s", text, file)
	return file, nil
}

// code returns an airport's code without a runway: "LSGG/22" is LSGG.
func code(word string) string {
	c, _, _ := strings.Cut(word, "/")
	return c
}

// via returns the route with the points that the words between its ends name, and the cruising
// altitude in feet.
func (f Finder) via(ctx context.Context, x xplane.Install, codes []string, ends [2]stop,
	airports xplane.Airports) (stops []stop, cruise int, err error) {
	var wanted []string
	for _, w := range codes {
		if m := level.FindStringSubmatch(w); m != nil {
			hundreds, _ := strconv.Atoi(m[1])
			cruise = max(cruise, hundreds*100)
		} else if c := code(w); c != "DCT" {
			wanted = append(wanted, c)
		}
	}
	stops = []stop{ends[0]}
	var fixes xplane.Fixes
	if len(wanted) > 0 {
		if fixes, err = x.Fixes(ctx, wanted); err != nil {
			return nil, 0, err
		}
	}
	var left []string
	for _, w := range wanted {
		at, ok := fixes.Near(w, stops[len(stops)-1].at, ends[1].at)
		if a, isAirport := airports[w]; !ok && isAirport {
			at, ok = a.At, true
		}
		switch {
		case ok:
			stops = append(stops, stop{ident: w, at: at})
		case airway.MatchString(w):
			left = append(left, "airway "+w)
		default:
			left = append(left, w)
		}
	}
	if len(left) > 0 {
		f.note("left out, so the route goes straight there: %s", strings.Join(left, ", "))
	}
	return append(stops, ends[1]), cruise, nil
}

// lnmpln is a flight plan of Little Navmap, which it opens too.
type lnmpln struct {
	XMLName xml.Name      `xml:"LittleNavmap"`
	Cruise  *int          `xml:"Flightplan>Header>CruisingAlt"`
	Stops   []lnmWaypoint `xml:"Flightplan>Waypoints>Waypoint"`
}

type lnmWaypoint struct {
	Ident string
	Pos   struct {
		Lon float64 `xml:",attr"`
		Lat float64 `xml:",attr"`
		Alt int     `xml:",attr"`
	}
}

func writePlan(file string, stops []stop, cruise int) error {
	var p lnmpln
	if cruise > 0 {
		p.Cruise = &cruise
	}
	for _, s := range stops {
		w := lnmWaypoint{Ident: s.ident}
		w.Pos.Lon, w.Pos.Lat, w.Pos.Alt = s.at.Lon(), s.at.Lat(), s.feet
		p.Stops = append(p.Stops, w)
	}
	text, err := xml.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return safefile.Write(file, func(w io.Writer) error {
		_, err := io.WriteString(w, xml.Header+string(text)+"\n")
		return err
	})
}
