package trace

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestSummary(t *testing.T) {
	const ms = time.Millisecond
	a, b, c := texture(1), texture(2), texture(3)
	events := []Event{
		{Op: OpOpen, Source: Archive, Texture: a, Size: fullSize, Start: 0, Took: 10 * ms},
		{Op: OpOpen, Source: Fallback, Texture: b, Size: fullSize, Start: 5 * ms, Took: 2000 * ms},
		{Op: OpRead, Source: Archive, Texture: a, Size: fullSize, Start: 20 * ms, Took: ms,
			Offset: 0, Length: 128},
		// The end of level 2 and everything below.
		{Op: OpRead, Source: Archive, Texture: a, Size: fullSize, Start: 30 * ms, Took: 3 * ms,
			Offset: 11010176 - 100, Length: fullSize - 11010176 + 100},
		{Op: OpMissing, Texture: c, Start: 40 * ms, Took: ms},
		{Op: OpMissing, Texture: c, Start: 50 * ms, Took: ms},
	}
	got := summarise(slices.Values(events))
	if got.Textures != 2 || got.Opens != 2 || got.Reads != 2 ||
		got.Bytes != 128+fullSize-11010176+100 || got.MaxInFlight != 2 || got.PeakOpens != 2 {
		t.Errorf("totals: %+v", got)
	}
	if diff := cmp.Diff(map[string]Share{"archive": {1, 2, got.Bytes}, "fallback": {1, 0, 0}},
		got.BySource); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(got.Missing, []string{c.Name()}) ||
		!slices.Equal(got.StandIns, []string{b.Name()}) {
		t.Errorf("missing %v, stand-ins %v", got.Missing, got.StandIns)
	}
	bytes := map[int]int64{}
	for _, l := range got.ByLevel {
		bytes[l.Pixels] = l.Bytes
	}
	if bytes[0] != 128 || bytes[1024] != 100 || bytes[512] != 131072 || bytes[1] != 8 ||
		bytes[4096] != 0 {
		t.Errorf("bytes by level: %v", bytes)
	}
	if got.Slowest[0].Texture != b.Name() || got.Slowest[0].Seconds != 2 || len(got.Slowest) != 4 {
		t.Errorf("slowest: %+v", got.Slowest)
	}
	if got.Open.Max != 2 || got.Read.Count != 2 || math.Abs(got.Seconds-2.005) > 1e-9 {
		t.Errorf("open %+v, read %+v, %v s", got.Open, got.Read, got.Seconds)
	}
}

// A made flight has the properties that domain knowledge gives: a first load of the whole window,
// bursts afterwards, mostly small mips.
func TestSynthFliesLikeXPlane(t *testing.T) {
	region, err := tiles.ParseBBox("2,40,11,47")
	if err != nil {
		t.Fatal(err)
	}
	zl := tiles.ZL(14) // a sixteenth of the textures of ZL16
	if testing.Short() {
		zl = 13
	}
	all, err := tiles.Grid(t.Context(), region, zl, "BI")
	if err != nil {
		t.Fatal(err)
	}
	path := tiles.NewPath(tiles.PathPoint{Point: orb.Point{6, 43.2}},
		tiles.PathPoint{Point: orb.Point{7, 44.9}})
	s := Synth{Path: path, Textures: all, Speed: 200}
	events := slices.Collect(s.Events())
	sum := summarise(slices.Values(events))

	opens := map[tiles.Texture]int{}
	first := 0
	var lastOpen time.Duration
	for _, e := range events {
		if e.Op != OpOpen {
			continue
		}
		opens[e.Texture]++
		if e.Start < 30*time.Second {
			first++
		}
		lastOpen = max(lastOpen, e.Start)
	}
	for texture, n := range opens {
		if n != 1 {
			t.Fatalf("%v opened %d times on a straight flight", texture, n)
		}
	}
	if first < sum.Textures/3 || first == sum.Textures {
		t.Errorf("%d of %d textures in the first load; want the window, and more to come", first,
			sum.Textures)
	}
	if lastOpen < 10*time.Minute {
		t.Errorf("nothing is loaded after %v of a flight of 17 minutes", lastOpen)
	}
	if sum.PeakOpens > synthOpens+1 || sum.MaxInFlight < synthAtOnce/2 ||
		sum.MaxInFlight > 4*synthAtOnce {
		t.Errorf("%d opens a second, %d at once; want about %d and %d", sum.PeakOpens,
			sum.MaxInFlight, synthOpens, synthAtOnce)
	}
	if share := float64(sum.Bytes) / float64(sum.Textures) / fullSize; share < 0.015 ||
		share > 0.08 {
		t.Errorf("%.1f %% of a texture read on average, want about 3.9", 100*share)
	}
	again := slices.Collect(s.Events())
	if !slices.Equal(events, again) {
		t.Error("the same flight twice is not the same")
	}
	s.Seed = 1
	if slices.Equal(events, slices.Collect(s.Events())) {
		t.Error("with other distances cells are loaded at the same moments")
	}
	s.Limit = 5 * time.Minute
	if short := summarise(s.Events()); short.Seconds > 5*60+60 || short.Textures >= sum.Textures {
		t.Errorf("limited to 5 minutes: %v s, %d textures", short.Seconds, short.Textures)
	}
}

func TestSynthCrossesTheAntimeridian(t *testing.T) {
	region, err := tiles.ParseBBox("177,-20,-177,-15")
	if err != nil {
		t.Fatal(err)
	}
	all, err := tiles.Grid(t.Context(), region, 12, "BI")
	if err != nil {
		t.Fatal(err)
	}
	path := tiles.NewPath(tiles.PathPoint{Point: orb.Point{179.5, -17}},
		tiles.PathPoint{Point: orb.Point{-179.5, -17}})
	var east, west bool
	for e := range (Synth{Path: path, Textures: all, Speed: 200}).Events() {
		lon := e.Texture.Box().Center().Lon()
		east, west = east || lon > 0, west || lon < 0
	}
	if !east || !west {
		t.Errorf("textures in the eastern half: %v, in the western: %v", east, west)
	}
}
