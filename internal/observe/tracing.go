package observe

import (
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/mount"
)

// Tracing records what a mount answers for textures.
type Tracing struct {
	Nobody
	To *trace.Writer
}

var sources = [mount.Origins]trace.Source{
	mount.FromArchive: trace.Archive, mount.FromMemory: trace.Memory, mount.FromDisk: trace.Disk, mount.FromLive: trace.Live,
	mount.FromFallback: trace.Fallback,
}

// Answered implements mount.Observer.
func (t Tracing) Answered(a mount.Answer) {
	if a.Texture.Maptype == "" || a.Errno != 0 && !a.Missing {
		return
	}
	e := trace.Event{
		Op: trace.OpMissing, Source: sources[a.From], Texture: a.Texture, Size: a.Size, Start: t.To.Since(a.Start), Took: a.Took,
		Offset: a.Offset, Length: int64(a.Length),
	}
	switch {
	case a.Missing:
	case a.Op == mount.OpOpen:
		e.Op = trace.OpOpen
	case a.Op == mount.OpRead:
		e.Op = trace.OpRead
	default:
		return
	}
	t.To.Record(e)
}
