package route

// parseLNMPLN reads a flight plan of Little Navmap: its waypoints, and a route from the destination to each alternate. Its altitudes are in feet. The
// parking position of <Departure> is not a waypoint, and procedures are not stored in the file.
func parseLNMPLN(data []byte) ([]Route, error) {
	const top = "LittleNavmap/Flightplan/"
	var main plan
	var alternates []waypoint
	var w waypoint
	start := func(e *element) (err error) {
		switch e.path {
		case top + "Waypoints/Waypoint", top + "Alternates/Alternate":
			w = waypoint{}
		case top + "Waypoints/Waypoint/Pos", top + "Alternates/Alternate/Pos":
			w.placed = true
			if w.point, err = degrees("Lon", e.attr("Lon"), "Lat", e.attr("Lat")); err == nil {
				w.point, err = w.point.feet(e.attr("Alt"))
			}
		}
		return err
	}
	end := func(e *element) error {
		switch e.path {
		case top + "Waypoints/Waypoint/Ident", top + "Alternates/Alternate/Ident":
			w.ident = e.value()
		case top + "Waypoints/Waypoint":
			return add(&main.waypoints, w)
		case top + "Alternates/Alternate":
			return add(&alternates, w)
		}
		return nil
	}
	if err := walkXML(data, start, end); err != nil {
		return nil, err
	}
	return main.withAlternates(alternates)
}
