package observe

import (
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// tally counts how often each method is called.
type tally struct{ calls [8]int }

func (t *tally) Attempted(string, fetch.Outcome, time.Duration)            { t.calls[0]++ }
func (t *tally) Fetched(string, tiles.Chunk, fetch.Outcome, time.Duration) { t.calls[1]++ }
func (t *tally) Building(tiles.Item)                                       { t.calls[2]++ }
func (t *tally) Built(tiles.Item, pack.Tally, time.Duration, error)        { t.calls[3]++ }
func (t *tally) Stored(tiles.Item, pack.Tally)                             { t.calls[4]++ }
func (t *tally) Worked(pack.Task, time.Duration)                           { t.calls[5]++ }
func (t *tally) Asked(mount.Op, tiles.Texture)                             { t.calls[6]++ }
func (t *tally) Answered(mount.Answer)                                     { t.calls[7]++ }

func TestAllTellsEveryone(t *testing.T) {
	var a, b tally
	all := All(&a, Nobody{}, &b)
	all.Attempted("", "", 0)
	all.Fetched("", tiles.Chunk{}, "", 0)
	all.Building(tiles.Item{})
	all.Built(tiles.Item{}, pack.Tally{}, 0, nil)
	all.Stored(tiles.Item{}, pack.Tally{})
	all.Worked(0, 0)
	all.Asked(0, tiles.Texture{})
	all.Answered(mount.Answer{})
	if want := [8]int{1, 1, 1, 1, 1, 1, 1, 1}; a.calls != want || b.calls != want {
		t.Errorf("calls %v and %v, want each once", a.calls, b.calls)
	}
}
