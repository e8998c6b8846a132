package mount

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
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// DiskCache keeps live textures from one mount to the next, in an ordinary archive that is never
// finished: PATH.part, which every command that reads archives accepts. It holds the textures of
// one provider: give each provider a path of its own. Only textures without holes are stored.
//
// Its file grows to MaxBytes plus one texture and no further: space freed by eviction is reused. If
// MaxBytes is smaller than before, the file shrinks to it in the background of the mount.
//
// Only one process at a time can have it open. A file found damaged when opened is moved aside at
// once; one found damaged later is moved aside by Close. A new file is then begun, and the log says
// so. Only the last damaged file is kept.
type DiskCache struct {
	o       DiskCacheOptions
	path    string // the archive's, as passed to mbtiles.Create
	writer  *mbtiles.Writer
	archive *mbtiles.Archive
	encoder *mbtiles.Encoder
	entries []mbtiles.Entry // contents at opening, least recently used first
	spoilt  atomic.Bool     // some of it could not be read
}

// DiskCacheOptions tune a DiskCache.
type DiskCacheOptions struct {
	// Provider is the provider of the imagery, as archive records name it.
	Provider string
	// MaxBytes bounds what the archive holds; the least recently used textures go first. Default 20
	// GB.
	MaxBytes int64
	// Logger receives reports of damage and of a full disk. Default: none.
	Logger *slog.Logger
}

const defaultDiskCache = 20e9

// OpenDiskCache opens the cache at path, which must end in .mbtiles, or creates it. The error wraps
// mbtiles.ErrLocked if another process has it open. The caller must Close it.
func OpenDiskCache(ctx context.Context, path string, o DiskCacheOptions) (*DiskCache, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultDiskCache
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	path, err := realpath.Of(path) // mbtiles.Create works beside the real file
	if err != nil {
		return nil, fmt.Errorf("disk cache: %w", err)
	}
	d := &DiskCache{o: o, path: path, encoder: mbtiles.NewEncoder(mbtiles.Fast)}
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
func (d *DiskCache) part() string { return d.path + ".part" }

// uses returns the name of the file that lists the textures, least recently used first.
func (d *DiskCache) uses() string { return strings.TrimSuffix(d.path, ".mbtiles") + ".used" }

func (d *DiskCache) open(ctx context.Context) (err error) {
	if d.writer, err = mbtiles.Create(ctx, d.path,
		mbtiles.WriterOptions{Growing: true}); err != nil {
		return err
	}
	if d.archive, err = mbtiles.Open(ctx, d.part()); err != nil {
		return errors.Join(err, d.writer.Close())
	}
	for e := range d.archive.All() {
		if e.Layout == LiveLayout() { // other layouts were not made by a mount
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
func (d *DiskCache) ranks() map[tiles.Key]int {
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

// remember saves the order in which the textures were used.
func (d *DiskCache) remember(order []tiles.Texture) error {
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

// put stores a texture and returns the entry to read it by.
func (d *DiskCache) put(ctx context.Context, t tiles.Texture, made *Made) (mbtiles.Entry, error) {
	content, err := d.encoder.Encode(made.File)
	if err != nil {
		return mbtiles.Entry{}, err
	}
	record := mbtiles.Record{Texture: t, Chunks: made.Chunks, Overzoomed: made.Overzoomed,
		Missing: made.Missing, Provider: d.o.Provider}
	if err := d.writer.Put(ctx, record, content); err != nil {
		return mbtiles.Entry{}, err
	}
	if err := d.writer.Flush(ctx); err != nil {
		return mbtiles.Entry{}, err
	}
	e, found, err := d.archive.Find(ctx, t.Key())
	if err == nil && !found {
		err = fmt.Errorf("texture %s is missing after it was written", t)
	}
	return e, err
}

// Close closes the archive. A damaged one is moved aside.
func (d *DiskCache) Close() error {
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
func (d *DiskCache) moveAside(why error) error {
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
func (d *DiskCache) removeAside() error {
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
