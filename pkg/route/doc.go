// Package route reads flight plans and regions from files.
//
//	routes, err := route.Read("flight.fms")
//	for _, r := range routes { // several where the file has alternates or more than one route
//		heights := r.Altitudes() // metres above sea level, one a point, gaps filled
//		for i, p := range r.Points {
//			draw(p.Lon(), p.Lat(), heights[i])
//		}
//	}
//	region, err := route.ReadRegion("area.geojson")
//
// # Formats
//
// A file is recognised by its content; its name does not matter. UTF-8 with or without a byte order mark, UTF-16 and Latin-1 are read.
//
//   - GeoJSON: a LineString is a route, each line of a MultiLineString one of its own, wherever they stand. A file that has only points is one route
//     through them in their order. Altitude is the third coordinate, in metres. Other members are ignored.
//   - X-Plane .fms, versions 1100 and 3; altitudes in feet.
//   - GPX: its routes (rte), or else its tracks (trk), simplified to within 20 m; elevations in metres.
//   - KML and KMZ: like GeoJSON; recorded tracks (gx:Track) are simplified. Altitudes count, in metres, whatever altitudeMode says.
//   - Little Navmap .lnmpln: waypoints and alternates; altitudes in feet. Procedures are not in the file.
//   - Microsoft Flight Simulator .pln (XML; 2020, 2024 and their forerunners); altitudes in feet.
//   - Garmin .fpl: no altitudes.
//   - SimBrief OFP, saved as JSON or XML: the navigation log and alternates; altitudes in feet. Without a log, straight from origin to destination.
//
// ReadRegion takes the polygons of GeoJSON, KML and KMZ.
//
// # Altitudes
//
// A departure or destination without altitude is at 0 if any other point of the route has one. The formats of flight simulation write 0 where no altitude
// was planned, so that 0 on the way is none.
//
// # Legs
//
// Points are what the file says, neighbours that are equal merged. The way between two of them is a great circle; package tiles draws it.
//
// # Errors
//
// Every error about the content is an *Error: file, place, what is wrong there and what to do.
//
// # Bounds
//
// A file has at most 64 MiB, packed and unpacked, and a line 500,000 points. XML entities are not expanded, nothing else is read because a file names it. The
// worst that such a file can do is some 400 MB of memory for some seconds.
package route
