package merkle

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// world is a tree with all its leaves.
type world []Hash

func (w world) whole() *Part {
	var levels [][]Hash
	for level := range Levels(len(w)) {
		if level == 0 {
			levels = append(levels, w)
		} else {
			levels = append(levels, Next(levels[level-1]))
		}
	}
	return &Part{Runs: []Run{{0, 0, len(w)}}, Leaf: func(own int) (Hash, error) { return w[own], nil },
		Whole: func(level, number int) ([]Hash, error) {
			return levels[level][number*Fan : min((number+1)*Fan, len(levels[level]))], nil
		}}
}

// part is what an archive of just the leaves that keep accepts has, made of other parts.
func (w world) part(t *testing.T, parts []*Part, keep func(at int) bool) *Part {
	t.Helper()
	p := &Part{}
	var own []Hash
	for at, h := range w {
		if keep(at) {
			var err error
			if p.Runs, err = AddTo(p.Runs, len(own), at); err != nil {
				t.Fatal(err)
			}
			own = append(own, h)
		}
	}
	p.Leaf = func(i int) (Hash, error) { return own[i], nil }
	root, nodes, err := Join(len(w), parts, p.Runs)
	if err != nil || root != plain(w) {
		t.Fatalf("root %x, %v, want %x", root, err, plain(w))
	}
	p.Nodes = nodes
	return p
}

// A part of a tree proves its root, however it was cut out; parts of parts do too, and parts put
// together are the same as cut out at once.
func TestParts(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 7, 65, 200, 1500} {
		w := world(leaves(n))
		for range 6 {
			from := rng.IntN(n)
			to := from + 1 + rng.IntN(n-from)
			odd := rng.IntN(3) + 1
			a := func(at int) bool { return at >= from && at < to }
			b := func(at int) bool { return at%odd == 0 }
			whole := []*Part{w.whole()}
			one, other := w.part(t, whole, a), w.part(t, whole, b)
			both := w.part(t, whole, func(at int) bool { return a(at) || b(at) })
			again := w.part(t, []*Part{one, other}, func(at int) bool { return a(at) || b(at) })
			if diff := cmp.Diff(both.Nodes, again.Nodes); diff != "" ||
				!slices.Equal(both.Runs, again.Runs) {
				t.Fatalf("%d leaves, %d to %d and every %dth: put together (-want +got):\n%s", n, from,
					to, odd, diff)
			}
			less := w.part(t, []*Part{again}, b)
			if diff := cmp.Diff(other.Nodes, less.Nodes); diff != "" {
				t.Fatalf("cut out of a part (-want +got):\n%s", diff)
			}
			with := w.part(t, []*Part{w.whole(), less, one}, b)
			if diff := cmp.Diff(other.Nodes, with.Nodes); diff != "" {
				t.Fatalf("cut out of several (-want +got):\n%s", diff)
			}
			for i, h := range less.Runs {
				if at, ok := LeafOf(less.Runs, h.Own); !ok || at != h.At {
					t.Fatalf("run %d: leaf %d, %v", i, at, ok)
				}
			}
			if _, ok := LeafOf(less.Runs, Count(less.Runs)); ok {
				t.Fatal("a texture too many")
			}
		}
	}
}

// Nothing can be changed in a part without its root becoming another, or an error.
func TestPartsFlipped(t *testing.T) {
	t.Parallel()
	w := world(leaves(300))
	p := w.part(t, []*Part{w.whole()}, func(at int) bool { return at >= 70 && at < 90 || at == 222 })
	want := plain(w)
	proves := func() bool {
		root, _, err := Join(len(w), []*Part{p}, p.Runs)
		return err == nil && root == want
	}
	if !proves() {
		t.Fatal("it does not prove its root")
	}
	for i := range p.Nodes {
		for _, bit := range []byte{1, 128} {
			p.Nodes[i][i%32] ^= bit
			if proves() {
				t.Errorf("node %d was changed", i)
			}
			p.Nodes[i][i%32] ^= bit
		}
	}
	nodes := p.Nodes
	for _, changed := range [][]Hash{nil, nodes[1:], nodes[:len(nodes)-1], append(slices.Clone(nodes), Hash{})} {
		if p.Nodes = changed; proves() {
			t.Errorf("%d nodes instead of %d", len(changed), len(nodes))
		}
	}
	p.Nodes = nodes
	runs := p.Runs
	for _, changed := range [][]Run{{{0, 70, 20}}, {{0, 71, 20}, {20, 222, 1}}, {{0, 70, 21}},
		{{0, 70, 20}, {20, 223, 1}}, {{1, 70, 20}, {0, 222, 1}}} {
		if p.Runs = changed; proves() {
			t.Errorf("runs %v instead of %v", changed, runs)
		}
	}
	p.Runs = runs
	other := slices.Clone(w)
	other[299] = Leaf([]byte("another"))
	q := other.part(t, []*Part{other.whole()}, func(at int) bool { return at < 5 })
	if _, _, err := Join(len(w), []*Part{p, q}, p.Runs); !errors.Is(err, ErrConflict) {
		t.Errorf("parts of two trees: %v", err)
	}
}

// Whatever a list of runs has been made of, it is read as what it is written as, or refused, and no
// part that has it takes long or breaks off.
func FuzzRuns(f *testing.F) {
	f.Add([]byte{0, 0, 1}, []byte{1})
	f.Add(AppendRuns(nil, []Run{{0, 5, 20}, {25, 70, 3}, {28, 90, 1}}), make([]byte, 320))
	f.Add([]byte{0x80, 0, 0, 1}, []byte{})
	f.Fuzz(func(t *testing.T, b, nodes []byte) {
		const textures, leaves = 100, 1000
		runs, err := ParseRuns(b, textures, leaves)
		if err != nil {
			return
		}
		if got := AppendRuns(nil, runs); !bytes.Equal(got, b) {
			t.Fatalf("%x became %x", b, got)
		}
		last := Run{}
		for _, r := range runs {
			if r.Own < last.Own+last.N || r.At < last.At+last.N || r.N < 1 || r.Own+r.N > textures ||
				r.At+r.N > leaves {
				t.Fatalf("run %+v after %+v", r, last)
			}
			last = r
		}
		p := &Part{Runs: runs, Leaf: func(own int) (Hash, error) { return Hash{byte(own)}, nil }}
		for len(nodes) >= 32 {
			p.Nodes = append(p.Nodes, Hash(nodes[:32]))
			nodes = nodes[32:]
		}
		_, again, err := Join(leaves, []*Part{p}, runs)
		if err == nil && !slices.Equal(again, p.Nodes) {
			t.Fatalf("%d nodes became %d", len(p.Nodes), len(again))
		}
	})
}
