package route

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fuzz runs a parser over mutations of the samples whose names match. Whatever it is given, it
// returns usable routes or an *Error that is short enough to read.
func fuzz(f *testing.F, samples string, parse func([]byte, *notes) ([]Route, error)) {
	files, err := filepath.Glob(filepath.Join("testdata", samples))
	cases, errCases := filepath.Glob(filepath.Join("testdata", "cases", samples))
	if files = append(files, cases...); err != nil || errCases != nil || len(files) == 0 {
		f.Fatal("no samples match ", samples, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var n notes
		routes, err := parse(data, &n)
		for _, text := range n.texts() {
			if len(text) > 1000 {
				t.Errorf("note of %d bytes: %.200s", len(text), text)
			}
		}
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("error %v is no *Error", err)
			}
			if text := err.Error(); len(text) > 1000 || strings.TrimSpace(text) == "" {
				t.Errorf("error of %d bytes: %.200s", len(text), text)
			}
			return
		}
		if len(routes) == 0 {
			t.Error("neither routes nor an error")
		}
		for _, r := range routes {
			if len(r.Points) == 0 {
				t.Error("a route without points")
			}
			for _, p := range r.Points {
				if !(math.Abs(p.Lon()) <= 180 && math.Abs(p.Lat()) <= 90 &&
					p.Altitude >= minAltitude && p.Altitude <= maxAltitude) || !p.HasAltitude &&
					p.Altitude != 0 {
					t.Errorf("point %+v is out of range", p)
				}
			}
		}
	})
}

func FuzzGeoJSON(f *testing.F) {
	fuzz(f, "*.geojson", func(data []byte, n *notes) ([]Route, error) {
		return drawnRoutes(parseGeoJSON(data, false, n))
	})
}

func FuzzKML(f *testing.F) {
	fuzz(f, "*.kml", func(data []byte, n *notes) ([]Route, error) {
		return drawnRoutes(parseKML(data, false, n))
	})
}

func FuzzFMS(f *testing.F)          { fuzz(f, "*.fms", parseFMS) }
func FuzzGPX(f *testing.F)          { fuzz(f, "*.gpx", parseGPX) }
func FuzzKMZ(f *testing.F)          { fuzz(f, "*.kmz", parse) }
func FuzzLNMPLN(f *testing.F)       { fuzz(f, "*.lnmpln", parseLNMPLN) }
func FuzzPLN(f *testing.F)          { fuzz(f, "*.pln", parsePLN) }
func FuzzGarmin(f *testing.F)       { fuzz(f, "*.fpl", parseGarmin) }
func FuzzSimBriefJSON(f *testing.F) { fuzz(f, "*.json", parseOFPJSON) }
func FuzzSimBriefXML(f *testing.F)  { fuzz(f, "simbrief.xml", parseOFPXML) }

// FuzzParse goes the whole way, recognition included.
func FuzzParse(f *testing.F) {
	fuzz(f, "*.*", func(data []byte, n *notes) ([]Route, error) {
		return parse(plainText(data), n)
	})
}

// FuzzRegion reads polygons: rings that are closed and enclose something, or an *Error.
func FuzzRegion(f *testing.F) {
	fuzz(f, "*.*", func(data []byte, n *notes) ([]Route, error) {
		region, err := parseRegion(plainText(data), n)
		if err != nil {
			return nil, err
		}
		var routes []Route // whose points are looked at
		for _, p := range region {
			for _, ring := range p {
				if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
					return nil, fmt.Errorf("ring %v", ring)
				}
				r := Route{}
				for _, corner := range ring {
					r.Points = append(r.Points, Point{Point: corner})
				}
				routes = append(routes, r)
			}
		}
		return routes, nil
	})
}
