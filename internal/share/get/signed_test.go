package get

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/share/publish"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// A published key is remembered at first sight, and another one for the same name is refused. What
// is made carries the signature.
func TestSigned(t *testing.T) {
	if testing.Short() {
		t.Skip("draws many previews, and finds no race that TestGet does not: for the full suite")
	}
	for _, name := range []string{"XDG_CONFIG_HOME", "HOME", "AppData"} {
		t.Setenv(name, t.TempDir())
	}
	key, other := sharetest.Key(t), sharetest.Key(t)
	dir := published(t, publish.Options{Key: key}, coarse, sharp)
	forged := published(t, publish.Options{Key: other}, coarse, sharp)
	plain := published(t, publish.Options{}, coarse, sharp)
	swapped := filepath.Join(t.TempDir(), "swapped")
	if err := os.CopyFS(swapped, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, catalogue.File))
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c.Archives[0].Signatures, c.Archives[1].Signatures = c.Archives[1].Signatures,
		c.Archives[0].Signatures
	if text, err = c.Text(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(swapped, catalogue.File), text, 0o666); err != nil {
		t.Fatal(err)
	}
	public := func(k *signing.SecretKey) []signing.PublicKey { return []signing.PublicKey{k.Public()} }
	for _, tt := range []struct {
		name  string
		dir   string
		keys  []signing.PublicKey
		want  error
		trust signing.Trust
	}{
		{"met first", dir, nil, nil, signing.First},
		{"the key is given", dir, public(key), nil, signing.Given},
		{"another is given", dir, public(other), signing.ErrUnsigned, ""},
		{"an unsigned one, and a key", plain, public(key), signing.ErrUnsigned, ""},
		{"unsigned", plain, nil, nil, ""},
		{"met again", dir, nil, nil, signing.Pinned},
		{"another key of the name", forged, nil, signing.ErrChanged, ""},
		{"of another archive", swapped, nil, signing.ErrForged, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := choose(t, serve(t, tt.dir), Options{Keys: tt.keys})
			if !errors.Is(err, tt.want) {
				t.Fatalf("%v, want %v", err, tt.want)
			}
			if errors.Is(err, signing.ErrChanged) && !strings.Contains(err.Error(), "xelpack key forget alice") {
				t.Errorf("%v does not say what to do", err)
			}
			if err != nil {
				return
			}
			var got signing.Trust
			if signed := c.Taken[0].Signed; len(signed) > 0 {
				got = signed[0].Trust
			}
			if got != tt.trust {
				t.Errorf("trust %q, want %q", got, tt.trust)
			}
			path := filepath.Join(t.TempDir(), "flight.mbtiles")
			if _, err := c.Make(t.Context(), path, mbtiles.CopyOptions{}); err != nil {
				t.Fatal(err)
			}
			a, err := mbtiles.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			signatures, err := a.Signatures(t.Context())
			covered := mbtiles.Covered(signatures)
			if want := map[bool]int{true: a.Len()}[tt.trust != ""]; err != nil || covered != want {
				t.Errorf("%d of %d textures signed, want %d; %v", covered, a.Len(), want, err)
			}
		})
	}
}
