package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	_ "github.com/mattn/go-sqlite3" // to make rows without payload

	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// listed is the cost of opening and listing an archive in a process of its own.
type listed struct {
	Textures int
	Seconds  float64
	MB       float64 // peak resident memory
}

func listArchive(ctx context.Context, path string) (listed, error) {
	start := time.Now()
	a, err := mbtiles.Open(ctx, path)
	if err != nil {
		return listed{}, err
	}
	l := listed{}
	for range a.All() {
		l.Textures++
	}
	l.Seconds = time.Since(start).Seconds()
	peak, err := process.PeakMemory(os.Getpid())
	l.MB = float64(peak) / 1e6
	return l, errors.Join(err, a.Close())
}

// listing measures open and list on an archive of n textures whose contents have no segments:
// listing never reads them.
func listing(n int) func(context.Context, *subject) (string, error) {
	return func(ctx context.Context, s *subject) (string, error) {
		path := filepath.Join(s.Dir, fmt.Sprintf("list%d.mbtiles", n))
		if err := manyRows(ctx, path, n); err != nil {
			return "", err
		}
		defer func() { _ = os.Remove(path) }()
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		var best listed
		for range s.Rounds {
			out, err := exec.CommandContext(ctx, self, roleFlag, "list", path).Output()
			if err != nil {
				return "", fmt.Errorf("%s %s list: %w", self, roleFlag, err)
			}
			var l listed
			if err := json.Unmarshal(out, &l); err != nil {
				return "", err
			}
			if l.Textures != n {
				return "", fmt.Errorf("%d textures listed, want %d", l.Textures, n)
			}
			if best.Textures == 0 || l.Seconds < best.Seconds {
				best = l
			}
		}
		return fmt.Sprintf("%.2f s, %.0f MB", best.Seconds, best.MB), nil
	}
}

// manyRows makes an archive and fills its tables with rows of different textures.
func manyRows(ctx context.Context, path string, n int) (err error) {
	w, err := mbtiles.Create(ctx, path, mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	if err := errors.Join(w.Finish(ctx, nil), w.Close()); err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	const count = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) `
	const contents = `INSERT INTO contents SELECT i, randomblob(32), 1, 4096, 13, 11184952 FROM n;`
	const textures = `INSERT INTO textures SELECT 16, i / 2000 * 16, i % 2000 * 16, 'BI', 0, i, 256, 0, 0, 0, 'bench' FROM n`
	_, err = db.ExecContext(ctx, count+contents+count+textures, n, n)
	return err
}
