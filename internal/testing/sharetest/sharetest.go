// Package sharetest makes small archives to be shared, for tests.
package sharetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Open is imagery that may be passed on, Closed such that may not.
var (
	Open = terms.Source{ID: "open", Name: "Open Imagery", Licence: "CC BY 4.0",
		Terms: terms.Of("CC BY 4.0"), Attribution: "© Somebody",
		Captured: &terms.Days{Oldest: "2020-05-01", Newest: "2021-06-30"}}
	Closed = terms.Source{ID: "closed", Licence: "all rights reserved",
		Terms: terms.Terms{Redistribution: terms.No}}
)

// Archive describes an archive to be made.
type Archive struct {
	File     string
	Source   terms.Source
	Detail   uint8
	Textures []string // names such as 23952_33712_BI16
	Seed     byte     // another one makes other pixels
	// of a texture, in pixels; default 256, whose previews show noise and take as much as it
	Side int
}

// Make makes an archive in a folder, in the place of one that is there, and returns its path.
func Make(t testing.TB, dir string, a Archive) string {
	t.Helper()
	path := filepath.Join(dir, a.File)
	if err := write(t.Context(), path, a); err != nil {
		t.Fatal(err)
	}
	return path
}

// Digest returns the digest of an archive that must verify whole.
func Digest(t testing.TB, file string) string {
	t.Helper()
	a, err := mbtiles.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	r, err := a.Verify(t.Context(), mbtiles.VerifyOptions{})
	if err != nil || !r.OK {
		t.Fatalf("%s does not verify: %v %v", file, err, r.Problems)
	}
	return r.Digest
}

// Change replaces textures of an archive, as a new version of it at its source would.
func Change(t testing.TB, path string, a Archive) {
	t.Helper()
	dir := t.TempDir()
	changed := Make(t, dir, a)
	if err := merge(t.Context(), filepath.Join(dir, "new.mbtiles"), changed, path); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "new.mbtiles"), path); err != nil {
		t.Fatal(err)
	}
}

// merge merges archives, of which the first is preferred.
func merge(ctx context.Context, path string, names ...string) (err error) {
	var inputs []*mbtiles.Archive
	for _, name := range names {
		a, err := mbtiles.Open(ctx, name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		inputs = append(inputs, a)
	}
	_, err = combine.Merge(ctx, path, inputs, combine.MergeOptions{})
	return err
}

func write(ctx context.Context, path string, a Archive) (err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w, err := mbtiles.Create(ctx, path, mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for i, name := range a.Textures {
		texture, err := tiles.ParseName(name + ".dds")
		if err != nil {
			return err
		}
		l := dds.Layout{Format: dds.BC1, Side: cmp.Or(a.Side, 256)}
		file := make([]byte, l.Size())
		header := l.Header()
		copy(file, header[:])
		off, n := l.Level(0)
		if a.Side == 0 {
			n = l.Size() - off
		}
		noise := rand.NewChaCha8([32]byte{a.Seed, byte(i), byte(i >> 8)})
		_, _ = noise.Read(file[off:][:n]) // never fails
		content, err := mbtiles.NewEncoder(mbtiles.None).Encode(file)
		if err != nil {
			return err
		}
		r := mbtiles.Record{Texture: texture, Detail: a.Detail, Chunks: 1, Provider: a.Source.ID}
		if a.Source.Captured != nil {
			r.Captured = *a.Source.Captured
		}
		if err := w.Put(ctx, r, content); err != nil {
			return err
		}
	}
	return w.Finish(ctx, map[string]string{mbtiles.KeySources: terms.Sources{a.Source}.String(),
		mbtiles.KeyLicence: a.Source.Licence, mbtiles.KeyRedistributable: fmt.Sprint(a.Source.Terms.MayPassOn())})
}

// Key makes a key without a password, of alice's.
func Key(t testing.TB) *signing.SecretKey {
	t.Helper()
	file := filepath.Join(t.TempDir(), "alice.key")
	if _, _, err := signing.Make(file, ""); err != nil {
		t.Fatal(err)
	}
	key, err := signing.Secret(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &key
}
