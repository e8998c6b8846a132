package route

import (
	"fmt"
	"strings"
)

// waypoint is a stop of a flight plan.
type waypoint struct {
	ident  string
	point  Point
	placed bool   // the file gives its position
	where  string // place in the file, if its longitude must be settled
}

// at sets the position to p, read at place in the file.
func (w *waypoint) at(p Point, place func() string) {
	w.point, w.placed = p, true
	if p.beyond() {
		w.where = place()
	}
}

// plan is a flight plan of a simulator or planner: waypoints from departure to destination, and
// alternates.
type plan struct {
	*notes
	name      string
	waypoints []waypoint
	alternate bool
	cruise    float64 // in metres; 0: none
}

// setCruise sets the cruising altitude from feet.
func (p *plan) setCruise(feet string, place func() string) {
	if thousands, hundreds, ok := strings.Cut(feet, ","); ok && len(hundreds) == 3 {
		feet = thousands + hundreds // nobody cruises at a few feet and their thousandths
	}
	switch h, ok := p.altitude(feet, metresPerFoot, place); {
	case ok && h > 0:
		p.cruise = h
	case ok && h < 0:
		p.add(place(), "the cruising altitude %s is left out: it is below 0", excerpt(feet))
	}
}

// routes returns the plan as one route. Waypoints without a position are left out and named.
func (p plan) routes() ([]Route, error) {
	r := Route{Name: p.name, Alternate: p.alternate, Cruise: p.cruise}
	var l line
	var unplaced []string
	for _, w := range p.waypoints {
		// Writers leave 0, 0 where they know no position.
		if !w.placed || w.point.Lon() == 0 && w.point.Lat() == 0 {
			unplaced = append(unplaced, w.ident)
			continue
		}
		if err := l.add(w.point, func() string { return w.where }); err != nil {
			return nil, err
		}
	}
	if len(l.points) == 0 && len(unplaced) > 0 {
		return nil, &Error{Problem: "no waypoint has a position, only names: " +
			enumerate(unplaced, 5),
			Remedy: "load the plan into Little Navmap, which knows their positions, and save it " +
				"from there", Err: ErrNoPoints}
	}
	if len(l.points) == 0 {
		return nil, &Error{Problem: "the flight plan has no waypoints",
			Remedy: "export it again with the route", Err: ErrNoPoints}
	}
	if len(unplaced) > 0 {
		p.add("", "left out, because the file does not give their positions: %s",
			enumerate(unplaced, 20))
	}
	if err := l.settle(p.notes); err != nil {
		return nil, err
	}
	// These formats write an altitude of 0 where none was planned. Departure and destination
	// without one are at 0 anyway.
	for i := range l.points[:max(len(l.points)-1, 0)] {
		if i > 0 && l.points[i].Altitude == 0 {
			l.points[i].HasAltitude = false
		}
	}
	r.Points = l.points
	return []Route{r}, nil
}

// enumerate lists the first few of names.
func enumerate(names []string, most int) string {
	list := ""
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			list += ", "
		}
		list += excerpt(name)
	}
	if more := len(names) - most; more > 0 {
		list += fmt.Sprintf(" … (%d more)", more)
	}
	return list
}

// withAlternates returns the plan's route and one straight route from its destination to every
// alternate with a position.
func (p plan) withAlternates(alternates []waypoint) ([]Route, error) {
	routes, err := p.routes()
	if err != nil {
		return nil, err
	}
	for _, a := range alternates {
		if !a.placed {
			p.add("", "alternate %s left out: the file does not give its position",
				excerpt(a.ident))
			continue
		}
		way, err := plan{notes: p.notes, name: a.ident, alternate: true,
			waypoints: []waypoint{p.destination(), a}}.routes()
		if err != nil {
			return nil, err
		}
		routes = append(routes, way...)
	}
	return routes, nil
}

// destination returns the last waypoint with a position.
func (p plan) destination() waypoint {
	for i := len(p.waypoints) - 1; i >= 0; i-- {
		if p.waypoints[i].placed {
			return p.waypoints[i]
		}
	}
	return waypoint{}
}
