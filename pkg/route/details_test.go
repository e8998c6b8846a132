package route_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/route"
)

// kmlLine is a line with these coordinates, in line 2 of the file.
func kmlLine(coordinates string) string {
	return kml("<LineString>\n<coordinates>" + coordinates + "</coordinates></LineString>")
}

func plnAt(position string) string {
	return pln(`<ATCWaypoint id="A"><WorldPosition>` + position + `</WorldPosition></ATCWaypoint>`)
}

func geoLine(coordinates string) string {
	return `{"type":"LineString","coordinates":[` + coordinates + `]}`
}

// TestDetails reads files with a detail that is not as the format has it. Where that leaves no
// doubt about where the flight goes, the rest is read, and what was done about it is noted.
func TestDetails(t *testing.T) {
	abc := []route.Point{low(7.21, 43.66), low(7, 43.8), low(6.8, 44)}
	tall := []route.Point{high(7.21, 43.66, 100), high(7, 43.8, 900), high(6.8, 44, 50)}
	a, ab := []route.Point{low(6, 46)}, []route.Point{low(6, 46), low(7, 44)}
	climb := []route.Point{high(6, 46, 0), high(6.5, 45, 1000*feet), high(7, 44, 0)}
	const otherwise = "not in KML's form"
	for _, tt := range []struct {
		name, text string
		want       []route.Point
		notes      []string
	}{
		{"kml: blanks only", kmlLine("7.21 43.66 100 7.00 43.80 900 6.80 44.00 50"), tall,
			[]string{otherwise}},
		{"kml: blanks only, a row each", kmlLine("\n7.21 43.66\n7.00 43.80\n6.80 44.00\n"), abc,
			[]string{otherwise}},
		{"kml: blanks after commas, a row each",
			kmlLine("\n 7.21, 43.66, 100\r\n 7.00, 43.80, 900\r\n 6.80, 44.00, 50\r\n"), tall,
			[]string{otherwise}},
		{"kml: blanks before commas", kmlLine("7.21 ,43.66 ,100 7.00 ,43.80 ,900 6.80 ,44.00 ,50"),
			tall, []string{otherwise}},
		{"kml: blanks round commas",
			kmlLine("7.21 , 43.66 , 100 7.00 , 43.80 , 900 6.80 , 44.00 , 50"), tall,
			[]string{otherwise}},
		{"kml: a blank before the altitude",
			kmlLine("7.21,43.66, 100 7.00,43.80, 900 6.80,44.00, 50"), tall, []string{otherwise}},
		{"kml: a comma between points", kmlLine("7.21,43.66 , 7.00,43.80 , 6.80,44.00"), abc,
			[]string{otherwise}},
		{"kml: commas only, in twos", kmlLine("7.21,43.66,7.00,43.80,6.80,44.00"), abc,
			[]string{otherwise}},
		{"kml: commas only, in threes with 0", kmlLine("7.21,43.66,0,7.00,43.80,0"),
			[]route.Point{high(7.21, 43.66, 0), high(7, 43.8, 0)}, []string{otherwise}},
		{"kml: commas only, across an ocean", kmlLine("-73.75,40.625,0,-0.5,51.5,0"),
			[]route.Point{high(-73.75, 40.625, 0), high(-0.5, 51.5, 0)}, []string{otherwise}},
		{"kml: commas only, altitudes empty", kmlLine("7.21,43.66,,7.00,43.80,,6.80,44.00,"), abc,
			[]string{otherwise}},
		{"kml: commas only at one place", kmlLine("7.21,43.66,100,7.00,43.80,900 6.80,44.00,50"),
			tall, []string{otherwise}},
		{"kml: semicolons, no blanks", kmlLine("7.21,43.66,100;7.00,43.80,900;6.80,44.00,50;"),
			tall, []string{otherwise}},
		{"kml: semicolons in points", kmlLine("7.21;43.66;100 7.00;43.80;900 6.80;44.00;50"), tall,
			[]string{otherwise}},
		{"kml: semicolons between, blanks in points",
			kmlLine("7.21 43.66 100; 7.00 43.80 900; 6.80 44.00 50"), tall, []string{otherwise}},
		{"kml: bars", kmlLine("7.21,43.66|7.00,43.80|6.80,44.00"), abc, []string{otherwise}},
		{"kml: no-break spaces and tabs", kmlLine("7.21,43.66\u00a07.00,43.80\t6.80,44.00"), abc,
			nil},
		{"kml: altitude NaN", kmlLine("6,46,NaN 7,44,-99999"), ab,
			[]string{"line 2, <coordinates>.point 1: altitude NaN is left out: not a number " +
				"between -1000 and 100000 m (and 1 more"}},
		{"kml: empty coordinates beside a line",
			kml("<LineString><coordinates/></LineString><LineString><coordinates>6,46 " +
				"7,44</coordinates></LineString>"), ab,
			[]string{"line 1, <coordinates>: a line without points"}},
		{"kml: a pin without coordinates",
			kml("<Point><coordinates> </coordinates></Point><LineString><coordinates>6,46 " +
				"7,44</coordinates></LineString>"), ab,
			[]string{"a point without coordinates is left out"}},
		{"kml: a bad pin beside a line",
			kml("<Point><coordinates>600,46</coordinates></Point><LineString><coordinates>6,46 " +
				"7,44</coordinates></LineString>"), ab, []string{"1 point left out"}},
		{"kml: lines and pins", kml(
			"<Point><coordinates>9,9</coordinates></Point><LineString><coordinates>6,46 " +
				"7,44</coordinates></LineString>"), ab,
			[]string{"1 point left out: the lines are the route"}},
		{"kml: pins",
			kml(
				"<Point><coordinates>6,46</coordinates></Point><Point><coordinates>7,44</coordinates></Point>"), ab, []string{"2 points taken as a route in the order of the file"}},
		{"kml: a bad polygon beside a line",
			kml(
				"<Polygon><outerBoundaryIs><LinearRing><coordinates>x</coordinates></LinearRing></outerBoundaryIs></Polygon><LineString><coordinates>6,46 7,44</coordinates></LineString>"), ab, []string{"1 polygon left out"}},
		{"kml: a link",
			kml(
				"<NetworkLink><Link><href>http://a/b.kml</href></Link></NetworkLink><LineString><coordinates>6,46 7,44</coordinates></LineString>"), ab, []string{"a linked file is left out: http://a/b.kml"}},
		{"kml: track with commas and gaps",
			kml("<gx:Track><gx:coord>6,46,1</gx:coord><gx:coord> </gx:coord><gx:coord>NaN NaN " +
				"0</gx:coord><gx:coord>7 44</gx:coord></gx:Track>"),
			[]route.Point{high(6, 46, 1), high(7, 44, 0)},
			[]string{"an empty point of a track is left out (and 1 more"}},
		{"kml: heights above ground",
			kml("<LineString><altitudeMode>relativeToGround</altitudeMode><coordinates>6,46,5 " +
				"7,44,5</coordinates></LineString>"), []route.Point{high(6, 46, 5), high(7, 44, 5)},
			[]string{"relativeToGround"}},
		{"kml: across 180", kmlLine("179,-17 182.5,-17 185,-18"),
			[]route.Point{low(179, -17), low(-177.5, -17), low(-175, -18)},
			[]string{
				"line 2, <coordinates>.point 2: longitude 182.5 is read as -177.5 (and 1 more"}},

		{"fms: fewer than announced, but whole",
			fms("ADES B\nNUMENR 5\n1 A ADEP 0 46 6\n1 B ADES 0 44 7\n"), ab,
			[]string{"5 waypoints are announced (NUMENR), 2 follow"}},
		{"fms: more than announced", fms("NUMENR 1\n1 A ADEP 0 46 6\n1 B ADES 0 44 7\n"), ab,
			[]string{"1 waypoints are announced (NUMENR), 2 follow"}},
		{"fms: NUMENR is no number", fms("NUMENR x\n1 A ADEP 0 46 6\n1 B ADES 0 44 7\n"), ab,
			[]string{"line 3: the number of waypoints is not a number and is not checked: NUMENR x"}},
		{"fms: NUMENR is negative", fms("NUMENR -2\n1 A ADEP 0 46 6\n1 B ADES 0 44 7\n"), ab,
			[]string{"line 3: the number of waypoints is not a number and is not checked: NUMENR -2"}},
		{"fms: ends at a fix", fms("DES B\nNUMENR 3\n1 A ADEP 0 46 6\n11 B DRCT 0 44 7\n"), ab,
			[]string{"3 waypoints are announced"}},
		{"fms: version 3, wrong counts", "I\n3 version\n1\n99\n1 A 0 46 6\n1 B 0 44 7\n", ab, nil},
		{"fms: version 3, counts in one line", "I\n3 version\n1 4\n1 A 0 46 6\n1 B 0 44 7\n", ab,
			nil},
		{"fms: version 3 with the columns of 1100",
			"I\n3 version\n1\n4\n1 A ADEP 0 46 6\n1 B ADES 0 44 7\n", ab, nil},
		{"fms: 1100 with the columns of version 3", fms("1 A 0 46 6\n1 B 0 44 7\n"), ab, nil},
		{"fms: decimal commas", fms("1 A ADEP 0,0 46,000000 6,000000\n1 B ADES 0 44,0 7,0\n"), ab,
			nil},
		{"fms: an absurd altitude",
			fms("1 A ADEP 0 46 6\n11 M DRCT 99999999 45 6.5\n1 B ADES 0 44 7\n"),
			[]route.Point{low(6, 46), low(6.5, 45), low(7, 44)},
			[]string{"line 4: altitude 99999999 is left out", "the altitude of 1 of 3 points"}},
		{"fms: altitude is a word", fms("1 A ADEP high 46 6\n1 B ADES nan 44 7\n"), ab,
			[]string{"line 3: altitude high is left out: not a number between -1000 and 100000 " +
				"m (and 1 more"}},
		{"fms: altitudes with units", fms("1 A ADEP 0m 46 6\n11 M DRCT FL010 45 6.5\n" +
			"11 M DRCT 1000ft 45 6.5\n1 B ADES 0,00 44 7\n"), climb,
			[]string{"1 point merged"}},
		{"fms: a waypoint after its end", fms("1 A ADEP 0 46 6\n0 C DRCT 0 45 6\n1 B ADES 0 44 7\n" +
			"0 ---- 0 0 0\n"), ab,
			[]string{"line 4: a waypoint of kind 0, which marks the end, is left out: C"}},
		{"fms: procedures", fms("SID LUB1A\nSTAR X\n1 A ADEP 0 46 6\n1 B ADES 0 44 7\n"), ab,
			[]string{"line 3: procedures are left out"}},
		{"fms: a waypoint of 0, 0", fms("1 A ADEP 0 46 6\n28 M DRCT 0 0 0\n1 B ADES 0 44 7\n"), ab,
			[]string{"does not give their positions: M"}},
		{"fms: a foreign line", fms(
			"this is a plan of mine, look\n1 A ADEP 0 46 6\n1 B ADES 0 44 7\n"), ab,
			[]string{"line 3: an unknown line is left out"}},
		{"fms: a foreign kind", fms("1 A ADEP 0 46 6\nFIX B DRCT 0 44 7\n"), ab,
			[]string{`line 4: unknown kind of waypoint "FIX"`}},
		{"fms: Macintosh lines", strings.ReplaceAll(fms("1 A ADEP 0 46 6\n1 B ADES 0 44 7\n"), "\n",
			"\r"), ab, nil},
		{"fms: across 180", fms("1 A ADEP 0 -17 179\n1 B ADES 0 -17 181\n"),
			[]route.Point{low(179, -17), low(-179, -17)},
			[]string{"line 4: longitude 181 is read as -179"}},

		{"gpx: bad waypoints and tracks beside a route", gpx(`<wpt lat="x" lon="6"/><trk><trkseg>` +
			`<trkpt lat="91" lon="6"/></trkseg></trk><trk><trkseg><trkpt lat="9" lon="6"/><trkpt ` +
			`lat="9" lon="181"/></trkseg></trk><rte><rtept lat="46" lon="6"/><rtept lat="44" ` +
			`lon="7"/></rte>`), ab, []string{"a <trk> without points",
			"a waypoint (wpt) that cannot be read is left out: line 1, <wpt>: lat is not",
			"a track (trk) that cannot be read is left out: line 1, <trkpt>: latitude 91",
			"1 track (trk) left out"}},
		{"gpx: waypoints only", gpx(`<wpt lat="46" lon="6"/><wpt lat="44" lon="7"/>`), ab,
			[]string{"2 waypoints (wpt) taken as a route in the order of the file"}},
		{"gpx: all three",
			gpx(
				`<wpt lat="1" lon="1"/><rte><rtept lat="46" lon="6"/><rtept lat="44" lon="7"/></rte><trk><trkseg><trkpt lat="1" lon="1"/></trkseg></trk>`), ab,
			[]string{"1 track (trk) left out", "1 waypoint (wpt) left out"}},
		{"gpx: tracks and waypoints",
			gpx(
				`<wpt lat="1" lon="1"/><trk><trkseg><trkpt lat="46" lon="6"/><trkpt lat="44" lon="7"/></trkseg></trk>`), ab, []string{"1 waypoint (wpt) left out"}},
		{"gpx: segments",
			gpx(
				`<trk><trkseg><trkpt lat="46" lon="6"/></trkseg><trkseg><trkpt lat="44" lon="7"/></trkseg></trk>`), ab, []string{"the 2 segments of a track are joined"}},
		{"gpx: attributes of another namespace",
			`<gpx xmlns="http://www.topografix.com/GPX/1/1" xmlns:x="x"><rte><rtept x:lat="1" lat="46" lon="6"/><rtept lat="44" lon="7" x:lon="1"/></rte></gpx>`, ab, nil},
		{"gpx: an empty route", gpx(
			`<rte/><rte><rtept lat="46" lon="6"/><rtept lat="44" lon="7"/></rte>`), ab,
			[]string{"a <rte> without points is left out"}},
		{"gpx: points without coordinates",
			gpx(
				`<trk><trkseg><trkpt lat="46" lon="6"/><trkpt/><trkpt lat="" lon=""/><trkpt lat="NaN" lon="NaN"/><trkpt lat="44" lon="7"/></trkseg></trk>`), ab,
			[]string{"line 1, <trkpt>: a point without coordinates is left out (and 2 more"}},
		{"gpx: heights that are none",
			gpx("<rte><rtept lat='46' lon='6'><ele>high</ele></rtept>\n<rtept lat='44' " +
				"lon='7'><ele>-32768</ele></rtept></rte>"), ab,
			[]string{"line 1, <ele>: altitude high is left out: not a number between -1000 and " +
				"100000 m (and 1 more"}},
		{"gpx: an infinite height",
			gpx(`<rte><rtept lat="46" lon="6"><ele>1e999</ele></rtept></rte>`), a,
			[]string{"altitude 1e999"}},
		{"gpx: a gap in the heights",
			gpx(
				`<rte><rtept lat="46" lon="6"><ele>0</ele></rtept><rtept lat="45" lon="6"/><rtept lat="44" lon="7"><ele>0</ele></rtept></rte>`),
			[]route.Point{high(6, 46, 0), low(6, 45), high(7, 44, 0)}, []string{
				"the altitude of 1 of 3 points"}},
		{"gpx: points twice", gpx(
			`<rte><rtept lat="46" lon="6"/><rtept lat="46" lon="6"/><rtept lat="44" lon="7"/></rte>`), ab, []string{"1 point merged with an equal one before"}},
		{"gpx: decimal commas", gpx(`<rte><rtept lat="46,0" lon="6,0"/></rte>`), a, nil},
		{"gpx: an ampersand as it is",
			gpx(`<rte><name>A & B</name><desc>&lt;b></desc><rtept lat="46" lon="6"/></rte>`), a,
			nil},
		{"gpx: entities of HTML",
			gpx(`<rte><name>A&nbsp;&deg;</name><rtept lat="46" lon="6"/></rte>`), a, nil},
		{"gpx: UTF-16 without a mark", func() string {
			var b strings.Builder
			for _, c := range gpx(`<rte><rtept lat="46" lon="6"/></rte>`) {
				b.WriteString(string(c) + "\x00")
			}
			return b.String()
		}(), a, nil},
		{"gpx: all beyond 180", gpx(
			`<rte><rtept lat="21" lon="200"/><rtept lat="20" lon="204.5"/></rte>`),
			[]route.Point{low(-160, 21), low(-155.5, 20)},
			[]string{"longitude 200 is read as -160 (and 1 more"}},

		{"geojson: a kind of another format", `{"type":"GeometryCollection","geometries":[` +
			`{"type":"Circle","coordinates":[6,46]},` + geoLine("[6,46],[7,44]") + `]}`, ab,
			[]string{"geometries[0]: an object of unknown type Circle is left out"}},
		{"geojson: a feature without a geometry",
			`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null},null,{"type":"Feature"},{"type":"Feature","geometry":` + geoLine("[6,46],[7,44]") + `}]}`, ab,
			[]string{"features[0].geometry: a feature without a geometry is left out (and 1 more",
				"features[1]: null is left out"}},
		{"geojson: collections in one another",
			`{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[` + geoLine("[6,46],[7,44]") + `]}]},{"type":"GeometryCollection","geometries":[]}]}`, ab, nil},
		{"geojson: altitudes that are none", geoLine(`[6,46,null],[7,44,1e9]`), ab,
			[]string{"coordinates[1]: altitude 1e9 is left out"}},
		{"geojson: empty positions", geoLine(`[6,46],[],null,[null,null],[7,44]`), ab,
			[]string{"coordinates[1]: an empty position is left out (and 2 more"}},
		{"geojson: empty lines", `{"type":"MultiLineString","coordinates":[[],[[6,46],[7,44]]]}`,
			ab, []string{"coordinates[0]: a line without points"}},
		{"geojson: a line without coordinates",
			`{"type":"GeometryCollection","geometries":[{"type":"LineString"},{"type":"LineString","coordinates":null},` + geoLine("[6,46],[7,44]") + `]}`, ab,
			[]string{"geometries[0].coordinates: a LineString without coordinates is left out " +
				"(and 1 more"}},
		{"geojson: numbers in quotes", geoLine(`["6","46"],["7","44",""]`), ab, nil},
		{"geojson: measures", geoLine(`[6,46,5,1],[7,44,5,2]`),
			[]route.Point{high(6, 46, 5), high(7, 44, 5)},
			[]string{"values after longitude, latitude and altitude are left out (and 1 more"}},
		{"geojson: WGS 84 by name",
			`{"type":"LineString","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"coordinates":[[6,46],[7,44]]}`, ab, nil},
		{"geojson: all kinds",
			`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[9,9]},{"type":"Polygon","coordinates":"x"},` + geoLine("[6,46],[7,44]") + `]}`, ab, []string{"1 point left out", "geometries[1]: 1 polygon left out"}},
		{"geojson: empty objects",
			`{"type":"GeometryCollection","geometries":[{},{"type":"Feature","geometry":{ }},` +
				geoLine("[6,46],[7,44]") + `]}`, ab,
			[]string{"geometries[0]: {} is left out (and 1 more"}},
		{"geojson: now beyond 180, now not", geoLine(`[177,-18],[181,-17],[-175.5,-16]`),
			[]route.Point{low(177, -18), low(-179, -17), low(-175.5, -16)},
			[]string{"longitude 181 is read as -179"}},
		{"geojson: eastward past Greenwich", geoLine(`[350,46],[359,46],[2,46]`),
			[]route.Point{low(-10, 46), low(-1, 46), low(2, 46)},
			[]string{"longitude 350 is read as -10 (and 1 more"}},
		{"geojson: a hair beyond the limits",
			geoLine(`[-180.00000000000003,90.00000000001],[-179,89]`),
			[]route.Point{low(-180, 90), low(-179, 89)}, nil},
		{"geojson: west of -180", geoLine(`[-179,10],[-181,10]`),
			[]route.Point{low(-179, 10), low(179, 10)},
			[]string{"longitude -181 is read as 179"}},
		{"geojson: pins across 180", `{"type":"MultiPoint","coordinates":[[179,10],[181,10]]}`,
			[]route.Point{low(179, 10), low(-179, 10)},
			[]string{"coordinates[1]: longitude 181 is read as -179", "2 points taken"}},

		{"pln: no numbers for a place", pln(`<ATCWaypoint id="B"><WorldPosition>NaN,NaN,NaN` +
			`</WorldPosition></ATCWaypoint><ATCWaypoint id="A"><WorldPosition>N46°,E6°` +
			`</WorldPosition></ATCWaypoint>`), a, []string{"their positions: B"}},
		{"pln: a minus of a spreadsheet", plnAt("46,\u22126"), []route.Point{low(-6, 46)}, nil},
		{"pln: a cruising altitude below 0", pln(`<CruisingAlt>-1</CruisingAlt><ATCWaypoint id="A">` +
			`<WorldPosition>N46°,E6°</WorldPosition></ATCWaypoint>`), a,
			[]string{"line 1, <CruisingAlt>: the cruising altitude -1 is left out"}},
		{"pln: minutes with a fraction", plnAt("N46° 0.00',E6° 0.00',+000000.00"), a, nil},
		{"pln: decimal, signs", plnAt("-33.5 , -70.25,+1000"),
			[]route.Point{high(-70.25, -33.5, 1000*feet)}, nil},
		{"pln: no blanks, no signs", plnAt(`N46°0'0.00"E6°0'0.00"`[:12] + `,E6°0'0.00"`), a, nil},
		{"pln: stars", plnAt("N46* 0.0', E6* 0.0', +000000.00"), a, nil},
		{"pln: a degree sign that was lost", plnAt("N46\ufffd 0' 0\",E6Â° 0' 0\",+0"), a, nil},
		{"pln: the entity of a degree sign", plnAt("N46&deg; 0' 0\",E6&deg; 0' 0\",+0"), a, nil},
		{"pln: letters after", plnAt(`46° 0' 0.00" N, 6° 0' 0.00" E,+000000.00`), a, nil},
		{"pln: decimal commas", plnAt(`N45° 59' 60,00",E6° 0' 0,00",+001000,00`),
			[]route.Point{high(6, 46, 1000*feet)}, nil},
		{"pln: small letters", plnAt(`n46° 0' 0",e6° 0' 0"`), a, nil},
		{"pln: an altitude that is none", plnAt("N46°,E6°,NaN"), a,
			[]string{"line 1, <WorldPosition>: altitude NaN"}},
		{"pln: a position without text",
			pln(
				`<ATCWaypoint id="A"><WorldPosition/></ATCWaypoint><ATCWaypoint id="B"><WorldPosition>N46°,E6°</WorldPosition></ATCWaypoint>`), a, []string{"their positions: A"}},
		{"pln: a cruising altitude that is none",
			pln(
				`<CruisingAlt>x</CruisingAlt><ATCWaypoint id="B"><WorldPosition>N46°,E6°</WorldPosition></ATCWaypoint>`), a, []string{"line 1, <CruisingAlt>: altitude x"}},
		{"pln: a bad position in the head",
			pln(
				`<DepartureID>A</DepartureID><DepartureLLA>here</DepartureLLA><ATCWaypoint id="A"><WorldPosition>N46°,E6°</WorldPosition></ATCWaypoint>`), a, []string{`a position in the plan's header is left out: line 1, <DepartureLLA>: the position is "here"`}},
		{"pln: colons and dashes", plnAt("N46:00:00,E6-0-0.0"), a, nil},
		{"pln: the head elsewhere",
			pln(
				`<DepartureID>A</DepartureID><DepartureLLA>N47°,E6°,+0</DepartureLLA><ATCWaypoint id="A"><WorldPosition>N46°,E6°</WorldPosition></ATCWaypoint>`), a, []string{"A has one position in the plan's header and another, 111 km away"}},

		{"lnmpln: positions without text",
			lnmpln(
				`<Waypoints><Waypoint><Ident>A</Ident><Pos Lon="" Lat=""/></Waypoint><Waypoint><Pos Lon="6" Lat="46" Alt="x"/></Waypoint></Waypoints>`), a,
			[]string{"<Pos>: altitude x", "their positions: A"}},
		{"lnmpln: procedures and alternates",
			lnmpln(
				`<Procedures><SID><Name>X</Name></SID></Procedures><Alternates><Alternate><Ident>C</Ident></Alternate></Alternates><Waypoints><Waypoint><Pos Lon="6" Lat="46"/></Waypoint></Waypoints>`), a,
			[]string{"procedures are left out", "alternate C left out"}},

		{"garmin: twice at one place",
			garmin(
				garminTable+"\n"+`<waypoint><identifier>B</identifier><lat>44</lat><lon>7.0001</lon></waypoint>`, garminPoint("A", "VOR")+garminPoint("B", "AIRPORT")), ab,
			[]string{"B has another type or country",
				"line 2, <waypoint>: waypoint B is in the table more than once, at the same place",
				"not on the route are left out: A"}},
		{"garmin: a bad entry that nobody uses",
			garmin(garminTable+"<waypoint><identifier>C</identifier><lat>x</lat></waypoint>",
				garminPoint("A", "VOR")+garminPoint("B", "AIRPORT")), ab,
			[]string{"B has another type", "left out: A, C"}},
		{"garmin: an entry without a place",
			garmin(garminTable+"<waypoint><identifier>C</identifier><lat/><lon/></waypoint>",
				garminPoint("A", "VOR")+garminPoint("C", "")+garminPoint("B", "AIRPORT")), ab,
			[]string{"another type or country in the table; the only one of that name is used " +
				"(and 1 more", "not on the route are left out: A", "their positions: C"}},

		{"garmin: altitudes", garmin(
			`<waypoint><identifier>A</identifier><lat>46</lat><lon>6</lon><altitude-ft>1000</altitude-ft></waypoint>`, garminPoint("A", "")), []route.Point{high(6, 46, 1000*feet)},
			[]string{"another type"}},

		{"simbrief: a fix without a place", `{` + ofpEnds +
			`,"navlog":{"fix":["x",{"ident":"M"},{"ident":"LFMN","pos_lat":"44","pos_long":"7"}]}}`,
			ab, []string{"their positions: x, M"}},
		{"simbrief: fixes without their list, an alternate by name", `{` + ofpEnds +
			`,"navlog":[{"ident":"M","pos_lat":"45","pos_long":"6.5","altitude_feet":"1000"}],"alternate":"LFOB"}`,
			climb, []string{"alternate LFOB is left out"}},
		{"simbrief: converted from XML", `{"OFP":{` + ofpEnds + `}}`, ab,
			[]string{"no navigation log"}},
		{"simbrief: an alternate without a place", `{` + ofpEnds +
			`,"navlog":{"fix":{"ident":"LFMN","pos_lat":"44","pos_long":"7"}},"alternate":{"icao_code":"X"}}`, ab, []string{"alternate[0]: alternate X is left out"}},
		{"simbrief: an altitude that is none", `{` + ofpEnds +
			`,"navlog":{"fix":[{"ident":"M","pos_lat":"45","pos_long":"6.5","altitude_feet":"1000"},{"ident":"LFMN","pos_lat":"44","pos_long":"7","altitude_feet":"1e9"}]}}`, climb,
			[]string{"navlog.fix[1]: altitude 1e9"}},
		{"simbrief: a plan and words", `{"fetch":{"status":"Warning: old"},` + ofpEnds +
			`,"navlog":{"fix":{"ident":"LFMN","pos_lat":"44","pos_long":"7"}}}`, ab,
			[]string{"SimBrief answered: Warning: old"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, notes, err := route.Read(write(t, tt.text))
			if err != nil {
				t.Fatal(err)
			}
			// Whether a height of 0 is one is for TestParsers.
			place := cmp.Comparer(func(a, b route.Point) bool {
				return math.Abs(a.Lon()-b.Lon()) < 1e-9 && math.Abs(a.Lat()-b.Lat()) < 1e-9 &&
					math.Abs(a.Altitude-b.Altitude) < 1e-6
			})
			if diff := cmp.Diff(tt.want, got[0].Points, place); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkNotes(t, notes, tt.notes...)
		})
	}
}
