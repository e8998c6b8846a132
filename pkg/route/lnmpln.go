package route

// parseLNMPLN reads a flight plan of Little Navmap: its waypoints, and a route from the destination
// to each alternate. Its altitudes are in feet. The parking position of <Departure> is not a
// waypoint, and procedures are not stored in the file.
func parseLNMPLN(data []byte, n *notes) ([]Route, error) {
	const top = "LittleNavmap/Flightplan/"
	main := plan{notes: n}
	var alternates []waypoint
	var w waypoint
	start := func(e *element) error {
		switch e.path {
		case top + "Waypoints/Waypoint", top + "Alternates/Alternate":
			w = waypoint{}
		case top + "Waypoints/Waypoint/Pos", top + "Alternates/Alternate/Pos":
			p, err := degrees("Lon", e.attr("Lon"), "Lat", e.attr("Lat"))
			if err == errUnplaced {
				return nil
			}
			if err != nil {
				return err
			}
			n.feet(&p, e.attr("Alt"), e.place)
			w.at(p, e.place)
		case top + "Procedures/SID", top + "Procedures/STAR", top + "Procedures/Approach":
			n.add(e.place(), "procedures are left out: the file has their names, but not their "+
				"points")
		}
		return nil
	}
	end := func(e *element) error {
		switch e.path {
		case top + "Header/CruisingAltF":
			main.setCruise(e.value(), e.place)
		case top + "Header/CruisingAlt": // the rounded value, which every version writes
			if main.cruise == 0 {
				main.setCruise(e.value(), e.place)
			}
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
