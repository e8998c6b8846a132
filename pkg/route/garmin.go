package route

import (
	"errors"
	"fmt"
	"slices"
)

// samePlace is the distance in metres up to which two entries of a table are one waypoint.
const samePlace = 100

// parseGarmin reads a Garmin flight plan (.fpl): route points that refer to a table of waypoints.
// Few writers, among them ForeFlight, give altitudes of the cruise or of waypoints, in feet.
func parseGarmin(data []byte, n *notes) ([]Route, error) {
	const table, points = "flight-plan/waypoint-table/waypoint", "flight-plan/route/route-point"
	g := garmin{plan: plan{notes: n}, table: map[string][]*garminWaypoint{},
		found: map[garminKey]*garminWaypoint{}}
	var key garminKey
	var lat, lon, altitude string
	start := func(e *element) error {
		switch e.path {
		case table, points:
			key, lat, lon, altitude = garminKey{}, "", "", ""
		case "flight-plan/route":
			if len(g.route) > 0 {
				return malformed("give one flight plan a file", "the file has a second route")
			}
		}
		return nil
	}
	end := func(e *element) error {
		switch e.path {
		case table + "/identifier", points + "/waypoint-identifier":
			key.ident = e.value()
		case table + "/type", points + "/waypoint-type":
			key.kind = e.value()
		case table + "/country-code", points + "/waypoint-country-code":
			key.country = e.value()
		case table + "/lat":
			lat = e.value()
		case table + "/lon":
			lon = e.value()
		case table + "/altitude-ft":
			altitude = e.value()
		case table:
			w := &garminWaypoint{key: key, line: e.line}
			if w.point, w.err = degrees("lon", lon, "lat", lat); w.err == nil {
				n.feet(&w.point, altitude, e.place)
			}
			g.table[key.ident] = append(g.table[key.ident], w)
			g.entries++
		case points:
			return add(&g.route, garminStop{key, e.line})
		case "flight-plan/route/route-name":
			g.name = e.value()
		case "flight-plan/flight-data/altitude-ft":
			g.setCruise(e.value(), e.place)
		}
		return nil
	}
	if err := walkXML(data, start, end); err != nil {
		return nil, err
	}
	return g.routes()
}

// garminKey identifies a waypoint of the table.
type garminKey struct{ ident, kind, country string }

// garminStop is a route point.
type garminStop struct {
	key  garminKey
	line int // in the file
}

// garminWaypoint is an entry of the table.
type garminWaypoint struct {
	key   garminKey
	line  int // in the file
	point Point
	err   error // of its position; reported only if the route goes there
	flown bool  // the route goes there
}

type garmin struct {
	plan
	table   map[string][]*garminWaypoint // by identifier
	found   map[garminKey]*garminWaypoint
	entries int
	route   []garminStop
}

// routes looks up the route points. The table may come before or after them.
func (g *garmin) routes() ([]Route, error) {
	for _, stop := range g.route {
		place := func() string { return fmt.Sprintf("line %d, <route-point>", stop.line) }
		found, err := g.find(stop.key, place)
		if err != nil {
			return nil, within(place(), err)
		}
		w := waypoint{ident: stop.key.ident}
		switch {
		case found.err == nil:
			w.at(found.point, place)
		case !errors.Is(found.err, errUnplaced):
			return nil, within(fmt.Sprintf("line %d, <waypoint>", found.line), found.err)
		}
		g.waypoints = append(g.waypoints, w)
	}
	if len(g.waypoints) == 0 && g.entries > 0 {
		return nil, &Error{Problem: "the file has waypoints, but no route",
			Remedy: "export it again with the route", Err: ErrNoPoints}
	}
	if left := g.left(); len(left) > 0 {
		g.add("", "waypoints of the table that are not on the route are left out: %s",
			enumerate(left, 20))
	}
	return g.plan.routes()
}

// find looks up k. Some writers leave out the country or the type on one side, so a waypoint that
// is the only one with k's name counts as well.
func (g *garmin) find(k garminKey, place func() string) (*garminWaypoint, error) {
	if w := g.found[k]; w != nil {
		return w, nil
	}
	named := g.table[k.ident]
	var same []*garminWaypoint
	for _, w := range named {
		if w.key == k {
			same = append(same, w)
		}
	}
	if len(same) == 0 && len(named) > 0 {
		same = named
		g.add(place(), "waypoint %s has another type or country in the table; the only one of "+
			"that name is used", excerpt(k.ident))
	}
	if len(same) == 0 {
		return nil, malformed("every route point needs an entry there",
			"waypoint %q is not in the waypoint table", excerpt(k.ident))
	}
	first := same[0]
	first.flown = true
	for _, w := range same[1:] {
		w.flown = true
		if distance, _ := course(w.point.Point, first.point.Point); distance > samePlace ||
			w.err != nil || first.err != nil {
			return nil, malformed("give each a name of its own",
				"waypoint %q has more than one place in the table, in lines %d and %d: it is not "+
					"certain which is meant",
				excerpt(k.ident), first.line, w.line)
		}
		g.add(fmt.Sprintf("line %d, <waypoint>", w.line),
			"waypoint %s is in the table more than once, at the same place", excerpt(k.ident))
	}
	g.found[k] = first
	return first, nil
}

// left returns the names of the table that are not on the route.
func (g *garmin) left() []string {
	var names []string
	for name, entries := range g.table {
		for _, w := range entries {
			if !w.flown {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}
