package merkle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// Run is some textures of an archive, one after the other, which follow each other likewise in a
// tree that is not, or not only, the archive's own.
type Run struct {
	Own int // place of the first in the archive
	At  int // its leaf in the tree
	N   int // how many
}

// errRuns is of runs that cannot be.
var errRuns = errors.New("its list of textures is wrong")

// AppendRuns writes runs: of each three varints, how many textures, and how many leaves, lie
// between it and the one before, and N.
func AppendRuns(b []byte, runs []Run) []byte {
	var last Run
	for _, r := range runs {
		b = binary.AppendUvarint(b, uint64(r.Own-last.Own-last.N))
		b = binary.AppendUvarint(b, uint64(r.At-last.At-last.N))
		b = binary.AppendUvarint(b, uint64(r.N))
		last = r
	}
	return b
}

// ParseRuns reads what AppendRuns has written, of an archive of so many textures and a tree of so
// many leaves. There is one way to write a list of runs.
func ParseRuns(b []byte, textures, leaves int) ([]Run, error) {
	var runs []Run
	var last Run
	for rest := b; len(rest) > 0; {
		var v [3]uint64
		for i := range v {
			n := 0
			if v[i], n = binary.Uvarint(rest); n <= 0 || v[i] > uint64(max(textures, leaves)) {
				return nil, errRuns
			}
			rest = rest[n:]
		}
		r := Run{last.Own + last.N + int(v[0]), last.At + last.N + int(v[1]), int(v[2])}
		if r.N == 0 || r.Own+r.N > textures || r.At+r.N > leaves ||
			len(runs) > 0 && v[0] == 0 && v[1] == 0 {
			return nil, errRuns
		}
		runs = append(runs, r)
		last = r
	}
	if !bytes.Equal(AppendRuns(nil, runs), b) {
		return nil, errRuns
	}
	return runs, nil
}

// AddTo adds a texture behind those of runs.
func AddTo(runs []Run, own, at int) ([]Run, error) {
	if n := len(runs); n > 0 {
		last := &runs[n-1]
		if own < last.Own+last.N || at < last.At+last.N {
			return nil, errRuns
		}
		if own == last.Own+last.N && at == last.At+last.N {
			last.N++
			return runs, nil
		}
	}
	return append(runs, Run{own, at, 1}), nil
}

// LeafOf returns the leaf of a texture, by its place in the archive.
func LeafOf(runs []Run, own int) (at int, ok bool) {
	i, _ := slices.BinarySearchFunc(runs, own, func(r Run, own int) int { return r.Own + r.N - 1 - own })
	if i == len(runs) || runs[i].Own > own {
		return 0, false
	}
	return runs[i].At + own - runs[i].Own, true
}

// Count returns how many textures runs have.
func Count(runs []Run) int {
	n := 0
	for _, r := range runs {
		n += r.N
	}
	return n
}

// Part is what an archive has of a tree.
type Part struct {
	Runs []Run
	// the roots of the largest subtrees that no texture is of, from left to right
	Nodes []Hash
	Leaf  func(own int) (Hash, error) // of a texture, by its place
	Whole Blocks                      // of an archive whose own tree it is: its blocks; else nil

	run, node int // where Join is
}

// holds reports whether there is a texture of the leaves from lo up to hi. lo must not be less than
// at the last call.
func (p *Part) holds(lo, hi int) bool {
	for p.run < len(p.Runs) && p.Runs[p.run].At+p.Runs[p.run].N <= lo {
		p.run++
	}
	return p.run < len(p.Runs) && p.Runs[p.run].At < hi
}

func (p *Part) next() (Hash, error) {
	if p.node == len(p.Nodes) {
		return Hash{}, ErrNodes
	}
	p.node++
	return p.Nodes[p.node-1], nil
}

// The ways in which parts do not make a tree.
var (
	ErrNodes    = errors.New("it has not as many hashes as its proof takes")
	ErrConflict = errors.New("two parts of one signed archive contradict each other")
)

// Join computes the root of a tree of n leaves from at least one part of it, and the nodes of the
// part that has the runs of keep, whose textures must be among those of parts.
func Join(n int, parts []*Part, keep []Run) (root Hash, nodes []Hash, err error) {
	if n == 0 {
		return Root(nil), nil, nil
	}
	for _, p := range parts {
		p.run, p.node = 0, 0
	}
	w := joining{keep: Part{Runs: keep}}
	if root, err = w.hash(0, n, parts, true); err != nil {
		return Hash{}, nil, err
	}
	for _, p := range parts {
		if p.node != len(p.Nodes) {
			return Hash{}, nil, ErrNodes
		}
	}
	return root, w.nodes, nil
}

type joining struct {
	keep  Part
	nodes []Hash
}

// hash computes the root of the subtree over the leaves from lo up to hi, to which each of the
// parts contributes; emit: no larger subtree is without textures that are kept.
func (w *joining) hash(lo, hi int, parts []*Part, emit bool) (sum Hash, err error) {
	known := false
	see := func(h Hash, err error) error {
		if err == nil && known && h != sum {
			err = ErrConflict
		}
		sum, known = h, true
		return err
	}
	kept := w.keep.holds(lo, hi)
	var deeper []*Part
	for _, p := range parts {
		if p.holds(lo, hi) {
			deeper = append(deeper, p)
		} else if err := see(p.next()); err != nil {
			return sum, err
		}
	}
	switch {
	case len(deeper) == 0:
	case !kept && len(deeper) == 1 && deeper[0].Whole != nil:
		if err := see(deeper[0].Whole.Subtree(lo, hi)); err != nil {
			return sum, err
		}
	case hi-lo == 1:
		for _, p := range deeper {
			r := p.Runs[p.run]
			if err := see(p.Leaf(r.Own + lo - r.At)); err != nil {
				return sum, err
			}
		}
	default:
		middle := lo + split(hi-lo)
		left, err := w.hash(lo, middle, deeper, emit && kept)
		if err != nil {
			return sum, err
		}
		right, err := w.hash(middle, hi, deeper, emit && kept)
		if err != nil {
			return sum, err
		}
		if err := see(node(left, right), nil); err != nil {
			return sum, err
		}
	}
	if !known {
		return sum, ErrNodes
	}
	if emit && !kept {
		w.nodes = append(w.nodes, sum)
	}
	return sum, nil
}
