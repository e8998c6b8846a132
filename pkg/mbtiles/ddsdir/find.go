// Package ddsdir imports DDS files made by other programs into an archive: Ortho4XP's textures and
// AutoOrtho's cache.
//
//	found, err := ddsdir.Find(ctx, "zOrtho4XP_+43+005/textures")
//	report, err := ddsdir.Import(ctx, w, found, ddsdir.Options{Compression: mbtiles.Fast})
//
// Find reads headers only, so that skipped files are known before anything is written.
package ddsdir

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// File is a texture in a file of its own.
type File struct {
	Path    string
	Texture tiles.Texture
	Layout  dds.Layout
	Failed  int // chunks that are missing according to its maker
}

// Skipped is a file that cannot be imported, and why. Scripts rely on its JSON.
type Skipped struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// Files are the textures found in folders.
type Files struct {
	Files   []File // in the order of their paths, folder by folder; the first of each texture
	Skipped []Skipped
	Others  int // files that are not DDS, such as water masks
}

// Find looks for textures in folders and their sub-folders, under the names of Ortho4XP's textures
// ("23952_33712_BI16.dds") and of AutoOrtho's cache ("BI/23952_33712_z16.dds", where z is the zoom
// level of its pixels). It reads the header of every file: BC1 or BC3, square, 256 to 4096 px, all
// mip levels, and the length that follows from these. Files that do not match are listed in
// Skipped. The error is for a folder that cannot be read.
func Find(ctx context.Context, dirs ...string) (Files, error) {
	var found Files
	seen := make(map[tiles.Key]string)
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			err = errors.New("not a folder")
		}
		if err != nil {
			return found, fmt.Errorf("%s: %w", dir, sqlite.Bare(err))
		}
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil && path == dir:
				return fmt.Errorf("%s: %w", dir, sqlite.Bare(err))
			case err != nil:
				found.skip(path, sqlite.Bare(err))
				return nil
			case d.IsDir():
				return nil
			case !strings.EqualFold(filepath.Ext(path), ".dds"):
				found.Others++
				return nil
			}
			file, err := lookAt(path)
			if first, twice := seen[file.Texture.Key()]; err == nil && twice {
				err = fmt.Errorf("same texture as %s", first)
			}
			if err != nil {
				found.skip(path, err)
				return nil
			}
			seen[file.Texture.Key()] = path
			found.Files = append(found.Files, file)
			return nil
		})
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

func (d *Files) skip(path string, why error) {
	d.Skipped = append(d.Skipped, Skipped{File: path, Why: why.Error()})
}

// lookAt reads the header of a file and returns what it is, or why it cannot be imported.
func lookAt(path string) (File, error) {
	file := File{Path: path}
	info, err := os.Stat(path) // before opening: opening a pipe would wait for its writer
	if err != nil {
		return file, sqlite.Bare(err)
	}
	if !info.Mode().IsRegular() {
		return file, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return file, sqlite.Bare(err)
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, dds.HeaderSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return file, sqlite.Bare(err)
	}
	if file.Layout, err = foreignLayout(head[:n]); err != nil {
		return file, err
	}
	if size := info.Size(); size != file.Layout.Size() {
		return file, fmt.Errorf("it has %d bytes, but a %v of %d px with all mip levels has %d",
			size, file.Layout.Format, file.Layout.Side, file.Layout.Size())
	}
	return file, file.name()
}

// foreignLayout reads the header of a DDS file of any program: fields that do not affect the pixels
// may have any value.
func foreignLayout(head []byte) (dds.Layout, error) {
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(head[at:]) }
	switch {
	case len(head) >= 4 && word(0) == 0xFD2FB528:
		return dds.Layout{}, errors.New(
			"files compressed as a whole (AutoOrtho's disk compression) are not supported")
	case len(head) < dds.HeaderSize || word(0) != 0x20534444 || word(4) != 124 || word(76) != 32:
		return dds.Layout{}, errors.New("not a DDS file")
	}
	l := dds.Layout{Format: dds.BC1, Side: int(word(16))}
	switch fourCC := string(head[84:88]); {
	case word(80)&4 == 0:
		return l, errors.New("not block-compressed (want DXT1 or DXT5)")
	case fourCC == "DXT5":
		l.Format = dds.BC3
	case fourCC != "DXT1":
		return l, fmt.Errorf("unknown format %q (want DXT1 or DXT5)", fourCC)
	}
	if word(12) != word(16) || l.Valid() != nil {
		return l, fmt.Errorf("it is %d×%d px, want a square of 256, 512, 1024, 2048 or 4096",
			word(16), word(12))
	}
	if levels := word(28); levels != uint32(l.Levels()) {
		return l, fmt.Errorf("it has %d mip levels, want all %d", max(levels, 1), l.Levels())
	}
	return l, nil
}

// cacheName matches the file names of AutoOrtho's cache, in folders named after the maptype.
var cacheName = regexp.MustCompile(`^(\d{1,10})_(\d{1,10})_z(\d{1,2})\.dds$`)

// name determines which texture the file is.
func (f *File) name() error {
	base := filepath.Base(f.Path)
	m := cacheName.FindStringSubmatch(base)
	if m == nil {
		var err error
		f.Texture, err = tiles.ParseName(base)
		return err
	}
	// of the pixels; a texture below 4096 px was built below its own zoom level
	zl, _ := strconv.Atoi(m[3])
	zl += bits.Len(uint(dds.MaxSide/f.Layout.Side)) - 1
	var err error
	if f.Texture, err = tiles.ParseName(
		fmt.Sprintf("%s_%s_%s%02d", m[1], m[2], filepath.Base(filepath.Dir(f.Path)),
			zl)); err != nil {
		return err
	}
	return f.sidecar()
}

// sidecar reads AutoOrtho's note about a cache file, if there is one: an unfinished file must not
// pass for complete.
func (f *File) sidecar() error {
	body, err := os.ReadFile(strings.TrimSuffix(f.Path, ".dds") + ".ddm")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("its .ddm: %w", sqlite.Bare(err))
	}
	var note struct {
		Levels  int   `json:"mm"`
		Filled  []int `json:"populated_mipmaps"`
		Missing []int `json:"missing_indices"`
	}
	if err := json.Unmarshal(body, &note); err != nil {
		return fmt.Errorf("its .ddm: %w", err)
	}
	if note.Filled != nil && len(note.Filled) < note.Levels {
		return fmt.Errorf("AutoOrtho has filled only %d of its %d mip levels", len(note.Filled),
			note.Levels)
	}
	f.Failed = min(len(note.Missing), tiles.TextureChunks*tiles.TextureChunks)
	return nil
}
