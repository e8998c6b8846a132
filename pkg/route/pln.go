package route

import (
	"cmp"
	"math"
	"regexp"
	"strings"
)

// parsePLN reads a flight plan of Microsoft Flight Simulator. Its altitudes are in feet. A
// departure or destination that is not a waypoint, or one without a position as Flight Simulator
// 2024 writes them, gets the position from the plan's header.
func parsePLN(data []byte, n *notes) ([]Route, error) {
	const top = "SimBase.Document/FlightPlan.FlightPlan/"
	main := plan{notes: n}
	var w, departure, destination waypoint
	var head [2]error // errors in the positions of departure and destination
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
		case top + "CruisingAlt":
			main.setCruise(e.value(), e.place)
		case top + "DepartureID":
			departure.ident = e.value()
		case top + "DestinationID":
			destination.ident = e.value()
		case top + "DepartureLLA":
			head[0] = within(e.place(), departure.place(e, n))
		case top + "DestinationLLA":
			head[1] = within(e.place(), destination.place(e, n))
		case top + "ATCWaypoint/WorldPosition":
			return w.place(e, n)
		case top + "ATCWaypoint/ICAO/ICAOIdent":
			w.ident = cmp.Or(w.ident, e.value())
		case top + "ATCWaypoint":
			return add(&main.waypoints, w)
		}
		return nil
	}
	if err := walkXML(data, start, end); err != nil {
		return nil, err
	}
	// A position in the header is not needed if the waypoint itself has one.
	main.startAt(departure)
	main.endAt(destination)
	for i, err := range head {
		if err == nil {
			continue
		}
		if last := len(main.waypoints) - 1; last < 0 || !main.waypoints[i*last].placed {
			return nil, err
		}
		n.add("", "a position in the plan's header is left out: %v", err)
	}
	return main.routes()
}

// startAt makes w the first waypoint if it is not yet.
func (p *plan) startAt(w waypoint) {
	if w.ident == "" && !w.placed {
		return
	}
	if len(p.waypoints) == 0 || !p.same(&p.waypoints[0], w) {
		p.waypoints = append([]waypoint{w}, p.waypoints...)
	}
}

// endAt makes w the last waypoint if it is not yet.
func (p *plan) endAt(w waypoint) {
	if w.ident == "" && !w.placed {
		return
	}
	if last := len(p.waypoints) - 1; last < 0 || !p.same(&p.waypoints[last], w) {
		p.waypoints = append(p.waypoints, w)
	}
}

// airportSize is the distance in metres up to which two positions are of one airport: its centre
// and a parking stand.
const airportSize = 10_000

// same reports whether first, a waypoint at one end of the plan, is w of the plan's header. It
// copies w's position if first has none.
func (p *plan) same(first *waypoint, w waypoint) bool {
	if !strings.EqualFold(first.ident, w.ident) {
		return false
	}
	if !first.placed {
		*first = w
	}
	distance, _ := course(first.point.Point, w.point.Point)
	if !w.placed || distance <= airportSize {
		return true
	}
	if w.ident == "" {
		return false
	}
	p.add("", "%s has one position in the plan's header and another, %.0f km away, as a "+
		"waypoint: the waypoint's is used", excerpt(w.ident), distance/1000)
	return true
}

// place reads `N46° 14' 17.00",E6° 6' 32.00",+000000.00`: latitude, longitude, height in feet.
// Plain degrees are read as well. An empty text sets no position.
func (w *waypoint) place(e *element, n *notes) error {
	text := e.value()
	if text == "" {
		return nil
	}
	const remedy = `a position looks like N46° 14' 17.00",E6° 6' 32.00",+000000.00`
	parts := positionParts(text)
	if len(parts) < 2 || len(parts) > 3 {
		return malformed(remedy, "the position is %q", excerpt(text))
	}
	if missing(parts[0]) && missing(parts[1]) {
		return nil
	}
	lat, letter, ok := angle(parts[0], "NS")
	if !ok {
		return malformed(remedy, "the latitude is %q", excerpt(parts[0]))
	}
	lon, same, ok := angle(parts[1], "EW")
	if !ok || letter != same {
		return malformed(remedy, "the longitude is %q", excerpt(parts[1]))
	}
	p, err := newPoint(lon, lat)
	if err != nil {
		return err
	}
	if len(parts) == 3 {
		n.feet(&p, parts[2], e.place)
	}
	w.at(p, e.place)
	return nil
}

// positionParts splits latitude, longitude and altitude. Some simulators write decimal commas; then
// the letters, and the sign of the altitude, show where each part begins.
func positionParts(text string) []string {
	parts := strings.Split(text, ",")
	east := strings.IndexAny(text, "EWew")
	if len(parts) <= 3 || east < 0 {
		return parts
	}
	parts = []string{strings.TrimRight(text[:east], ", "), text[east:]}
	if sign := strings.LastIndexAny(parts[1], "+-"); sign > 0 {
		parts = []string{parts[0], strings.TrimRight(parts[1][:sign], ", "),
			strings.Replace(parts[1][sign:], ",", ".", 1)}
	}
	return parts
}

// dms is an angle without its letter: degrees, minutes and seconds; minutes and seconds may be
// missing. A degree sign may have been damaged by a wrong encoding.
var dms = regexp.MustCompile(
	`^([+-]?)(\d+(?:[.,]\d*)?)\s*(?:Â?[°º˚*:\x{FFFD}-])?\s*(?:(\d+(?:[.,]\d*)?)\s*['’′´\x60:-]?\s*(?:(\d+(?:[.,]\d*)?)\s*(?:["”″]|'')?)?)?$`)

// angle reads plain degrees, or degrees, minutes and seconds. A letter before or after them gives
// the sign: the second of the two letters means minus.
func angle(s, letters string) (value float64, letter, ok bool) {
	s = strings.ToUpper(strings.TrimSpace(strings.ReplaceAll(s, "\u2212", "-")))
	sign := 1.0
	for i, l := range letters {
		bare := strings.TrimSuffix(strings.TrimPrefix(s, string(l)), string(l))
		if len(bare) == len(s)-1 {
			s, letter = strings.TrimSpace(bare), true
			sign -= 2 * float64(i)
		}
	}
	parts := dms.FindStringSubmatch(s)
	if parts == nil || letter && parts[1] != "" {
		return 0, letter, false
	}
	if parts[1] == "-" {
		sign = -1
	}
	unit, whole := 1.0, true
	for i, n := range parts[2:] {
		if n == "" {
			break
		}
		v, err := coordinate("", n)
		// 60 is accepted: writers round 59.996 to it.
		if err != nil || i > 0 && v > 60 || !whole && v != 0 {
			return 0, letter, false
		}
		value += v / unit
		unit *= 60
		whole = v == math.Trunc(v)
	}
	return sign * value, letter, true
}
