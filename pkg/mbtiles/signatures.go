package mbtiles

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/merkle"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// ErrUnsignable is of an archive that cannot be signed.
var ErrUnsignable = errors.New("it cannot be signed")

// Statement is what a signature of an archive says: what it was when it was signed.
type Statement = merkle.Statement

// ParseStatement reads the text of a Statement.
func ParseStatement(text string) (Statement, error) { return merkle.ParseStatement(text) }

// Statement returns what a signature of the whole archive says. The error is ErrUnsignable in
// format 1, and of an archive that is being built.
func (a *Archive) Statement(ctx context.Context) (Statement, error) {
	if a.format == 1 {
		return Statement{}, fmt.Errorf("%s: %w: format 1 has no root; raise it: %s", a.path,
			ErrUnsignable, shell.Command("xelpack", "repack", a.path))
	}
	if !a.complete {
		return Statement{}, fmt.Errorf("%s: %w: %w", a.path, ErrUnsignable, ErrUnfinished)
	}
	digest, err := a.Digest(ctx)
	return Statement{Digest: digest, Root: a.root, Textures: a.Len()}, err
}

// Signature is a signature that an archive carries. Whose it is, it does not say: that is for a key
// to find out.
type Signature struct {
	Statement
	Signature string // a file of minisign's, over Statement.Text
	Covers    int    // textures of the archive that are proved to be of what was signed
	runs      []merkle.Run
}

// Covered returns how many textures of the archive that signatures are of are covered by any of
// them.
func Covered(signatures []Signature) int {
	var runs []merkle.Run
	for _, s := range signatures {
		runs = append(runs, s.runs...)
	}
	slices.SortFunc(runs, func(p, q merkle.Run) int { return cmp.Compare(p.Own, q.Own) })
	n, end := 0, 0
	for _, r := range runs {
		if last := r.Own + r.N; last > end {
			n += last - max(end, r.Own)
			end = last
		}
	}
	return n
}

// Whole reports whether all that was signed is in the archive.
func (s Signature) Whole() bool { return s.Covers == s.Textures }

// Signatures returns the signatures that an archive carries, each with how many of its textures are
// proved to be of what was signed, as far as the archive's root says what it has. What proves
// nothing is ErrCorrupt.
func (a *Archive) Signatures(ctx context.Context) ([]Signature, error) {
	all, err := a.signed(ctx)
	if err != nil {
		return nil, explain(a.path, err)
	}
	found := make([]Signature, 0, len(all))
	for _, s := range all {
		if s.Whole == nil {
			err = s.prove(s.Part)
		} else if digest, errDigest := a.Digest(ctx); errDigest != nil || digest != s.Digest {
			err = cmp.Or(errDigest, corrupt("it is signed with another digest, %s", s.Digest))
		}
		if err != nil {
			return nil, explain(a.path, err)
		}
		found = append(found, s.told())
	}
	return found, nil
}

// signed is a signature with what proves it.
type signed struct {
	Statement
	Text, Signature string
	*merkle.Part
}

func (s signed) told() Signature {
	return Signature{s.Statement, s.Signature, merkle.Count(s.Runs), s.Runs}
}

// signed returns the signatures of an archive, not proved yet. Their leaves are those of its tree.
func (a *Archive) signed(ctx context.Context) ([]signed, error) {
	if !a.hashed() || !a.complete {
		return nil, nil
	}
	if err := a.wantAll(ctx, "signatures"); err != nil {
		return nil, err
	}
	var rows []tables.Signed
	err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		rows, err = tables.Signatures(ctx, c, a.Len())
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, s := range a.beside {
		if !slices.ContainsFunc(rows, func(r tables.Signed) bool {
			return r.Text == s.Text && r.Signature == s.Signature
		}) {
			rows = append(rows, s)
		}
	}
	var all []signed
	blocks := func(level, number int) ([]merkle.Hash, error) { return a.block(ctx, level, number) }
	leaf := func(own int) (merkle.Hash, error) {
		block, err := blocks(0, own/merkle.Fan)
		if err != nil {
			return merkle.Hash{}, err
		}
		return block[own%merkle.Fan], nil
	}
	for i, row := range rows {
		s, err := parseSigned(row, a.Len())
		if err != nil {
			return nil, corrupt("signature %d: %v", i+1, err)
		}
		if s.Leaf = leaf; s.Root == a.root && s.Textures == a.Len() && merkle.Count(s.Runs) == a.Len() {
			s.Whole = blocks
		}
		all = append(all, s)
	}
	return all, nil
}

// Attach has the archive carry a signature that came beside its file, over the whole of it: what is
// made of it keeps that, as if it had been in it. The caller has seen whose it is. It must not be
// called while the archive is used.
func (a *Archive) Attach(s Statement, signature string) error {
	if s.Root == "" || s.Root != a.root || s.Textures != a.Len() {
		return fmt.Errorf("%s: a signature over another archive: root %.70q with %d textures, want %.70q "+
			"with %d", a.path, s.Root, s.Textures, a.root, a.Len())
	}
	a.beside = append(a.beside, tables.Signed{Text: s.Text(), Signature: signature,
		Runs: merkle.AppendRuns(nil, []merkle.Run{{N: s.Textures}})})
	return nil
}

// parseSigned reads a row of an archive of so many textures.
func parseSigned(row tables.Signed, textures int) (signed, error) {
	s := signed{Text: row.Text, Signature: row.Signature, Part: &merkle.Part{Nodes: row.Nodes}}
	var err error
	if s.Statement, err = ParseStatement(row.Text); err == nil {
		s.Runs, err = merkle.ParseRuns(row.Runs, textures, s.Textures)
	}
	return s, err
}

// prove checks that a part leads to the root that is signed.
func (s signed) prove(p *merkle.Part) error {
	root, _, err := merkle.Join(s.Textures, []*merkle.Part{p}, p.Runs)
	if err == nil && hex.EncodeToString(root[:]) != s.Root {
		err = fmt.Errorf("its textures lead to another root than the one that is signed, %s", s.Root)
	}
	if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, context.Canceled) {
		err = corrupt("a signature: %v", err)
	}
	return err
}

// putSignatures keeps, of the signatures of the archives that it was made of, what proves textures
// of the new one, whose leaves are given. Textures count by what they are: also those that were
// taken from another archive that has the same.
func (a *assembling) putSignatures(ctx context.Context, leaves []merkle.Hash) error {
	if a.unsigned {
		return nil
	}
	type origin struct {
		from *Archive
		signed
	}
	var all []origin
	for _, f := range a.From {
		rows, err := f.signed(ctx)
		if err != nil {
			return explain(f.path, err)
		}
		for _, s := range rows {
			if a.Keep == nil || a.Keep(Signature{Statement: s.Statement, Signature: s.Signature}) {
				all = append(all, origin{f, s})
			}
		}
	}
	slices.SortStableFunc(all, func(p, q origin) int {
		return cmp.Or(cmp.Compare(p.Text, q.Text), cmp.Compare(p.Signature, q.Signature))
	})
	for i := 0; i < len(all); {
		n := i + 1
		for n < len(all) && all[n].Text == all[i].Text && all[n].Signature == all[i].Signature {
			n++
		}
		at := make(map[int]int) // leaves of the textures that they have
		var parts []*merkle.Part
		for _, o := range all[i:n] {
			if err := a.covered(ctx, o.from, o.Runs, at); err != nil {
				return err
			}
			parts = append(parts, o.Part)
		}
		if err := a.putSigned(ctx, all[i].signed, parts, at, leaves); err != nil {
			return explain(all[i].from.path, err)
		}
		i = n
	}
	return nil
}

// covered adds to at the leaves of the textures that from has like the new archive.
func (a *assembling) covered(ctx context.Context, from *Archive, runs []merkle.Run,
	at map[int]int) error {
	for i, s := range a.Sources {
		place := s.row
		if s.From != from {
			var same bool
			if place, same = from.index.place(s.Entry()); !same {
				continue
			}
			sha, err := from.sha(ctx, from.index.entry(place))
			if err != nil {
				return err
			}
			if sha != a.contents[a.index.rows[i].content-1].sums.SHA {
				continue
			}
		}
		if leaf, ok := merkle.LeafOf(runs, place); ok {
			at[i] = leaf
		}
	}
	return nil
}

// putSigned writes a signature, if it covers any textures: at has their leaves.
func (a *assembling) putSigned(ctx context.Context, s signed, parts []*merkle.Part, at map[int]int,
	leaves []merkle.Hash) error {
	var runs []merkle.Run
	for i := range a.Sources {
		if leaf, ok := at[i]; ok {
			var err error
			if runs, err = merkle.AddTo(runs, i, leaf); err != nil {
				return corrupt("a signature: %v", err)
			}
		}
	}
	if s.Root == a.root && s.Textures == len(leaves) && s.Textures > 0 { // all that was signed
		runs, parts = []merkle.Run{{N: len(leaves)}}, nil
	}
	if len(runs) == 0 {
		return nil
	}
	var nodes []merkle.Hash
	var err error
	if parts != nil {
		_, nodes, err = merkle.Join(s.Textures, parts, runs)
	}
	if err != nil {
		err = corrupt("a signature: %v", err)
	} else {
		leaf := func(own int) (merkle.Hash, error) { return leaves[own], nil }
		err = s.prove(&merkle.Part{Runs: runs, Nodes: nodes, Leaf: leaf})
	}
	if err != nil {
		return err
	}
	return tables.AddSignature(ctx, a.c, tables.Signed{Text: s.Text, Signature: s.Signature,
		Runs: merkle.AppendRuns(nil, runs), Nodes: nodes})
}

// sign adds a signature of the new archive.
func (a *assembling) sign(ctx context.Context, s Statement) error {
	signature, err := a.Sign(s)
	if err != nil {
		return err
	}
	row := tables.Signed{Text: s.Text(), Signature: signature}
	if s.Textures > 0 {
		row.Runs = merkle.AppendRuns(nil, []merkle.Run{{N: s.Textures}})
	}
	return tables.AddSignature(ctx, a.c, row)
}

// Sign makes an archive at path, which may be a's own, like Repack, and adds the signature that
// sign makes. Every texture has been compared with its hash by then. Of a's own signatures it keeps
// those that keep accepts.
func (a *Archive) Sign(ctx context.Context, path string, sign func(Statement) (string, error),
	keep func(Signature) bool, o CopyOptions) (CopyReport, error) {
	if err := a.NoPatch(); err != nil {
		return CopyReport{}, err
	}
	if !a.complete {
		return CopyReport{}, fmt.Errorf("%s: %w: %w", a.path, ErrUnsignable, ErrUnfinished)
	}
	meta, err := a.Metadata(ctx)
	if err != nil {
		return CopyReport{}, err
	}
	o.Quick = false
	return Assemble(ctx, path, Assembly{From: []*Archive{a}, Sources: a.Sources(nil),
		Metadata: meta, Sign: sign, Keep: keep}, o)
}

// signatures checks that each signature is over what the archive has, whose digest, root and leaves
// are given.
func (v *verifier) signatures(ctx context.Context, c *sqlite.Conn, digest, root string,
	leaves []merkle.Hash) (found []Signature, err error) {
	rows, err := tables.Signatures(ctx, c, len(leaves))
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		s, err := parseSigned(row, len(leaves))
		if err == nil {
			s.Leaf = func(own int) (merkle.Hash, error) { return leaves[own], nil }
			err = s.prove(s.Part)
		}
		if err == nil && s.Root == root && s.Textures == len(leaves) && s.Digest != digest {
			err = fmt.Errorf("it is over another digest, %s", s.Digest)
		}
		if err != nil {
			v.problem("", "signature %d: %s", i+1, plainDamage(err))
			continue
		}
		found = append(found, s.told())
	}
	return found, nil
}
