package providers

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// described is an outline before it is packed.
type described struct {
	id      string
	outline orb.MultiPolygon
}

// source returns the outlines that outlines.bin.gz is made of.
func source(t *testing.T) (all []described) {
	t.Helper()
	f, err := os.Open("testdata/outlines.geojson.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Features []struct {
			Properties struct{ ID string }
			Geometry   struct{ Coordinates orb.MultiPolygon }
		}
	}
	if err := json.NewDecoder(z).Decode(&file); err != nil {
		t.Fatal(err)
	}
	for _, f := range file.Features {
		all = append(all, described{f.Properties.ID, f.Geometry.Coordinates})
	}
	return all
}

// packed is what outlines unpacks.
func packed(t *testing.T, all []described) []byte {
	t.Helper()
	var raw []byte
	put := func(n int) { raw = binary.AppendVarint(raw, int64(n)) }
	lon, lat := 0, 0
	for _, f := range all {
		put(len(f.id))
		raw = append(raw, f.id...)
		put(len(f.outline))
		for _, polygon := range f.outline {
			put(len(polygon))
			for _, ring := range polygon {
				put(len(ring) - 1)
				for _, at := range ring[:len(ring)-1] {
					x, y := int(math.Round(at[0]/outlineUnit)), int(math.Round(at[1]/outlineUnit))
					put(x - lon)
					put(y - lat)
					lon, lat = x, y
				}
			}
		}
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestOutlinesAreTheirSource compares the packed outlines with what they are made of, to half a
// unit of their grid. With XELPACK_TEST_UPDATE set it packs them anew.
func TestOutlinesAreTheirSource(t *testing.T) {
	all := source(t)
	if os.Getenv("XELPACK_TEST_UPDATE") != "" {
		outlinesPacked = packed(t, all)
		if err := os.WriteFile("outlines.bin.gz", outlinesPacked, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := outlines(outlinesPacked)
	if err != nil || len(got) != len(all) {
		t.Fatalf("%d outlines, %v, want %d", len(got), err, len(all))
	}
	for _, f := range all {
		id, want, have := f.id, f.outline, got[f.id]
		if len(have) != len(want) {
			t.Fatalf("%s: %d polygons, want %d", id, len(have), len(want))
		}
		for i := range want {
			for j := range want[i] {
				if len(have[i][j]) != len(want[i][j]) {
					t.Fatalf("%s: ring %d of polygon %d has %d points, want %d", id, j, i,
						len(have[i][j]), len(want[i][j]))
				}
				for k, at := range want[i][j] {
					if dx, dy := have[i][j][k][0]-at[0], have[i][j][k][1]-at[1]; math.Abs(
						dx) > outlineUnit/2+1e-9 || math.Abs(dy) > outlineUnit/2+1e-9 {
						t.Fatalf("%s: %v is packed as %v", id, at, have[i][j][k])
					}
				}
			}
		}
	}
}

// TestOutlinesOfAll finds providers whose outline says less than their coverage, and outlines of no
// provider.
func TestOutlinesOfAll(t *testing.T) {
	unused := maps.Clone(packedOutlines())
	for _, p := range BuiltIn() {
		delete(unused, p.ID)
		if p.Outline == nil && !strings.Contains(p.Coverage, "world") {
			t.Errorf("%s has imagery of %s, but no outline", p.ID, p.Coverage)
		}
	}
	for id := range unused {
		t.Errorf("there is an outline %s, but no such provider", id)
	}
}

// around says how often a ring runs round a point, by summing up the angles under which its edges
// are seen.
func around(ring orb.Ring, at orb.Point) int {
	sum := 0.0
	for i := range len(ring) - 1 {
		ax, ay, bx, by := ring[i][0]-at[0], ring[i][1]-at[1], ring[i+1][0]-at[0], ring[i+1][1]-at[1]
		sum += math.Atan2(ax*by-ay*bx, ax*bx+ay*by)
	}
	return int(math.Round(sum / (2 * math.Pi)))
}

// inside says whether a point is in a polygon and in none of its holes, otherwise than Covers finds
// it out.
func inside(outline orb.MultiPolygon, at orb.Point) bool {
	for _, polygon := range outline {
		in := false
		for i, ring := range polygon {
			if odd := around(ring, at)%2 != 0; i == 0 {
				in = odd
			} else if odd {
				in = false
			}
		}
		if in {
			return true
		}
	}
	return false
}

// distance returns how far a point is from the outline in degrees.
func distance(outline orb.MultiPolygon, at orb.Point) float64 {
	least := math.Inf(1)
	for _, polygon := range outline {
		for _, ring := range polygon {
			least = min(least, planar.DistanceFrom(orb.LineString(ring), at))
		}
	}
	return least
}

// TestCovers holds Covers against an independent point-in-polygon, at random places in and around
// every outline, and near its corners, where a slip would show; and the packed outlines against
// their source, which they may differ from by no more than the diagonal of half a unit, 80 m.
func TestCovers(t *testing.T) {
	sources := map[string]orb.MultiPolygon{}
	for _, f := range source(t) {
		sources[f.id] = f.outline
	}
	r := rand.New(rand.NewPCG(1, 2))
	in, out := 0, 0
	for _, p := range BuiltIn() {
		if p.Outline == nil {
			if !p.Covers(orb.Point{r.Float64()*360 - 180, r.Float64()*180 - 90}) {
				t.Errorf("%s has the whole world, and yet not", p.ID)
			}
			continue
		}
		bound := p.Outline.Bound().Pad(0.1)
		for i := range 60 {
			at := orb.Point{bound.Min[0] + r.Float64()*(bound.Max[0]-bound.Min[0]),
				bound.Min[1] + r.Float64()*(bound.Max[1]-bound.Min[1])}
			if i%2 == 0 {
				ring := p.Outline[r.IntN(len(p.Outline))][0]
				corner := ring[r.IntN(len(ring))]
				at = orb.Point{corner[0] + (r.Float64()-0.5)*0.004,
					corner[1] + (r.Float64()-0.5)*0.004}
			}
			away := distance(p.Outline, at)
			if away < 1e-9 {
				continue
			}
			got, want := p.Covers(at), inside(p.Outline, at)
			if got != want {
				t.Errorf("%s at %v: %t, want %t", p.ID, at, got, want)
			}
			if got {
				in++
			} else {
				out++
			}
			if from := sources[p.ID]; from != nil &&
				distance(from, at) > outlineUnit*math.Sqrt2/2+1e-9 && inside(from, at) != got {
				t.Errorf("%s at %v: %t, but not by its source", p.ID, at, got)
			}
		}
	}
	if in < 200 || out < 200 {
		t.Errorf("%d places inside and %d outside: too few to tell", in, out)
	}
}

// TestOutlineOf reads outlines of the user's, and refuses those that leave open what is inside.
func TestOutlineOf(t *testing.T) {
	dir := t.TempDir()
	for name, rings := range map[string]string{
		"square":    `[[[1,1],[3,1],[3,3],[1,3],[1,1]]]`,
		"hole":      `[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[1,3],[3,3],[3,1],[1,1]]]`,
		"bow tie":   `[[[0,0],[2,2],[2,0],[0,2],[0,0]]]`,
		"bad hole":  `[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[8,1],[8,3],[11,3],[11,1],[8,1]]]`,
		"date line": `[[[170,0],[-170,0],[-170,5],[170,5],[170,0]]]`,
		"beyond":    `[[[170,0],[190,0],[190,5],[170,5],[170,0]]]`,
		"world":     `[[[-180,-85],[180,-85],[180,85],[-180,85],[-180,-85]]]`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name),
			[]byte(`{"type":"Polygon","coordinates":`+rings+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name, file string
		box        []float64
		in, out    orb.Point
		says       string
	}{
		{name: "square", file: "square", in: orb.Point{2, 2}, out: orb.Point{2, 4}},
		{name: "with a hole", file: "hole", in: orb.Point{5, 5}, out: orb.Point{2, 2}},
		{name: "the world", file: "world", in: orb.Point{-179, 84}, out: orb.Point{0, 86}},
		{name: "box", box: []float64{1, 2, 3, 4}, in: orb.Point{2, 3}, out: orb.Point{4, 2.5}},
		{name: "box across 180", box: []float64{170, -10, -170, 10}, in: orb.Point{-175, 0},
			out: orb.Point{0, 0}},
		{name: "crosses itself", file: "bow tie",
			says: "bow tie: its outline crosses itself near 1,1"},
		{name: "hole that sticks out", file: "bad hole", says: "crosses itself near"},
		{name: "across 180", file: "date line", says: "crosses the antimeridian"},
		{name: "beyond 180", file: "beyond", says: "crosses the antimeridian"},
		{name: "not there", file: "nowhere", says: "nowhere"},
		{name: "three numbers", box: []float64{1, 2, 3}, says: "want west, south, east, north"},
		{name: "upside down", box: []float64{1, 4, 3, 2}, says: "the lower first"},
		{name: "no width", box: []float64{1, 2, 1, 4}, says: "must be within -180 to 180"},
		{name: "no number", box: []float64{math.NaN(), 2, 1, 4},
			says: "must be within -180 to 180"},
		{name: "both", file: "square", box: []float64{1, 2, 3, 4}, says: "cannot be combined"},
	} {
		t.Run(test.name, func(t *testing.T) {
			outline, err := outlineOf(test.file, test.box, dir)
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Fatalf("%v, want %q", err, test.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p := Provider{Outline: outline}
			if !p.Covers(test.in) || p.Covers(test.out) {
				t.Errorf("%v: covers %v: %t, %v: %t", outline, test.in, p.Covers(test.in), test.out,
					p.Covers(test.out))
			}
		})
	}
}
