package mount

import (
	"log/slog"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// LogSlow returns an Observer that logs every request that took at least limit, and passes all of
// them to next, which may be nil. Reads of real files are timed until the kernel has their
// descriptor; it copies the bytes itself.
func LogSlow(next Observer, limit time.Duration, log *slog.Logger) Observer {
	return slow{next, limit, log}
}

type slow struct {
	next  Observer
	limit time.Duration
	log   *slog.Logger
}

func (s slow) Asked(op Op, t tiles.Texture) {
	if s.next != nil {
		s.next.Asked(op, t)
	}
}

func (s slow) Answered(a Answer) {
	if a.Took >= s.limit {
		s.tell(a)
	}
	if s.next != nil {
		s.next.Answered(a)
	}
}

func (s slow) tell(a Answer) {
	about := []any{"took", a.Took.Round(time.Millisecond)}
	if a.Texture != (tiles.Texture{}) {
		about = append(about, "texture", a.Texture.Name())
	}
	if a.From != FromNowhere {
		about = append(about, "from", a.From)
	}
	if a.Op == OpRead {
		about = append(about, "offset", a.Offset, "bytes", a.Length)
	}
	s.log.Warn("slow "+a.Op.String(), about...)
}
