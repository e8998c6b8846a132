package status

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/observe/metrics"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// BenchmarkWatchedRead is what metrics, the page and a trace together add to one read of a mount:
// some hundred nanoseconds, beside 20 µs and more for the read.
func BenchmarkWatchedRead(b *testing.B) {
	var s observe.Sources
	w, err := trace.Create(filepath.Join(b.TempDir(), "a.trace"), trace.Options{})
	if err != nil {
		b.Fatal(err)
	}
	watch := observe.All(observe.Tracing{To: w}, metrics.New(&s), New(Options{What: "mount"}, &s))
	t := tiles.Texture{Row: 16, Col: 16, ZL: 16, Maptype: "BI"}
	for b.Loop() {
		start := time.Now()
		watch.Asked(mount.OpRead, t)
		watch.Answered(mount.Answer{Op: mount.OpRead, From: mount.FromArchive, Texture: t,
			Size: 11_184_952, Length: 131072, Start: start, Took: time.Since(start)})
	}
	if _, err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
