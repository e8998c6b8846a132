//go:build linux

package mount

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// onDiskCache is a live with a disk cache of its own and no mount. end closes both; it may be
// called early.
func onDiskCache(t *testing.T, o Options) (l *live, end func()) {
	t.Helper()
	o.Live, o.Generator, o.Deadline = LiveAny, healthy(), time.Hour
	o.Disk = openDiskCache(t, filepath.Join(t.TempDir(), "test.mbtiles"), DiskCacheOptions{})
	if err := o.setDefaults(); err != nil {
		t.Fatal(err)
	}
	l = newLive(t.Context(), &o, newShelf(nil), &liveCounters{})
	end = sync.OnceFunc(func() {
		l.close()
		l.wg.Wait()
	})
	t.Cleanup(func() {
		end()
		if err := o.Disk.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, end
}

// keepAll has textures kept on disk, by name. Their bytes are some of their own.
func (l *live) keepAll(names ...string) {
	l.mu.Lock() // so that none is begun before all are there
	defer l.mu.Unlock()
	for _, name := range names {
		l.disk.keep(tex(name), l.contents.of(Made{File: made(tex(name))}))
	}
}

// mustOpen opens x as a file would, in its current generation.
func mustOpen(t *testing.T, l *live, x tiles.Texture) *content {
	t.Helper()
	c, _, errno := l.open(t.Context(), x, l.generation(x.Key()))
	if errno != 0 {
		t.Fatalf("open %v: %v", x, errno)
	}
	return c
}

// A texture may be made twice before the first is written. What is on disk is then what is known to
// be there.
func TestDiskTwiceMade(t *testing.T) {
	l, end := onDiskCache(t, Options{Grace: time.Hour})
	x := tex("160_320_BI16")
	first, second := noise(LiveLayout(), "first"), noise(LiveLayout(), "second")
	l.mu.Lock() // so that neither is begun before both are there
	l.disk.keep(x, l.contents.of(Made{File: first}))
	l.disk.keep(x, l.contents.of(Made{File: second}))
	l.mu.Unlock()
	end()

	got, err := l.disk.get(x.Key()).read(t.Context(), make([]byte, len(first)), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, first) {
		t.Error("the bytes are not those that were written first")
	}
}

// A mount that ends writes what waits, for as long as it is given, and says what it did not come
// to.
func TestDiskEnds(t *testing.T) {
	names := []string{"160_320_BI16", "160_336_BI16", "160_352_BI16", "160_368_BI16"}
	for what, grace := range map[string]time.Duration{"with time": time.Hour, "without": 1} {
		t.Run(what, func(t *testing.T) {
			var said bytes.Buffer
			l, end := onDiskCache(t, Options{Grace: grace,
				Logger: slog.New(slog.NewTextHandler(&said, nil))})
			l.keepAll(names...)
			end()
			written, late := l.disk.items.Len(), strings.Contains(said.String(),
				fmt.Sprintf("textures=%d", len(names)-l.disk.items.Len()))
			switch {
			case grace > 1 && (written != len(names) || said.Len() > 0):
				t.Errorf("%d of %d were written; said: %s", written, len(names), said.String())
			case grace == 1 && written < len(names) && !late:
				t.Errorf("%d of %d were written; said: %s", written, len(names), said.String())
			}
			l.keepAll("160_384_BI16")
			if len(l.disk.tasks) > 0 {
				t.Error("what is made after the end waits for ever")
			}
		})
	}
}

// A texture that is open is not evicted, even when the open file does not read the copy on disk.
func TestDiskKeepsWhatIsOpen(t *testing.T) {
	l, end := onDiskCache(t, Options{Grace: time.Hour})
	x, other := tex("160_320_BI16"), tex("160_336_BI16")
	c := mustOpen(t, l, x) // made, and in memory
	l.release(other.Key(), mustOpen(t, l, other))
	end()
	if c.disk != nil || l.disk.get(x.Key()) == nil || l.disk.get(other.Key()) == nil {
		t.Fatal("they are not both on disk, or the file that is open reads from there")
	}
	if got := l.victims(1<<40, 1<<39); len(got) != 1 || got[0] != other.Key() {
		t.Errorf("%v go, want only %v, which is not open", got, other)
	}
	l.release(x.Key(), c)
	if got := l.victims(1<<40, 1<<39); len(got) != 1 || got[0] != x.Key() {
		t.Errorf("closed, %v go, want %v", got, x)
	}
}

// A texture of which a part cannot be read is made anew for the next who opens it, and goes from
// the disk when the last file that reads it is closed: until then the rest of it can be read.
func TestDiskLost(t *testing.T) {
	l, end := onDiskCache(t, Options{Grace: time.Hour})
	x := tex("160_320_BI16")
	l.keepAll(x.Name())
	patience.Until(t, "it is on disk", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.disk.items.Contains(x.Key())
	})
	first, second := mustOpen(t, l, x), mustOpen(t, l, x)
	if first.disk == nil || first != second {
		t.Fatal("it is not read from the disk")
	}
	if !l.lost(x, first) || l.lost(x, second) {
		t.Error("that it cannot be read is to be news once")
	}
	anew := mustOpen(t, l, x)
	if anew.disk != nil {
		t.Error("opened anew it is read from the disk again")
	}
	l.release(x.Key(), anew)
	l.release(x.Key(), first)
	if n := len(l.disk.tasks); n > 0 || !l.disk.items.Contains(x.Key()) {
		t.Errorf("it goes while a file of it is open: %d tasks", n)
	}
	want := made(x)
	if got, err := second.read(t.Context(), make([]byte, len(want)), 0); err != nil ||
		!bytes.Equal(got, want) {
		t.Errorf("who has it open cannot read the rest of it: %v", err)
	}
	l.release(x.Key(), second)
	end()
	if _, found, err := l.disk.file.Find(t.Context(), x.Key()); found || err != nil {
		t.Errorf("closed, it is still on disk: %v, %v", found, err)
	}
}

// What has been written is not held any more: each is 11.2 MB.
func TestDiskTasksAreLetGo(t *testing.T) {
	d := newDisk(&DiskCache{}, newContents().seed)
	var held []weak.Pointer[content]
	for _, name := range []string{"160_320_BI16", "160_336_BI16"} {
		c := &content{made: &Made{}, final: true}
		held = append(held, weak.Make(c))
		d.keep(tex(name), c)
	}
	for range held {
		if _, ok := d.next(); !ok {
			t.Fatal("a task is lost")
		}
	}
	runtime.GC()
	for i, c := range held {
		if c.Value() != nil {
			t.Errorf("task %d is held after it was taken", i)
		}
	}
	runtime.KeepAlive(&d)
}
