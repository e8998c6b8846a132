package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// figure is a row of the table.
type figure struct {
	name, must, aim string
	once            bool // it does not depend on the imagery
	measure         func(ctx context.Context, s *subject) (string, error)
}

func figures() []figure {
	return []figure{
		{name: "file size, previews included, of raw", must: "≤ 72 %", aim: "≤ 66 %", measure: fileSize},
		{name: "plain `zstd -3`, of raw", must: "", aim: "", measure: zstdSize},
		{name: "segments of raw, `--compress best`, one texture", must: "", aim: "", measure: bestSize},
		{name: "decode to DDS, a core", must: "≥ 0.7 GB/s", aim: "≥ 1.5 GB/s", measure: decode},
		{name: "encode a texture (`fast`), a core", must: "≤ 40 ms", aim: "≤ 25 ms", measure: encode},
		{name: "of it SHA-256 and preview (`none`)", must: "", aim: "", measure: encodeNone},
		{name: "write, already encoded, of plain files", must: "≥ 60 %", aim: "", measure: write},
		{name: "read header and 175 KB tail, cold segment cache, median", must: "≤ 0.5 ms", aim: "", measure: tailRead},
		{name: "open and list 100,000 textures", must: "≤ 0.3 s", aim: "", once: true, measure: listing(100_000)},
		{name: "open and list 1,000,000 textures", must: "≤ 3 s, ≤ 150 MB", aim: "", once: true, measure: listing(1_000_000)},
		{name: "verify, a core", must: "≥ 400 MB/s", aim: "≥ 800 MB/s", measure: verify},
		{name: "merge two archives, of `cp` of both and sync", must: "≥ 60 %", aim: "≥ 80 %", once: true, measure: merge},
	}
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

func fileSize(_ context.Context, s *subject) (string, error) {
	info, err := os.Stat(s.archive())
	if err != nil {
		return "", err
	}
	return percent(info.Size(), s.bytes()), nil
}

// zstdSize is what the program zstd makes of the same bytes.
func zstdSize(ctx context.Context, s *subject) (string, error) {
	if _, err := exec.LookPath("zstd"); err != nil {
		return "zstd is not installed", nil
	}
	packed := int64(0)
	for _, file := range s.files {
		cmd := exec.CommandContext(ctx, "zstd", "-3", "-c", "-q")
		cmd.Stdin = bytes.NewReader(file)
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("zstd: %w", err)
		}
		packed += int64(len(out))
	}
	return percent(packed, s.bytes()), nil
}

func bestSize(_ context.Context, s *subject) (string, error) {
	enc := mbtiles.NewEncoder(mbtiles.Best)
	content, err := enc.Encode(s.files[0])
	if err != nil {
		return "", err
	}
	return percent(content.Bytes(), full.Size()), nil
}

// decode reads every texture whole, past the cache.
func decode(ctx context.Context, s *subject) (string, error) {
	a, err := mbtiles.OpenWith(ctx, s.archive(), mbtiles.ReaderOptions{CacheBytes: -1})
	if err != nil {
		return "", err
	}
	defer func() { _ = a.Close() }()
	buf := make([]byte, full.Size())
	used, err := s.processor(func() error {
		for e := range a.All() {
			if _, err := a.ReadAt(ctx, e, buf, 0); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("%.2f GB/s", float64(s.bytes())/1e9/used.Seconds()), err
}

func encode(_ context.Context, s *subject) (string, error)     { return encodeWith(s, mbtiles.Fast) }
func encodeNone(_ context.Context, s *subject) (string, error) { return encodeWith(s, mbtiles.None) }

func encodeWith(s *subject, c mbtiles.Compression) (string, error) {
	enc := mbtiles.NewEncoder(c)
	used, err := s.processor(func() error {
		for _, file := range s.files {
			if _, err := enc.Encode(file); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("%.1f ms", used.Seconds()*1e3/float64(len(s.files))), err
}

// tailRead is what X-Plane asks of most textures: the header, then all mip levels of 512 px and less.
func tailRead(ctx context.Context, s *subject) (string, error) {
	a, err := mbtiles.OpenWith(ctx, s.archive(), mbtiles.ReaderOptions{CacheBytes: -1})
	if err != nil {
		return "", err
	}
	defer func() { _ = a.Close() }()
	entries := slices.Collect(a.All())
	var header [dds.HeaderSize]byte
	off, _ := full.Level(3)
	tail := make([]byte, full.Size()-off)
	times := make([]time.Duration, 200*s.rounds)
	for i := range times {
		e := entries[rand.N(len(entries))]
		start := time.Now()
		if _, err := a.ReadAt(ctx, e, header[:], 0); err != nil {
			return "", err
		}
		if _, err := a.ReadAt(ctx, e, tail, off); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return fmt.Sprintf("%.2f ms", times[len(times)/2].Seconds()*1e3), nil
}

func verify(ctx context.Context, s *subject) (string, error) {
	a, err := mbtiles.OpenWith(ctx, s.archive(), mbtiles.ReaderOptions{CacheBytes: -1})
	if err != nil {
		return "", err
	}
	defer func() { _ = a.Close() }()
	used, err := s.processor(func() error {
		r, err := a.Verify(ctx, mbtiles.VerifyOptions{Workers: 1})
		if err == nil && !r.OK {
			err = fmt.Errorf("%v", r.Problems)
		}
		return err
	})
	return fmt.Sprintf("%.0f MB/s", float64(s.bytes())/1e6/used.Seconds()), err
}
