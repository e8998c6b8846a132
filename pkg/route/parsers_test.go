package route_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/route"
)

const feet = 0.3048

func gpx(body string) string {
	return `<gpx xmlns="http://www.topografix.com/GPX/1/1">` + body + `</gpx>`
}
func kml(body string) string {
	return `<kml xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>` + body +
		`</Document></kml>`
}
func lnmpln(body string) string {
	return `<LittleNavmap><Flightplan>` + body + `</Flightplan></LittleNavmap>`
}
func pln(body string) string {
	return `<SimBase.Document><FlightPlan.FlightPlan>` + body +
		`</FlightPlan.FlightPlan></SimBase.Document>`
}
func garmin(table, points string) string {
	return `<flight-plan><waypoint-table>` + table + `</waypoint-table><route>` + points +
		`</route></flight-plan>`
}
func fms(lines string) string { return "I\n1100 Version\n" + lines }

const (
	ofpEnds    = `"origin":{"icao_code":"LSGG","pos_lat":"46","pos_long":"6"},"destination":{"icao_code":"LFMN","pos_lat":"44","pos_long":7}`
	ofpEndsXML = `<origin><icao_code>LSGG</icao_code><pos_lat>46</pos_lat><pos_long>6</pos_long></origin>` +
		`<destination><icao_code>LFMN</icao_code><pos_lat>44</pos_lat><pos_long>7</pos_long></destination>`
	garminTable = `<waypoint><identifier>A</identifier><type>VOR</type><country-code>ED</country-code><lat>46</lat><lon>6</lon></waypoint>` +
		`<waypoint><identifier>A</identifier><type>NDB</type><country-code>ED</country-code><lat>10</lat><lon>10</lon></waypoint>` +
		`<waypoint><identifier>B</identifier><lat>44</lat><lon>7</lon></waypoint>`
)

func garminPoint(ident, kind string) string {
	return `<route-point><waypoint-identifier>` + ident + `</waypoint-identifier><waypoint-type>` +
		kind +
		`</waypoint-type><waypoint-country-code>ED</waypoint-country-code></route-point>`
}

func TestParsers(t *testing.T) {
	ab := []route.Point{low(6, 46), low(7, 44)}
	one := func(points ...route.Point) []route.Route { return []route.Route{{Points: points}} }
	for _, tt := range []struct {
		name, text string
		want       []route.Route
	}{
		{"fms: 0 enroute is no altitude",
			fms(
				"1 A ADEP 0 46 6\n11 B DRCT 0.0 45 6.5\n11 C DRCT 1000 44.5 6.7\n1 D ADES 0 44 7\n"),
			one(high(6, 46, 0), low(6.5, 45), high(6.7, 44.5, 1000*feet), high(7, 44, 0))},
		{"fms: procedures and odd lines",
			fms("CYCLE 2610\nADEP A\nSID X\nDES B\n\n99 \n28 +46.000_+006.000 DRCT 10 46 6 more\n"),
			one(high(6, 46, 10*feet))},
		{"fms: more waypoints than announced", fms("NUMENR 1\n1 A ADEP 5 46 6\n1 B ADES 5 44 7\n"),
			one(high(6, 46, 5*feet), high(7, 44, 5*feet))},
		{"fms: version 3 with end mark",
			"A\n3 version\n1\n1\n1 A 5 46 6\n1 B 5 44 7\n0 ---- 0 0 0\n",
			one(high(6, 46, 5*feet), high(7, 44, 5*feet))},

		{"gpx: ends without height are at 0",
			gpx(
				`<rte><rtept lat="46" lon="6"/><rtept lat="45" lon="6"><ele>900</ele></rtept><rtept lat="44" lon="7"/></rte>`),
			one(high(6, 46, 0), high(6, 45, 900), high(7, 44, 0))},
		{"gpx: several routes", gpx(
			`<rte><name>one</name><rtept lat="46" lon="6"/></rte><rte><name>two</name><rtept lat="44" lon="7"/></rte>`),
			[]route.Route{{Name: "one", Points: ab[:1]}, {Name: "two", Points: ab[1:]}}},
		{"gpx: an empty route beside a track",
			gpx(
				`<rte/><trk><trkseg><trkpt lat="46" lon="6"/></trkseg><trkseg><trkpt lat="44" lon="7"/></trkseg></trk>`), one(ab...)},
		{"gpx: other namespaces and extensions",
			gpx(
				`<metadata><name>x</name></metadata><rte><extensions><x:rtept xmlns:x="u" lat="9" lon="9"/></extensions><rtept lat=" 46 " lon="6"><ele> </ele></rtept></rte>`), one(ab[0])},

		{"kml: points are one route", kml(`<Placemark><Point><coordinates>6,46</coordinates></Point></Placemark><Placemark><Point><coordinates> 7,44
			</coordinates></Point></Placemark>`), one(ab...)},
		{"kml: several lines with names",
			kml(
				`<Placemark><name>one</name><MultiGeometry><LineString><coordinates>6,46</coordinates></LineString>` +
					`<LineString><coordinates>7,44</coordinates></LineString></MultiGeometry></Placemark><Placemark><LineString><coordinates>6,46 7,44</coordinates></LineString></Placemark>`),
			[]route.Route{{Name: "one", Points: ab[:1]}, {Name: "one", Points: ab[1:]},
				{Points: ab}}},
		{"kml: a recorded track",
			kml(
				`<Placemark><gx:Track><when>2026</when><gx:coord>6 46 0</gx:coord><gx:coord>6 46 0</gx:coord><gx:coord>7 44 10</gx:coord></gx:Track></Placemark>`),
			one(high(6, 46, 0), high(7, 44, 10))},
		{"kml: altitudeMode does not count",
			kml(
				`<Placemark><LineString><altitudeMode>relativeToGround</altitudeMode><coordinates>6,46,100 7,44,200</coordinates></LineString></Placemark>`),
			one(high(6, 46, 100), high(7, 44, 200))},

		{"lnmpln: waypoints without position",
			lnmpln(
				`<Waypoints><Waypoint><Ident>LSGG</Ident></Waypoint><Waypoint><Ident>B</Ident><Pos Lon="7" Lat="44"/></Waypoint></Waypoints>`),
			[]route.Route{{Points: ab[1:]}}},

		{"pln: south, west, and 60 seconds",
			pln(
				`<ATCWaypoint id="A"><WorldPosition>S33° 59' 60.00",W70° 30' 0.00",+001000.00</WorldPosition></ATCWaypoint>`), one(high(-70.5, -34, 1000*feet))},
		{"pln: degrees only", pln(
			`<ATCWaypoint id="A"><WorldPosition>N46.0,E6.0</WorldPosition></ATCWaypoint>`),
			one(ab[0])},
		{"pln: 2024, only the ends have a place",
			pln(
				`<Title>x</Title><DepartureID>A</DepartureID><DepartureLLA>N46° 0' 0",E6° 0' 0"</DepartureLLA><DestinationID>B</DestinationID>` +
					`<DestinationLLA>N44° 0' 0",E7° 0' 0"</DestinationLLA><ATCWaypoint id="A"/><ATCWaypoint id="M"><ICAO><ICAOIdent>M</ICAOIdent></ICAO></ATCWaypoint><ATCWaypoint><ICAO><ICAOIdent>B</ICAOIdent></ICAO></ATCWaypoint>`),
			[]route.Route{{Name: "x", Points: ab}}},
		{"pln: ends are no waypoints",
			pln(
				`<DepartureID>A</DepartureID><DepartureLLA>N46° 0' 0",E6° 0' 0"</DepartureLLA><DestinationID>B</DestinationID><DestinationLLA/>` +
					`<ATCWaypoint id="M"><WorldPosition>N44° 0' 0",E7° 0' 0"</WorldPosition></ATCWaypoint>`), []route.Route{{Points: ab}}},

		{"garmin: told apart by type",
			garmin(garminTable, garminPoint("A", "VOR")+garminPoint("B", "AIRPORT")), one(ab...)},
		{"garmin: route before table", `<flight-plan><route>` + garminPoint("A", "VOR") +
			garminPoint("B", "") + `</route><waypoint-table>` + garminTable +
			`</waypoint-table></flight-plan>`, one(ab...)},

		{"simbrief: no navlog", `{` + ofpEnds +
			`,"navlog":[],"alternate":[],"alternate_navlog":{}}`,
			[]route.Route{{Name: "LSGG LFMN", Points: ab}}},
		{"simbrief: null and empty texts", `{` + ofpEnds +
			`,"navlog":null,"alternate":"","alternate_navlog":null}`,
			[]route.Route{{Name: "LSGG LFMN", Points: ab}}},
		{"simbrief: one fix that is no array", `{` + ofpEnds +
			`,"navlog":{"fix":{"ident":"M","pos_lat":"45","pos_long":"6","altitude_feet":9000}}}`,
			[]route.Route{{Name: "LSGG LFMN",
				Points: []route.Point{high(6, 46, 0), high(6, 45, 9000*feet), high(7, 44, 0)}}}},
		{"simbrief: alternates", `{` + ofpEnds +
			`,"alternate":[{"icao_code":"X","pos_lat":"43","pos_long":"7"},{"icao_code":"Y","pos_lat":"42","pos_long":"7"}],` +
			`"alternate_navlog":[{"fix":[]},{"fix":{"ident":"M","pos_lat":"43.5","pos_long":"7"}}]}`, []route.Route{{Name: "LSGG LFMN", Points: ab},
			{Name: "X", Alternate: true, Points: []route.Point{low(7, 44), low(7, 43)}},
			{Name: "Y", Alternate: true,
				Points: []route.Point{low(7, 44), low(7, 43.5), low(7, 42)}}}},
		{"simbrief xml: no navlog", `<OFP>` + ofpEndsXML + `<navlog/><alternate/></OFP>`,
			[]route.Route{{Name: "LSGG LFMN", Points: ab}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := route.Read(write(t, tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParserErrors(t *testing.T) {
	for _, tt := range []struct {
		name, text  string
		place, says string
		kind        error
	}{
		{"fms: version", "I\n1200 Version\n", "line 2", `"1200"`, route.ErrMalformed},
		{"fms: fields missing", fms("1 A ADEP 0 46\n"), "line 3", "this one has 5", route.ErrMalformed},
		{"fms: not a number", fms("1 A ADEP 0 46 6\n1 B ADES 0 4x 7\n"), "line 4", `"4x"`,
			route.ErrMalformed},
		{"fms: NaN", fms("1 A ADEP 0 NaN 6\n"), "line 3", `"NaN"`, route.ErrMalformed},
		{"fms: infinite", fms("1 A ADEP 0 46 -Inf\n"), "line 3", "longitude -Inf is out of range",
			route.ErrMalformed},
		{"fms: out of range", fms("1 A ADEP 0 91 6\n"), "line 3", "latitude 91",
			route.ErrMalformed},
		{"fms: fewer than announced", fms("NUMENR 3\n1 A ADEP 0 46 6\n"), "line 4",
			"3 waypoints are announced (NUMENR), 1 follow", route.ErrMalformed},
		{"fms: airports by name only", fms("ADEP A\nADES B\nNUMENR 0\n"), "", "no waypoints",
			route.ErrNoPoints},

		{"gpx: empty", gpx(""), "", "no route (rte)", route.ErrNoPoints},
		{"gpx: no latitude", gpx("<rte>\n<rtept lon='6'/></rte>"), "line 2, <rtept>",
			"lat is missing", route.ErrMalformed},
		{"gpx: NaN", gpx(`<rte><rtept lat="46" lon="NaN"/></rte>`), "line 1, <rtept>", "lon is",
			route.ErrMalformed},
		{"gpx: out of range", gpx(`<rte><rtept lat="46" lon="200"/></rte>`), "line 1, <rtept>",
			"write -160 instead", route.ErrMalformed},
		{"gpx: wrong nesting", `<gpx><rte></gpx>`, "line 1", "malformed", route.ErrMalformed},
		{"gpx: foreign entity", `<!DOCTYPE gpx [<!ENTITY a "b">]>` +
			gpx(`<rte><name>&a;</name></rte>`), "line 1", "malformed", route.ErrMalformed},
		{"gpx: deep", gpx(strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000)),
			"line 1, <a>", "nested", route.ErrMalformed},
		{"gpx: a long complaint of the XML parser", `<?xml version="` + strings.Repeat("1", 5000) +
			`"?><gpx/>`, "line 1", "unsupported version", route.ErrMalformed},
		{"gpx: declaration only", `<?xml version="1.0"?>`, "", "no elements", route.ErrMalformed},

		{"kml: empty", kml(""), "", "no points", route.ErrNoPoints},
		{"kml: empty line", kml("<LineString><coordinates> </coordinates></LineString>"), "",
			"no points: line 1, <coordinates>: a line without points", route.ErrNoPoints},
		{"kml: one coordinate", kml("<LineString>\n<coordinates>6,46 7</coordinates></LineString>"),
			"line 2, <coordinates>.point 2", "it is not certain how the numbers belong together",
			route.ErrMalformed},
		{"kml: track coordinate", kml("<gx:Track><gx:coord>6 96 1</gx:coord></gx:Track>"),
			"line 1, <coord>", "latitude 96", route.ErrMalformed},
		{"kml: polygon", kml("<Polygon><outerBoundaryIs><LinearRing><coordinates>6,46 7,46 " +
			"7,47</coordinates></LinearRing></outerBoundaryIs></Polygon>"), "line 1", "--region",
			route.ErrIsRegion},
		{"kml: polygon without ring", kml("<Polygon/>"), "line 1", "--region", route.ErrIsRegion},

		{"lnmpln: no plan", `<LittleNavmap><UserFeatures/></LittleNavmap>`, "", "no waypoints",
			route.ErrNoPoints},
		{"lnmpln: no positions", lnmpln(
			`<Waypoints><Waypoint><Ident>KYKM</Ident></Waypoint><Waypoint><Ident>CYLW</Ident></Waypoint></Waypoints>`), "", "only names: KYKM, CYLW", route.ErrNoPoints},
		{"lnmpln: bad position", lnmpln(
			"<Waypoints>\n<Waypoint><Pos Lat='x' Lon='6'/></Waypoint></Waypoints>"),
			"line 2, <Pos>", `Lat is not a usable number`, route.ErrMalformed},
		{"lnmpln: bad alternate",
			lnmpln(
				`<Waypoints><Waypoint><Pos Lat="46" Lon="7"/></Waypoint></Waypoints><Alternates><Alternate><Pos Lat="46" Lon="181"/></Alternate></Alternates>`), "line 1, <Pos>", "longitude 181", route.ErrMalformed},

		{"pln: empty", pln(""), "", "no waypoints", route.ErrNoPoints},
		{"pln: names only", pln(`<DepartureID>A</DepartureID><DestinationID>B</DestinationID>`), "",
			"only names: A, B", route.ErrNoPoints},
		{"pln: names only, many", pln(strings.Repeat(`<ATCWaypoint id="W"/>`, 9)), "",
			"W, W, W, W, W …", route.ErrNoPoints},
		{"pln: position of one part",
			pln("<ATCWaypoint>\n<WorldPosition>N46</WorldPosition></ATCWaypoint>"),
			"line 2, <WorldPosition>", `"N46"`, route.ErrMalformed},
		{"pln: wrong letter", pln(
			`<ATCWaypoint><WorldPosition>E46,N6</WorldPosition></ATCWaypoint>`),
			"line 1, <WorldPosition>", "the latitude is", route.ErrMalformed},
		{"pln: minutes",
			pln(`<ATCWaypoint><WorldPosition>N46° 61',E6° 0'</WorldPosition></ATCWaypoint>`),
			"line 1, <WorldPosition>", "the latitude is", route.ErrMalformed},
		{"pln: out of range", pln(
			`<ATCWaypoint><WorldPosition>N46° 1',E190° 0'</WorldPosition></ATCWaypoint>`),
			"line 1, <WorldPosition>", "longitude 190", route.ErrMalformed},

		{"garmin: not in the table",
			garmin(garminTable, garminPoint("B", "")+"\n"+garminPoint("C", "VOR")),
			"line 2, <route-point>", `"C"`, nil},
		{"garmin: ambiguous", garmin(garminTable, garminPoint("A", "AIRPORT")),
			"line 1, <route-point>", "more than one place", route.ErrMalformed},
		{"garmin: no route", garmin(garminTable, ""), "", "no route", route.ErrNoPoints},
		{"garmin: nothing", garmin("", ""), "", "no waypoints", route.ErrNoPoints},
		{"garmin: half a position",
			garmin("\n<waypoint><identifier>A</identifier><lon>6</lon></waypoint>",
				garminPoint("A", "")), "line 2, <waypoint>", "lat is missing", route.ErrMalformed},

		{"simbrief: an error report",
			`{"fetch":{"status":"Error: Unknown UserID"},"origin":{},"navlog":{}}`, "fetch.status",
			"Unknown UserID", route.ErrMalformed},
		{"simbrief: no origin", `{"navlog":{},"origin":[]}`, "origin",
			"its position (pos_lat and pos_long) is missing", route.ErrMalformed},
		{"simbrief: no destination", `{"origin":{"pos_lat":1,"pos_long":2}}`, "destination",
			"its position (pos_lat and pos_long) is missing", route.ErrMalformed},
		{"simbrief: bad fix", `{` + ofpEnds +
			`,"navlog":{"fix":[{"pos_lat":"45","pos_long":"6"},{"pos_lat":"north","pos_long":"6"}]}}`, "navlog.fix[1]", `"north"`, route.ErrMalformed},
		{"simbrief: bad alternate",
			`{` + ofpEnds + `,"alternate":[{"pos_lat":"95","pos_long":"6"}]}`, "alternate[0]",
			"latitude 95", route.ErrMalformed},
		{"simbrief xml: bad fix",
			`<OFP>` + ofpEndsXML + `<navlog><fix><pos_lat>45</pos_lat></fix></navlog></OFP>`,
			"navlog.fix[0]", "pos_long is missing", route.ErrMalformed},
		{"simbrief xml: empty", `<OFP/>`, "origin", "missing", route.ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.text)
			_, _, err := route.Read(path)
			e, ok := errors.AsType[*route.Error](err)
			if !ok || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Fatalf("error %v is not a *route.Error that wraps %v", err, tt.kind)
			}
			if e.File != path || e.Place != tt.place || len(err.Error()) > len(path)+400 ||
				!strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q\nwant place %q and %q", err, tt.place, tt.says)
			}
		})
	}
}

func TestReadRegionKML(t *testing.T) {
	ring := func(of, coordinates string) string {
		return fmt.Sprintf(
			"<%sBoundaryIs><LinearRing><coordinates>%s</coordinates></LinearRing></%sBoundaryIs>",
			of, coordinates, of)
	}
	hole, outer := ring("inner", "6.4,46.4 6.6,46.4 6.5,46.6 6.4,46.4"), ring("outer",
		"6,46,0 7,46,0 7,47,0 6,47,0 6,46,0")
	for _, text := range []string{kml("<Polygon>" + outer + hole + "</Polygon>"),
		kml("<Polygon>" + hole + outer + "</Polygon>")} {
		region, _, err := route.ReadRegion(write(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if len(region) != 1 || len(region[0]) != 2 || len(region[0][0]) != 5 ||
			len(region[0][1]) != 4 {
			t.Errorf("read %v, want one polygon with a hole", region)
		}
	}
	if _, _, err := route.ReadRegion(
		write(t, kml(`<LineString><coordinates>6,46</coordinates></LineString>`))); !errors.Is(err,
		route.ErrIsRoute) {
		t.Errorf("a line: error %v, want ErrIsRoute", err)
	}
	if _, _, err := route.ReadRegion(write(t, gpx(""))); !errors.Is(err, route.ErrUnknownFormat) {
		t.Errorf("GPX: error %v, want ErrUnknownFormat", err)
	}
	if _, _, err := route.ReadRegion(write(t, "<kml>")); !errors.Is(err, route.ErrMalformed) {
		t.Errorf("cut short: error %v, want ErrMalformed", err)
	}
}
