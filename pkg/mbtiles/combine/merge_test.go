package combine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

func merged(t testing.TB, o MergeOptions,
	inputs ...*mbtiles.Archive) (*mbtiles.Archive, MergeReport) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.mbtiles")
	report, err := Merge(t.Context(), path, inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, path), report
}

// everything is enough of it: layouts, shared contents, several maptypes on a square, zoom levels on
// top of each other.
func everything() []made {
	layout := func(f dds.Format, side int) mbtiles.Record {
		return mbtiles.Record{Layout: dds.Layout{Format: f, Side: side}}
	}
	all := []made{
		{"48_48_BI12", 100, layout(dds.BC3, 256)}, {"64_48_BI12", 101, layout(dds.BC1, 1024)},
		{"64_48_AA12", 102, layout(dds.BC3, 1024)},
		{"80_48_BI12", 101, layout(dds.BC1, 1024)}, {"96_48_BI12", 103, layout(dds.BC1, 2048)},
		{"384_192_BI14", 104, mbtiles.Record{}},
	}
	for i := range 40 {
		all = append(all, made{fmt.Sprintf("%d_%d_BI12", 16*(i%30), 16*(1+i/30)), uint64(i % 25),
			mbtiles.Record{}})
	}
	return all
}

// Two parts merged are what a build of the whole is, byte for byte once both are canonical, and
// equal files of both are stored once.
func TestMergeParts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes several archives of every kind of content: for the full suite")
	}
	whole := everything()
	var parts [2][]made
	for i, m := range whole {
		parts[i%2] = append(parts[i%2], m)
	}
	m, report := merged(t, MergeOptions{}, build(t, "a", nil, parts[0]...),
		build(t, "b", nil, parts[1]...))
	want := build(t, "whole", nil, whole...)
	if got := verify(t, m); got.Digest != verify(t, want).Digest || got.Digest != report.Digest {
		t.Errorf("digest %s, reported %s", got.Digest, report.Digest)
	}
	info, err := want.Info(t.Context())
	if err != nil || report.Contents != info.Contents || report.Textures != len(whole) {
		t.Errorf("%+v, want %d contents, %v", report, info.Contents, err)
	}
	if diff := cmp.Diff(previews(t, want.Path()), previews(t, m.Path())); diff != "" {
		t.Errorf("previews (-want +got):\n%.1000s", diff)
	}
	wantInputs := []MergeInput{{report.Inputs[0].Path, len(parts[0]), len(parts[0])},
		{report.Inputs[1].Path, len(parts[1]), len(parts[1])}}
	if diff := cmp.Diff(wantInputs, report.Inputs); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
}

// Which of two textures of one name gets in.
func TestMergePrefer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("copies and decodes many textures: for the full suite")
	}
	large := dds.Layout{Format: dds.BC1, Side: 512}
	for _, tt := range []struct {
		name          string
		prefer        Preference
		first, second mbtiles.Record
		olderFirst    bool // the first file is the older
		want          int
	}{
		{"first", PreferFirst, mbtiles.Record{Detail: 3}, mbtiles.Record{}, true, 0},
		{"a hole yields", PreferFirst, mbtiles.Record{Failed: 1},
			mbtiles.Record{Detail: 4, Missing: 256}, false, 1},
		{"a hole yields to what is older", PreferNewest, mbtiles.Record{},
			mbtiles.Record{Failed: 1}, true, 0},
		{"a hole yields to what is less sharp", PreferSharpest, mbtiles.Record{Failed: 1},
			mbtiles.Record{Detail: 4}, false, 1},
		{"the smaller of two holes", PreferFirst, mbtiles.Record{Failed: 9},
			mbtiles.Record{Failed: 1}, true, 1},
		{"newest second", PreferNewest, mbtiles.Record{}, mbtiles.Record{}, true, 1},
		{"newest first", PreferNewest, mbtiles.Record{}, mbtiles.Record{}, false, 0},
		{"detail", PreferSharpest, mbtiles.Record{Detail: 2}, mbtiles.Record{Detail: 1}, false, 1},
		{"side", PreferSharpest, mbtiles.Record{}, mbtiles.Record{Layout: large}, false, 1},
		{"fewer enlarged", PreferSharpest, mbtiles.Record{Overzoomed: 4, Chunks: 256},
			mbtiles.Record{Overzoomed: 2, Missing: 1, Chunks: 256}, false, 1},
		{"equally sharp", PreferSharpest, mbtiles.Record{}, mbtiles.Record{}, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := build(t, "a", nil, made{"16_16_BI12", 0, tt.first})
			b := build(t, "b", nil, made{"16_16_bi12", 1, tt.second}) // the same to X-Plane
			older, newer := a.Path(), b.Path()
			if !tt.olderFirst {
				older, newer = newer, older
			}
			for path, when := range map[string]time.Time{older: time.Unix(1000, 0),
				newer: time.Unix(2000, 0)} {
				if err := os.Chtimes(path, when, when); err != nil {
					t.Fatal(err)
				}
			}
			m, _ := merged(t, MergeOptions{Prefer: tt.prefer}, a, b)
			verify(t, m)
			from := []*mbtiles.Archive{a, b}[tt.want]
			want, _ := from.Record(t.Context(), lookup(t, from, "16_16_BI12"))
			got, err := m.Record(t.Context(), lookup(t, m, "16_16_BI12"))
			if diff := cmp.Diff(want, got); diff != "" || err != nil || m.Len() != 1 {
				t.Errorf("%d textures, %v (-want +got):\n%s", m.Len(), err, diff)
			}
		})
	}
}

func TestMergeMetadata(t *testing.T) {
	t.Parallel()
	eox := map[string]string{"name": "a", "attribution": "© EOX", "providers": "eox",
		"licence": "CC BY-NC-SA 4.0", "redistributable": "true",
		"plan": "{}", "encoder": "xelpack 1 good", "builder": "x"}
	usgs := map[string]string{"attribution": "USGS", "providers": "usgs",
		"licence": "public domain", "redistributable": "true",
		"encoder": "xelpack 1 best", "builder": "x"}
	bing := map[string]string{"attribution": "© Microsoft", "providers": "bing",
		"licence": "commercial", "redistributable": "false"}
	one := func(name string, seed uint64, provider string) made {
		return made{name, seed, mbtiles.Record{Provider: provider, Chunks: 4}}
	}
	a, b := build(t, "a", eox, one("16_16_BI12", 1, "eox")), build(t, "b", usgs,
		one("32_16_BI12", 2, "usgs"), one("16_16_BI12", 3, "usgs"))
	c := build(t, "c", bing, one("48_16_BI12", 4, "bing"))
	const credits = "© EOX, CC BY-NC-SA 4.0 " +
		"(https://creativecommons.org/licenses/by-nc-sa/4.0/), changed | USGS, public domain"

	m, _ := merged(t, MergeOptions{}, a, b)
	checkMeta(t, m, map[string]string{
		"name": "m", "attribution": credits, "xelpack:providers": "eox,usgs",
		"xelpack:licence":         "eox: CC BY-NC-SA 4.0\nusgs: public domain",
		"xelpack:redistributable": "true", "xelpack:encoder": "xelpack 1 good, xelpack 1 best",
		"xelpack:builder": "x",
	})
	again, _ := merged(t, MergeOptions{}, m, a)
	checkMeta(t, again, map[string]string{"attribution": credits,
		"xelpack:licence":   "eox: CC BY-NC-SA 4.0\nusgs: public domain",
		"xelpack:providers": "eox,usgs"})

	path := filepath.Join(t.TempDir(), "m.mbtiles")
	_, err := Merge(t.Context(), path, []*mbtiles.Archive{a, c}, MergeOptions{})
	if !errors.Is(err, ErrMixture) ||
		!strings.Contains(err.Error(), "a.mbtiles may be passed on, ") ||
		!strings.Contains(err.Error(), "c.mbtiles may not") {
		t.Errorf("got %v, want %v that names both", err, ErrMixture)
	}
	if diff := cmp.Diff([]string(nil), files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	forced, _ := merged(t, MergeOptions{Force: true}, a, c)
	checkMeta(t, forced, map[string]string{"xelpack:redistributable": "false",
		"xelpack:licence": "bing: commercial\neox: CC BY-NC-SA 4.0"})

	// Who gives nothing is not named, and does not mix.
	twin := build(t, "twin", bing, one("16_16_BI12", 5, "bing"))
	alone, _ := merged(t, MergeOptions{}, a, twin)
	checkMeta(t, alone, map[string]string{"xelpack:redistributable": "true",
		"xelpack:licence": "CC BY-NC-SA 4.0", "xelpack:providers": "eox"})
}

// checkMeta wants these rows; "" wants none.
func checkMeta(t *testing.T, a *mbtiles.Archive, want map[string]string) {
	t.Helper()
	info, err := a.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range want {
		if info.Metadata[name] != value {
			t.Errorf("%s: %q, want %q", name, info.Metadata[name], value)
		}
	}
	if plan, ok := info.Metadata["xelpack:plan"]; ok {
		t.Errorf("a plan of the past: %q", plan)
	}
}

// What is not merged.
func TestMergeRefused(t *testing.T) {
	t.Parallel()
	a := build(t, "a", nil, made{"16_16_BI12", 1, mbtiles.Record{}})
	w, begun := begin(t, "b", made{"32_16_BI12", 1, mbtiles.Record{}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	unfinished := open(t, begun+".part")
	path := filepath.Join(t.TempDir(), "m.mbtiles")
	for _, tt := range []struct {
		name   string
		inputs []*mbtiles.Archive
		want   string
	}{{"unfinished", []*mbtiles.Archive{a, unfinished}, mbtiles.ErrUnfinished.Error()}, {"twice",
		[]*mbtiles.Archive{a, a}, "twice"}, {"none", nil, "no archives"}} {
		if _, err := Merge(t.Context(), path, tt.inputs, MergeOptions{}); err == nil ||
			!strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

// An input may be what is replaced.
func TestMergeInto(t *testing.T) {
	t.Parallel()
	a := build(t, "a", nil, made{"16_16_BI12", 1, mbtiles.Record{}})
	b := build(t, "b", nil, made{"32_16_BI12", 2, mbtiles.Record{}})
	before := read(t, b.Path())
	if _, err := Merge(t.Context(), a.Path(), []*mbtiles.Archive{a, b},
		MergeOptions{CopyOptions: mbtiles.CopyOptions{Replace: true}}); err != nil {
		t.Fatal(err)
	}
	if m := open(t, a.Path()); m.Len() != 2 {
		t.Errorf("%d textures", m.Len())
	}
	if !bytes.Equal(before, read(t, b.Path())) {
		t.Error("the other input changed")
	}
}
