package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
)

// figure is a row of the table.
type figure struct {
	name, must, aim string
	once            bool // independent of the imagery
	measure         func(ctx context.Context, s *subject) (string, error)
}

// figures are the rows; those with own are taken from suite archive of xelpack bench.
var figures = []figure{
	{"file size, previews included, of raw", "≤ 72 %", "≤ 66 %", false, own("size", "%.1f %%", 1)},
	{"plain `zstd -3`, of raw", "", "", false, zstdSize},
	{"segments of raw, `--compress best`, one texture", "", "", false, bestSize},
	{"decode to DDS, a core", "≥ 0.7 GB/s", "≥ 1.5 GB/s", false, own("read", "%.2f GB/s", 1e-3)},
	{"encode a texture (`fast`), a core", "≤ 40 ms", "≤ 25 ms", false, encodeWith(mbtiles.Fast)},
	{"of it SHA-256 and preview (`none`)", "", "", false, encodeWith(mbtiles.None)},
	{"write, already encoded, of plain files", "≥ 60 %", "", false, write},
	{"read header and 175 KB tail, cold segment cache, median", "≤ 0.5 ms", "", false,
		own("tail", "%.2f ms", 1e-3)},
	{"open and list 100,000 textures", "≤ 0.3 s", "", true, listing(100_000)},
	{"open and list 1,000,000 textures", "≤ 3 s, ≤ 150 MB", "", true, listing(1_000_000)},
	{"verify, a core", "≥ 400 MB/s", "≥ 800 MB/s", false, own("verify", "%.0f MB/s", 1)},
	{"merge two archives, of `cp` of both and sync", "≥ 90 %", "100 %", true, merge},
}

// subject is one kind of imagery.
type subject struct {
	*bench
	imagery fetch.Source
	files   [][]byte        // DDS
	report  *measure.Report // of suite archive, once it has run
}

func archive(ctx context.Context, b *bench) (string, error) {
	head := row{"figure", "must", "aim"}
	var subjects []*subject
	add := func(name string, source fetch.Source) error {
		s := &subject{bench: b, imagery: source}
		head, subjects = append(head, name), append(subjects, s)
		return measure.Textures(ctx, source, b.Textures, func(_ int, file []byte) error {
			s.files = append(s.files, slices.Clone(file))
			return nil
		})
	}
	if b.setC != nil {
		if err := add("set C", b.setC); err != nil {
			return "", err
		}
	}
	if err := add("generated", fetch.Sample()); err != nil {
		return "", err
	}
	var rows []row
	for _, f := range figures {
		if !b.wants(f.name, false) {
			continue
		}
		b.Say(f.name)
		r := row{f.name, f.must, f.aim}
		for i, s := range subjects {
			measured := ""
			if i == 0 || !f.once {
				var err error
				if measured, err = f.measure(ctx, s); err != nil {
					return "", fmt.Errorf("%s, %s: %w", f.name, head[3+i], err)
				}
			}
			r = append(r, measured)
		}
		rows = append(rows, b.measured(r)...)
	}
	return fmt.Sprintf("## Archive\n\n`make bench-archive` on %s; one thread; %d BC1 textures of "+
		"4096 px an archive, all different. Rates are of processor time, latencies and writing "+
		"of the\nclock, "+
		"the files in the page cache; best of %d. A rate counts bytes of DDS.\n\n%s", machine(),
		b.Textures, b.Rounds, table(head, rows)), nil
}

// own takes a figure from the suite archive.
func own(name, format string, unit float64) func(context.Context, *subject) (string, error) {
	return func(ctx context.Context, s *subject) (string, error) {
		if s.report == nil {
			o := s.Options
			o.Suites, o.Imagery = []string{"archive"}, s.imagery
			r, err := measure.Run(ctx, "beside", measure.Suites, o)
			if err != nil {
				return "", err
			}
			s.report = &r
		}
		return fmt.Sprintf(format, s.report.Best("archive/"+name)*unit), nil
	}
}

// zstdSize measures what the program zstd makes of the same bytes.
func zstdSize(ctx context.Context, s *subject) (string, error) {
	if _, err := exec.LookPath("zstd"); err != nil {
		return "zstd is not installed", nil
	}
	packed, raw := 0, 0
	for _, file := range s.files {
		cmd := exec.CommandContext(ctx, "zstd", "-3", "-c", "-q")
		cmd.Stdin = bytes.NewReader(file)
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("zstd: %w", err)
		}
		packed, raw = packed+len(out), raw+len(file)
	}
	return fmt.Sprintf("%.1f %%", 100*float64(packed)/float64(raw)), nil
}

func bestSize(_ context.Context, s *subject) (string, error) {
	content, err := mbtiles.NewEncoder(mbtiles.Best).Encode(s.files[0])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.1f %%", 100*float64(content.Bytes())/float64(len(s.files[0]))), nil
}

func encodeWith(c mbtiles.Compression) func(context.Context, *subject) (string, error) {
	return func(_ context.Context, s *subject) (string, error) {
		enc := mbtiles.NewEncoder(c)
		var best measure.Best
		for range s.Round() {
			took, err := measure.Processor(func() error {
				for _, file := range s.files {
					if _, err := enc.Encode(file); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return "", err
			}
			best.Take(took)
		}
		return fmt.Sprintf("%.1f ms", best.Seconds()*1e3/float64(len(s.files))), nil
	}
}

// written is how many textures are written to measure it: several transactions, enough that
// creating the file and its last syncs do not dominate.
const written = 96

// varied returns the i-th file of a set in which all are different.
func (s *subject) varied(i int) []byte {
	file := slices.Clone(s.files[i%len(s.files)])
	binary.LittleEndian.PutUint32(file[dds.HeaderSize+4:], uint32(i))
	return file
}

// write puts encoded textures into an archive until all are committed, and in turn writes and syncs
// the same number of bytes as plain files, one a texture.
func write(ctx context.Context, s *subject) (string, error) {
	enc := mbtiles.NewEncoder(mbtiles.Fast)
	contents := make([]*mbtiles.Content, written)
	bytes := int64(0)
	for i := range contents {
		var err error
		if contents[i], err = enc.Encode(s.varied(i)); err != nil {
			return "", err
		}
		bytes += contents[i].Bytes()
	}
	dir := filepath.Join(s.Dir, "write")
	packed, plain := &way{name: "archive", do: func() error {
		return measure.Write(ctx, filepath.Join(dir, "a.mbtiles"), contents, false)
	}},
		&way{name: "plain files", do: func() error { return s.writePlain(dir, contents) }}
	err := turns(s.Rounds, func() error {
		return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700))
	}, packed, plain)
	mb := func(b measure.Best) float64 { return float64(bytes) / 1e6 / b.Seconds() }
	return fmt.Sprintf("%.0f %% (%.0f of %.0f MB/s)", 100*mb(packed.best)/mb(plain.best),
		mb(packed.best), mb(plain.best)), err
}

// way is one of the alternatives that take turns.
type way struct {
	name string
	do   func() error
	best measure.Best
}

// turns measures all ways, rounds times; before runs ahead of each and is not timed.
func turns(rounds int, before func() error, ways ...*way) error {
	for range rounds {
		for _, w := range ways {
			if err := before(); err != nil {
				return err
			}
			if err := w.best.Time(w.do); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
	}
	return nil
}

func (s *subject) writePlain(dir string, contents []*mbtiles.Content) error {
	const piece = 256 << 10 // as the archive receives them
	for i, c := range contents {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return err
		}
		for part := range slices.Chunk(
			s.files[i%len(s.files)][:min(c.Bytes(), measure.Full.Size())], piece) {
			if _, err = f.Write(part); err != nil {
				break
			}
		}
		if err == nil {
			err = f.Sync()
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// mergeRounds is the most rounds of merge: each writes all bytes three times.
const mergeRounds = 3

// merge compares merging two archives with copying them by cp, both until the bytes are on disk, in
// turns.
func merge(ctx context.Context, s *subject) (text string, err error) {
	inputs := []string{filepath.Join(s.Dir, "first.mbtiles"),
		filepath.Join(s.Dir, "second.mbtiles")}
	total := int64(0)
	for i, path := range inputs {
		first := 100_000 * i
		more := func(_ int, w *mbtiles.Writer) bool { return w.Stored() < s.merge/2 }
		file := func(i int) ([]byte, error) { return s.varied(first + i), nil }
		if err := measure.Archive(ctx, path, first, mbtiles.Fast, more, file); err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, os.Remove(path)) }()
		info, errStat := os.Stat(path)
		if errStat != nil {
			return "", errStat
		}
		total += info.Size()
	}
	cp := &way{name: "cp", do: func() error { return copyAndSync(ctx, s.Dir, inputs) }}
	quick := &way{name: "merge", do: func() error { return mergeOnce(ctx, s.Dir, inputs, true) }}
	verified := &way{name: "merge --verify", do: func() error {
		return mergeOnce(ctx, s.Dir, inputs, false)
	}}
	settle := func() error { return exec.CommandContext(ctx, "sync").Run() }
	if err := turns(min(s.Rounds, mergeRounds), settle, cp, quick, verified); err != nil {
		return "", err
	}
	rate := func(w *way) float64 { return float64(total) / 1e6 / w.best.Seconds() }
	return fmt.Sprintf("%.0f %% (%.0f of %.0f MB/s, %.1f GB); `--verify` %.0f %%",
		100*rate(quick)/rate(cp), rate(quick), rate(cp),
		float64(total)/1e9, 100*rate(verified)/rate(cp)), nil
}

func copyAndSync(ctx context.Context, dir string, inputs []string) error {
	for i, path := range inputs {
		to := filepath.Join(dir, fmt.Sprintf("copy%d", i))
		defer func() { _ = os.Remove(to) }()
		if out, err := exec.CommandContext(ctx, "cp", path, to).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		if out, err := exec.CommandContext(ctx, "sync", to).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	return nil
}

func mergeOnce(ctx context.Context, dir string, paths []string, quick bool) (err error) {
	var inputs []*mbtiles.Archive
	for _, path := range paths {
		a, err := mbtiles.Open(ctx, path)
		if err != nil {
			return err
		}
		defer func() { _ = a.Close() }()
		inputs = append(inputs, a)
	}
	out := filepath.Join(dir, "merged.mbtiles")
	var o combine.MergeOptions
	o.Quick = quick
	if _, err := combine.Merge(ctx, out, inputs, o); err != nil {
		return err
	}
	return os.Remove(out)
}
