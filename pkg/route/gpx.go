package route

import (
	"cmp"
	"strings"
)

// parseGPX returns the routes (rte) of a GPX file; if there are none, its tracks (trk), simplified;
// otherwise one route through its waypoints (wpt). They are never mixed: a file with several kinds
// holds the same flight more than once, planned and flown. The segments of a track are joined.
func parseGPX(data []byte, n *notes) ([]Route, error) {
	g := gpx{notes: n, bad: map[string]error{}}
	if err := walkXML(data, g.start, g.end); err != nil {
		return nil, err
	}
	return g.chosen()
}

// gpx is the state of reading a file.
type gpx struct {
	*notes
	routes, tracks []Route
	waypoints      line
	bad            map[string]error // the first of each element of tracks and waypoints

	name     string // of the route or track being read
	current  line
	segments int
	point    Point
	unplaced bool // the point has no coordinates
}

// The elements that are points.
const gpxRoutePoint, gpxTrackPoint, gpxWaypoint = "gpx/rte/rtept", "gpx/trk/trkseg/trkpt", "gpx/wpt"

func (g *gpx) start(e *element) (err error) {
	switch e.path {
	case "gpx/rte", "gpx/trk":
		g.current, g.name, g.segments = line{}, "", 0
	case gpxRoutePoint, gpxTrackPoint, gpxWaypoint:
		g.point, err = degrees("lon", e.attr("lon"), "lat", e.attr("lat"))
		if g.unplaced = err == errUnplaced; g.unplaced {
			g.add(e.place(), "a point without coordinates is left out")
			return nil
		}
		if err != nil && e.path != gpxRoutePoint {
			g.unplaced = true
			g.fail(e.path, within(e.place(), err))
			return nil
		}
	}
	return err
}

// fail keeps an error, which counts only if the kind of its element is chosen.
func (g *gpx) fail(path string, err error) {
	if g.bad[path] == nil {
		g.bad[path] = err
	}
}

func (g *gpx) end(e *element) error {
	switch e.path {
	case "gpx/rte/name", "gpx/trk/name":
		g.name = e.value()
	case gpxRoutePoint + "/ele", gpxTrackPoint + "/ele", gpxWaypoint + "/ele":
		g.metres(&g.point, e.value(), e.place)
	case gpxRoutePoint, gpxTrackPoint, gpxWaypoint:
		switch {
		case g.unplaced:
			return nil
		case e.path == gpxWaypoint:
			return g.waypoints.add(g.point, e.place)
		}
		return g.current.add(g.point, e.place)
	case "gpx/trk/trkseg":
		g.segments++
	case "gpx/rte":
		return g.finish(&g.routes, e)
	case "gpx/trk":
		return g.finish(&g.tracks, e)
	}
	if strings.HasPrefix(e.path, gpxRoutePoint+"/extensions/") && e.name() == "rpt" {
		g.add(e.place(), "a point of Garmin's extensions between two points of the route is left "+
			"out")
	}
	return nil
}

// finish adds the route or track just read to list, if it has points.
func (g *gpx) finish(list *[]Route, e *element) error {
	if len(g.current.points) == 0 {
		g.add(e.place(), "a <%s> without points is left out", e.name())
		return nil
	}
	err := g.current.settle(g.notes)
	points := g.current.points
	if e.name() == "trk" {
		if err != nil {
			g.fail(gpxTrackPoint, err)
			err = nil
		}
		points = simplify(points)
		noteSimplified(g.notes, e.place(), len(g.current.points), len(points))
		if g.segments > 1 {
			g.add(e.place(), "the %d segments of a track are joined", g.segments)
		}
	}
	*list = append(*list, Route{Name: g.name, Points: points})
	return err
}

// chosen returns the routes of the preferred kind and notes what is left out.
func (g *gpx) chosen() ([]Route, error) {
	waypoints := len(g.waypoints.points)
	if err := cmp.Or(g.bad[gpxTrackPoint], g.bad[gpxWaypoint]); len(g.routes) == 0 &&
		(g.bad[gpxTrackPoint] != nil || len(g.tracks) == 0) && err != nil {
		return nil, err
	}
	if err := g.bad[gpxWaypoint]; err != nil {
		g.add("", "a waypoint (wpt) that cannot be read is left out: %v", err)
	}
	if err := g.bad[gpxTrackPoint]; err != nil {
		g.add("", "a track (trk) that cannot be read is left out: %v", err)
	}
	switch {
	case len(g.routes) > 0 || len(g.tracks) > 0:
		if len(g.routes) > 0 && len(g.tracks) > 0 {
			g.add("", "%s (trk) left out: the routes (rte) of the file are used",
				count(len(g.tracks), "track"))
			g.tracks = nil
		}
		if waypoints > 0 {
			g.add("", "%s (wpt) left out: they are on no route", count(waypoints, "waypoint"))
		}
		return append(g.routes, g.tracks...), nil
	case waypoints > 0:
		if err := g.waypoints.settle(g.notes); err != nil {
			return nil, err
		}
		g.add("", "no route and no track: %s (wpt) taken as a route in the order of the file",
			count(waypoints, "waypoint"))
		return []Route{{Points: g.waypoints.points}}, nil
	}
	return nil, g.nothing("route (rte), no track (trk) and no waypoints (wpt)",
		"export it again with the route")
}
