//go:build linux

package mount

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xelpack/xelpack/pkg/mount/internal/inode"

	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) {
	guard.Start()
	if mounttest.Serve() || serveStale() {
		return
	}
	patience.Main(m)
}

// mountAt mounts o at dir until the test ends, whatever becomes of it. Unless o says so, nobody
// gives up waiting: no stand-in is served for what takes long, and no mount detached.
func mountAt(t testing.TB, dir string, o Options) *FS {
	t.Helper()
	o.Grace, o.Deadline = cmp.Or(o.Grace, patience.For(t)), cmp.Or(o.Deadline, patience.For(t))
	o.GenerateTimeout = cmp.Or(o.GenerateTimeout, patience.For(t))
	f, err := Mount(t.Context(), dir, o)
	if err != nil {
		t.Fatalf("Mount: %v", err)
	}
	t.Cleanup(func() {
		f.live.close()
		if f.attached() {
			mounts.Detach(f.mountpoint)
		}
		if err := f.drain(context.Background(), time.After(patience.For(t))); err != nil {
			t.Error(err)
		}
	})
	return f
}

// mountTemp mounts o somewhere.
func mountTemp(t testing.TB, o Options) *FS {
	t.Helper()
	mounttest.NeedFUSE(t)
	return mountAt(t, t.TempDir(), o)
}

// textures is the path of a texture's file in a mount.
func (f *FS) textures(name string) string { return filepath.Join(f.mountpoint, texturesName, name) }

// noise returns a file of layout l with a valid header and bytes that depend on seed after it.
func noise(l dds.Layout, seed string) []byte {
	rnd := rand.NewPCG(inode.Hash(seed), 1)
	file := make([]byte, 0, l.Size())
	h := l.Header()
	for file = append(file, h[:]...); len(file) < cap(file); {
		file = binary.LittleEndian.AppendUint64(file, rnd.Uint64())
	}
	return file
}

// grounded returns the ground-coloured file of layout l. Nobody changes it.
func grounded(l dds.Layout) []byte {
	file, ok := grounds.Load(l)
	if !ok {
		made := make([]byte, l.Size())
		standin.Ground(l, made, 0)
		file, _ = grounds.LoadOrStore(l, made)
	}
	return file.([]byte)
}

var grounds sync.Map // []byte by dds.Layout: they take long under the race detector

func tex(name string) tiles.Texture {
	t, err := tiles.ParseName(name)
	if err != nil {
		panic(err)
	}
	return t
}

var small = dds.Layout{Format: dds.BC1, Side: 256}

// fakeArchive holds textures in memory. The zero value is empty.
type fakeArchive struct {
	entries []mbtiles.Entry // sorted
	files   map[tiles.Key][]byte
	known   map[tiles.Key]mbtiles.Entry
	fail    func(t tiles.Texture, p []byte, off int64) (int, error) // in place of every read
}

// add returns the file of the texture that it adds.
func (a *fakeArchive) add(name string, l dds.Layout) []byte {
	file := noise(l, "archived "+name)
	a.put(name, l, file)
	return file
}

func (a *fakeArchive) put(name string, l dds.Layout, file []byte) {
	if a.files == nil {
		a.files, a.known = make(map[tiles.Key][]byte), make(map[tiles.Key]mbtiles.Entry)
	}
	t := tex(name)
	e := mbtiles.Entry{Texture: t, Layout: l}
	a.files[t.Key()], a.known[t.Key()] = file, e
	at, _ := slices.BinarySearchFunc(a.entries, e, byTexture)
	a.entries = slices.Insert(a.entries, at, e)
}

func byTexture(a, b mbtiles.Entry) int { return a.Texture.Compare(b.Texture) }

func (a *fakeArchive) Lookup(k tiles.Key) (mbtiles.Entry, bool) {
	e, ok := a.known[k]
	return e, ok
}

func (a *fakeArchive) All() iter.Seq[mbtiles.Entry] { return slices.Values(a.entries) }
func (a *fakeArchive) Len() int                     { return len(a.entries) }

func (a *fakeArchive) ReadAt(_ context.Context, e mbtiles.Entry, p []byte, off int64) (int, error) {
	if a.fail != nil {
		return a.fail(e.Texture, p, off)
	}
	return copy(p, a.files[e.Texture.Key()][off:]), nil
}

// fakeGenerator makes what its function makes and counts.
type fakeGenerator struct {
	calls  atomic.Int64
	answer func(ctx context.Context, t tiles.Texture) ([]byte, bool, error)
}

func (g *fakeGenerator) Texture(ctx context.Context, t tiles.Texture) (Made, error) {
	g.calls.Add(1)
	file, final, err := g.answer(ctx, t)
	made := Made{File: file, Chunks: tiles.TextureChunks * tiles.TextureChunks}
	if !final {
		made.Failed = 1
	}
	return made, err
}

// made is what a healthy generator makes of t. Nobody changes it.
func made(t tiles.Texture) []byte {
	file, ok := madeFiles.Load(t.Key())
	if !ok {
		file, _ = madeFiles.LoadOrStore(t.Key(),
			noise(LiveLayout(), "live "+t.Key().Maptype+t.Name()))
	}
	return file.([]byte)
}

var madeFiles sync.Map // []byte by tiles.Key: they take long under the race detector

func healthy() *fakeGenerator {
	return &fakeGenerator{answer: func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
		return made(t), true, nil
	}}
}

// stuck answers when its context ends; began gets the texture of each call.
func stuck() (g *fakeGenerator, began chan tiles.Texture) {
	began = make(chan tiles.Texture, 1000)
	return &fakeGenerator{answer: func(ctx context.Context, t tiles.Texture) ([]byte, bool, error) {
		began <- t
		<-ctx.Done()
		return nil, false, ctx.Err()
	}}, began
}

// liveAny makes whatever is asked for.
func liveAny(g Generator) Options { return Options{Live: LiveAny, Generator: g} }

var errProvider = errors.New("the provider is down")

// write puts a file below dir.
func write(t testing.TB, dir, path string, content []byte) {
	t.Helper()
	full := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

func named(i int) string { return fmt.Sprintf("%d_%d_BI16.dds", 16*(i/1000), 16*(i%1000)) }
