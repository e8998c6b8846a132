package mbtiles

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
)

// entry is a texture of an archive to be merged.
type mergeTexture struct {
	name string
	seed uint64
	rec  Record
}

// buildOf makes an archive of textures and metadata.
func buildOf(t testing.TB, name string, meta map[string]string, textures ...mergeTexture) *Archive {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".mbtiles")
	w := createAt(t, path)
	for _, m := range textures {
		m.rec.Texture = texture(t, m.name)
		l := m.rec.Layout
		if l.Side == 0 {
			l = small
		}
		if err := w.Put(t.Context(), m.rec, encode(t, Fast, ddsFile(l, m.seed))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(t.Context(), meta); err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

func merged(t testing.TB, o MergeOptions, inputs ...*Archive) (*Archive, MergeReport) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.mbtiles")
	report, err := Merge(t.Context(), path, inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	return openAt(t, path), report
}

// Two parts merged are what a build of the whole is, byte for byte once both are canonical, and
// equal files of both are stored once.
func TestMergeParts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes several archives of every kind of content: for the full suite")
	}
	whole := contentsOf()
	parts := [2]map[string][]byte{{}, {}}
	i := 0
	for name, file := range whole {
		parts[i%2][name] = file
		i++
	}
	m, report := merged(t, MergeOptions{}, build(t, parts[0]), build(t, parts[1]))
	want := build(t, whole)
	if got := mustVerify(t, m); got.Digest != mustVerify(t, want).Digest || got.Digest != report.Digest {
		t.Errorf("digest %s, reported %s", got.Digest, report.Digest)
	}
	integrity(t, m.path)
	info, err := want.Info(t.Context())
	if err != nil || report.Contents != info.Contents || report.Textures != len(whole) {
		t.Errorf("%+v, want %d contents, %v", report, info.Contents, err)
	}
	if diff := cmp.Diff(allTiles(t, want), allTiles(t, m)); diff != "" {
		t.Errorf("previews (-want +got):\n%.1000s", diff)
	}
	wantInputs := []MergeInput{{report.Inputs[0].Path, len(parts[0]), len(parts[0])}, {report.Inputs[1].Path, len(parts[1]), len(parts[1])}}
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
		first, second Record
		olderFirst    bool // the first file is the older
		want          int
	}{
		{"first", PreferFirst, Record{Detail: 3}, Record{}, true, 0},
		{"a hole yields", PreferFirst, Record{Failed: 1}, Record{Detail: 4, Missing: 256}, false, 1},
		{"a hole yields to what is older", PreferNewest, Record{}, Record{Failed: 1}, true, 0},
		{"a hole yields to what is less sharp", PreferSharpest, Record{Failed: 1}, Record{Detail: 4}, false, 1},
		{"the smaller of two holes", PreferFirst, Record{Failed: 9}, Record{Failed: 1}, true, 1},
		{"newest second", PreferNewest, Record{}, Record{}, true, 1},
		{"newest first", PreferNewest, Record{}, Record{}, false, 0},
		{"detail", PreferSharpest, Record{Detail: 2}, Record{Detail: 1}, false, 1},
		{"side", PreferSharpest, Record{}, Record{Layout: large}, false, 1},
		{"fewer enlarged", PreferSharpest, Record{Overzoomed: 4, Chunks: 256}, Record{Overzoomed: 2, Missing: 1, Chunks: 256}, false, 1},
		{"equally sharp", PreferSharpest, Record{}, Record{}, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := buildOf(t, "a", nil, mergeTexture{"16_16_BI12", 0, tt.first})
			b := buildOf(t, "b", nil, mergeTexture{"16_16_bi12", 1, tt.second}) // the same to X-Plane
			older, newer := a.path, b.path
			if !tt.olderFirst {
				older, newer = newer, older
			}
			for path, when := range map[string]time.Time{older: time.Unix(1000, 0), newer: time.Unix(2000, 0)} {
				if err := os.Chtimes(path, when, when); err != nil {
					t.Fatal(err)
				}
			}
			m, _ := merged(t, MergeOptions{Prefer: tt.prefer}, a, b)
			mustVerify(t, m)
			from := []*Archive{a, b}[tt.want]
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
	eox := map[string]string{"name": "a", "attribution": "© EOX", "providers": "eox", "licence": "CC BY-NC-SA 4.0", "redistributable": "true",
		"plan": "{}", "encoder": "xelpack 1 good", "builder": "x"}
	usgs := map[string]string{"attribution": "USGS", "providers": "usgs", "licence": "public domain", "redistributable": "true",
		"encoder": "xelpack 1 best", "builder": "x"}
	bing := map[string]string{"attribution": "© Microsoft", "providers": "bing", "licence": "commercial", "redistributable": "false"}
	one := func(name string, seed uint64) mergeTexture { return mergeTexture{name, seed, Record{}} }
	a, b := buildOf(t, "a", eox, one("16_16_BI12", 1)), buildOf(t, "b", usgs, one("32_16_BI12", 2), one("16_16_BI12", 3))
	c := buildOf(t, "c", bing, one("48_16_BI12", 4))

	m, _ := merged(t, MergeOptions{}, a, b)
	checkMeta(t, m, map[string]string{
		"name": "m", "attribution": "© EOX | USGS", "xelpack:providers": "eox,usgs", "xelpack:licence": "eox: CC BY-NC-SA 4.0\nusgs: public domain",
		"xelpack:redistributable": "true", "xelpack:encoder": "xelpack 1 good, xelpack 1 best", "xelpack:builder": "x",
	})
	again, _ := merged(t, MergeOptions{}, m, a)
	checkMeta(t, again, map[string]string{"attribution": "© EOX | USGS", "xelpack:licence": "eox: CC BY-NC-SA 4.0\nusgs: public domain", "xelpack:providers": "eox,usgs"})

	path := filepath.Join(t.TempDir(), "m.mbtiles")
	_, err := Merge(t.Context(), path, []*Archive{a, c}, MergeOptions{})
	if !errors.Is(err, ErrMixture) || !strings.Contains(err.Error(), "a.mbtiles may, ") || !strings.Contains(err.Error(), "c.mbtiles may not") {
		t.Errorf("got %v, want %v that names both", err, ErrMixture)
	}
	if diff := cmp.Diff([]string(nil), files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	forced, _ := merged(t, MergeOptions{Force: true}, a, c)
	checkMeta(t, forced, map[string]string{"xelpack:redistributable": "false", "xelpack:licence": "eox: CC BY-NC-SA 4.0\nbing: commercial"})

	// Who gives nothing is not named, and does not mix.
	twin := buildOf(t, "twin", bing, one("16_16_BI12", 5))
	alone, _ := merged(t, MergeOptions{}, a, twin)
	checkMeta(t, alone, map[string]string{"xelpack:redistributable": "true", "xelpack:licence": "CC BY-NC-SA 4.0", "xelpack:providers": "eox"})
}

// checkMeta wants these rows; "" wants none.
func checkMeta(t *testing.T, a *Archive, want map[string]string) {
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
	a := buildOf(t, "a", nil, mergeTexture{"16_16_BI12", 1, Record{}})
	begun := filepath.Join(t.TempDir(), "b.mbtiles")
	w := createAt(t, begun)
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	unfinished := openAt(t, begun+partSuffix)
	path := filepath.Join(t.TempDir(), "m.mbtiles")
	for _, tt := range []struct {
		name   string
		inputs []*Archive
		want   string
	}{{"unfinished", []*Archive{a, unfinished}, ErrUnfinished.Error()}, {"twice", []*Archive{a, a}, "twice"}, {"none", nil, "no archives"}} {
		if _, err := Merge(t.Context(), path, tt.inputs, MergeOptions{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	later := write(t, altered(t, sound(t), fmt.Sprintf(`PRAGMA user_version = %d`, userVersionMark|(FormatVersion+1))))
	if _, err := Open(t.Context(), later); !errors.Is(err, ErrVersion) {
		t.Errorf("a later format: got %v, want %v", err, ErrVersion)
	}
}

// An input may be what is replaced.
func TestMergeInto(t *testing.T) {
	t.Parallel()
	a := buildOf(t, "a", nil, mergeTexture{"16_16_BI12", 1, Record{}})
	b := buildOf(t, "b", nil, mergeTexture{"32_16_BI12", 2, Record{}})
	before, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(t.Context(), a.path, []*Archive{a, b}, MergeOptions{CopyOptions: CopyOptions{Replace: true}}); err != nil {
		t.Fatal(err)
	}
	if m := openAt(t, a.path); m.Len() != 2 {
		t.Errorf("%d textures", m.Len())
	}
	if after, err := os.ReadFile(b.path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the other input changed: %v", err)
	}
}
