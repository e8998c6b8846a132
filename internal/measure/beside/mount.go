package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

var measurements = []struct {
	name string
	run  func(context.Context, *mounts) ([]row, error)
	long bool // slow to prepare: runs only when asked for
}{
	{"whole raw", wholeRaw, false},
	{"whole compressed", wholeCompressed, false},
	{"one reader", oneReader, false},
	{"tails", tails, false},
	{"web server", distantTails, false},
	{"in place", inPlace, false},
	{"stat", statStorm, false},
	{"start", startUp, false},
	{"stuck", stuck, false},
	{"ls", listNames, false},
	{"priority", priority, false},
	{"cgofuse", cgofuse, false},
	{"million", million, true},
}

// mounts is shared by the measurements of mounts. Existing files in its folder are used as they
// are.
type mounts struct{ *bench }

// mount compares fresh mounts, with a cold page cache of their own, of data that is in the
// machine's page cache.
func mount(ctx context.Context, b *bench) (string, error) {
	if os.Getuid() != 0 {
		return "", errors.New("only root can compare: pass-through and cold caches need it")
	}
	if err := b.ready(ctx); err != nil {
		return "", err
	}
	var rows []row
	for _, m := range measurements {
		if !b.wants(m.name, m.long) {
			continue
		}
		b.Say(m.name)
		r, err := m.run(ctx, &mounts{b})
		if err != nil {
			return "", fmt.Errorf("%s: %w", m.name, err)
		}
		rows = append(rows, b.measured(r...)...)
	}
	imagery := "textures of real imagery (set C)"
	if b.setC == nil {
		imagery = "invented imagery"
	}
	var kernel unix.Utsname
	if err := unix.Uname(&kernel); err != nil {
		return "", err
	}
	return fmt.Sprintf("## Mount\n\n`make bench-mount` on %s, kernel %s; %s. The servers are "+
		"processes of their own; the source lies in the page cache, the mount's page cache is "+
		"cold;\n"+
		"the candidates take turns and the best of %d rounds counts.\n\n%s", machine(),
		unix.ByteSliceToString(kernel.Release[:]), imagery, b.Rounds,
		table(row{"what", "must (aim)", "measured", "beside it"}, rows)), nil
}

// build builds xelpack with more flags of go build.
func (b *bench) build(ctx context.Context, program string, flags ...string) error {
	build := exec.CommandContext(ctx, "go",
		append(append([]string{"build", "-o", program}, flags...), "./cmd/xelpack")...)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build xelpack: %w", err)
	}
	return nil
}

// candidate is one of the mounts that take turns.
type candidate struct {
	name  string
	start func(context.Context) (*measure.Server, error)
	best  done
}

func (c *candidate) speed() float64 { return float64(c.best.bytes) / c.best.seconds / 1e9 }
func (c *candidate) rate() float64  { return float64(c.best.files) / c.best.seconds }

// with runs do on a fresh mount.
func (c *candidate) with(ctx context.Context, do func(*measure.Server) error) error {
	s, err := c.start(ctx)
	if err == nil {
		err = errors.Join(do(s), s.Stop())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// turns puts the same load on every candidate, rounds times on fresh mounts, and keeps the
// quickest.
func (m *mounts) turns(ctx context.Context, l load, candidates ...*candidate) error {
	for range m.Rounds {
		for _, c := range candidates {
			err := c.with(ctx, func(s *measure.Server) error {
				d, err := l(ctx, s.Mountpoint)
				if err == nil && (c.best.seconds == 0 || d.seconds < c.best.seconds) {
					c.best = d
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// serves returns a candidate; "@" in args stands for the mountpoint.
func (m *mounts) serves(name, program string, args ...string) *candidate {
	return &candidate{name: name, start: func(ctx context.Context) (*measure.Server, error) {
		return measure.Serve(ctx, m.Dir, program, args...)
	}}
}

// xelpack mounts an archive, with more arguments before it.
func (m *mounts) xelpack(name, archive string, before ...string) *candidate {
	return m.serves(name, m.Program, append(append([]string{"mount"}, before...), archive, "@")...)
}

// bare mounts the bare file system over dir.
func (m *mounts) bare(dir string) (*candidate, error) {
	exe, err := os.Executable()
	return m.serves("bare go-fuse", exe, roleFlag, "bare", dir, "@"), err
}

// ofWhole mounts an archive of the whole textures.
func (m *mounts) ofWhole(ctx context.Context, c mbtiles.Compression) (*candidate, error) {
	archive, err := m.whole(ctx, c)
	return m.xelpack("xelpack "+c.String(), archive), cmp.Or(err, measure.Warm(archive))
}

// wholes has whole textures read from the bare file system and from xelpack's, in turns.
func (m *mounts) wholes(ctx context.Context, compression mbtiles.Compression,
	readers int) (bare, ours *candidate, err error) {
	plain, errPlain := m.plain(ctx)
	ours, errOurs := m.ofWhole(ctx, compression)
	bare, err = m.bare(plain)
	if err := cmp.Or(errPlain, errOurs, err, measure.Warm(plain)); err != nil {
		return nil, nil, err
	}
	return bare, ours, m.turns(ctx, readWhole(readers), bare, ours)
}

func wholeRaw(ctx context.Context, m *mounts) ([]row, error) {
	bare, ours, err := m.wholes(ctx, mbtiles.None, 4)
	if err != nil {
		return nil, err
	}
	return []row{{"whole textures, raw, 4 readers", "≥ 80 % of bare go-fuse (100 %)",
		fmt.Sprintf("%.0f %%: %.2f GB/s", 100*ours.speed()/bare.speed(),
			ours.speed()), fmt.Sprintf("bare go-fuse %.2f GB/s", bare.speed())}}, nil
}

// oneReader shows the gain of reading ahead: with four readers every processor is busy anyway.
func oneReader(ctx context.Context, m *mounts) ([]row, error) {
	bare, ours, err := m.wholes(ctx, mbtiles.Fast, 1)
	if err != nil {
		return nil, err
	}
	return []row{{"whole textures, compressed (xelpack fast), 1 reader", "",
		fmt.Sprintf("%.2f GB/s", ours.speed()),
		fmt.Sprintf("bare go-fuse, plain files, %.2f GB/s", bare.speed())}}, nil
}

func wholeCompressed(ctx context.Context, m *mounts) ([]row, error) {
	plain, err := m.plain(ctx)
	if err != nil {
		return nil, err
	}
	var squashed, own []*candidate
	if program, err := exec.LookPath("squashfuse_ll"); err == nil {
		for _, block := range []string{"128K", "1M"} {
			image, err := m.make("zstd-"+block+".squashfs", func(path string) error {
				return exec.CommandContext(ctx, "mksquashfs", plain, path, "-comp", "zstd", "-b",
					block, "-no-progress", "-quiet").Run()
			})
			if err != nil {
				return nil, err
			}
			squashed = append(squashed,
				m.serves("squashfuse_ll zstd "+block, program, "-f", image, "@"))
			if err := measure.Warm(image); err != nil {
				return nil, err
			}
		}
	}
	for _, compression := range []mbtiles.Compression{mbtiles.Fast, mbtiles.Best} {
		ours, err := m.ofWhole(ctx, compression)
		if err != nil {
			return nil, err
		}
		own = append(own, ours)
	}
	if err := m.turns(ctx, readWhole(4), append(squashed, own...)...); err != nil {
		return nil, err
	}
	rival, beside := 0.0, "not installed: squashfuse, squashfs-tools"
	for i, c := range squashed {
		if i == 0 {
			beside = ""
		} else {
			beside += ", "
		}
		beside += fmt.Sprintf("%s %.2f GB/s", c.name, c.speed())
		rival = max(rival, c.speed())
	}
	var rows []row
	for _, c := range own {
		measured := fmt.Sprintf("%.2f GB/s", c.speed())
		if rival > 0 {
			measured = fmt.Sprintf("%.1f ×: %s", c.speed()/rival, measured)
		}
		rows = append(rows, row{"whole textures, compressed (" + c.name + "), 4 readers",
			"≥ 1.5 × the better squashfuse_ll (3 ×)", measured, beside})
	}
	return rows, nil
}

func tails(ctx context.Context, m *mounts) ([]row, error) {
	packed, err := m.tails(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := m.whole(ctx, mbtiles.None)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, of := range []struct {
		name, archive string
		n             int
	}{{"raw", raw, wholeTextures}, {"compressed (xelpack fast)", packed, tailTextures}} {
		ours := m.xelpack("xelpack "+of.name, of.archive)
		if err := errors.Join(measure.Warm(of.archive),
			m.turns(ctx, readTails(of.n, 4*tailTextures, 50), ours)); err != nil {
			return nil, err
		}
		rows = append(rows, row{"header + tail, random textures, 50 in flight, " + of.name,
			"≥ 3,000 textures/s (6,000)", fmt.Sprintf("%.0f textures/s", ours.rate()), ""})
	}
	return rows, nil
}
