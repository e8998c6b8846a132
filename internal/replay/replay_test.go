package replay

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func texture(i uint32) tiles.Texture {
	return tiles.Texture{Row: 16, Col: 16 * i, ZL: 16, Maptype: "BI"}
}

// folder is a plain folder in a mount's place, with files of that many bytes.
func folder(t *testing.T, sizes map[uint32]int64) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "textures"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i, size := range sizes {
		f, err := os.Create(filepath.Join(dir, "textures", texture(i).File()))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReplayCounts(t *testing.T) {
	full := dds.Layout{Format: dds.BC1, Side: dds.MaxSide}.Size()
	small := dds.Layout{Format: dds.BC1, Side: 256}.Size()
	dir := folder(t, map[uint32]int64{1: full, 2: small})
	open := func(i uint32, at time.Duration) trace.Event {
		return trace.Event{Op: trace.OpOpen, Texture: texture(i), Size: full, Start: at}
	}
	get := func(i uint32, at time.Duration, off, n int64) trace.Event {
		return trace.Event{Op: trace.OpRead, Texture: texture(i), Size: full, Start: at,
			Offset: off, Length: n}
	}
	events := []trace.Event{
		open(1, 0), get(1, 1, 0, 128), get(1, 2, 8_388_736, full-8_388_736), // more than one piece
		// a smaller file now: all of its levels
		open(2, 0), get(2, 1, 0, 128), get(2, 2, full-174_776, 174_776),
		{Op: trace.OpMissing, Texture: texture(3), Start: 5},
		open(4, 6), get(4, 7, 0, 128), // gone since
	}
	var p *Progress
	r, err := Run(t.Context(), slices.Values(events), dir, Options{Begin: func(now *Progress) {
		p = now
		if begun, of := p.Opens(); begun != 0 || of != 4 {
			t.Errorf("at the beginning %d of %d opens have begun, want 0 of 4", begun, of)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if begun, of := p.Opens(); begun != 4 || of != 4 {
		t.Errorf("at the end %d of %d opens have begun, want 4 of 4", begun, of)
	}
	if at, end := p.Flight(); at != 6 || end != 6 {
		t.Errorf("at the end it is at %d of %d, want at 6 of 6", at, end)
	}
	if r.Opens != 4 || r.Textures != 4 || r.Missing != 2 || r.Failed != 0 || r.Short != 0 ||
		r.Open.Count != 2 {
		t.Errorf("report %+v", r)
	}
	if want := 128 + full - 8_388_736 + 128 + small - dds.HeaderSize; r.Bytes != want {
		t.Errorf("%d bytes, want %d", r.Bytes, want)
	}
	if !slices.Contains(r.Names, texture(3).File()) ||
		!slices.Contains(r.Names, texture(4).File()) {
		t.Errorf("missing names: %v", r.Names)
	}
}

// The flight's time is kept, at the speed asked for.
func TestReplayKeepsTime(t *testing.T) {
	dir := folder(t, map[uint32]int64{1: 1000, 2: 1000})
	events := []trace.Event{
		{Op: trace.OpOpen, Texture: texture(1), Start: 0},
		{Op: trace.OpOpen, Texture: texture(2), Start: 2 * time.Second},
	}
	r, err := Run(t.Context(), slices.Values(events), dir, Options{Speed: 10})
	if err != nil || r.Seconds < 0.2 {
		t.Errorf("2 s of flight at ten times the speed took %v s, %v: not less than 0.2 s",
			r.Seconds, err)
	}
}

// A replay that is interrupted has what was opened before, and opens nothing more.
func TestReplayInterrupted(t *testing.T) {
	dir := folder(t, map[uint32]int64{1: 1000, 2: 1000, 3: 1000, 4: 1000})
	var events []trace.Event
	for i := range uint32(4) {
		events = append(events, trace.Event{Op: trace.OpOpen, Texture: texture(i + 1)})
	}
	events[3].Start = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := Run(ctx, slices.Values(events), dir, Options{Speed: 1, AtOnce: 1,
		Begin: func(p *Progress) {
			go func() {
				// With one at once the third begins when the first is over.
				for n := 0; n < 3 && ctx.Err() == nil; n, _ = p.Opens() {
					time.Sleep(time.Millisecond)
				}
				cancel()
			}()
		}})
	if !errors.Is(err, context.Canceled) || r.Opens < 1 || r.Opens > 3 {
		t.Errorf("interrupted: %v after %d opens", err, r.Opens)
	}
}

func TestReplayOfNothing(t *testing.T) {
	if _, err := Run(t.Context(), slices.Values([]trace.Event{}), t.TempDir(),
		Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing is mounted: %v", err)
	}
}

// Who comes back to a texture after a while opens it again, so that it keeps nobody from their turn
// meanwhile.
func TestSessions(t *testing.T) {
	events := []trace.Event{
		{Op: trace.OpRead, Texture: texture(1), Start: 20 * time.Second},
		{Op: trace.OpOpen, Texture: texture(1), Start: 0},
		{Op: trace.OpRead, Texture: texture(1), Start: time.Second},
		{Op: trace.OpRead, Texture: texture(1), Start: 10 * time.Second},
		{Op: trace.OpOpen, Texture: texture(2), Start: 5 * time.Second},
	}
	var starts []time.Duration
	for _, s := range sessions(slices.Values(events), 15*time.Second) {
		starts = append(starts, s.start)
	}
	if want := []time.Duration{0, 5 * time.Second, 10 * time.Second}; !slices.Equal(starts, want) {
		t.Errorf("sessions start at %v, want %v", starts, want)
	}
}
