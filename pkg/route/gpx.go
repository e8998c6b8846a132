package route

// parseGPX returns the routes (rte) of a GPX file; where there are none, its tracks (trk), simplified. They are never mixed: a file with both holds the same
// flight twice, planned and flown. The segments of a track follow one another.
func parseGPX(data []byte) ([]Route, error) {
	var routes, tracks []Route
	var current Route
	var point Point
	waypoints := false
	start := func(e *element) (err error) {
		switch e.path {
		case "gpx/rte", "gpx/trk":
			current = Route{}
		case "gpx/rte/rtept", "gpx/trk/trkseg/trkpt":
			point, err = degrees("lon", e.attr("lon"), "lat", e.attr("lat"))
		case "gpx/wpt":
			waypoints = true
		}
		return err
	}
	end := func(e *element) (err error) {
		switch e.path {
		case "gpx/rte/name", "gpx/trk/name":
			current.Name = e.value()
		case "gpx/rte/rtept/ele", "gpx/trk/trkseg/trkpt/ele":
			point, err = point.metres(e.value())
		case "gpx/rte/rtept", "gpx/trk/trkseg/trkpt":
			err = add(&current.Points, point)
		case "gpx/rte":
			routes = appendRoute(routes, current)
		case "gpx/trk":
			current.Points = simplify(current.Points)
			tracks = appendRoute(tracks, current)
		}
		return err
	}
	if err := walkXML(data, start, end); err != nil {
		return nil, err
	}
	switch {
	case len(routes) > 0:
		return routes, nil
	case len(tracks) > 0:
		return tracks, nil
	case waypoints:
		return nil, &Error{Problem: "the file has waypoints, but no route and no track", Remedy: "make a route (rte) of them", Err: ErrNoPoints}
	}
	return nil, &Error{Problem: "the file has no route (rte) and no track (trk)", Remedy: "export it again with the route", Err: ErrNoPoints}
}

// appendRoute adds r if it has points.
func appendRoute(routes []Route, r Route) []Route {
	if len(r.Points) == 0 {
		return routes
	}
	return append(routes, r)
}
