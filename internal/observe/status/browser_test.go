package status

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/follow"
	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/position"
	"github.com/xelpack/xelpack/internal/testing/chromium"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// worked is the flight of 500 NM along 45° N of the design, 22,442 textures.
func worked(t testing.TB) planmap.Map {
	t.Helper()
	path := tiles.NewPath(tiles.PathPoint{Point: orb.Point{0, 45}},
		tiles.PathPoint{Point: orb.Point{11.75, 45}})
	region := tiles.Union{path.Window()}
	items, err := tiles.Selection{Regions: region, Paths: []*tiles.Path{path}, Sight: true, ZL: 16,
		Maptype: "BI"}.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return planmap.Map{Title: "worked.geojson", Items: items, Routes: []*tiles.Path{path},
		Area: tiles.Outline(region), Cells: tiles.Cells(region)}
}

func serve(t testing.TB, b *Board) string {
	t.Helper()
	server := httptest.NewServer(b.Handler())
	t.Cleanup(server.Close)
	return server.URL
}

// One browser looks at all pages: starting it takes longer than the tests.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser: not with -short")
	}
	page := chromium.Drive(t, os.Getenv("XELPACK_SHOTS_DARK") != "")
	t.Run("large build", func(t *testing.T) { page.T = t; testLargeBuild(t, page) })
	t.Run("report", func(t *testing.T) { page.T = t; testReport(t, page) })
	t.Run("mount", func(t *testing.T) { page.T = t; testMount(t, page) })
	page.T = t
}

// The board's figures, without a browser.
func TestBoardSaysWhatTheReportSays(t *testing.T) { testReport(t, nil) }

// The page of a build of 13,000 textures, all of which change while it is looked at: it draws them
// all, reacts within 100 ms, and takes less than 100 MB.
func testLargeBuild(t *testing.T, page *chromium.Browser) {
	m := worked(t)
	var s observe.Sources
	b := New(Options{What: "build"}, &s)
	b.Draw(m)
	b.Plan(m.Items, func(k tiles.Key) bool { return k.Col%5 == 0 })
	stop := b.Run(t.Context())
	defer stop()
	url := serve(t, b)
	page.Visit(url)
	page.Await("a live page",
		`return document.documentElement.dataset.live === "`+fmt.Sprint(len(m.Items))+`"`)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // a hundred times as fast as a real build
		for i, it := range m.Items {
			b.Building(it)
			b.Built(it, pack.Tally{Chunks: 256}, time.Millisecond, nil)
			b.Stored(it, pack.Tally{Chunks: 256, Failed: i % 97 / 96})
			b.Fetched("tiles.example", it.Chunk(0, 0), fetch.OutcomeOK,
				time.Duration(i%200)*time.Millisecond)
			if i%200 == 199 {
				select {
				case <-time.After(50 * time.Millisecond):
				case <-ctx.Done():
					return
				}
			}
		}
	}()

	var times []float64
	page.Run(&times, `
		const canvas = document.getElementById("canvas"), keys = ["+", "ArrowLeft", "ArrowUp", "+", "-", "ArrowRight", "-", "0"];
		return (async () => {
			const times = [];
			for (let i = 0; i < 40; i++) {
				const start = performance.now();
				canvas.dispatchEvent(new KeyboardEvent("keydown", { key: keys[i % keys.length], bubbles: true, cancelable: true }));
				await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
				times.push(performance.now() - start);
				await new Promise(done => setTimeout(done, 40));
			}
			return times;
		})();`)
	page.Picture("large")
	var memory float64
	page.Run(&memory, `gc(); return performance.memory.usedJSHeapSize / 1e6;`)
	worst, sum := 0.0, 0.0
	for _, v := range times {
		worst, sum = max(worst, v), sum+v
	}
	t.Logf("%d textures: a key until the next frame takes %.0f ms on average, %.0f at most; %.1f "+
		"MB of script memory", len(m.Items), sum/float64(len(times)), worst, memory)
	if len(times) != 40 {
		t.Errorf("%d interactions were answered, want 40", len(times))
	}
	if memory > 100 {
		t.Errorf("%.0f MB of script memory, want less than 100", memory)
	}
	private, shared, ok := page.TabMemory()
	if !ok {
		t.Log("what the tab's process takes is not known on this system")
	} else {
		t.Logf("the tab's process has %.0f MB to itself, and %.0f with its share of the "+
			"browser's code", float64(private)/1e6, float64(shared)/1e6)
	}
	if private > 100e6 {
		t.Errorf("the tab takes %.0f MB, want less than 100", float64(private)/1e6)
	}

	var failed string
	page.Run(&failed, `return document.documentElement.dataset.error || ""`)
	if failed != "" {
		t.Errorf("the script failed: %s", failed)
	}
}

// The figures of the page, when a real build is over, are those of the build's report.
func testReport(t *testing.T, page *chromium.Browser) {
	server := fetchtest.NewServer(
		fetchtest.Options{Fault: func(c tiles.Chunk, attempt int) fetchtest.Fault {
			switch {
			case c.X%16 == 3 && attempt == 0:
				return fetchtest.Fault{Kind: fetchtest.Unavailable}
			case c.X%16 == 5 && c.Y%16 == 5:
				return fetchtest.Fault{Kind: fetchtest.NotFound}
			}
			return fetchtest.Fault{}
		}})
	defer server.Close()
	var items []tiles.Item
	for i := range uint32(6) {
		items = append(items, tiles.Item{
			Texture: tiles.Texture{Row: 23952, Col: 33712 + 16*i, ZL: 16, Maptype: "BI"},
			Detail:  2})
	}
	var s observe.Sources
	b := New(Options{What: "build"}, &s)
	b.Draw(planmap.Map{Title: "test", Items: items})
	b.Plan(items, func(tiles.Key) bool { return false })
	stop := b.Run(t.Context())
	client := fetch.NewClient(fetch.ClientOptions{Observer: b, Backoff: time.Millisecond})
	defer client.Close()
	p := pack.New(pack.Options{Source: client.Source(server.Provider()), MaxZL: tiles.MaxZL,
		Observer: b})
	defer p.Close()
	w, err := mbtiles.Create(t.Context(), filepath.Join(t.TempDir(), "a.mbtiles"),
		mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.Client.Store(client)
	s.Pipeline.Store(p)
	s.Writer.Store(w)

	if page != nil {
		page.Visit(serve(t, b))
		page.Await("a live page", `return document.documentElement.dataset.live === "6"`)
	}
	report, err := pack.Build(t.Context(), p, w,
		pack.Job{Items: items, Provider: "test", Client: client})
	if err != nil {
		t.Fatal(err)
	}
	b.End("Finished.")
	stop()

	got := b.Snapshot().Report
	got.State, got.ElapsedSeconds, got.EndingSeconds = report.State, report.ElapsedSeconds, report.EndingSeconds
	if !reflect.DeepEqual(got, report) {
		t.Errorf("the board says %+v, the report %+v", got, report)
	}
	if n := b.Snapshot().Counts; n[Packed.String()]+n[Holes.String()] != report.Built {
		t.Errorf("%v on the map, %d built", n, report.Built)
	}
	if page == nil {
		return
	}
	page.Await("the end", `return "ended" in document.documentElement.dataset`)
	var said map[string]string
	page.Run(&said, `return { ...document.documentElement.dataset }`)
	for name, want := range map[string]int64{
		"built": int64(report.Built), "skipped": 0, "ok": report.Chunks.OK,
		"stored": report.BytesStored, "requests": report.Requests,
	} {
		if said[name] != fmt.Sprint(want) {
			t.Errorf("the page says %s: %s, the report %d", name, said[name], want)
		}
	}
}

// A mount with an open that waits: the page says so, in words; and a page without script keeps its
// figures.
func testMount(t *testing.T, page *chromium.Browser) {
	mounttest.NeedFUSE(t)
	var s observe.Sources
	b := New(Options{What: "mount"}, &s)
	release := make(chan struct{})
	f, err := mount.Mount(t.Context(), t.TempDir(), mount.Options{
		Live: mount.LiveAny, Observer: b, Deadline: patience.For(page.T), LiveWorkers: 1,
		Generator: generatorFunc(func(ctx context.Context, _ tiles.Texture) (mount.Made, error) {
			select {
			case <-release:
			case <-ctx.Done():
			}
			file := make([]byte, mount.LiveLayout().Size())
			header := mount.LiveLayout().Header()
			copy(file, header[:])
			return mount.Made{File: file}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Mount.Store(f)
	stop := b.Run(t.Context())
	url := serve(t, b)
	page.Visit(url)
	page.Await("a live page", `return "live" in document.documentElement.dataset`)
	r := mounttest.NewReader(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = r.TryOpen(filepath.Join(f.Mountpoint(), "textures", "23952_33712_BI16.dds"))
		r.Close()
	}()
	page.Await("the wait, in words",
		`return /An open has waited .* for 23952_33712_BI16 to be made/.test(document.getElementById("waits").textContent)`)
	page.Picture("mount-waits")
	// The simulator tells where the aircraft is, and what lies ahead of it is ordered.
	ahead := follow.New(follow.Options{
		Textures: slices.Values([]tiles.Texture{tiles.At(orb.Point{5.5, 44.5}, 16, "BI"), tiles.At(orb.Point{5.5, 45.5}, 16, "BI")}),
		Has:      func(tiles.Key) bool { return false }, Ahead: func([]tiles.Texture) {}})
	s.Follow.Store(ahead)
	ahead.From("Web API")
	ahead.See(position.State{At: orb.Point{5.4, 43.5}, Track: 10, Speed: 128.6, Height: 3000, When: time.Now(), New: true})
	page.Await("the aircraft, in words", `return /43.50° 5.40°, 250 kt on 10°, by Web API/.test(document.getElementById("totals").textContent) && /2 textures: \+44\+005 \(1\), \+45\+005 \(1\)/.test(document.getElementById("totals").textContent)`)
	page.Picture("mount-follow")
	ahead.From("")
	page.Await("no aircraft", `return !/aircraft/.test(document.getElementById("totals").textContent)`)
	close(release)
	<-done
	page.Await("the window, in words",
		`return /opened within ten minutes\s*1 texture, 43\.\d° N to 43\.\d° N, 5\.\d° E to 5\.\d° E/.test(document.getElementById("totals").textContent)`)
	page.Await("the end of the wait",
		`return /Nothing/.test(document.getElementById("waits").textContent) && /generated live\s*1/.test(document.getElementById("legend").textContent)`)
	stop()
	if err := f.Unmount(t.Context()); err != nil {
		t.Fatal(err)
	}
}

type generatorFunc func(context.Context, tiles.Texture) (mount.Made, error)

func (f generatorFunc) Texture(ctx context.Context, t tiles.Texture) (mount.Made, error) {
	return f(ctx, t)
}
