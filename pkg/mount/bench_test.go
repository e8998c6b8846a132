package mount

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// endless is an archive that has every BI16 texture: one file in memory under every name.
type endless struct{ file []byte }

func (endless) Lookup(k tiles.Key) (mbtiles.Entry, bool) {
	t := tiles.Texture{Row: k.Row, Col: k.Col, ZL: k.ZL, Maptype: "BI"}
	return mbtiles.Entry{Texture: t, Layout: LiveLayout()}, k.ZL == 16 && k.Maptype == "bi"
}

func (endless) All() iter.Seq[mbtiles.Entry] { return func(func(mbtiles.Entry) bool) {} }
func (endless) Len() int                     { return 0 }

func (a endless) ReadAt(_ context.Context, _ mbtiles.Entry, p []byte, off int64) (int, error) {
	return copy(p, a.file[off:]), nil
}

// BenchmarkLoad reads textures through the mount from another process with a cold page cache: whole ones with 1 and 4 readers, and header and tail
// of 50 at once. "plain" is real files read by descriptor, which is what a bare go-fuse file system does; "passthrough" is real files read by the
// kernel.
func BenchmarkLoad(b *testing.B) {
	for _, source := range []string{"archived", "plain", "passthrough"} {
		for _, c := range []struct {
			name     string
			parallel int
			tails    bool
		}{{"whole/1", 1, false}, {"whole/4", 4, false}, {"tails/50", 50, true}} {
			b.Run(source+"/"+c.name, func(b *testing.B) {
				mounttest.NeedFUSE(b)
				f, path := mountBench(b, source)
				r := mounttest.NewReader(b)
				var bytes int64
				count, cpu := 0, cpuTime(b)
				for b.Loop() { // one texture each, asked for in batches
					if count%batch == 0 {
						paths := make([]string, batch)
						for i := range paths {
							paths[i] = path(count + i)
						}
						n, errno := r.Load(paths, c.parallel, c.tails)
						if errno != 0 {
							b.Fatal(errno)
						}
						bytes += n
					}
					count++
				}
				rounds := (count + batch - 1) / batch * batch
				seconds := b.Elapsed().Seconds()
				b.ReportMetric(float64(bytes)/seconds/1e6, "MB/s")
				b.ReportMetric(float64(rounds)/seconds, "textures/s")
				b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/1000/float64(rounds), "server-cpu-ms/texture")
				b.ReportMetric(0, "ns/op")
				if source == "passthrough" && f.Stats().Real.Reads > 0 {
					b.Log("the kernel does not pass through here")
				}
			})
		}
	}
}

const batch = 64

// cpuTime is what this process has used so far: unlike elapsed time it can be compared on a machine that has other things to do.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func mountBench(b *testing.B, source string) (*FS, func(i int) string) {
	if source == "archived" {
		f := mountTemp(b, Options{Archives: []Archive{endless{noise(LiveLayout(), "bench")}}})
		return f, func(i int) string { return f.textures(named(i)) }
	}
	// Links to one file are different files to the mount.
	scenery := b.TempDir()
	write(b, scenery, "file", noise(dds.Layout{Format: dds.BC1, Side: 4096}, "bench"))
	const links = 2048
	for i := range links {
		if err := os.MkdirAll(filepath.Join(scenery, "d"), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.Link(filepath.Join(scenery, "file"), filepath.Join(scenery, "d", fmt.Sprint(i))); err != nil {
			b.Fatal(err)
		}
	}
	f := mountTemp(b, Options{Scenery: []string{scenery}})
	if source == "plain" {
		f.passthrough.mu.Lock()
		f.passthrough.offered = false
		f.passthrough.mu.Unlock()
	}
	return f, func(i int) string { return filepath.Join(f.mountpoint, "d", fmt.Sprint(i%links)) }
}
