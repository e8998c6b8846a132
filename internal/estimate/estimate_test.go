package estimate

import (
	"cmp"
	"encoding/json"
	"math"
	"path/filepath"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) { patience.Main(m) }

func at(zl tiles.ZL, row, col uint32, detail uint8) tiles.Item {
	return tiles.Item{Texture: tiles.Texture{ZL: zl, Row: row, Col: col, Maptype: "BI"},
		Detail: detail}
}

// tally counts the tasks of a pipeline.
type tally struct {
	mu    sync.Mutex
	tasks [pack.Tasks]int
}

func (*tally) Building(tiles.Item)                                {}
func (*tally) Built(tiles.Item, pack.Tally, time.Duration, error) {}
func (*tally) Stored(tiles.Item, pack.Tally)                      {}
func (t *tally) Worked(task pack.Task, _ time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tasks[task]++
}

// What Count says is what the pipeline then does, task by task, and what the archive then holds.
func TestCountIsWhatIsDone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		deepest tiles.ZL
		items   []tiles.Item
	}{
		{"plain", 19, []tiles.Item{at(16, 23952, 33712, 2), at(16, 23952, 33728, 2),
			at(16, 23968, 33728, 3)}},
		{"enlarged", 13, []tiles.Item{at(16, 23952, 33712, 2), at(16, 23952, 33728, 2)}},
		{"enlarged from one chunk for several textures", 10,
			[]tiles.Item{at(16, 23952, 33712, 2), at(16, 23952, 33728, 2), at(16, 23968, 33728, 2),
				at(16, 23968, 33712, 1)}},
		{"some of each", 13, []tiles.Item{at(16, 23952, 33712, 2), at(16, 23952, 33728, 3),
			at(16, 23968, 33728, 4)}},
		{"zoom levels one above the other", 19,
			[]tiles.Item{at(14, 5984, 8432, 2), at(16, 23952, 33728, 3), at(18, 95808, 134912, 4)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := new(still)
			if _, err := source.take(t.Context(), fetch.Sample(), farmland); err != nil {
				t.Fatal(err)
			}
			w, err := Count(tt.items, tt.deepest, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			done := &tally{}
			p := pack.New(pack.Options{Source: source, MaxZL: tt.deepest, Observer: done})
			defer p.Close()
			file := filepath.Join(t.TempDir(), "a.mbtiles")
			writer, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pack.Build(t.Context(), p, writer,
				pack.Job{Items: tt.items, Provider: "test"}); err != nil {
				t.Fatal(err)
			}
			a, err := mbtiles.Open(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			info, err := a.Info(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := Work{
				Textures: done.tasks[pack.TaskCompress], Chunks: done.tasks[pack.TaskChunk] +
					done.tasks[pack.TaskFill],
				Requests: done.tasks[pack.TaskChunk] + done.tasks[pack.TaskParent],
				Plain:    done.tasks[pack.TaskChunk], Enlarged: done.tasks[pack.TaskFill], Parents: done.tasks[pack.TaskParent],
				Up: w.Up, RawBytes: info.Bytes, Tiles: info.Previews,
			}
			if diff := gocmp.Diff(got, w); diff != "" {
				t.Errorf("counted (-what was done +counted):\n%s", diff)
			}
			// Stored as it is, all of the archive but its previews can be told to the page.
			preview := float64(info.FileBytes-tables-int64(w.Textures)*textureRow)/wasted - float64(
				w.RawBytes)
			e := w.growth(Costs{}, Known{Preview: preview / float64(w.Tiles)}, false, mbtiles.None)
			if math.Abs(float64(e-info.FileBytes)) > 0.01*float64(info.FileBytes) {
				t.Errorf("%d bytes, want %d", e, info.FileBytes)
			}
		})
	}
}

// What is further away than anything is enlarged from is ground: no provider is asked.
func TestCountGround(t *testing.T) {
	w, err := Count([]tiles.Item{at(16, 23952, 33712, 0)}, 16-pack.ParentLevels-1, 0, nil)
	if err != nil || w.Requests != 0 || w.Enlarged != 0 || w.Chunks != 256 {
		t.Errorf("%+v, %v", w, err)
	}
}

// Time is that of the slower of network and processors; each of what an estimate is made of moves
// it as it should.
func TestEstimate(t *testing.T) {
	work := Work{Textures: 100, Chunks: 25600, Requests: 25600, Plain: 25600,
		RawBytes: 100 * dds.Layout{Format: dds.BC1, Side: 4096}.Size(), Tiles: 140}
	costs := Costs{Plain: 1e-4, Enlarged: 1e-3, Texture: 1e-4, Source: 1e-2, Share: 0.6,
		EnlargedShare: 0.3}
	// 500 a second
	line := Line{Concurrency: 32,
		Known: Known{Answer: 0.064, Chunk: 10_000, Share: 0.5, Preview: 10_000}}
	o := Options{Compression: mbtiles.Fast, Workers: 2}
	for _, tt := range []struct {
		name    string
		change  func(w *Work, c *Costs, l *Line, o *Options)
		network float64
		bytes   int64 // to download
		growth  float64
	}{
		{"as it is", func(*Work, *Costs, *Line, *Options) {}, 51.2, 256e6, 0.5},
		{"a rate", func(_ *Work, _ *Costs, l *Line, _ *Options) { l.Rate = 200 }, 128, 256e6, 0.5},
		{"a rate beyond what comes", func(_ *Work, _ *Costs, l *Line, _ *Options) {
			l.Rate = 2000
		}, 51.2, 256e6, 0.5},
		{"half as many at once", func(_ *Work, _ *Costs, l *Line, _ *Options) {
			l.Concurrency = 16
		}, 102.4, 256e6, 0.5},
		{"a provider that was slower", func(_ *Work, _ *Costs, l *Line, _ *Options) {
			l.Known.Rate, l.Known.Concurrency = 100, 32
		}, 256, 256e6, 0.5},
		{"half of it kept", func(w *Work, _ *Costs, _ *Line, _ *Options) {
			w.Requests, w.Kept = 12800, 12800
		}, 25.6, 128e6, 0.5},
		{"all of it kept", func(w *Work, _ *Costs, _ *Line, _ *Options) {
			w.Requests, w.Kept = 0, 25600
		}, 0, 0, 0.5},
		{"offline", func(_ *Work, _ *Costs, l *Line, _ *Options) { l.Offline = true }, 0, 0, 0.5},
		{"the sample", func(_ *Work, _ *Costs, l *Line, _ *Options) { l.Local = true }, 0, 0, 0.6},
		{"not compressed", func(_ *Work, _ *Costs, _ *Line, o *Options) {
			o.Compression = mbtiles.None
		}, 51.2, 256e6, 1},
		{"enlarged", func(w *Work, _ *Costs, _ *Line, _ *Options) {
			w.Plain, w.Enlarged, w.Requests = 0, 25600, 6400
		}, 12.8, 64e6, 0.25},
		{"a disk that was slower", func(_ *Work, _ *Costs, l *Line, _ *Options) {
			l.Known.Ending = 4
		}, 51.2, 256e6, 0.5},
		{"nothing known", func(_ *Work, _ *Costs, l *Line, _ *Options) { l.Known = Known{} }, 72,
			371_200_000, usualShare},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, c, l, o := work, costs, line, o
			tt.change(&w, &c, &l, &o)
			e := w.Estimate(c, l, o)
			if math.Abs(e.Network-tt.network) > 1e-6 || e.Download != tt.bytes {
				t.Errorf("network %v s for %d bytes, want %v s for %d", e.Network, e.Download,
					tt.network, tt.bytes)
			}
			if want := tt.growth * float64(w.RawBytes); float64(e.Growth) < want ||
				float64(e.Growth) > 1.05*want {
				t.Errorf("grows by %d, want %.0f and a little", e.Growth, want)
			}
			ending := cmp.Or(l.Known.Ending, 1) * usualEnding(e.Growth)
			if want := max(e.Network, e.Processors) + ending; e.Seconds != want {
				t.Errorf("%v s, want %v", e.Seconds, want)
			}
		})
	}
	// Processors: twice as many take half of the time, and what is made or enlarged takes them
	// longer.
	processors := func(change func(w *Work, l *Line, o *Options)) float64 {
		w, l, o := work, line, o
		change(&w, &l, &o)
		return w.Estimate(costs, l, o).Processors
	}
	base := processors(func(*Work, *Line, *Options) {})
	if four := processors(func(_ *Work, _ *Line, o *Options) { o.Workers = 4 }); math.Abs(
		four-base/2) > 1e-9 {
		t.Errorf("%v s on four processors, %v on two", four, base)
	}
	if made := processors(func(_ *Work, l *Line,
		_ *Options) {
		l.Local = true
	}); made < base+25600*1e-2/2-1 {
		t.Errorf("%v s with chunks that are made, %v without", made, base)
	}
	// it writes a little less
	if enlarged := processors(func(w *Work, _ *Line, _ *Options) {
		w.Plain, w.Enlarged = 0, 25600
	}); math.Abs(enlarged-base-25600*9e-4/2) > 0.05 {
		t.Errorf("%v s enlarged, %v plain", enlarged, base)
	}
	// What is hard to compress has to wait for the first textures to be whole; they are decoded
	// meanwhile.
	slow := costs
	slow.Plain, slow.Compress = 1e-2, 9e-3
	wait := work.Estimate(slow, line, o)
	decoding := wait.Processors - 25600*9e-3/2
	if first := (51.2 - decoding) * float64(64<<20) / float64(work.RawBytes); math.Abs(
		wait.Seconds-wait.Processors-usualEnding(wait.Growth)-first) > 1e-6 {
		t.Errorf("%+v, want %v s for the first textures", wait, first)
	}
	if e := (Work{}).Estimate(costs, line, o); e != (Estimate{}) {
		t.Errorf("nothing to do: %+v", e)
	}
}

// What is known is the median of the latest runs that can tell.
func TestKnown(t *testing.T) {
	run := func(answer float64) Run {
		return Run{Requests: 2000, Seconds: 10, Answer: answer, Busy: 0.2, Concurrency: 32,
			Downloaded: 20e6, Compression: "fast", Plain: true, Raw: 100e6, Stored: 50e6}
	}
	var h History
	for i := range 9 {
		h = h.Add(run(float64(i)))
	}
	if len(h) != kept || h.Known(mbtiles.Fast).Answer != 5 { // of 2 to 8
		t.Errorf("%d runs, answer %v", len(h), h.Known(mbtiles.Fast).Answer)
	}
	k := h.Known(mbtiles.Best)
	if k.Chunk != 10_000 || k.Share != 0.5 || k.Concurrency != 32 || k.Rate < 200 || k.Rate > 220 {
		t.Errorf("%+v", k)
	}
	if k.Ending != 0 {
		t.Errorf("the disk takes %v times what is usual: no run tells", k.Ending)
	}
	rated, busy, none := run(1), run(1), run(1)
	rated.Rated, busy.Busy, none.Compression = true, 0.9, "none"
	if k := (History{rated, busy, none}).Known(mbtiles.Fast); k.Rate < 200 || k.Rate > 220 ||
		k.Share != 0.5 {
		t.Errorf("%+v: a rate is told by a run that waited for the network only, and a share by "+
			"one that compressed", k)
	}
	quick, slow, little := run(1), run(1), run(1)
	quick.Ending, slow.Ending, little.Ending = usualEnding(50e6)/2, usualEnding(50e6), 9
	little.Raw = 1e6
	if k := (History{quick, slow, little}).Known(mbtiles.Fast); k.Ending != 0.75 {
		t.Errorf("the disk takes %v times what is usual, want 0.75", k.Ending)
	}
	if k := (History{rated, busy}).Known(mbtiles.Fast); k.Rate != 0 {
		t.Errorf("rate %v: neither run waited for the network", k.Rate)
	}
	// of earlier versions, and of nobody
	for text, rate := range map[string]float64{`2.5`: 2.5, `[1, 2, 30]`: 2, `[]`: 0, `"fast"`: -1,
		`{}`: -1} {
		var h History
		if err := json.Unmarshal([]byte(text), &h); (err != nil) != (rate < 0) {
			t.Errorf("%s: %v", text, err)
		}
		if got := h.Known(mbtiles.Fast).Rate; rate > 0 && math.Abs(got/rate-1) > 0.01 {
			t.Errorf("%s: rate %v, want %v", text, got, rate)
		}
	}
	if (Run{Requests: 10, Raw: 1 << 20}).Tells() || !run(1).Tells() {
		t.Error("what says something, and what does not")
	}
}

// Every cost is measured that a build has, and what is made comes from where the items' chunks come
// from.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes textures: not with -short")
	}
	items := []tiles.Item{at(16, 23952, 33712, 2)}
	w, err := Count(items, 13, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Measure(t.Context(), w, items, fetch.Sample(), Options{Compression: mbtiles.Fast})
	if err != nil || c.Plain <= 0 || c.Compress <= 0 || c.Compress >= c.Plain || c.Enlarged <= 0 ||
		c.Texture <= 0 || c.Source <= 0 || c.Share <= 0 || c.Share > 1 || c.EnlargedShare <= 0 ||
		c.EnlargedShare > 1 {
		t.Errorf("%+v, %v", c, err)
	}
}
