// Package route reads flight plans and regions from files.
//
//	routes, notes, err := route.Read("flight.fms")
//	for _, r := range routes { // several if the file has alternates or more than one route
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
//   - GeoJSON: every LineString, and every line of a MultiLineString, is a route, anywhere in the
//     file. Without lines, one route goes through the points in their order. Altitude is the third
//     coordinate, in metres. Polygons are for ReadRegion.
//   - X-Plane .fms, versions 1100 and 3; altitudes in feet.
//   - GPX: its routes (rte), or else its tracks (trk), simplified to within 20 m, or else one route
//     through its waypoints (wpt) in their order; elevations in metres.
//   - KML and KMZ: like GeoJSON; recorded tracks (gx:Track) are simplified. Altitudes are taken in
//     metres above sea level, whatever altitudeMode says.
//   - Little Navmap .lnmpln: waypoints and alternates; altitudes in feet. The file does not contain
//     the points of procedures.
//   - Microsoft Flight Simulator .pln (XML; 2020, 2024 and earlier versions); altitudes in feet.
//   - Garmin .fpl: mostly without altitudes; otherwise they are in feet.
//   - SimBrief OFP, saved as JSON or XML: the navigation log and alternates; altitudes in feet.
//     Without a log, straight from origin to destination.
//
// ReadRegion takes the polygons of GeoJSON, KML and KMZ and ignores lines and points.
//
// # Certainty
//
// Everything that is left out, merged or guessed is in the notes. Input that affects where the
// flight goes is refused unless there is only one way to understand it: a longitude of 181 is read
// as −179 if the legs are short; KML coordinates with commas everywhere are split into twos or
// threes if only one of these gives a plausible flight; a waypoint that a table has at two places is
// refused. Input that does not affect it, such as an altitude of 39 digits, is left out.
//
// # Altitudes
//
// A departure or destination without altitude is at 0 if any other point of the route has one. The
// formats of flight simulation write 0 where no altitude was planned, so 0 en route means unknown.
// There Route.Profile takes the cruising altitude, with climb and descent, if the file gives one.
//
// # Legs
//
// Points are those of the file, with equal neighbours merged. The leg between two of them is a
// great circle; package tiles draws it.
//
// # Errors
//
// Every error about the content is an *Error: file, place, problem and remedy.
//
// # Bounds
//
// A file may have at most 64 MiB, packed and unpacked, and a line 500,000 points. XML entities are
// not expanded, and files that a file names are not read. The worst case for such a file is about
// 400 MB of memory for some seconds.
package route
