package route_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/route"
)

// TestUncertain reads files with a detail that leaves it open where the flight goes: they are
// refused, and the place is named.
func TestUncertain(t *testing.T) {
	const unclear = "it is not certain how the numbers belong together"
	const at = "line 2, <coordinates>.point 1"
	for _, tt := range []struct{ name, text, place, says string }{
		{"kml: commas only, twos or threes", kmlLine("7.2,5.1,12,7.3,5.2,14"), at, unclear},
		{"kml: commas only, neither", kmlLine("7.2,45.1,12,7.3,45.2"), at, unclear},
		{"kml: commas only, one number too many",
			kmlLine("7.21,43.66,0,7.00,43.80,900,6.80,44.00,0,5"), at, unclear},
		{"kml: one altitude missing among commas", kmlLine("7.21,43.66,0,7.00,43.80,0,6.80,44.00"),
			at, unclear},
		{"kml: decimal commas and semicolons", kmlLine("7,21;43,66 7,00;43,80"), at, unclear},
		{"kml: whole numbers and semicolons", kmlLine("7,43;8,44"), at, unclear},
		{"kml: a number alone", kmlLine("7.21,43.66 7"), "line 2, <coordinates>.point 2", unclear},
		{"kml: decimal commas", kmlLine("7,21 43,66 7,00 43,80"), "line 2, <coordinates>",
			"whether the commas are decimal commas"},
		{"gpx: a bad track alone", gpx("<trk><trkseg><trkpt lat='x' lon='6'/></trkseg></trk><wpt " +
			"lat='46' lon='6'/>"), "line 1, <trkpt>", "lat is not a usable number"},
		{"gpx: a bad waypoint alone", gpx("<wpt lat='46' lon='6'/><wpt lat='46' lon='600'/>"),
			"line 1, <wpt>", "longitude 600 is out of range"},
		{"fms: fields by commas", fms("1,A,ADEP,0,46,6\n1 B ADES 0 44 7\n"), "line 3",
			"is not a waypoint"},
		{"fms: a name with a blank", fms("1 A FIELD ADEP 0 46 6\n"), "line 3", "a field too many"},
		{"geojson: twice", `{"type":"Point","coordinates":[6,46],"coordinates":[7,44]}`, "",
			`two members "coordinates"`},
		{"geojson: a projection by its number",
			`{"type":"Point","crs":{"type":"EPSG","properties":{"code":2154}},"coordinates":[6,46]}`,
			"crs", "the coordinates are in EPSG:2154"},
		{"geojson: a projection by its address",
			`{"type":"Point","crs":{"type":"link","properties":{"href":"http://a/2154"}},"coordinates":[6,46]}`,
			"crs", "the coordinates are in http://a/2154"},
		{"geojson: metres", geoLine("[667916,5780349]"), "coordinates[0]", "may be metres"},
		{"json: an answer", `{"error":"Unknown UserID"}`, "", `its error is "Unknown UserID"`},
		{"simbrief: a text for an answer", `{"fetch":"Error: Unknown UserID"}`, "fetch.status",
			"SimBrief answered: Error: Unknown UserID"},
		{"kml: words", kmlLine("here there"), at, `"there"`},
		{"kml: a word for a number", kmlLine("7.21,north 7,44"), at, `"north"`},
		{"kml: a point of several places",
			kml("<Point>\n<coordinates>6,46 7,44</coordinates></Point>"), "line 2, <coordinates>",
			"2 places"},
		{"kml: half a place of a track", kml("<gx:Track><gx:coord>6</gx:coord></gx:Track>"),
			"line 1, <coord>", "1 part"},
		{"kml: too much of a place", kml("<gx:Track><gx:coord>6 46 0 7</gx:coord></gx:Track>"),
			"line 1, <coord>", "4 parts"},
		{"kml: one digit too many", kmlLine("17,45 181,46 18.2,46"),
			"line 2, <coordinates>.point 2", "longitude 181"},
		{"geojson: one place beyond 180", `{"type":"Point","coordinates":[181,46]}`, "coordinates",
			"write -179 instead"},
		{"geojson: first beyond 180, far away", geoLine("[350,46],[2,46]"), "coordinates[0]",
			"write -10 instead"},
		{"geojson: around the world", geoLine("[6,46],[190,46]"), "coordinates[1]",
			"write -170 instead"},
		{"geojson: half a position", geoLine("[6,46],[7,null]"), "coordinates[1][1]",
			"null is not a usable number"},
		{"geojson: swapped", geoLine("[46,106],[44,107]"), "coordinates[0]", "swapped"},
		{"geojson: NaN in quotes", geoLine(`["NaN","46"]`), "coordinates[0]", "longitude NaN"},
		{"fms: cut short", fms("ADES C\nNUMENR 3\n1 A ADEP 0 46 6\n11 B DRCT 0 44 7\n"), "line 6",
			"3 waypoints are announced (NUMENR), 2 follow"},
		{"fms: half a position", fms("1 A ADEP 0 NaN 6\n"), "line 3", `"NaN"`},
		{"fms: swapped", fms("1 A ADEP 0 106 46\n"), "line 3", "swapped"},
		{"fms: a column missing", fms("1 A ADEP 0 46 6\n11 B DRCT 44 7\n"), "line 4", "this one has 5"},
		{"pln: a bad position in the head",
			pln(
				`<DepartureID>A</DepartureID><DepartureLLA>here</DepartureLLA><ATCWaypoint id="B"><WorldPosition>N46°,E6°</WorldPosition></ATCWaypoint>`), "line 1, <DepartureLLA>", `"here"`},
		{"pln: a bad position in the head alone", pln(`<DestinationLLA>here</DestinationLLA>`),
			"line 1, <DestinationLLA>", `"here"`},
		{"pln: a letter and a sign", plnAt("N-46,E6"), "line 1, <WorldPosition>", "latitude"},
		{"pln: one letter only", plnAt("N46,6"), "line 1, <WorldPosition>", "longitude"},
		{"pln: degrees and minutes with fractions", plnAt("N46.5° 30',E6°"),
			"line 1, <WorldPosition>", "latitude"},
		{"pln: whole decimal commas", plnAt("46,5,6,5"), "line 1, <WorldPosition>", "position"},
		{"garmin: twice", garmin(
			garminTable+"\n"+`<waypoint><identifier>A</identifier><type>VOR</type><country-code>ED</country-code><lat>47</lat><lon>6</lon></waypoint>`, garminPoint("A", "VOR")),
			"line 2, <route-point>", "in lines 1 and 2: it is not certain which is meant"},
		{"garmin: a bad entry", garmin(
			"\n<waypoint><identifier>C</identifier><lat>x</lat><lon>1</lon></waypoint>",
			garminPoint("C", "")), "line 2, <waypoint>", `lat is not a usable number`},
		{"garmin: two routes", "<flight-plan><route>" + garminPoint("A", "") +
			"</route><route/></flight-plan>", "line 1, <route>", "second route"},
		{"gpx: half a position", gpx(`<rte><rtept lat="46" lon=""/></rte>`), "line 1, <rtept>",
			"lon is missing"},
		{"lnmpln: beyond 180 alone",
			lnmpln(`<Waypoints><Waypoint><Pos Lon="186" Lat="46"/></Waypoint></Waypoints>`),
			"line 1, <Pos>", "write -174 instead"},
		{"simbrief: an answer in a sentence",
			`{"fetch":{"status":"Error: No flight plan on file for the specified user, please generate one first"}}`, "fetch.status", "on file for the specified user, please generate one first"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := route.Read(write(t, tt.text))
			e, ok := errors.AsType[*route.Error](err)
			if !ok || e.Place != tt.place || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v\nwant place %q and %q", err, tt.place, tt.says)
			}
		})
	}
}

// TestRegionDetails is TestDetails for regions.
func TestRegionDetails(t *testing.T) {
	const ring = "[[6,46],[7,46],[7,47],[6,46]]"
	kmlRing := func(of, coordinates string) string {
		return "<" + of + "BoundaryIs><LinearRing><coordinates>" + coordinates +
			"</coordinates></LinearRing></" + of + "BoundaryIs>"
	}
	for _, tt := range []struct {
		name, text string
		corners    []int // of the rings
		notes      []string
	}{
		{"geojson: lines and points",
			`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":"x"},{"type":"Polygon","coordinates":[` + ring + `]},{"type":"LineString","coordinates":[]}]}`, []int{3}, []string{"geometries[0]: 2 shapes left out"}},
		{"geojson: nothing enclosed",
			`{"type":"MultiPolygon","coordinates":[[[[6,46],[7,46],[6,46]]],[],[` + ring +
				`,[[6,46],[6,46]]]]}`, []int{3},
			[]string{"coordinates[0][0]: a ring of 2 corners encloses nothing and is left out " +
				"(and 1 more", "coordinates[0]: a polygon without an outer ring is left out (and " +
				"1 more"}},
		{"geojson: across 180",
			`{"type":"Polygon","coordinates":[[[179,10],[181,10],[181,11],[179,11],[179,10]]]}`,
			[]int{4}, []string{"coordinates[0][1]: longitude 181 is read as -179 (and 1 more"}},
		{"geojson: null geometry",
			`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null},{"type":"Feature","geometry":{"type":"Polygon","coordinates":[` + ring + `]}}]}`, []int{3}, []string{"without a geometry"}},
		{"kml: commas only", kml("<Polygon>" + kmlRing("outer", "6,46,0,7,46,0,7,47,0,6,46,0") +
			"</Polygon>"), []int{3}, []string{"read as 4 points"}},
		{"kml: an empty hole", kml("<Polygon>" + kmlRing("outer", "6,46 7,46 7,47 6,46") +
			kmlRing("inner", "") + "</Polygon>"), []int{3}, []string{"a ring of 0 corners"}},
		{"kml: a hole alone", kml("<Polygon>" + kmlRing("inner", "1,1 2,1 2,2 1,1") +
			"</Polygon><Polygon>" + kmlRing("outer", "6,46 7,46 7,47 6,46") + "</Polygon>"),
			[]int{3}, []string{"a polygon without an outer ring"}},
		{"kml: an empty polygon",
			kml("<Polygon/><Polygon>" + kmlRing("outer", "6,46 7,46 7,47 6,46") + "</Polygon>"),
			[]int{3}, []string{"a polygon without an outer ring"}},
		{"kml: bad lines, tracks and points",
			kml(
				"<LineString><coordinates>x</coordinates></LineString><gx:Track><gx:coord>x</gx:coord></gx:Track><Point><coordinates>x</coordinates></Point><Polygon>" +
					kmlRing("outer", "6,46 7,46 7,47 6,46") + "</Polygon>"), []int{3},
			[]string{"3 shapes left out"}},
		{"kml: no polygon", kmlLine("x"), nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			region, notes, err := route.ReadRegion(write(t, tt.text))
			if tt.corners == nil {
				if !errors.Is(err, route.ErrIsRoute) {
					t.Errorf("error %v, want ErrIsRoute", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var corners []int
			for _, p := range region {
				for _, r := range p {
					corners = append(corners, len(r)-1)
				}
			}
			if diff := cmp.Diff(tt.corners, corners); diff != "" {
				t.Errorf("corners (-want +got):\n%s", diff)
			}
			checkNotes(t, notes, tt.notes...)
		})
	}
}
