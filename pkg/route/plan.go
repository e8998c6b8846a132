package route

// waypoint is one stop of a flight plan.
type waypoint struct {
	ident  string
	point  Point
	placed bool // the file says where it is
}

// plan is a flight plan as the formats of flight simulation have it: waypoints from departure to destination, alternates beside them.
type plan struct {
	name      string
	waypoints []waypoint
	alternate bool
}

// routes returns the plan as one route. Waypoints without a place are left out and named.
func (p plan) routes() ([]Route, error) {
	r := Route{Name: p.name, Alternate: p.alternate}
	for _, w := range p.waypoints {
		if !w.placed {
			r.Unplaced = append(r.Unplaced, w.ident)
			continue
		}
		r.Points = append(r.Points, w.point)
	}
	// These formats write a height of 0 where none was planned. Departure and destination are at 0 anyway if they have none.
	for i := range r.Points[:max(len(r.Points)-1, 0)] {
		if i > 0 && r.Points[i].Altitude == 0 {
			r.Points[i].HasAltitude = false
		}
	}
	if len(r.Points) == 0 && len(r.Unplaced) > 0 {
		return nil, &Error{Problem: "no waypoint has a position, only names: " + enumerate(r.Unplaced),
			Remedy: "load the plan into Little Navmap, which knows them, and save it from there", Err: ErrNoPoints}
	}
	if len(r.Points) == 0 {
		return nil, &Error{Problem: "the flight plan has no waypoints", Remedy: "export it again with the route", Err: ErrNoPoints}
	}
	return []Route{r}, nil
}

// enumerate lists the first few of names.
func enumerate(names []string) string {
	const most = 5
	list := ""
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			list += ", "
		}
		list += excerpt(name)
	}
	if len(names) > most {
		list += " …"
	}
	return list
}

// withAlternates returns the plan's route and, beside it, one from its destination straight to every alternate that has a place.
func (p plan) withAlternates(alternates []waypoint) ([]Route, error) {
	routes, err := p.routes()
	if err != nil {
		return nil, err
	}
	for _, a := range alternates {
		if !a.placed {
			continue
		}
		way, err := plan{name: a.ident, alternate: true, waypoints: []waypoint{p.destination(), a}}.routes()
		if err != nil {
			return nil, err
		}
		routes = append(routes, way...)
	}
	return routes, nil
}

// destination returns the last waypoint that has a place.
func (p plan) destination() waypoint {
	for i := len(p.waypoints) - 1; i >= 0; i-- {
		if p.waypoints[i].placed {
			return p.waypoints[i]
		}
	}
	return waypoint{}
}
