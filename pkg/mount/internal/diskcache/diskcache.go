// Package diskcache keeps live textures on disk, within a number of bytes.
package diskcache

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Cache is mount.DiskCache. Safe for concurrent use, except that one goroutine at a time may change
// it.
type Cache struct {
	o       Options
	layout  dds.Layout
	path    string // the archive's, as passed to mbtiles.Create
	writer  *mbtiles.Writer
	archive *mbtiles.Archive
	encoder *mbtiles.Encoder
	entries []mbtiles.Entry // contents at opening, least recently used first
	spoilt  atomic.Bool     // some of it could not be read
}

// Options tune a Cache.
type Options struct {
	// Provider is the provider of the imagery, as archive records name it.
	Provider string
	// MaxBytes bounds what the archive holds; the least recently used textures go first. Default 20
	// GB.
	MaxBytes int64
	// Logger receives reports of damage and of a full disk. Default: none.
	Logger *slog.Logger
}

const defaultBytes = 20e9

// Open opens the cache of textures of one layout at path, which must end in .mbtiles, or creates
// it. The error wraps mbtiles.ErrLocked if another process has it open. The caller must Close it.
func Open(ctx context.Context, path string, layout dds.Layout, o Options) (*Cache, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultBytes
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	path, err := realpath.Of(path) // mbtiles.Create works beside the real file
	if err != nil {
		return nil, fmt.Errorf("disk cache: %w", err)
	}
	d := &Cache{o: o, layout: layout, path: path, encoder: mbtiles.NewEncoder(mbtiles.Fast)}
	err = d.open(ctx)
	if errors.Is(err, mbtiles.ErrCorrupt) || errors.Is(err, mbtiles.ErrNotArchive) {
		if errAside := d.moveAside(err); errAside != nil {
			return nil, errors.Join(err, errAside)
		}
		err = d.open(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("disk cache: %w", err)
	}
	return d, nil
}

// part returns the name of the file itself.
func (d *Cache) part() string { return d.path + ".part" }

// uses returns the name of the file that lists the textures, least recently used first.
func (d *Cache) uses() string { return strings.TrimSuffix(d.path, ".mbtiles") + ".used" }

func (d *Cache) open(ctx context.Context) (err error) {
	if d.writer, err = mbtiles.Create(ctx, d.path,
		mbtiles.WriterOptions{Growing: true}); err != nil {
		return err
	}
	if d.archive, err = mbtiles.Open(ctx, d.part()); err != nil {
		return errors.Join(err, d.writer.Close())
	}
	for e := range d.archive.All() {
		if e.Layout == d.layout { // other layouts were not made by a mount
			d.entries = append(d.entries, e)
		}
	}
	rank := d.ranks()
	place := func(e mbtiles.Entry) int {
		if i, ok := rank[e.Texture.Key()]; ok {
			return i
		}
		return len(rank) // not listed: used recently, by a process that was killed
	}
	slices.SortStableFunc(d.entries, func(a, b mbtiles.Entry) int { return place(a) - place(b) })
	return nil
}

// ranks reads the order in which the textures were used. If the file is missing it is empty.
func (d *Cache) ranks() map[tiles.Key]int {
	rank := make(map[tiles.Key]int)
	f, err := os.Open(d.uses())
	if err != nil {
		return rank
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if t, err := tiles.ParseName(lines.Text()); err == nil {
			if _, twice := rank[t.Key()]; !twice {
				rank[t.Key()] = len(rank)
			}
		}
	}
	return rank
}

// Entries returns what the cache held when it was opened, the least recently used first.
func (d *Cache) Entries() []mbtiles.Entry { return d.entries }

// SaveOrder saves the order in which the textures were used, for the next Open.
func (d *Cache) SaveOrder(order []tiles.Texture) error {
	var b strings.Builder
	for _, t := range order {
		fmt.Fprintln(&b, t.Name())
	}
	tmp := d.uses() + ".new"
	if err := os.WriteFile(tmp, []byte(b.String()), 0o666); err != nil {
		return err
	}
	return os.Rename(tmp, d.uses())
}

// ReadAt reads from a texture's DDS file, as mbtiles.Archive does.
func (d *Cache) ReadAt(ctx context.Context, e mbtiles.Entry, p []byte, off int64) (int, error) {
	return d.archive.ReadAt(ctx, e, p, off)
}

// Spoilt notes that some of it could not be read: Close moves it aside.
func (d *Cache) Spoilt() { d.spoilt.Store(true) }

// Put stores a texture and returns the entry to read it by. The record's Provider is the cache's.
func (d *Cache) Put(ctx context.Context, r mbtiles.Record, file []byte) (mbtiles.Entry, error) {
	content, err := d.encoder.Encode(file)
	if err != nil {
		return mbtiles.Entry{}, err
	}
	r.Provider = d.o.Provider
	if err := d.writer.Put(ctx, r, content); err != nil {
		return mbtiles.Entry{}, err
	}
	if err := d.writer.Flush(ctx); err != nil {
		return mbtiles.Entry{}, err
	}
	e, found, err := d.Find(ctx, r.Key())
	if err == nil && !found {
		err = fmt.Errorf("texture %s is missing after it was written", r.Texture)
	}
	return e, err
}

// Find finds a texture as it is stored now.
func (d *Cache) Find(ctx context.Context, k tiles.Key) (e mbtiles.Entry, found bool, err error) {
	return d.archive.Find(ctx, k)
}

// Remove removes a texture.
func (d *Cache) Remove(ctx context.Context, k tiles.Key) error {
	if err := d.writer.Remove(ctx, k); err != nil {
		return err
	}
	return d.writer.Flush(ctx)
}

// Victims chooses the textures to remove from a cache of the given number of bytes, of which limit
// may stay. It returns none if none may go.
type Victims func(bytes, limit int64) []tiles.Key

// Evict removes textures until the rest is within the limit.
func (d *Cache) Evict(ctx context.Context, choose Victims) error {
	for {
		if freed, err := d.evict(ctx, choose); err != nil || !freed {
			return err
		}
	}
}

// evict removes some textures if there are too many, and reports whether it did.
func (d *Cache) evict(ctx context.Context, choose Victims) (bool, error) {
	bytes, err := d.writer.Footprint(ctx)
	if err != nil || bytes <= d.o.MaxBytes {
		return false, err
	}
	victims := choose(bytes, d.o.MaxBytes)
	if len(victims) == 0 {
		return false, nil
	}
	return true, d.writer.Remove(ctx, victims...)
}

// Trim shrinks a file that exceeds its limit, because the limit was lowered, as far as it gets
// until the second context ends; the next Trim continues.
func (d *Cache) Trim(ctx, until context.Context, choose Victims) error {
	for more := true; more && until.Err() == nil; {
		freed, err := d.evict(ctx, choose)
		if err == nil && !freed {
			more, err = d.writer.Shrink(ctx, d.o.MaxBytes+d.layout.Size())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Close closes the archive. A damaged one is moved aside.
func (d *Cache) Close() error {
	err := errors.Join(d.archive.Close(), d.writer.Close())
	if d.spoilt.Load() || errors.Is(err, mbtiles.ErrCorrupt) {
		return d.moveAside(errors.New("some textures could not be read"))
	}
	return err
}

// asideMark goes between the name of a damaged archive and the time at which it was moved aside.
const asideMark = ".damaged-"

// moveAside renames the archive and its side files. It removes one moved aside earlier, so that
// repeated damage cannot fill the disk.
func (d *Cache) moveAside(why error) error {
	if err := d.removeAside(); err != nil {
		return err
	}
	aside := d.part() + asideMark + time.Now().UTC().Format("20060102-150405")
	for _, suffix := range [...]string{"", "-wal", "-shm", "-journal"} {
		if err := os.Rename(d.part()+suffix, aside+suffix); err != nil &&
			!errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("move the damaged disk cache aside: %w", err)
		}
	}
	d.o.Logger.Warn("the disk cache is damaged: moved it aside and started a new one; the old "+
		"one can be deleted", "moved to", aside, "because", why)
	return nil
}

// removeAside removes what was moved aside before.
func (d *Cache) removeAside() error {
	dir, name := filepath.Split(d.part() + asideMark)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return fmt.Errorf("find damaged disk caches: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), name) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil &&
			!errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an older damaged disk cache: %w", err)
		}
		d.o.Logger.Info("removed an older damaged disk cache", "file", e.Name())
	}
	return nil
}
