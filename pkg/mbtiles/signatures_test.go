package mbtiles

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// sealed makes an archive of n small textures, signed by "alice".
func sealed(t *testing.T, n int) *Archive {
	t.Helper()
	files := make(map[string][]byte)
	for i := range n {
		files[fmt.Sprintf("%d_16_BI12", 16*i)] = solidFile(small, uint16(i))
	}
	files["16_32_BI12"] = halfNoise(mixed)
	return signedBy(t, build(t, files), "alice")
}

// signedBy returns a signed copy.
func signedBy(t *testing.T, a *Archive, name string) *Archive {
	t.Helper()
	path := filepath.Join(t.TempDir(), "signed.mbtiles")
	sign := func(s Statement) (string, error) { return name + " has signed " + s.Root, nil }
	if _, err := a.Sign(t.Context(), path, sign, nil, CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

// some extracts the textures whose row is accepted.
func some(t *testing.T, a *Archive, accept func(row uint32) bool) *Archive {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.mbtiles")
	keep := func(e Entry) bool { return accept(e.Texture.Row / 16) }
	if _, err := a.Extract(t.Context(), path, keep, CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

// assembled makes an archive of all textures of others, each of the first that has it.
func assembled(t *testing.T, from ...*Archive) *Archive {
	t.Helper()
	var sources []Source
	seen := make(map[string]bool)
	for _, a := range from {
		sources = append(sources, a.Sources(func(e Entry) bool {
			had := seen[e.Texture.Name()]
			seen[e.Texture.Name()] = true
			return !had
		})...)
	}
	sortSources(sources)
	path := filepath.Join(t.TempDir(), "some.mbtiles") // which is its name in the metadata, too
	meta, err := from[0].Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	delete(meta, "name")
	if _, err := Assemble(t.Context(), path, Assembly{From: from, Sources: sources, Metadata: meta}, CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

func signaturesOf(t *testing.T, a *Archive) []Signature {
	t.Helper()
	found, err := a.Signatures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(len(mustVerify(t, a).Signatures), len(found)); diff != "" {
		t.Fatalf("verified and found (-want +got):\n%s", diff)
	}
	return found
}

func wantSignature(t *testing.T, a, of *Archive, name string, covers int) {
	t.Helper()
	found := signaturesOf(t, a)
	want, err := of.Statement(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Statement != want || found[0].Covers != covers ||
		!strings.HasPrefix(found[0].Signature, name) || found[0].Whole() != (covers == of.Len()) {
		t.Errorf("signatures %+v, want one of %+v that covers %d", found, want, covers)
	}
}

func bytesOf(t *testing.T, a *Archive) []byte {
	t.Helper()
	b, err := os.ReadFile(a.Path())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A signature stays through everything that leaves the textures as they are, and a part keeps a
// proof of what it has.
func TestSignaturesStay(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes many archives one after the other, where there is no race: for the full suite")
	}
	whole := sealed(t, 90)
	n := whole.Len()
	wantSignature(t, whole, whole, "alice", n)
	wantSignature(t, repack(t, whole, CopyOptions{Quick: true}), whole, "alice", n)
	wantSignature(t, repack(t, whole, CopyOptions{Recompress: true, Compression: None}), whole, "alice", n)

	early := some(t, whole, func(row uint32) bool { return row < 70 })
	late := some(t, whole, func(row uint32) bool { return row > 40 && row%3 != 0 })
	wantSignature(t, late, whole, "alice", late.Len())
	part := some(t, early, func(row uint32) bool { return row == 7 || row > 60 })
	wantSignature(t, repack(t, part, CopyOptions{}), whole, "alice", 10)

	// Put together they are what is cut out at once, in whatever order, byte for byte.
	once := some(t, whole, func(row uint32) bool { return row < 70 || row%3 != 0 })
	wantSignature(t, once, whole, "alice", once.Len())
	for _, of := range [][]*Archive{{early, late}, {part, late, early}} {
		if got := assembled(t, of...); !bytes.Equal(bytesOf(t, got), bytesOf(t, once)) {
			t.Errorf("%d parts put together are another archive", len(of))
		}
	}
	// So are all of its textures the archive again, wholly signed.
	rest := some(t, whole, func(row uint32) bool { return row >= 70 || row%3 == 0 })
	wantSignature(t, assembled(t, once, rest), whole, "alice", n)
}

// Who puts archives of several together keeps the signatures of all.
func TestSignaturesOfSeveral(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long and finds no race: for the full suite")
	}
	t.Parallel()
	alice := sealed(t, 20)
	other := build(t, map[string][]byte{"1600_16_BI12": ddsFile(small, 1), "0_16_BI12": ddsFile(small, 2)})
	bob := signedBy(t, signedBy(t, other, "bob"), "carol")
	if found := signaturesOf(t, bob); len(found) != 2 || Covered(found) != 2 {
		t.Fatalf("signed twice: %+v", found)
	}
	found := signaturesOf(t, assembled(t, alice, bob))
	covers := make(map[string]int)
	for _, s := range found {
		who, _, _ := strings.Cut(s.Signature, " ")
		covers[who] = s.Covers
	}
	if diff := cmp.Diff(map[string]int{"alice": 21, "bob": 1, "carol": 1}, covers); diff != "" ||
		Covered(found) != 22 {
		t.Errorf("%d covered; signatures (-want +got):\n%s", Covered(found), diff)
	}
	plain := build(t, map[string][]byte{"0_16_BI12": solidFile(small, 0), "16_16_BI12": ddsFile(small, 9),
		"3200_16_BI12": ddsFile(small, 8)})
	// What is taken of another archive, and is the same, is covered; what is not, is not.
	wantSignature(t, assembled(t, plain, alice), alice, "alice", 20)
}

// What is changed is not what was signed.
func TestSignaturesGo(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long and finds no race: for the full suite")
	}
	t.Parallel()
	a := sealed(t, 5)
	change := func(put func(w *Writer)) *Archive {
		path := write(t, bytesOf(t, a))
		w, err := Create(t.Context(), path, WriterOptions{Extend: true})
		if err != nil {
			t.Fatal(err)
		}
		put(w)
		finish(t, w)
		return openAt(t, path)
	}
	wantSignature(t, change(func(*Writer) {}), a, "alice", 6)
	if found := signaturesOf(t, change(func(w *Writer) { put(t, w, "0_16_BI12", ddsFile(small, 1)) })); len(found) > 0 {
		t.Errorf("changed, it is signed: %+v", found)
	}
	if _, err := openAt(t, write(t, older(t, bytesOf(t, a)))).Statement(t.Context()); !errors.Is(err, ErrUnsignable) {
		t.Errorf("format 1: %v", err)
	}
}

// A row of signatures that does not prove what it says is found, and nothing is made of it.
func TestSignaturesWrong(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes many archives one after the other, where there is no race: for the full suite")
	}
	whole := sealed(t, 100)
	part := some(t, whole, func(row uint32) bool { return row > 20 && row < 30 })
	for name, tt := range map[string]struct {
		a   *Archive
		sql string
	}{
		"text":           {part, `UPDATE signatures SET text = 'I am the queen'`},
		"another root":   {part, `UPDATE signatures SET text = replace(text, 'root ', 'root 0')`},
		"far too many":   {part, `UPDATE signatures SET text = replace(text, '101', '99999999999999999')`},
		"no nodes":       {part, `UPDATE signatures SET nodes = x''`},
		"half a node":    {part, `UPDATE signatures SET nodes = x'00'`},
		"more nodes":     {part, `UPDATE signatures SET nodes = CAST(nodes || zeroblob(32) AS BLOB)`},
		"other nodes":    {part, `UPDATE signatures SET nodes = zeroblob(length(nodes))`},
		"runs":           {part, `UPDATE signatures SET runs = x'000002'`},
		"runs beyond":    {part, `UPDATE signatures SET runs = x'007f7f'`},
		"runs torn":      {part, `UPDATE signatures SET runs = x'ff'`},
		"huge":           {part, `UPDATE signatures SET nodes = zeroblob(200000)`},
		"whole, no runs": {whole, `UPDATE signatures SET runs = x''`},
		"whole, digest":  {whole, `UPDATE metadata SET value = substr(value, 2) || '0' WHERE name = 'xelpack:digest'`},
		"text, digest":   {whole, `UPDATE signatures SET text = substr(text, 1, 30) || '00' || substr(text, 33)`},
	} {
		t.Run(name, func(t *testing.T) {
			a := openAt(t, write(t, altered(t, bytesOf(t, tt.a), tt.sql)))
			r, err := a.Verify(t.Context(), VerifyOptions{Quick: true})
			if err != nil || r.OK {
				t.Errorf("verified: %+v, %v", r, err)
			}
			if name == "whole, digest" {
				return // the tables say what it is
			}
			if found, err := a.Signatures(t.Context()); !errors.Is(err, ErrCorrupt) {
				t.Errorf("signatures %+v, %v", found, err)
			}
			// It can be repaired all the same.
			if err := a.Salvage(t.Context(), nil, CopyOptions{Quick: true}); err != nil {
				t.Errorf("salvaged: %v", err)
			}
			if strings.HasPrefix(name, "whole") || name == "text, digest" {
				return // it has the root, so what proves it is made anew
			}
			out := filepath.Join(t.TempDir(), "out.mbtiles")
			if _, err := a.Repack(t.Context(), out, CopyOptions{}); !errors.Is(err, ErrCorrupt) {
				t.Errorf("repacked: %v", err)
			}
		})
	}
}

func TestParseStatement(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0a", 32)
	good := Statement{Digest: sum, Root: sum, Textures: 7}
	if got, err := ParseStatement(good.Text()); err != nil || got != good {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "xelpack archive\n", good.Text() + "\n", " " + good.Text(),
		strings.Replace(good.Text(), "7", "-7", 1), strings.Replace(good.Text(), "7", "07", 1),
		strings.ReplaceAll(good.Text(), "0a", "0A"), strings.Replace(good.Text(), "0a", "xx", 1),
		strings.Replace(good.Text(), "7\n", "7", 1), strings.ReplaceAll(good.Text(), "\n", "\r\n"),
		strings.Replace(good.Text(), "7", "99999999999999999999", 1)} {
		if got, err := ParseStatement(bad); err == nil {
			t.Errorf("%q became %+v", bad, got)
		}
	}
}

// sortSources puts sources into the order of an archive.
func sortSources(s []Source) {
	for i := range s {
		for j := i; j > 0 && s[j].Compare(s[j-1]) < 0; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

// Signatures are read in bounds.
func TestSignaturesMany(t *testing.T) {
	t.Parallel()
	a := sealed(t, 3)
	many := altered(t, bytesOf(t, a), append([]string{}, thousands(
		`INSERT INTO signatures SELECT %d + 2, text, signature, runs, nodes FROM signatures WHERE id = 1`, 300)...)...)
	b := openAt(t, write(t, many))
	err := b.reader.Conns.Do(t.Context(), func(c *sqlite.Conn) error {
		_, err := tables.Signatures(t.Context(), c, b.Len())
		return err
	})
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("300 signatures: %v", err)
	}
}
