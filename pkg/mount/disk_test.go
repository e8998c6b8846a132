package mount

import (
	"bytes"
	"path/filepath"
	"runtime"
	"testing"
	"weak"
)

// A texture may be made twice before the first is written. What is on disk is then what is known to be there.
func TestDiskTwiceMade(t *testing.T) {
	o := liveAny(healthy())
	o.Disk = openDiskCache(t, filepath.Join(t.TempDir(), "test.mbtiles"), DiskCacheOptions{})
	defer func() {
		if err := o.Disk.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := o.setDefaults(); err != nil {
		t.Fatal(err)
	}
	l := newLive(t.Context(), &o, newShelf(nil), &liveCounters{})
	x := tex("160_320_BI16")
	first, second := noise(LiveLayout(), "first"), noise(LiveLayout(), "second")
	l.mu.Lock() // so that neither is begun before both are there
	l.disk.keep(x, l.contents.of(Made{File: first}))
	l.disk.keep(x, l.contents.of(Made{File: second}))
	l.mu.Unlock()
	l.close()
	l.wg.Wait()

	got, err := l.disk.get(x.Key()).read(t.Context(), make([]byte, len(first)), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, first) {
		t.Error("the bytes are not those that were written first")
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
