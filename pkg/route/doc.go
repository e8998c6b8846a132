// Package route reads flight plans and regions from files.
//
//	routes, err := route.Read("flight.geojson") // every route of the file: alternates may stand beside each other
//	for _, p := range routes[0].Points {
//		p.Lon(), p.Lat()            // degrees
//		p.Altitude, p.HasAltitude   // metres above sea level
//	}
//	region, err := route.ReadRegion("area.geojson")
//
// # Formats
//
// A file is recognised by its content; its name does not matter.
//
//   - GeoJSON: a LineString is a route, each line of a MultiLineString one of its own, wherever they stand. A file that has only points is one route
//     through them in their order. Altitude is the third coordinate, in metres. Other members are ignored.
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
// A file has at most 64 MiB. Memory is a small multiple of its size.
package route
