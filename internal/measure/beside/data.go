package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

const (
	wholeTextures = 48 // of 11.2 MB, each with pixels of its own
	// with small levels of their own; the large ones are flat, to save disk space
	tailTextures = 1500
	manyNames    = 50_000  // for stat and ls
	mostNames    = 100_000 // for the start
	terrainFiles = 1_000_000
)

// make calls fill to make a file or folder of that name unless it exists.
func (m *mounts) make(name string, fill func(path string) error) (string, error) {
	path := filepath.Join(m.Dir, name)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	m.Say("making " + name)
	tmp := path + ".new" + filepath.Ext(path)
	if err := errors.Join(os.RemoveAll(tmp), os.RemoveAll(tmp+".part")); err != nil {
		return "", err
	}
	if err := fill(tmp); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	return path, os.Rename(tmp, path)
}

// plain makes a folder with the whole textures in it.
func (m *mounts) plain(ctx context.Context) (string, error) {
	return m.make("plain", func(path string) error {
		if err := os.MkdirAll(filepath.Join(path, "textures"), 0o777); err != nil {
			return err
		}
		names := texturePaths(path, 0, wholeTextures)
		return measure.Textures(ctx, m.Imagery, wholeTextures,
			func(i int, file []byte) error { return os.WriteFile(names[i], file, 0o666) })
	})
}

// archive makes an archive of n textures whose files file returns; see measure.Archive.
func (m *mounts) archive(ctx context.Context, label string, n int, c mbtiles.Compression,
	file func(i int) ([]byte, error)) (string, error) {
	return m.make(label+".mbtiles", func(path string) error {
		return measure.Archive(ctx, path, 0, c,
			func(i int, _ *mbtiles.Writer) bool { return i < n }, file)
	})
}

// whole makes an archive of the files of plain.
func (m *mounts) whole(ctx context.Context, c mbtiles.Compression) (string, error) {
	plain, err := m.plain(ctx)
	if err != nil {
		return "", err
	}
	names := texturePaths(plain, 0, wholeTextures)
	return m.archive(ctx, "whole-"+c.String(), wholeTextures, c,
		func(i int) ([]byte, error) { return os.ReadFile(names[i]) })
}

// names makes an archive of n textures that share one small file.
func (m *mounts) names(ctx context.Context, n int) (string, error) {
	l := dds.Layout{Format: dds.BC1, Side: 256}
	file := make([]byte, l.Size())
	header := l.Header()
	copy(file, header[:])
	return m.archive(ctx, fmt.Sprintf("names-%d", n), n, mbtiles.Fast, func(i int) ([]byte, error) {
		if i < 2*runtime.GOMAXPROCS(0) {
			return file, nil
		}
		return nil, nil
	})
}

// tails makes an archive of textures whose small levels are those of the whole textures, changed
// slightly each time.
func (m *mounts) tails(ctx context.Context) (string, error) {
	plain, err := m.plain(ctx)
	if err != nil {
		return "", err
	}
	names := texturePaths(plain, 0, wholeTextures)
	return m.archive(ctx, "tails", tailTextures, mbtiles.Fast, func(i int) ([]byte, error) {
		file, err := os.ReadFile(names[i%wholeTextures])
		if err != nil {
			return nil, err
		}
		tail := len(file) - measure.TailBytes
		clear(file[dds.HeaderSize:tail])
		binary.LittleEndian.PutUint32(file[tail:], uint32(i))
		return file, nil
	})
}

// files makes a scenery package with n empty files, named by name.
func (m *mounts) files(label string, n int, name func(path string, i int) string) (string, error) {
	return m.make(label, func(path string) error {
		for _, dir := range []string{"textures", "terrain"} {
			if err := os.MkdirAll(filepath.Join(path, dir), 0o777); err != nil {
				return err
			}
		}
		for i := range n {
			if err := os.WriteFile(name(path, i), nil, 0o666); err != nil {
				return err
			}
		}
		return nil
	})
}

func textureFile(path string, i int) string { return texturePaths(path, i, 1)[0] }
func terrainFile(path string, i int) string {
	return filepath.Join(path, "terrain", measure.Name(i).Name()+".ter")
}
