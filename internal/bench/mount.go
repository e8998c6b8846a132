package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/dds"
)

// mounts measures the reads of a simulator from two mounts of one archive in turn: one that nobody watches, and one with metrics and a trace. They are processes
// of their own; this one reads.
type mounts struct {
	plain, watched string
	ends           []func() error
	light, heavy   []trace.Event
	rounds         int
}

func newMount(ctx context.Context, o Options, dir string) (_ *mounts, err error) {
	if o.Mount == nil {
		return nil, errors.New("there is nothing that mounts")
	}
	list, err := contents(ctx, o)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "mount.mbtiles")
	if err := write(ctx, file, list); err != nil {
		return nil, err
	}
	m := &mounts{plain: filepath.Join(dir, "plain"), watched: filepath.Join(dir, "watched")}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	for _, at := range []string{m.plain, m.watched} {
		if err := os.Mkdir(at, 0o777); err != nil {
			return nil, err
		}
		end, err := o.Mount(ctx, file, at, at == m.watched)
		if err != nil {
			return nil, err
		}
		m.ends = append(m.ends, end)
	}
	// Header and small mips, over and over; and whole files in pieces.
	size := dds.Layout{Format: dds.BC1, Side: dds.MaxSide}.Size()
	for i := range 60 * o.Textures {
		t := item(i % o.Textures).Texture
		m.light = append(m.light, trace.Event{Op: trace.OpOpen, Texture: t, Size: size}, trace.Event{Op: trace.OpRead, Texture: t, Size: size, Length: dds.HeaderSize},
			trace.Event{Op: trace.OpRead, Texture: t, Size: size, Offset: size - tailBytes, Length: tailBytes})
	}
	for i := range 4 * o.Textures {
		t := item(i % o.Textures).Texture
		m.heavy = append(m.heavy, trace.Event{Op: trace.OpOpen, Texture: t, Size: size}, trace.Event{Op: trace.OpRead, Texture: t, Size: size, Length: size})
	}
	return m, nil
}

func (m *mounts) round(ctx context.Context, add func(name, unit, better string, v float64)) error {
	m.rounds++
	order := []string{m.plain, m.watched}
	if m.rounds%2 == 0 {
		slices.Reverse(order)
	}
	// One reader: what is measured is the path of an answer, and with several the scheduler's moods would hide it.
	for _, at := range order {
		name := filepath.Base(at)
		light, err := replay.Run(ctx, slices.Values(m.light), at, replay.Options{AtOnce: 1})
		if err != nil {
			return err
		}
		heavy, err := replay.Run(ctx, slices.Values(m.heavy), at, replay.Options{AtOnce: 1})
		if err != nil {
			return err
		}
		if light.Failed+heavy.Failed+light.Missing+heavy.Missing > 0 {
			return errors.New("reads failed: " + at)
		}
		add("textures-"+name, "header+tail/s", higher, float64(light.Opens)/light.Seconds)
		add("whole-"+name, "MB/s", higher, float64(heavy.Bytes)/1e6/heavy.Seconds)
		add("open-p50-"+name, "µs", lower, 1e6*light.Open.P50)
		add("read-p50-"+name, "µs", lower, 1e6*light.Read.P50)
	}
	return nil
}

func (m *mounts) close() error {
	var errs []error
	for _, end := range m.ends {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}
