package seal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) {
	guard.Start()
	if serve.ClearAfter(context.Background()) {
		return
	}
	if len(os.Args) > 3 && os.Args[1] == "replay" {
		if err := replay.Again(context.Background(), os.Args[2], os.Args[3], os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	m.Run()
}

// coarse is the pixel angle of a screen on which many textures are small ones.
const coarse = 0.01

// flight makes a package of so many degrees in each direction and builds a flight over it.
func flight(t *testing.T, degrees float64) (o Options, file string) {
	t.Helper()
	dir := t.TempDir()
	scenery := filepath.Join(dir, "zzXEL_ortho")
	_, err := scenerytest.Make(scenery, scenerytest.Options{
		Box:     tiles.Box{West: 5, South: 43.5, East: 5 + degrees, North: 43.5 + degrees},
		NoMasks: true, AirportMax: -1})
	if err != nil {
		t.Fatal(err)
	}
	// Far away enough for the textures to be small; through the window of all of them.
	route := filepath.Join(dir, "route.geojson")
	const text = `{"type": "LineString", "coordinates": [[4.4, 42.9], [14, 42.9], [14, 50], [4.4, 50]]}`
	if err := os.WriteFile(route, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	o.Selection = plan.Defaults()
	o.PixelAngle = coarse
	o.Routes, o.Scenery = []string{route}, []string{scenery}
	o.Imagery = imagery.Options{Provider: "sample", NoStore: true}
	o.Output = filepath.Join(dir, "flight.mbtiles")
	p, err := plan.Make(t.Context(), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	b, err := build.Open(t.Context(), p, build.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Archives = []string{o.Output}
	o.PixelAngle = plan.Defaults().PixelAngle // the archive knows
	return o, o.Output
}

// alter changes an archive behind its back.
func alter(t *testing.T, file string, statements ...string) {
	t.Helper()
	c, err := sqlite.Dial(file, sqlite.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// Of very many textures, the one that is missing, the one with a hole, the one with a flipped bit
// and the one package that is not covered are found, and nothing else.
func TestSealFindsOneOfEach(t *testing.T) {
	drill.SkipIfShort(t)
	o, file := flight(t, drill.Scale(10.0, 0.6))
	whole, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !whole.Sealed || whole.Packed != whole.Textures || whole.Checked != whole.Textures {
		t.Fatalf("a whole flight: %+v", whole)
	}
	t.Logf("%d textures", whole.Textures)
	if drill.Full() {
		compare(t, o, file)
	}

	a, err := mbtiles.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	owner := make(map[[32]byte][]tiles.Texture) // of a content: open sea is stored once
	if err := a.Records(t.Context(), func(r mbtiles.Record) error {
		owner[r.SHA256] = append(owner[r.SHA256], r.Texture)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var textures []tiles.Texture
	for e := range a.All() {
		r, err := a.Record(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if len(owner[r.SHA256]) == 1 {
			textures = append(textures, e.Texture)
		}
	}
	n := len(textures)
	t.Logf("%d of them are like no other", n)
	missing, hole, flipped := textures[n/4], textures[n/2], textures[3*n/4]
	bad := filepath.Join(t.TempDir(), "bad.mbtiles")
	_, err = a.Extract(t.Context(), bad, func(e mbtiles.Entry) bool { return e.Texture != missing },
		mbtiles.CopyOptions{})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	where := func(x tiles.Texture) string {
		return ` WHERE row = ` + strings.Split(x.Name(), "_")[0] + ` AND col = ` +
			strings.Split(x.Name(), "_")[1]
	}
	alter(t, bad, `UPDATE textures SET failed = 1`+where(hole),
		`UPDATE segments SET data = CAST(substr(data, 1, length(data) - 1) || x'5a' AS BLOB) WHERE id >> 8 = (SELECT content_id FROM textures`+where(flipped)+`)`)
	other := filepath.Join(filepath.Dir(o.Scenery[0]), "other_ortho")
	made, err := scenerytest.Make(other, scenerytest.Options{
		Box: tiles.Box{West: 6, South: 44, East: 7, North: 45}, Maptype: "GO2", Limit: 1,
		NoMasks: true, AirportMax: -1})
	if err != nil {
		t.Fatal(err)
	}
	o.Scenery, o.Archives = append(o.Scenery, other), []string{bad}
	o.PixelAngle, o.Asked = coarse, func(string) bool { return true } // this extract was told no plan
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	type found struct {
		Kind    Kind
		Texture string
	}
	var got []found
	for _, l := range r.Lacks {
		got = append(got, found{l.Kind, strings.TrimSuffix(l.Texture, ".dds")})
	}
	want := []found{{Missing, missing.Name()}, {Hole, hole.Name()}, {Damaged, flipped.Name()},
		{Missing, made.Textures[0].Name()}, {Uncovered, ""}}
	byText := func(a, b found) int { return strings.Compare(string(a.Kind)+a.Texture, string(b.Kind)+b.Texture) }
	slices.SortFunc(got, byText)
	slices.SortFunc(want, byText)
	if diff := cmp.Diff(want, got); diff != "" || r.Sealed {
		t.Errorf("sealed %v; found (-want +got):\n%s", r.Sealed, diff)
	}
	for _, verb := range []string{"build", "repair", "repair --damaged"} {
		if !slices.ContainsFunc(r.Remedies, func(c string) bool {
			return strings.HasPrefix(c, "xelpack "+verb+" ")
		}) {
			t.Errorf("no %s among the remedies %q", verb, r.Remedies)
		}
	}
}

// compare measures a seal beside a verification.
func compare(t *testing.T, o Options, file string) {
	least := func(do func() error) (best time.Duration) {
		for range 3 {
			start := time.Now()
			if err := do(); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); best == 0 || d < best {
				best = d
			}
		}
		return best
	}
	verify := least(func() error {
		_, err := mbtiles.VerifyFile(t.Context(), file, mbtiles.VerifyOptions{})
		return err
	})
	seal := least(func() error { _, err := Run(t.Context(), o); return err })
	t.Logf("verify %.2f s, seal %.2f s: %.2f ×", verify.Seconds(), seal.Seconds(),
		seal.Seconds()/verify.Seconds())
}
