package providers

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// ids of the rows.
func ids(rows []Row) (list []string) {
	for _, r := range rows {
		list = append(list, r.ID)
	}
	return list
}

func TestRowsOfAPlace(t *testing.T) {
	route := filepath.Join(t.TempDir(), "flight.geojson")
	if err := os.WriteFile(route, []byte(`{"type":"LineString","coordinates":[[6.1,46.2],[7.2,43.7]]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	place := func(p Place, err error) Place {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	along, _, err := Along(route)
	for _, test := range []struct {
		name      string
		at        Place
		has, lack []string
	}{
		{"Bern", place(At("46.95,7.45")), []string{"swissimage", "eox", "bing"}, []string{"ign", "pnoa", "usgs"}},
		{"blanks", place(At(" 46.95 , 7.45 ")), []string{"swissimage"}, []string{"ign"}},
		{"Lyon", place(At("45.76,4.84")), []string{"ign"}, []string{"swissimage"}},
		{"Geneva to Nice", place(along, err), []string{"swissimage", "ign"}, []string{"pnoa", "pdok"}},
		{"Benelux", place(Within("3,49.4,7,52")), []string{"pdok", "lux", "ign"}, []string{"swissimage"}},
		{"across 180", place(Within("170,-45,-170,-35")), []string{"linz"}, []string{"ign"}},
		{"mid-Atlantic", place(At("30,-40")), []string{"eox16", "bluemarble"}, []string{"ign", "usgs"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows := Rows(BuiltIn(), &test.at)
			got := ids(rows)
			for _, id := range test.has {
				if !slices.Contains(got, id) {
					t.Errorf("%s is not in %v", id, got)
				}
			}
			for _, id := range test.lack {
				if slices.Contains(got, id) {
					t.Errorf("%s is in %v", id, got)
				}
			}
			for i, r := range rows {
				if r.Share == nil || *r.Share <= 0 || *r.Share > 1 {
					t.Errorf("%s has a share of %v", r.ID, r.Share)
				}
				if i > 0 && (r.Redistributable && !rows[i-1].Redistributable || r.Redistributable == rows[i-1].Redistributable && r.MaxZL > rows[i-1].MaxZL) {
					t.Errorf("%s comes after %s", r.ID, rows[i-1].ID)
				}
			}
		})
	}
	if rows := Rows(BuiltIn(), nil); len(rows) != len(BuiltIn()) || rows[0].Share != nil {
		t.Errorf("without a place: %v", ids(rows))
	}
}

// TestShareOfBoxes compares with areas on the sphere that are known: between two meridians they are
// as the differences of the sines of latitude.
func TestShareOfBoxes(t *testing.T) {
	outline, err := boxOutline([]float64{0, 0, 10, 30})
	if err != nil {
		t.Fatal(err)
	}
	p := Provider{Outline: outline}
	for box, want := range map[string]float64{"0,0,10,30": 1, "-10,0,10,30": 0.5, "0,0,10,90": 0.5, "0,-30,10,30": 0.5, "20,0,30,30": 0} {
		at, err := Within(box)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Share(at); math.Abs(got-want) > 1e-9 {
			t.Errorf("of %s it covers %v, want %v", box, got, want)
		}
	}
}

func TestBadPlaces(t *testing.T) {
	for s, says := range map[string]string{
		"": "LAT,LON", "46.2": "LAT,LON", "46.2,6.1x": "LAT,LON", "NaN,1": "LAT,LON", "86,1": "±85", "1,181": "LAT,LON", "1,2,3": "LAT,LON",
	} {
		if _, err := At(s); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", s, err, says)
		}
	}
	if _, err := Within("1,2,3"); err == nil || !strings.Contains(err.Error(), "four numbers") {
		t.Errorf("%v", err)
	}
	if _, _, err := Along("nowhere.fms"); err == nil {
		t.Error("a route that is not there was read")
	}
}

// TestSomewhere asks every provider where it has imagery.
func TestSomewhere(t *testing.T) {
	nice := orb.Point{7.1, 43.6}
	for _, p := range BuiltIn() {
		switch at := p.Somewhere(nice); {
		case !p.Covers(at):
			t.Errorf("%s has no imagery at %v", p.ID, at)
		case p.Covers(nice) && at != nice:
			t.Errorf("%s is asked at %v, though it has imagery at %v", p.ID, at, nice)
		}
	}
}

func TestLimitsInWords(t *testing.T) {
	for _, test := range []struct {
		row  Row
		want string
	}{
		{Row{}, "found out"}, {Row{Rate: 2.5, Concurrency: 4, RequestsADay: 1000, Key: true}, "2.5/s, 4 at once, 1000 a day, key"},
	} {
		if got := test.row.Limits(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
	share := 0.999
	for s, want := range map[float64]string{0.001: "<1 %", 0.5: "50 %", 0.999: "99 %", 1: "all"} {
		share = s
		if got := (Row{Share: &share}).Part(); got != want {
			t.Errorf("%v is %q, want %q", s, got, want)
		}
	}
}
