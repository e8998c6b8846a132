package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"iter"
	"os"

	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Archive is an archive open for reading. Its methods are safe for concurrent use.
type Archive struct {
	reader   *contents.Reader
	checked  bool // what is read is compared with its hashes
	checks   *checks
	path     string // the name passed to Open
	real     string // the real path, if that is a link
	index    *index
	format   int    // version of its format
	root     string // of the tree over the textures; "" in format 1, and while it is being built
	complete bool

	truncated error  // set if a truncated archive was opened with ReaderOptions.Remains
	patchBase string // digest of the archive that this is a patch for; "": not a patch

	beside []tables.Signed // signatures that came beside the file
	remote *remoteArchive  // where it is fetched from; nil: the file is here
	owned  io.Closer       // closed with it; nil: none
}

// Path returns the name passed to Open.
func (a *Archive) Path() string { return a.path }

// Format returns the version of the archive's format.
func (a *Archive) Format() int { return a.format }

// Root returns, in hex, what a complete archive says is the root of the tree over its textures; ""
// in format 1.
func (a *Archive) Root() string { return a.root }

// Stat describes the archive's file: of a remote one, what is here of it.
func (a *Archive) Stat() (os.FileInfo, error) { return os.Stat(a.real) }

// Complete reports whether the archive is finished, as opposed to being built.
func (a *Archive) Complete() bool { return a.complete }

// NoPatch returns an ErrIsPatch with the remedy if the archive is a patch, which does not have all
// textures.
func (a *Archive) NoPatch() error {
	if a.patchBase == "" {
		return nil
	}
	return fmt.Errorf("%s: %w: apply it to the archive of digest %s (xelpack apply ARCHIVE %s)",
		a.path, ErrIsPatch, a.patchBase, shell.Quote(a.path))
}

// Close waits for the reads in progress and closes the file. Later reads return ErrClosed.
func (a *Archive) Close() error {
	err := a.reader.Close()
	if a.remote != nil {
		err = errors.Join(err, a.remote.Close())
	}
	if a.owned != nil {
		err = errors.Join(err, a.owned.Close())
	}
	return err
}

// Len returns the number of textures.
func (a *Archive) Len() int { return len(a.index.rows) }

// All yields the textures in the order of tiles.Texture.Compare, from memory.
func (a *Archive) All() iter.Seq[Entry] { return a.index.all() }

// Those yields the textures that keep accepts, in the same order, from memory.
func (a *Archive) Those(keep func(Entry) bool) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for e := range a.index.all() {
			if keep(e) && !yield(e) {
				return
			}
		}
	}
}

// Lookup finds a texture, in memory.
func (a *Archive) Lookup(k tiles.Key) (Entry, bool) { return a.index.lookup(k) }

// Record returns everything that the archive records about e.
func (a *Archive) Record(ctx context.Context, e Entry) (Record, error) {
	var rec Record
	found := false
	err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		rec, found, err = findRecord(ctx, c, e.Texture.Key())
		return err
	})
	if err == nil && !found {
		err = corrupt("its row is missing")
	}
	if err != nil {
		return Record{}, explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
	}
	return rec, nil
}

// Records calls f with what the archive records about every texture, in one pass.
func (a *Archive) Records(ctx context.Context, f func(Record) error) error {
	err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) error {
		return c.Query(ctx, selectRecords, func(r *sqlite.Row) error {
			rec, err := scanRecord(r)
			if err == nil {
				err = f(rec)
			}
			return err
		})
	})
	return explain(a.path, err)
}

func findRecord(ctx context.Context, c *sqlite.Conn,
	k tiles.Key) (rec Record, found bool, err error) {
	err = c.Query(ctx, selectRecord, func(r *sqlite.Row) error {
		candidate, err := scanRecord(r)
		if err == nil && candidate.Key() == k && !found {
			rec, found = candidate, true
		}
		return err
	}, int(k.ZL), int64(k.Row), int64(k.Col))
	return rec, found, err
}

// Preview returns the JPEG of the preview or overview at an XYZ address, 256×256 px. The error is
// ErrNoTile if there is none.
func (a *Archive) Preview(ctx context.Context, z tiles.ZL, x, y uint32) ([]byte, error) {
	at := preview.Tile{Z: uint8(z), X: x, Y: y}
	fail := func(err error) ([]byte, error) {
		return nil, explain(a.path, fmt.Errorf("preview %s: %w", at, err))
	}
	if !at.Valid() {
		return fail(ErrNoTile)
	}
	if err := a.wantTile(ctx, at); err != nil {
		return fail(err)
	}
	var jpeg []byte
	err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		jpeg, err = tables.ReadTile(ctx, c, at)
		return err
	})
	if err == nil && jpeg == nil {
		err = ErrNoTile
	}
	if err != nil {
		return fail(err)
	}
	return jpeg, nil
}

// Picture is Preview, decoded. Anything but a JPEG of 256×256 px is an ErrCorrupt: nothing larger
// is ever decoded.
func (a *Archive) Picture(ctx context.Context, z tiles.ZL, x, y uint32) (image.Image, error) {
	jpeg, err := a.Preview(ctx, z, x, y)
	if err != nil {
		return nil, err
	}
	img, err := preview.Decode(jpeg)
	if err != nil {
		return nil, explain(a.path,
			corrupt("preview %s: %v", preview.Tile{Z: uint8(z), X: x, Y: y}, err))
	}
	return img, nil
}

// Digest returns the digest computed from the tables.
func (a *Archive) Digest(ctx context.Context) (sum string, err error) {
	err = a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		sum, err = tables.Digest(ctx, c)
		return err
	})
	if err != nil {
		err = explain(a.path, fmt.Errorf("compute the digest: %w", err))
	}
	return sum, err
}

// Info is the description of an archive. Scripts rely on its JSON.
type Info struct {
	State     string            `json:"state"`  // building or complete
	Digest    string            `json:"digest"` // as stored; empty while building
	Textures  int               `json:"textures"`
	Contents  int               `json:"contents"` // distinct among them
	Holes     int               `json:"holes"`    // textures with failed chunks
	Failed    int64             `json:"failed_chunks"`
	Previews  int               `json:"previews"` // rows of tiles, overviews included
	ByZL      map[int]int       `json:"by_zl"`
	ByFormat  map[string]int    `json:"by_format"`
	ByDetail  map[int]int       `json:"by_detail"`
	Bytes     int64             `json:"bytes"`      // of the DDS files of all textures
	FileBytes int64             `json:"file_bytes"` // of the archive
	Metadata  map[string]string `json:"metadata"`
	Sources   terms.Sources     `json:"sources"`        // that it is built from
	Terms     terms.Terms       `json:"terms"`          // that follow for the whole
	Format    int               `json:"format"`         // version of the archive's format
	Root      string            `json:"root,omitempty"` // as stored; from format 2 on
}

// holes counts the textures with failed chunks, and these chunks.
func holes(ctx context.Context, c *sqlite.Conn) (textures int, failed int64, err error) {
	n, err := c.Number(ctx, `SELECT count(*) FROM textures WHERE failed > 0`)
	if err == nil {
		failed, err = c.Number(ctx,
			`SELECT coalesce(sum(failed), 0) FROM textures WHERE failed > 0`)
	}
	return int(n), failed, err
}

// Info returns the description of the archive.
func (a *Archive) Info(ctx context.Context) (Info, error) {
	info := Info{Format: a.format, Root: a.root, Textures: a.Len(), ByZL: map[int]int{},
		ByFormat: map[string]int{}, ByDetail: map[int]int{}}
	for e := range a.All() {
		info.ByZL[int(e.Texture.ZL)]++
		info.ByFormat[e.Layout.Format.String()]++
		info.ByDetail[int(e.Detail)]++
		info.Bytes += e.Layout.Size()
	}
	if err := a.wantAll(ctx, "sqlite_autoindex_contents_1", "sqlite_autoindex_tiles_1"); err != nil {
		return Info{}, explain(a.path, err)
	}
	err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) error {
		var err error
		if info.Metadata, err = tables.Metadata(ctx, c); err != nil {
			return err
		}
		if info.Holes, info.Failed, err = holes(ctx, c); err != nil {
			return err
		}
		for _, n := range [...]struct {
			count *int
			query string
		}{
			{&info.Contents, `SELECT count(*) FROM contents`},
			{&info.Previews, `SELECT count(*) FROM tiles`},
		} {
			count, err := c.Number(ctx, n.query)
			if err != nil {
				return err
			}
			*n.count = int(count)
		}
		return nil
	})
	if err != nil {
		return Info{}, explain(a.path, fmt.Errorf("read info: %w", err))
	}
	if info.Sources, err = SourcesOf(info.Metadata); err != nil {
		return Info{}, explain(a.path, err)
	}
	info.Terms = info.Sources.Terms()
	info.State, info.Digest = info.Metadata[tables.KeyState], info.Metadata[tables.KeyDigest]
	stat, err := a.Stat()
	if err != nil {
		return Info{}, err
	}
	info.FileBytes = stat.Size()
	return info, nil
}
