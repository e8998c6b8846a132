package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/fly"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/names"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/internal/testing/chromium"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestMain also does what a flight starts its own program again for: to clear a mount whose process
// was killed, and to replay the first load.
func TestMain(m *testing.M) {
	if serve.ClearAfter(context.Background()) {
		return
	}
	if len(os.Args) > 3 && os.Args[1] == "replay" {
		if err := replay.Again(context.Background(), os.Args[2], os.Args[3], os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// started is the page of a made-up X-Plane with one package and one flight plan.
func started(t testing.TB) (s *Server, textures string) {
	t.Helper()
	root := t.TempDir()
	t.Setenv("HOME", root)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(root, "cache"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(root, "config"))
	x := filepath.Join(root, "X-Plane 12 für alle")
	pack := filepath.Join(x, "Custom Scenery", "zzXEL_eur_ortho")
	for _, dir := range []string{"Resources", filepath.Join("Output", "FMS plans")} {
		if err := os.MkdirAll(filepath.Join(x, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	_, err := scenerytest.Make(pack, scenerytest.Options{
		Box: tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85}, Airport: orb.Point{5.30, 43.60},
		Limit: 4, AirportMax: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	const gpx = `<gpx><rte><rtept lat="42.9" lon="5.3"/><rtept lat="42.8" lon="5.3"/></rte></gpx>`
	if err := os.WriteFile(filepath.Join(x, "Output", "FMS plans", "far.gpx"), []byte(gpx), 0o666); err != nil {
		t.Fatal(err)
	}
	o := Options{Finder: names.Finder{XPlane: x, Home: root}, Plans: filepath.Join(root, "plans"),
		Address: filepath.Join(root, "ui.address")}
	o.Fly = fly.Options{Archives: filepath.Join(root, "archives"), Build: build.Defaults(),
		Plan: plan.Options{Selection: plan.Defaults(), Imagery: imagery.Options{NoStore: true}},
		Log:  slog.New(slog.DiscardHandler)}
	s, err = Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, filepath.Join(pack, "textures")
}

// ask asks as the page does, and reads the answer into into.
func (s *Server) ask(t testing.TB, path string, body any, into any) (failed string) {
	t.Helper()
	method, text := http.MethodGet, io.Reader(http.NoBody)
	switch b := body.(type) {
	case nil:
	case string:
		method, text = http.MethodPost, strings.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		method, text = http.MethodPost, bytes.NewReader(j)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.http.URL()+path, text)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		return string(got)
	}
	if into != nil {
		if err := json.Unmarshal(got, into); err != nil {
			t.Fatal(err)
		}
	}
	return ""
}

// TestFlight: a flight from its choice to its mount and its end.
func TestFlight(t *testing.T) {
	mounttest.NeedFUSE(t)
	s, textures := started(t)
	var st state
	if failed := s.ask(t, "state", nil, &st); failed != "" {
		t.Fatal(failed)
	}
	if len(st.Packages) != 1 || len(st.Plans) != 1 || len(st.Providers) < 10 || st.Problem != "" {
		t.Fatalf("%+v", st)
	}
	c := choice{Route: st.Plans[0], Packages: []string{st.Packages[0].Name}, Provider: "sample",
		Detail: "sight", Enlarge: 1}
	var price struct {
		Textures int
		Free     int64
		File     string
		Drawing  struct{ Classes, Routes []any }
	}
	if failed := s.ask(t, "cost", c, &price); failed != "" {
		t.Fatal(failed)
	}
	if price.Textures != 5 || price.Free == 0 || len(price.Drawing.Classes) == 0 || len(price.Drawing.Routes) != 1 {
		t.Errorf("cost %+v", price)
	}
	if failed := s.ask(t, "fly", c, nil); failed != "" {
		t.Fatal(failed)
	}
	if failed := s.ask(t, "fly", c, nil); !strings.Contains(failed, "end it first") {
		t.Errorf("a second flight: %q", failed)
	}
	p := s.follow(t, func(p *progress) bool {
		return !p.Running || strings.Contains(strings.Join(p.Lines, "\n"), "start X-Plane now")
	})
	if !p.Running {
		t.Fatalf("ended: %s: %q", p.Error, p.Lines)
	}
	files, err := filepath.Glob(filepath.Join(textures, "*.dds"))
	if err != nil || len(files) != 5 {
		t.Errorf("the mount shows %d textures, %v", len(files), err)
	}
	if failed := s.ask(t, "archive/remove", map[string]string{"Name": filepath.Base(price.File)}, nil); !strings.Contains(failed, "end it first") {
		t.Errorf("an archive that is flown was removed: %q", failed)
	}
	if failed := s.ask(t, "end", struct{}{}, nil); failed != "" {
		t.Fatal(failed)
	}
	if p := s.follow(t, func(p *progress) bool { return !p.Running }); p.Error != "" || p.Sealed == nil {
		t.Errorf("ended: %+v", p)
	}
	if files, err = filepath.Glob(filepath.Join(textures, "*.dds")); err != nil || len(files) != 0 {
		t.Errorf("after the end: %d textures, %v", len(files), err)
	}
	if failed := s.ask(t, "archive/remove", map[string]string{"Name": filepath.Base(price.File)}, nil); failed != "" {
		t.Error(failed)
	}
	if _, err := os.Stat(price.File); err == nil {
		t.Error("the archive was not removed")
	}
}

// follow waits until a flight stands as wanted.
func (s *Server) follow(t *testing.T, wanted func(*progress) bool) *progress {
	t.Helper()
	end := time.Now().Add(patience.For(t))
	for {
		var st state
		if failed := s.ask(t, "state?flight", nil, &st); failed != "" {
			t.Fatal(failed)
		}
		if wanted(st.Flight) {
			return st.Flight
		}
		if time.Now().After(end) {
			t.Fatalf("the flight stands as %+v", st.Flight)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestForeign: requests without the token, of other sites and for other hosts get nothing.
func TestForeign(t *testing.T) {
	s, _ := started(t)
	for _, test := range []struct {
		name, path, token, origin, host string
		want                            int
	}{
		{"the page", "?token=" + s.token, "", "", "", 200},
		{"the page without a token", "", "", "", "", 403},
		{"the page with another", "?token=x", "", "", "", 403},
		{"its own request", "state", s.token, s.origin, "", 200},
		{"by another name of this computer", "state", s.token, strings.Replace(s.origin, "127.0.0.1", "localhost", 1), "", 200},
		{"no token", "state", "", s.origin, "", 403},
		{"another token", "state", s.token + "x", s.origin, "", 403},
		{"another site", "state", s.token, "https://example.org", "", 403},
		{"another port", "state", s.token, "http://127.0.0.1:1", "", 403},
		{"another host", "state", s.token, "", "example.org", 421},
		{"another path", "etc", s.token, s.origin, "", 404},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.http.URL()+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.token != "" {
			r.Header.Set("Authorization", "Bearer "+test.token)
		}
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		r.Host = test.host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != test.want {
			t.Errorf("%s: %d, want %d", test.name, answer.StatusCode, test.want)
		}
	}
}

// TestChoices: what cannot be meant, in words; and no file but those that were offered or dropped.
func TestChoices(t *testing.T) {
	s, _ := started(t)
	good := choice{Route: "far.gpx", Packages: []string{"zzXEL_eur_ortho"}, Provider: "sample", Detail: "sight"}
	var dropped struct{ File string }
	if failed := s.ask(t, "plan?name=..%2F..%2Fdropped.gpx", `<gpx><rte><rtept lat="42.9" lon="5.3"/><rtept lat="42.8" lon="5.3"/></rte></gpx>`, &dropped); failed != "" {
		t.Fatal(failed)
	}
	if filepath.Dir(dropped.File) != s.o.Plans {
		t.Errorf("a dropped plan is in %s", dropped.File)
	}
	with := func(change func(*choice)) choice {
		c := good
		c.Route = dropped.File
		change(&c)
		return c
	}
	if failed := s.ask(t, "cost", with(func(*choice) {}), nil); failed != "" {
		t.Error(failed)
	}
	for _, test := range []struct {
		name, want string
		choice     choice
	}{
		{"no plan", "no flight plan is chosen", with(func(c *choice) { c.Route = "" })},
		{"a file elsewhere", "drop it on the page", with(func(c *choice) { c.Route = "/etc/passwd" })},
		{"no name", "is not a flight plan's name", with(func(c *choice) { c.Route = "x" })},
		{"no package", "no scenery package", with(func(c *choice) { c.Packages = nil })},
		{"another package", "other", with(func(c *choice) { c.Packages = []string{"other"} })},
		{"no such provider", "nobody", with(func(c *choice) { c.Provider = "nobody" })},
		{"no such detail", "detail", with(func(c *choice) { c.Detail = "most" })},
	} {
		for _, verb := range []string{"cost", "fly"} {
			failed := s.ask(t, verb, test.choice, nil)
			if verb == "fly" && failed == "" { // found out later
				failed = s.follow(t, func(p *progress) bool { return !p.Running }).Error
			}
			if !strings.Contains(failed, test.want) {
				t.Errorf("%s, %s: %q, want %q", test.name, verb, failed, test.want)
			}
		}
	}
	for _, name := range []string{"", ".", "%2F", ".hidden", ".."} {
		if failed := s.ask(t, "plan?name="+name, "x", nil); !strings.Contains(failed, "not the name") {
			t.Errorf("a plan called %q was kept: %q", name, failed)
		}
	}
	if failed := s.ask(t, "archive/remove", map[string]string{"Name": "../plans/dropped.gpx"}, nil); !strings.Contains(failed, "no archive") {
		t.Errorf("removed: %q", failed)
	}
	var found []struct{ Subject, Detail, Verdict string }
	if failed := s.ask(t, "doctor", with(func(c *choice) { c.Provider = "sample" }), &found); failed != "" {
		t.Error(failed)
	}
	if !slices.ContainsFunc(found, func(f struct{ Subject, Detail, Verdict string }) bool {
		return f.Subject == "provider" && strings.HasPrefix(f.Detail, "sample")
	}) {
		t.Errorf("doctor did not ask the chosen provider: %+v", found)
	}
	if failed := s.ask(t, "end", struct{}{}, nil); !strings.Contains(failed, "no flight is under way") {
		t.Errorf("end: %q", failed)
	}
}

// TestPage: in a browser the page shows what the flight costs, and nothing fails.
func TestPage(t *testing.T) {
	s, _ := started(t)
	s.o.Fly.Plan.Imagery.Provider = "sample"
	page := chromium.Open(t, s.URL(), "--dump-dom")
	for _, want := range []string{`data-ready="`, "far.gpx", "zzXEL_eur_ortho", "<td>5</td>", "free disk"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %q:\n%s", want, page[bytes.Index(page, []byte("<body")):])
		}
	}
	if root, _, _ := bytes.Cut(page, []byte("<head>")); bytes.Contains(root, []byte("data-error")) {
		t.Errorf("a script failed: %s", root)
	}
	if dir := os.Getenv("XELPACK_TEST_SHOTS"); dir != "" {
		for _, shot := range []struct{ name, size, scheme string }{
			{"wide", "1440,1200", ""}, {"narrow", "360,2600", ""}, {"dark", "1440,1200", "--blink-settings=preferredColorScheme=0"},
		} {
			flags := []string{"--window-size=" + shot.size, "--screenshot=" + filepath.Join(dir, "ui-"+shot.name+".png")}
			if shot.scheme != "" {
				flags = append(flags, shot.scheme)
			}
			chromium.Open(t, s.URL(), flags...)
		}
	}
}

// TestSecond: a second page of the same archives is the first one; one that has ended, or another
// program at its address, is none.
func TestSecond(t *testing.T) {
	s, _ := started(t)
	o := s.o
	_, err := Start(t.Context(), o)
	if first := (Running{}); !errors.As(err, &first) || first.URL != s.URL() {
		t.Errorf("a second one: %v, want the first at %s", err, s.URL())
	}
	// Windows knows no such permissions: the folder is its user's own there.
	if i, err := os.Stat(o.Address); err != nil || i.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the address: %v, %v", i, err)
	}
	s.Close()
	if _, err := os.Stat(o.Address); err == nil {
		t.Error("the address is left when the page has ended")
	}
	for _, left := range []string{"http://127.0.0.1:1/?token=x", "http://example.org/?token=x", "x", s.URL()} {
		if err := os.WriteFile(o.Address, []byte(left), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := Start(t.Context(), o)
		if err != nil {
			t.Fatalf("after %s: %v", left, err)
		}
		again.Close()
	}
}

// BenchmarkCost is a change of the choice: what a flight of 500 NM costs, with the indices warm.
func BenchmarkCost(b *testing.B) {
	s, _ := started(b)
	x, err := s.o.Finder.X()
	if err != nil {
		b.Fatal(err)
	}
	_, err = scenerytest.Make(filepath.Join(x.Custom(), "large_ortho"), scenerytest.Options{
		Box: tiles.Box{West: -4, South: 42, East: 16, North: 48}, NoMasks: true, AirportMax: -1})
	if err != nil {
		b.Fatal(err)
	}
	const gpx = `<gpx><rte><rtept lat="45" lon="0"/><rtept lat="45" lon="11.75"/></rte></gpx>`
	if err := os.WriteFile(filepath.Join(x.PlansDir(), "long.gpx"), []byte(gpx), 0o666); err != nil {
		b.Fatal(err)
	}
	c := choice{Route: filepath.Join(x.PlansDir(), "long.gpx"), Packages: []string{"large_ortho"}, Provider: "sample", Detail: "sight"}
	var price struct{ Textures int }
	if failed := s.ask(b, "cost", c, &price); failed != "" {
		b.Fatal(failed)
	}
	for b.Loop() {
		if c.Enlarge++; c.Enlarge > 4 {
			c.Enlarge = 0
		}
		if failed := s.ask(b, "cost", c, nil); failed != "" {
			b.Fatal(failed)
		}
	}
	b.ReportMetric(float64(price.Textures), "textures")
}
