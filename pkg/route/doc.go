// Package route reads flight plans and regions from files.
//
//	routes, notes, err := route.Read("flight.fms")
//	for _, r := range routes { // several where the file has alternates or more than one route
//		for _, p := range r.Profile() { // altitudes in metres above sea level, gaps filled
//			draw(p.Lon(), p.Lat(), p.Altitude)
//		}
//	}
//	region, notes, err := route.ReadRegion("area.geojson")
//
// # Formats
//
// A file is recognised by its content; its name does not matter. UTF-8 with or without a byte order
// mark, UTF-16 and Latin-1 are read.
//
//   - GeoJSON: a LineString is a route, each line of a MultiLineString one of its own, wherever they
//     stand. Without lines, one route goes through the points in their order. Altitude is the third
//     coordinate, in metres. Polygons are for ReadRegion.
//   - X-Plane .fms, versions 1100 and 3; altitudes in feet.
//   - GPX: its routes (rte), or else its tracks (trk), simplified to within 20 m, or else one route
//     through its waypoints (wpt) in their order; elevations in metres.
//   - KML and KMZ: like GeoJSON; recorded tracks (gx:Track) are simplified. Altitudes count, in
//     metres, whatever altitudeMode says.
//   - Little Navmap .lnmpln: waypoints and alternates; altitudes in feet. Procedures are not in the
//     file.
//   - Microsoft Flight Simulator .pln (XML; 2020, 2024 and their forerunners); altitudes in feet.
//   - Garmin .fpl: mostly without altitudes; else they are in feet.
//   - SimBrief OFP, saved as JSON or XML: the navigation log and alternates; altitudes in feet.
//     Without a log, straight from origin to destination.
//
// ReadRegion takes the polygons of GeoJSON, KML and KMZ and leaves lines and points.
//
// # Certainty
//
// Whatever of a file is left out, merged or guessed is in the notes. What changes where the flight
// goes is refused unless there is one way only to understand it: a longitude of 181 is taken for
// -179 where the legs are short, coordinates in KML that all have commas between them are told
// apart where twos or threes alone make a way that can be flown, a waypoint that a table has twice
// is none. What does not change it, such as an altitude of 39 digits, is left out.
//
// # Altitudes
//
// A departure or destination without altitude is at 0 if any other point of the route has one. The
// formats of flight simulation write 0 where no altitude was planned, so that 0 on the way is none.
// There Route.Profile has the cruising altitude, with climb and descent, if the file gives one.
//
// # Legs
//
// Points are what the file says, neighbours that are equal merged. The way between two of them is a
// great circle; package tiles draws it.
//
// # Errors
//
// Every error about the content is an *Error: file, place, what is wrong there and what to do.
//
// # Bounds
//
// A file has at most 64 MiB, packed and unpacked, and a line 500,000 points. XML entities are not
// expanded, nothing else is read because a file names it. The worst that such a file can do is some
// 400 MB of memory for some seconds.
package route
