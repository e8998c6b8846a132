package route

import (
	"math"
	"strings"
)

// parsePLN reads a flight plan of Microsoft Flight Simulator. Its altitudes are in feet. A departure or destination that is no waypoint, or one without
// a position as Flight Simulator 2024 writes them, takes the position that the plan's head gives.
func parsePLN(data []byte) ([]Route, error) {
	const top = "SimBase.Document/FlightPlan.FlightPlan/"
	var main plan
	var w, departure, destination waypoint
	start := func(e *element) error {
		if e.path == top+"ATCWaypoint" {
			w = waypoint{ident: e.attr("id")}
		}
		return nil
	}
	end := func(e *element) error {
		switch e.path {
		case top + "Title":
			main.name = e.value()
		case top + "DepartureID":
			departure.ident = e.value()
		case top + "DestinationID":
			destination.ident = e.value()
		case top + "DepartureLLA":
			return departure.place(e.value())
		case top + "DestinationLLA":
			return destination.place(e.value())
		case top + "ATCWaypoint/WorldPosition":
			return w.place(e.value())
		case top + "ATCWaypoint/ICAO/ICAOIdent":
			if w.ident == "" {
				w.ident = e.value()
			}
		case top + "ATCWaypoint":
			return add(&main.waypoints, w)
		}
		return nil
	}
	if err := walkXML(data, start, end); err != nil {
		return nil, err
	}
	main.startAt(departure)
	main.endAt(destination)
	return main.routes()
}

// startAt makes w the first waypoint if it is not.
func (p *plan) startAt(w waypoint) {
	switch {
	case w.ident == "" && !w.placed:
	case len(p.waypoints) > 0 && strings.EqualFold(p.waypoints[0].ident, w.ident):
		if !p.waypoints[0].placed {
			p.waypoints[0] = w
		}
	default:
		p.waypoints = append([]waypoint{w}, p.waypoints...)
	}
}

// endAt makes w the last waypoint if it is not.
func (p *plan) endAt(w waypoint) {
	last := len(p.waypoints) - 1
	switch {
	case w.ident == "" && !w.placed:
	case last >= 0 && strings.EqualFold(p.waypoints[last].ident, w.ident):
		if !p.waypoints[last].placed {
			p.waypoints[last] = w
		}
	default:
		p.waypoints = append(p.waypoints, w)
	}
}

// place reads `N46° 14' 17.00",E6° 6' 32.00",+000000.00`: latitude, longitude, height in feet. An empty text places nothing.
func (w *waypoint) place(text string) error {
	if text == "" {
		return nil
	}
	const remedy = `a position looks like N46° 14' 17.00",E6° 6' 32.00",+000000.00`
	parts := strings.Split(text, ",")
	if len(parts) < 2 || len(parts) > 3 {
		return malformed(remedy, "the position is %q", excerpt(text))
	}
	lat, err := angle(parts[0], "NS")
	if err != nil {
		return malformed(remedy, "the latitude is %q", excerpt(parts[0]))
	}
	lon, err := angle(parts[1], "EW")
	if err != nil {
		return malformed(remedy, "the longitude is %q", excerpt(parts[1]))
	}
	if w.point, err = newPoint(lon, lat); err != nil {
		return err
	}
	w.placed = true
	if len(parts) == 3 {
		w.point, err = w.point.feet(parts[2])
	}
	return err
}

// angle reads degrees, minutes and seconds after one of two letters, the second of which means minus. Minutes and seconds may be left out.
func angle(s, letters string) (float64, error) {
	bad := malformed("", "not an angle")
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, bad
	}
	sign := 1.0
	switch s[0] {
	case letters[0]:
	case letters[1]:
		sign = -1
	default:
		return 0, bad
	}
	numbers := strings.FieldsFunc(s[1:], func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if len(numbers) == 0 || len(numbers) > 3 {
		return 0, bad
	}
	value, unit := 0.0, 1.0
	for i, n := range numbers {
		v, err := number("", n)
		// 60 is let pass: writers round 59.996 to it.
		if err != nil || math.IsInf(v, 0) || i > 0 && v > 60 {
			return 0, bad
		}
		value += v / unit
		unit *= 60
	}
	return sign * value, nil
}
