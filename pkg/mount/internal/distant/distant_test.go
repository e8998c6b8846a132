package distant

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// fake is an archive of one texture, of which only some pages are here.
type fake struct {
	entry mbtiles.Entry
	file  []byte

	mu    sync.Mutex
	here  map[int64]bool // by page
	asked int
	fetch func(ctx context.Context, off, n int64) error // in place of fetching at once
}

var errNotHere = errors.New("not here")

func newFake(t *testing.T, l dds.Layout) *fake {
	t.Helper()
	texture, err := tiles.ParseName("23952_33712_BI16.dds")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{entry: mbtiles.Entry{Texture: texture, Layout: l}, file: make([]byte, l.Size()),
		here: map[int64]bool{}}
	_, _ = rand.NewChaCha8([32]byte{1}).Read(f.file) // never fails
	h := l.Header()
	copy(f.file, h[:])
	return f
}

func (f *fake) Remote() bool { return true }

// come makes bytes be here.
func (f *fake) come(off, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := off / page; i*page < off+n; i++ {
		f.here[i] = true
	}
}

func (f *fake) ReadAt(_ context.Context, _ mbtiles.Entry, p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := off / page; i*page < off+int64(len(p)); i++ {
		if !f.here[i] {
			return 0, errNotHere
		}
	}
	return copy(p, f.file[off:]), nil
}

func (f *fake) Fetch(ctx context.Context, _ mbtiles.Entry, off, n int64) error {
	f.mu.Lock()
	f.asked++
	fetch := f.fetch
	f.mu.Unlock()
	if fetch != nil {
		if err := fetch(ctx, off, n); err != nil {
			return err
		}
	}
	f.come(off, n)
	return nil
}

func (f *fake) fetching(fetch func(ctx context.Context, off, n int64) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetch = fetch
}

func dead(context.Context, int64, int64) error { return errors.New("connection refused") }

func hanging(ctx context.Context, _, _ int64) error { <-ctx.Done(); return ctx.Err() }

// textures returns those of a mount, and what it says.
func textures(t *testing.T, parent *standin.Ancestor) (*Textures, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	all := New(t.Context(), Options{Deadline: 20 * time.Second, Finish: 2 * time.Minute,
		Log: slog.New(slog.NewTextHandler(&said, nil)), StoodIn: func() {},
		Ancestor: func(context.Context, tiles.Texture) (standin.Ancestor, bool) {
			if parent == nil {
				return standin.Ancestor{}, false
			}
			return *parent, true
		}})
	t.Cleanup(all.Close)
	return all, &said
}

// whole reads a file.
func whole(f *File) (data []byte, right bool) {
	data, right = make([]byte, f.entry.Layout.Size()), true
	for off := int64(0); off < int64(len(data)); off += 128 << 10 {
		right = f.Read(data[off:min(off+128<<10, int64(len(data)))], off) && right
	}
	return data, right
}

func (f *fake) open(t *testing.T, all *Textures) *File {
	t.Helper()
	const archive = 7
	for range 2 {
		file := all.Open(f, archive, f.entry, all.Identity(archive, f.entry.Texture.Key()))
		if file != nil {
			return file
		}
	}
	t.Fatal("refused twice: the program would see an error")
	return nil
}

var large = dds.Layout{Format: dds.BC1, Side: 2048}

// An open that the network cannot answer in time gets what its smaller levels show, and keeps it;
// the next one gets the right bytes, under another identity.
func TestLate(t *testing.T) {
	for _, l := range []dds.Layout{large, {Format: dds.BC3, Side: 1024}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, l)
			all, said := textures(t, nil)
			defer all.Close()
			small, _ := l.Level(2)
			f.come(small, l.Size()-small)
			f.fetching(hanging)
			start := time.Now()
			file := f.open(t, all)
			if took := time.Since(start); took != 0 {
				t.Errorf("waited %v for what is at hand", took)
			}
			got, right := whole(file)
			if took := time.Since(start); took != 20*time.Second || right {
				t.Errorf("right %v after %v, want a stand-in after the deadline", right, took)
			}
			want, err := standin.Enlarge(standin.Ancestor{
				Layout: dds.Layout{Format: l.Format, Side: l.Side / 4},
				ReadAt: func(p []byte, off int64) error {
					copy(p, f.file[small+off-dds.HeaderSize:])
					return nil
				}}, f.entry.Texture, l)
			if err != nil {
				t.Fatal(err)
			}
			copy(want[small/page*page:], f.file[small/page*page:])
			differ := 0
			for i := range got {
				if got[i] != want[i] {
					differ++
				}
			}
			if differ > 0 {
				t.Errorf("%d bytes are not of the levels at hand", differ)
			}
			if n := strings.Count(said.String(), "stand-in"); n != 1 {
				t.Errorf("said %d times: %s", n, said)
			}

			f.fetching(nil)
			f.come(0, l.Size())
			if again, _ := whole(file); !bytes.Equal(again, got) {
				t.Error("an open file shows other bytes than before")
			}
			time.Sleep(keepLate)
			if all.Open(f, 7, f.entry, 0) != nil {
				t.Error("opened with better bytes under the same identity")
			}
			better := f.open(t, all)
			if data, right := whole(better); !right || !bytes.Equal(data, f.file) {
				t.Error("the next open does not show the right bytes")
			}
			if again, _ := whole(file); !bytes.Equal(again, got) {
				t.Error("an open file shows other bytes than before")
			}
			file.Release(t.Context())
			better.Release(t.Context())
			if len(all.files) > 0 {
				t.Errorf("%d files are remembered", len(all.files))
			}
		})
	}
}

// A server that answers with an error, or not at all, is not waited for again and again.
func TestServerGone(t *testing.T) {
	for name, tt := range map[string]struct {
		fetch func(context.Context, int64, int64) error
		first time.Duration
	}{"refuses": {dead, 0}, "hangs": {hanging, 20 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := make([]byte, large.Size())
				copy(file, newFake(t, large).file)
				parent := &standin.Ancestor{Layout: large, Up: 1,
					ReadAt: func(p []byte, off int64) error { copy(p, file[off:]); return nil }}
				all, _ := textures(t, parent)
				defer all.Close()
				start := time.Now()
				for range 8 {
					f := newFake(t, large)
					f.fetching(tt.fetch)
					f.entry.Texture.Col += uint32(rand.IntN(1000) * 16)
					want, err := standin.Enlarge(*parent, f.entry.Texture, large)
					if err != nil {
						t.Fatal(err)
					}
					open := f.open(t, all)
					if got, right := whole(open); right || !bytes.Equal(got, want) {
						t.Error("not the texture that covers it")
					}
					open.Release(t.Context())
				}
				if took := time.Since(start); took != tt.first {
					t.Errorf("8 textures took %v, want %v", took, tt.first)
				}
			})
		})
	}
}

// What comes after the deadline is kept.
func TestComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, large)
		all, _ := textures(t, nil)
		defer all.Close()
		f.fetching(func(ctx context.Context, _, _ int64) error {
			time.Sleep(30 * time.Second)
			return ctx.Err()
		})
		file := f.open(t, all)
		data, right := whole(file)
		ground := make([]byte, len(data))
		standin.Ground(large, ground, 0)
		if right || !bytes.Equal(data, ground) {
			t.Error("not ground colour, though nothing is at hand")
		}
		file.Release(t.Context())
		time.Sleep(time.Minute)
		f.fetching(dead)
		file = f.open(t, all)
		defer file.Release(t.Context())
		end := make([]byte, 1000)
		if !file.Read(end, large.Size()-1000) || !bytes.Equal(end, f.file[large.Size()-1000:]) {
			t.Error("what came late was not kept")
		}
	})
}

// A program that was sent to another identity is let in there, whatever goes wrong meanwhile.
func TestSentOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, large)
		all, _ := textures(t, nil)
		defer all.Close()
		f.fetching(dead)
		spoilt := f.open(t, all)
		defer spoilt.Release(t.Context())
		time.Sleep(keepLate)
		if all.Open(f, 7, f.entry, 0) != nil {
			t.Fatal("the spoilt identity goes on")
		}
		// Before it is back, others spoil the next one too.
		other := all.Open(f, 7, f.entry, 1)
		if other == nil || other == spoilt {
			t.Fatal("no new identity")
		}
		defer other.Release(t.Context())
		time.Sleep(keepLate)
		back := all.Open(f, 7, f.entry, 1)
		if back == nil {
			t.Fatal("refused twice: the program would see an error")
		}
		back.Release(t.Context())
		time.Sleep(keepComing)
		if all.Open(f, 7, f.entry, 1) != nil || all.Identity(7, f.entry.Texture.Key()) != 2 {
			t.Error("a spoilt identity goes on for ever")
		}
	})
}

// Whatever comes when, and whoever reads what, an identity shows the same bytes at a place, and
// says that they are right only if they are.
func TestIdentitiesKeepTheirBytes(t *testing.T) {
	l := dds.Layout{Format: dds.BC1, Side: 512}
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, l)
			all, _ := textures(t, nil)
			defer all.Close()
			var mu sync.Mutex
			rnd := rand.New(rand.NewPCG(seed, 1))
			random := func(n int64) int64 { mu.Lock(); defer mu.Unlock(); return rnd.Int64N(n) }
			f.fetching(func(ctx context.Context, off, n int64) error {
				switch random(4) {
				case 0:
					return errNotHere
				case 1:
					f.come(off, n/2)
					return errNotHere
				case 2:
					time.Sleep(time.Duration(random(int64(30 * time.Second))))
				}
				return ctx.Err()
			})
			shown := map[*File][]byte{}
			given := map[*File][]bool{}
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					for range 30 {
						file := f.open(t, all)
						for range random(4) + 1 {
							off := random(l.Size()/page) * page
							p := make([]byte, min(random(8)*page+page, l.Size()-off))
							right := file.Read(p, off)
							mu.Lock()
							if shown[file] == nil {
								shown[file] = make([]byte, l.Size())
								given[file] = make([]bool, l.Size()/page+1)
							}
							at := off // by page: byte by byte takes long under the race detector
							for part := range slices.Chunk(p, page) {
								if before := shown[file][at:][:len(part)]; given[file][at/page] &&
									!bytes.Equal(before, part) {
									t.Errorf("seed %d: bytes of an identity change at %d", seed, at)
									mu.Unlock()
									return
								}
								copy(shown[file][at:], part)
								given[file][at/page] = true
								at += int64(len(part))
							}
							mu.Unlock()
							if right && !bytes.Equal(p, f.file[off:][:len(p)]) {
								t.Errorf("seed %d: wrong bytes are called right", seed)
							}
						}
						file.Release(t.Context())
						time.Sleep(time.Duration(random(int64(3 * time.Second))))
					}
				})
			}
			wg.Wait()
		})
	}
}
