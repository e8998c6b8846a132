package combine

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) {
	guard.Start()
	patience.Main(m)
}

// small is the layout of tests that are not about layouts.
var small = dds.Layout{Format: dds.BC1, Side: 256}

// noise makes a valid file: every seed another one.
func noise(l dds.Layout, seed uint64) []byte {
	file := make([]byte, l.Size())
	h := l.Header()
	rand.NewChaCha8(sha256.Sum256([]byte{byte(seed), byte(l.Format)})).Read(file[copy(file, h[:]):])
	return file
}

func texture(t testing.TB, name string) tiles.Texture {
	t.Helper()
	tex, err := tiles.ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	return tex
}

// made is a texture of an archive to be combined.
type made struct {
	name string
	seed uint64
	rec  mbtiles.Record
}

// begin starts an archive and puts textures into it.
func begin(t testing.TB, name string, textures ...made) (w *mbtiles.Writer, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name+".mbtiles")
	w, err := mbtiles.Create(t.Context(), path, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	enc := mbtiles.NewEncoder(mbtiles.Fast)
	for _, m := range textures {
		m.rec.Texture = texture(t, m.name)
		l := m.rec.Layout
		if l.Side == 0 {
			l = small
		}
		content, err := enc.Encode(noise(l, m.seed))
		if err == nil {
			err = w.Put(t.Context(), m.rec, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return w, path
}

// build makes an archive of textures and metadata.
func build(t testing.TB, name string, meta map[string]string, textures ...made) *mbtiles.Archive {
	t.Helper()
	w, path := begin(t, name, textures...)
	if err := w.Finish(t.Context(), meta); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func open(t testing.TB, path string) *mbtiles.Archive {
	t.Helper()
	a, err := mbtiles.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func lookup(t testing.TB, a *mbtiles.Archive, name string) mbtiles.Entry {
	t.Helper()
	e, ok := a.Lookup(texture(t, name).Key())
	if !ok {
		t.Fatalf("%s is not in the archive", name)
	}
	return e
}

// verify fails the test unless the archive is sound, to us and to SQLite.
func verify(t testing.TB, a *mbtiles.Archive) mbtiles.Report {
	t.Helper()
	r, err := a.Verify(t.Context(), mbtiles.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]mbtiles.Problem{}, r.Problems); diff != "" || !r.OK {
		t.Fatalf("problems (-want +got):\n%s", diff)
	}
	return r
}

// sql hands the file of an archive to SQLite.
func sql(t testing.TB, path string, do func(*sqlite.Conn) error) {
	t.Helper()
	c, err := sqlite.Dial(path, sqlite.ReadWrite)
	if err == nil {
		err = do(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// previews lists the rows of tiles by address.
func previews(t testing.TB, path string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	sql(t, path, func(c *sqlite.Conn) error {
		return c.Query(t.Context(), `SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles`, func(r *sqlite.Row) error {
			found[fmt.Sprintf("%d/%d/%d", r.Int(0), r.Int(1), r.Int(2))] = string(r.Blob(3))
			return nil
		})
	})
	return found
}

// files lists a folder.
func files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// repacked are the bytes of an archive in canonical form.
func repacked(t testing.TB, a *mbtiles.Archive) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	if _, err := a.Repack(t.Context(), path, mbtiles.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	return read(t, path)
}
