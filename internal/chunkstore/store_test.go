package chunkstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func openStore(t *testing.T, path string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func sampleBody(t *testing.T) []byte {
	t.Helper()
	body, err := fetch.Sample().Fetch(t.Context(), tiles.Chunk{Z: 16, X: 33712, Y: 23952})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// counted serves bodies of one chunk, numbered so that each differs, and counts.
type counted struct {
	body  []byte
	asked atomic.Int64
}

func (s *counted) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	s.asked.Add(1)
	if c.X%10 == 9 {
		return nil, fetch.ErrNoImagery
	}
	// decoders ignore what follows the end
	return append(bytes.Clone(s.body), byte(c.X), byte(c.X>>8)), nil
}

// What was fetched once is there the next time, also what is known to be nowhere, and offline.
func TestKeeps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.mbtiles")
	next := &counted{body: sampleBody(t)}
	get := func(s fetch.Source, x uint32) ([]byte, error) {
		return s.Fetch(t.Context(), tiles.Chunk{Z: 12, X: x, Y: 7})
	}
	want := map[uint32][]byte{}
	store := openStore(t, path, Options{Name: "test"})
	for x := range uint32(100) {
		want[x], _ = get(store.Source(next, false), x)
	}
	closeStore(t, store)
	store = openStore(t, path, Options{Name: "test"})
	for _, source := range []fetch.Source{store.Source(next, false), store.Source(nil, false)} {
		for x := range uint32(100) {
			body, err := get(source, x)
			if !bytes.Equal(body, want[x]) || errors.Is(err, fetch.ErrNoImagery) != (x%10 == 9) {
				t.Fatalf("chunk %d: %d bytes, %v", x, len(body), err)
			}
		}
	}
	if next.asked.Load() != 100 {
		t.Errorf("asked %d times, want 100", next.asked.Load())
	}
	if _, err := get(store.Source(nil, false), 100); !errors.Is(err, fetch.ErrOffline) {
		t.Errorf("offline: %v, want ErrOffline", err)
	}
	if _, _ = get(store.Source(next, true), 9); next.asked.Load() != 101 {
		t.Error("missing imagery was not asked for again")
	}
	store.Source(next, false).(fetch.Keeper).Forget(tiles.Chunk{Z: 12, X: 5, Y: 7})
	if _, _ = get(store.Source(next, false), 5); next.asked.Load() != 102 {
		t.Error("what was to be forgotten was not")
	}
	closeStore(t, store)
	if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
	t.Run("gdalinfo", func(t *testing.T) {
		tool, err := exec.LookPath("gdalinfo")
		if err != nil {
			t.Skip("gdalinfo is not installed")
		}
		out, err := exec.Command(tool, path).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Driver: MBTiles") {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// The file stays within its bound; what was used longest ago goes, what was used since stays,
// though it is older.
func TestEvicts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.mbtiles")
	const bound = 2 << 20
	next := &counted{body: sampleBody(t)}
	row := func(s fetch.Source, y, n uint32) {
		for x := range n {
			_, _ = s.Fetch(t.Context(), tiles.Chunk{Z: 12, X: x * 10, Y: y})
		}
	}
	filled := func(rows func(s fetch.Source)) {
		store := openStore(t, path, Options{MaxBytes: bound})
		rows(store.Source(next, false))
		closeStore(t, store)
	}
	filled(func(s fetch.Source) {
		row(s, 0, 10)
		row(s, 1, 100)
	})
	time.Sleep(1100 * time.Millisecond) // uses are noted by the second
	filled(func(s fetch.Source) {
		row(s, 0, 10)
		row(s, 2, 60) // there is room for some 150
	})
	store := openStore(t, path, Options{MaxBytes: bound})
	defer closeStore(t, store)
	kept := func(y, n uint32) (count int) {
		for x := range n {
			if _, err := store.get(t.Context(), tiles.Chunk{Z: 12, X: x * 10, Y: y},
				time.Hour); err == nil {
				count++
			}
		}
		return count
	}
	if a, b, c := kept(0, 10), kept(1, 100), kept(2, 60); a != 10 || b == 0 || b == 100 || c != 60 {
		t.Errorf("kept %d of 10 used again, %d of 100 not used since (want some), %d of the 60 "+
			"newest", a, b, c)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 2*bound || info.Size() < bound/2 {
		t.Errorf("%d bytes, want about %d", info.Size(), bound)
	}
}

// Two have one store open and write it at once: here two Stores, whose connections know nothing of
// each other; cmd/xelpack tries it with two processes.
func TestOfTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.mbtiles")
	next := &counted{body: sampleBody(t)}
	var both sync.WaitGroup
	for i := range uint32(2) {
		both.Go(func() {
			store, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			source := store.Source(next, false)
			for x := range uint32(300) {
				if _, err := source.Fetch(t.Context(),
					tiles.Chunk{Z: 12, X: x * 10, Y: i}); err != nil {
					t.Error(err)
				}
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	store := openStore(t, path, Options{})
	defer closeStore(t, store)
	for i := range uint32(600) {
		if _, err := store.Source(nil, false).Fetch(t.Context(),
			tiles.Chunk{Z: 12, X: i % 300 * 10, Y: i / 300}); err != nil {
			t.Fatal(err)
		}
	}
}

// What is kept only for textures with holes is dropped with the texture, imagery and its absence,
// and the disk given back.
func TestUntilWhole(t *testing.T) {
	for _, untilWhole := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "s.mbtiles")
		next := &counted{body: sampleBody(t)}
		store := openStore(t, path, Options{UntilWhole: untilWhole})
		source := store.Source(next, false)
		var list []tiles.Chunk
		for x := range uint32(200) {
			c := tiles.Chunk{Z: 12, X: x, Y: 7}
			_, _ = source.Fetch(t.Context(), c)
			list = append(list, c)
		}
		closeStore(t, store)
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		store = openStore(t, path, Options{UntilWhole: untilWhole})
		store.Source(next, false).(fetch.Keeper).Whole(list[10:])
		closeStore(t, store)
		after, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if smaller := after.Size() < before.Size()/4; smaller != untilWhole {
			t.Errorf("until whole %t: %d bytes, before %d", untilWhole, after.Size(), before.Size())
		}
		store = openStore(t, path, Options{UntilWhole: untilWhole})
		for _, c := range list {
			_, _ = store.Source(next, false).Fetch(t.Context(), c)
		}
		closeStore(t, store)
		want := int64(200)
		if untilWhole {
			want += 190
		}
		if asked := next.asked.Load(); asked != want {
			t.Errorf("until whole %t: asked %d times, want %d", untilWhole, asked, want)
		}
	}
}

// TestWholeBeforeWritten: what is whole before it was written is not there afterwards, and what is
// not, is.
func TestWholeBeforeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.mbtiles")
	next := &counted{body: sampleBody(t)}
	chunk := func(x uint32) tiles.Chunk { return tiles.Chunk{Z: 12, X: x, Y: 7} }
	store := openStore(t, path, Options{UntilWhole: true})
	source := store.Source(next, false)
	for x := range uint32(20) {
		_, _ = source.Fetch(t.Context(), chunk(x))
	}
	keeper := source.(fetch.Keeper)
	keeper.Whole([]tiles.Chunk{chunk(2), chunk(9), chunk(99)})
	keeper.Forget(chunk(3))
	_, _ = source.Fetch(t.Context(), chunk(3)) // and comes again
	closeStore(t, store)
	for _, empty := range []bool{false, true} {
		store := openStore(t, path, Options{UntilWhole: true})
		offline := store.Source(nil, false)
		for x := range uint32(20) {
			_, err := offline.Fetch(t.Context(), chunk(x))
			if lacks := errors.Is(err, fetch.ErrOffline); lacks != (empty || x == 2 || x == 9) {
				t.Errorf("emptied %t: chunk %d: %v", empty, x, err)
			}
		}
		var all []tiles.Chunk
		for x := range uint32(20) {
			all = append(all, chunk(x))
		}
		offline.(fetch.Keeper).Whole(all)
		closeStore(t, store)
	}
}
