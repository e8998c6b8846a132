package route

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// ofp holds the fields used of a SimBrief flight plan (OFP), saved as JSON or XML. Its altitudes
// are in feet.
type ofp struct {
	Fetch       ofpFetch
	General     ofpGeneral
	Origin      ofpPlace
	Destination ofpPlace
	Navlog      ofpNavlog
	Alternates  several[ofpPlace] `json:"alternate"`
	// one for each alternate, from the destination to it
	AltNavlogs several[ofpNavlog] `json:"alternate_navlog"`
}

type ofpFetch struct{ Status text }

type ofpGeneral struct {
	Cruise text `json:"initial_altitude"` // before step climbs
}

// ofpNavlog lists the fixes after the departure, including the destination.
type ofpNavlog struct {
	Fixes several[ofpPlace] `json:"fix"`
}

// ofpPlace is an airport or a fix.
type ofpPlace struct {
	ICAO     text `json:"icao_code"` // of an airport
	Ident    text `json:"ident"`     // of a fix
	Lat      text `json:"pos_lat"`
	Lon      text `json:"pos_long"`
	Altitude text `json:"altitude_feet"`
	Cruise   text `json:"cruise_altitude"` // of the way to an alternate
}

// looksLikeOFP reports whether a JSON object has the members of an OFP, or of SimBrief's answer
// that there is none.
func looksLikeOFP(members map[string]json.RawMessage) bool {
	_, fetch := members["fetch"]
	_, origin := members["origin"]
	_, navlog := members["navlog"]
	return fetch || origin || navlog
}

// parseOFPJSON reads an OFP saved as JSON.
func parseOFPJSON(data []byte, n *notes) ([]Route, error) {
	var o ofp
	if err := json.Unmarshal(data, &o); err != nil {
		return nil, jsonError(data, err)
	}
	return o.routes(n)
}

// parseOFPXML reads an OFP saved as XML.
func parseOFPXML(data []byte, n *notes) ([]Route, error) {
	var o ofp
	start := func(e *element) error {
		switch e.path {
		case "OFP/navlog/fix":
			return add(&o.Navlog.Fixes, ofpPlace{})
		case "OFP/alternate":
			return add(&o.Alternates, ofpPlace{})
		case "OFP/alternate_navlog":
			return add(&o.AltNavlogs, ofpNavlog{})
		case "OFP/alternate_navlog/fix":
			last := &o.AltNavlogs[len(o.AltNavlogs)-1]
			return add(&last.Fixes, ofpPlace{})
		}
		return nil
	}
	end := func(e *element) error {
		parent := strings.TrimSuffix(e.path, "/"+e.name())
		switch parent {
		case "OFP/fetch":
			if e.name() == "status" {
				o.Fetch.Status = text(e.value())
			}
		case "OFP/general":
			if e.name() == "initial_altitude" {
				o.General.Cruise = text(e.value())
			}
		case "OFP/origin":
			o.Origin.set(e)
		case "OFP/destination":
			o.Destination.set(e)
		case "OFP/navlog/fix":
			o.Navlog.Fixes[len(o.Navlog.Fixes)-1].set(e)
		case "OFP/alternate":
			o.Alternates[len(o.Alternates)-1].set(e)
		case "OFP/alternate_navlog/fix":
			fixes := o.AltNavlogs[len(o.AltNavlogs)-1].Fixes
			fixes[len(fixes)-1].set(e)
		}
		return nil
	}
	if err := walkXML(data, start, end); err != nil {
		return nil, err
	}
	return o.routes(n)
}

// set sets the field for a child element of the place.
func (p *ofpPlace) set(e *element) {
	field := map[string]*text{"icao_code": &p.ICAO, "ident": &p.Ident, "pos_lat": &p.Lat,
		"pos_long": &p.Lon, "altitude_feet": &p.Altitude, "cruise_altitude": &p.Cruise}[e.name()]
	if field != nil {
		*field = text(e.value())
	}
}

// routes returns the route from origin to destination, straight if there is no navigation log, and
// one to each alternate.
func (o ofp) routes(n *notes) ([]Route, error) {
	if err := o.checkStatus(n); err != nil {
		return nil, err
	}
	origin, err := o.Origin.end("origin", n)
	if err != nil {
		return nil, err
	}
	destination, err := o.Destination.end("destination", n)
	if err != nil {
		return nil, err
	}
	main := plan{notes: n, name: strings.TrimSpace(origin.ident + " " + destination.ident)}
	main.setCruise(string(o.General.Cruise), func() string { return "general.initial_altitude" })
	if main.waypoints, err = o.Navlog.waypoints("navlog", n); err != nil {
		return nil, err
	}
	if len(main.waypoints) == 0 {
		n.add("", "no navigation log (navlog): a straight line from %s to %s is used",
			excerpt(origin.ident), excerpt(destination.ident))
	}
	main.startAt(origin)
	main.endAt(destination)
	routes, err := main.routes()
	if err != nil {
		return nil, err
	}
	for i, a := range o.Alternates {
		if a == (ofpPlace{}) {
			continue // an empty element: there is no alternate
		}
		var log ofpNavlog
		if i < len(o.AltNavlogs) {
			log = o.AltNavlogs[i]
		}
		more, err := a.alternate(i, log, destination, n)
		if err != nil {
			return nil, err
		}
		routes = append(routes, more...)
	}
	return routes, nil
}

// checkStatus reports SimBrief's answer if there is no flight plan.
func (o ofp) checkStatus(n *notes) error {
	status := cut(string(o.Fetch.Status), 300)
	switch {
	case status == "" || strings.EqualFold(status, "success"):
		return nil
	case o.Origin.Lat == "":
		return within("fetch.status",
			malformed("generate the flight plan again and save it", "SimBrief answered: %s",
				status))
	}
	n.add("fetch.status", "SimBrief answered: %s", status)
	return nil
}

// alternate returns the route from the destination to p, the alternate of that number: along the
// log, or straight.
func (p ofpPlace) alternate(number int, log ofpNavlog, destination waypoint,
	n *notes) ([]Route, error) {
	place := fmt.Sprintf("alternate[%d]", number)
	to, err := p.waypoint(place, n)
	if err != nil {
		return nil, err
	}
	if !to.placed {
		n.add(place, "alternate %s is left out: the file does not give its position",
			excerpt(to.ident))
		return nil, nil
	}
	way := plan{notes: n, name: to.ident, alternate: true}
	way.setCruise(string(p.Cruise), func() string { return place + ".cruise_altitude" })
	if way.waypoints, err = log.waypoints(fmt.Sprintf("alternate_navlog[%d]", number),
		n); err != nil {
		return nil, err
	}
	way.startAt(destination)
	way.endAt(to)
	return way.routes()
}

// waypoints returns the fixes of l, which is at place in the file.
func (l ofpNavlog) waypoints(place string, n *notes) ([]waypoint, error) {
	var all []waypoint
	for i, fix := range l.Fixes {
		w, err := fix.waypoint(fmt.Sprintf("%s.fix[%d]", place, i), n)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// end returns p, which is at place in the file and without which there is no route.
func (p ofpPlace) end(place string, n *notes) (waypoint, error) {
	w, err := p.waypoint(place, n)
	if err == nil && !w.placed {
		err = within(place, malformed("generate the flight plan again and save it",
			"its position (pos_lat and pos_long) is missing"))
	}
	return w, err
}

// waypoint returns p, which is at place in the file.
func (p ofpPlace) waypoint(place string, n *notes) (waypoint, error) {
	w := waypoint{ident: string(cmp.Or(p.Ident, p.ICAO))}
	at := func() string { return place }
	point, err := degrees("pos_long", string(p.Lon), "pos_lat", string(p.Lat))
	if err == errUnplaced {
		return w, nil
	}
	if err != nil {
		return w, within(place, err)
	}
	n.feet(&point, string(p.Altitude), at)
	w.at(point, at)
	return w, nil
}

// UnmarshalJSON accepts an empty array or text for an absent place. A text is a name.
func (p *ofpPlace) UnmarshalJSON(raw []byte) error {
	type plain ofpPlace
	if raw[0] == '"' {
		return p.Ident.UnmarshalJSON(raw)
	}
	return unmarshalObject(raw, (*plain)(p))
}

// UnmarshalJSON accepts an empty array or text for an absent object.
func (g *ofpGeneral) UnmarshalJSON(raw []byte) error {
	type plain ofpGeneral
	return unmarshalObject(raw, (*plain)(g))
}

// UnmarshalJSON accepts a text for SimBrief's answer.
func (f *ofpFetch) UnmarshalJSON(raw []byte) error {
	type plain ofpFetch
	if raw[0] == '"' {
		return f.Status.UnmarshalJSON(raw)
	}
	return unmarshalObject(raw, (*plain)(f))
}

// UnmarshalJSON accepts an array of the fixes, and an empty text for an absent log.
func (l *ofpNavlog) UnmarshalJSON(raw []byte) error {
	type plain ofpNavlog
	if raw[0] == '[' {
		return l.Fixes.UnmarshalJSON(raw)
	}
	return unmarshalObject(raw, (*plain)(l))
}
