package mbtiles_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
)

// longVar says how many random sequences TestMetamorphic tries, where a few are not enough.
const longVar = "XELPACK_SEQUENCES"

// Whatever was done to get there, builds that were killed and resumed, parts taken out and merged,
// patched, pruned and repacked, an archive of the drill's textures is the one that an undisturbed
// build makes: the same digest, and in canonical form the same bytes.
//
//	XELPACK_SEQUENCES=200 go test -run Metamorphic ./pkg/mbtiles
func TestMetamorphic(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and kills in other processes: a drill for the full suite")
	}
	sequences := 2
	if n, err := strconv.Atoi(os.Getenv(longVar)); err == nil {
		sequences = n
	}
	m := metamorphic{clean: filepath.Join(t.TempDir(), "clean.mbtiles")}
	if killed, _ := mbtiles.RunBuild(t, m.clean, -1, 0); killed {
		t.Fatal("nobody killed it")
	}
	canonical := mbtiles.Repacked(t, mbtiles.OpenAt(t, m.clean), mbtiles.CopyOptions{})
	m.digest = mbtiles.MustVerify(t, canonical).Digest
	want, err := os.ReadFile(canonical.Path())
	if err != nil {
		t.Fatal(err)
	}
	for i := range sequences {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			m.rng = rand.New(rand.NewPCG(uint64(i), 7))
			path := m.built(t)
			var story []string
			for range 2 + m.rng.IntN(4) {
				name := [...]string{"split and merge", "prune and merge", "patch away and back", "repack"}[m.rng.IntN(4)]
				story = append(story, name)
				path = m.step(t, name, path)
			}
			a := mbtiles.OpenAt(t, path)
			if got := mbtiles.MustVerify(t, a).Digest; got != m.digest {
				t.Fatalf("after %q: digest %s, want %s", story, got, m.digest)
			}
			final := m.path(t)
			meta, err := mbtiles.OpenAt(t, m.clean).Metadata(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			// Merging and extracting drop what is not true of the result any more; bring it back to
			// compare bytes.
			work := mbtiles.Assembly{Sources: a.Sources(nil), Metadata: meta}
			if _, err := mbtiles.Assemble(t.Context(), final, work, mbtiles.CopyOptions{}); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(final); err != nil || !bytes.Equal(got, want) {
				t.Errorf("after %q: %v, the same bytes: %v", story, err, bytes.Equal(got, want))
			}
			if diff := cmp.Diff([]string{filepath.Base(path)}, mbtiles.Files(t, filepath.Dir(path))); diff != "" {
				t.Errorf("after %q: files (-want +got):\n%s", story, diff)
			}
		})
	}
}

type metamorphic struct {
	rng    *rand.Rand
	clean  string // an undisturbed build
	digest string
}

func (m *metamorphic) path(t *testing.T) string {
	return filepath.Join(t.TempDir(), "a.mbtiles")
}

// built builds in another process, which is killed now and then.
func (m *metamorphic) built(t *testing.T) string {
	path := m.path(t)
	for kills := m.rng.IntN(3); ; kills-- {
		said := -1
		if kills > 0 {
			said = m.rng.IntN(8)
		}
		if killed, _ := mbtiles.RunBuild(t, path, said, time.Duration(m.rng.IntN(50))*time.Millisecond); !killed {
			return path
		}
	}
}

// options are chosen at random: none of them makes a difference to what is made.
func (m *metamorphic) options() mbtiles.CopyOptions {
	return mbtiles.CopyOptions{Workers: 1 + m.rng.IntN(4), Quick: m.rng.IntN(2) == 0}
}

// some picks textures at random, by a coin a name that always falls the same way.
func (m *metamorphic) some() func(mbtiles.Entry) bool {
	coin := m.rng.Uint32()
	return func(e mbtiles.Entry) bool { return (e.Texture.Row/16*7+e.Texture.Col/16+coin)%3 == 0 }
}

func not(f func(mbtiles.Entry) bool) func(mbtiles.Entry) bool {
	return func(e mbtiles.Entry) bool { return !f(e) }
}

// step does something to the archive at path that comes to nothing.
func (m *metamorphic) step(t *testing.T, name, path string) string {
	t.Helper()
	a := mbtiles.OpenAt(t, path)
	out := m.path(t)
	extract := func(from *mbtiles.Archive, keep func(mbtiles.Entry) bool) *mbtiles.Archive {
		part := m.path(t)
		if _, err := from.Extract(t.Context(), part, keep, m.options()); err != nil {
			t.Fatal(err)
		}
		return mbtiles.OpenAt(t, part)
	}
	some := m.some()
	var err error
	switch name {
	case "split and merge": // the parts overlap
		other := m.some()
		inputs := []*mbtiles.Archive{extract(a, some), extract(a, not(some)), extract(a, other)}
		m.rng.Shuffle(len(inputs), func(i, j int) { inputs[i], inputs[j] = inputs[j], inputs[i] })
		_, err = combine.Merge(t.Context(), out, inputs, combine.MergeOptions{CopyOptions: m.options(), Prefer: combine.Preference(m.rng.IntN(3))})
	case "prune and merge":
		_, err = combine.Merge(t.Context(), out, []*mbtiles.Archive{extract(a, some), mbtiles.OpenAt(t, m.clean)}, combine.MergeOptions{CopyOptions: m.options()})
	case "patch away and back":
		part := extract(a, some)
		patch := filepath.Join(t.TempDir(), "patch.mbtiles")
		if _, err := combine.WritePatch(t.Context(), patch, part, a, m.options()); err != nil {
			t.Fatal(err)
		}
		_, err = combine.Apply(t.Context(), out, part, mbtiles.OpenAt(t, patch), m.options())
	case "repack":
		o := m.options()
		o.Recompress, o.Compression = m.rng.IntN(2) == 0, mbtiles.Fast
		_, err = a.Repack(t.Context(), out, o)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}
