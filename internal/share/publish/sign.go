package publish

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// before returns the signatures of the catalogue that is there, by the names of their archives.
func (o Options) before() map[string][]string {
	found := map[string][]string{}
	text, err := os.ReadFile(filepath.Join(o.Dir, catalogue.File))
	if err != nil {
		return found
	}
	c, err := catalogue.Parse(text)
	if err != nil {
		return found // it is replaced
	}
	for _, a := range c.Archives {
		found[a.File] = a.Signatures
	}
	return found
}

// signatures returns the signatures over all of an archive: its own, those of the catalogue before
// that still hold, and the key's. An archive that has one of the key keeps it, so that the same
// archives give the same bytes.
func (o Options) signatures(ctx context.Context, a *mbtiles.Archive, before []string) ([]string,
	error) {
	statement, err := a.Statement(ctx)
	if errors.Is(err, mbtiles.ErrUnsignable) && o.Key == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	own, err := a.Signatures(ctx)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, s := range own {
		if s.Statement == statement {
			list = append(list, s.Signature)
		}
	}
	for _, s := range before {
		if claim, err := signing.Read(s); err == nil && claim.HasKey && !slices.Contains(list, s) &&
			signing.Verify(claim.Key, statement.Text(), s) {
			list = append(list, s)
		}
	}
	if o.Key == nil || slices.ContainsFunc(list, func(s string) bool {
		return signing.Verify(o.Key.Public(), statement.Text(), s)
	}) {
		return list, nil
	}
	return append(list, signing.Sign(*o.Key, statement.Text(), a.Path(), time.Now())), nil
}

// signers returns what signatures claim of their makers, for people.
func signers(signatures []string) (names []string) {
	for _, s := range signatures {
		if claim, err := signing.Read(s); err == nil {
			name := "key " + signing.ID(claim.KeyID)
			if claim.Name != "" {
				name = claim.Name + ", " + name
			}
			names = append(names, name)
		}
	}
	return names
}
