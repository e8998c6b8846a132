package route

import "fmt"

// parseGarmin reads a Garmin flight plan (.fpl): route points that refer to a table of waypoints. It has no altitudes.
func parseGarmin(data []byte) ([]Route, error) {
	const table, points = "flight-plan/waypoint-table/waypoint", "flight-plan/route/route-point"
	g := garmin{places: map[garminKey]Point{}, named: map[string]garminName{}}
	var key garminKey
	var lat, lon string
	start := func(e *element) error {
		if e.path == table || e.path == points {
			key, lat, lon = garminKey{}, "", ""
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
		case table:
			p, err := degrees("lon", lon, "lat", lat)
			g.places[key] = p
			g.named[key.ident] = garminName{p, g.named[key.ident].count + 1}
			return err
		case points:
			return add(&g.route, garminStop{key, e.line})
		case "flight-plan/route/route-name":
			g.name = e.value()
		}
		return nil
	}
	if err := walkXML(data, start, end); err != nil {
		return nil, err
	}
	return g.routes()
}

// garminKey is what a route point says to name a waypoint of the table.
type garminKey struct{ ident, kind, country string }

// garminStop is a route point.
type garminStop struct {
	key  garminKey
	line int // of the file
}

// garminName is a waypoint by its name alone.
type garminName struct {
	point Point
	count int // of waypoints that bear the name
}

type garmin struct {
	name   string
	places map[garminKey]Point
	named  map[string]garminName
	route  []garminStop
}

// routes looks up the route points. They follow the table or precede it.
func (g *garmin) routes() ([]Route, error) {
	p := plan{name: g.name}
	for _, stop := range g.route {
		point, ok := g.find(stop.key)
		if !ok {
			return nil, within(fmt.Sprintf("line %d, <route-point>", stop.line), malformed("every route point needs an entry there", "waypoint %q is not in the waypoint table", excerpt(stop.key.ident)))
		}
		p.waypoints = append(p.waypoints, waypoint{ident: stop.key.ident, point: point, placed: true})
	}
	if len(p.waypoints) == 0 && len(g.places) > 0 {
		return nil, &Error{Problem: "the file has waypoints, but no route", Remedy: "export it again with the route", Err: ErrNoPoints}
	}
	return p.routes()
}

// find looks for k and, because some writers leave out the country or the type on one side, for the only waypoint that has k's name.
func (g *garmin) find(k garminKey) (Point, bool) {
	if p, ok := g.places[k]; ok {
		return p, true
	}
	only := g.named[k.ident]
	return only.point, only.count == 1
}
