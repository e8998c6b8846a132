package route

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// ofp is what matters of a SimBrief flight plan (OFP), saved as JSON or XML. Its altitudes are in feet.
type ofp struct {
	Fetch       struct{ Status text }
	Origin      ofpPlace
	Destination ofpPlace
	Navlog      ofpNavlog
	Alternates  several[ofpPlace]  `json:"alternate"`
	AltNavlogs  several[ofpNavlog] `json:"alternate_navlog"` // one for each alternate, from the destination to it
}

// ofpNavlog lists the fixes after the departure, the destination included.
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
}

// looksLikeOFP reports whether a JSON object has what an OFP has.
func looksLikeOFP(members map[string]json.RawMessage) bool {
	_, origin := members["origin"]
	_, navlog := members["navlog"]
	return origin || navlog
}

// parseOFPJSON reads an OFP saved as JSON.
func parseOFPJSON(data []byte) ([]Route, error) {
	var o ofp
	if err := json.Unmarshal(data, &o); err != nil {
		return nil, jsonError(data, err)
	}
	return o.routes()
}

// parseOFPXML reads an OFP saved as XML.
func parseOFPXML(data []byte) ([]Route, error) {
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
	return o.routes()
}

// set takes over a child element of the place.
func (p *ofpPlace) set(e *element) {
	field := map[string]*text{"icao_code": &p.ICAO, "ident": &p.Ident, "pos_lat": &p.Lat, "pos_long": &p.Lon, "altitude_feet": &p.Altitude}[e.name()]
	if field != nil {
		*field = text(e.value())
	}
}

// routes returns the route from origin to destination, straight where there is no navigation log, and beside it one to each alternate.
func (o ofp) routes() ([]Route, error) {
	if s := string(o.Fetch.Status); s != "" && !strings.EqualFold(s, "success") && o.Origin.Lat == "" {
		return nil, within("fetch.status", malformed("generate the flight plan again", "SimBrief reports %s", excerpt(s)))
	}
	origin, err := o.Origin.waypoint("origin")
	if err != nil {
		return nil, err
	}
	destination, err := o.Destination.waypoint("destination")
	if err != nil {
		return nil, err
	}
	main := plan{name: strings.TrimSpace(origin.ident + " " + destination.ident)}
	if main.waypoints, err = o.Navlog.waypoints("navlog"); err != nil {
		return nil, err
	}
	main.startAt(origin)
	main.endAt(destination)
	routes, err := main.routes()
	if err != nil {
		return nil, err
	}
	for i, a := range o.Alternates {
		if a == (ofpPlace{}) {
			continue // an empty element: there is none
		}
		to, err := a.waypoint(fmt.Sprintf("alternate[%d]", i))
		if err != nil {
			return nil, err
		}
		way := plan{name: to.ident, alternate: true}
		if i < len(o.AltNavlogs) {
			if way.waypoints, err = o.AltNavlogs[i].waypoints(fmt.Sprintf("alternate_navlog[%d]", i)); err != nil {
				return nil, err
			}
		}
		way.startAt(destination)
		way.endAt(to)
		more, err := way.routes()
		if err != nil {
			return nil, err
		}
		routes = append(routes, more...)
	}
	return routes, nil
}

// waypoints returns the fixes of n, which stands at place.
func (n ofpNavlog) waypoints(place string) ([]waypoint, error) {
	var all []waypoint
	for i, fix := range n.Fixes {
		w, err := fix.waypoint(fmt.Sprintf("%s.fix[%d]", place, i))
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// waypoint returns p, which stands at place in the file.
func (p ofpPlace) waypoint(place string) (waypoint, error) {
	w := waypoint{ident: string(cmp.Or(p.Ident, p.ICAO))}
	var err error
	if w.point, err = degrees("pos_long", string(p.Lon), "pos_lat", string(p.Lat)); err == nil {
		w.point, err = w.point.feet(string(p.Altitude))
	}
	w.placed = err == nil
	return w, within(place, err)
}

// UnmarshalJSON lets an empty array or text stand for an absent place.
func (p *ofpPlace) UnmarshalJSON(raw []byte) error {
	type plain ofpPlace
	return unmarshalObject(raw, (*plain)(p))
}

// UnmarshalJSON lets an empty array or text stand for an absent log.
func (n *ofpNavlog) UnmarshalJSON(raw []byte) error {
	type plain ofpNavlog
	return unmarshalObject(raw, (*plain)(n))
}
