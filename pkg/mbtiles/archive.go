package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Archive is an archive open for reading. Its methods may be called from any number of goroutines at once.
type Archive struct {
	*reader
	path     string
	index    *index
	complete bool
}

// ReaderOptions are the limits of an open archive.
type ReaderOptions struct {
	CacheBytes int64 // of decoded segments kept in memory; default 32 MiB, negative for none
	Readers    int   // that are in the file at once; default twice the processors, at least 4
}

// Open opens an archive with the default ReaderOptions. The file may come from anyone: what is not an archive is ErrNotArchive, a later format
// ErrVersion, one that contradicts itself ErrCorrupt.
//
// The .part of an archive that is being built opens too, as it is committed at this moment. A texture that is replaced afterwards can no longer be
// read: its content is gone.
func Open(ctx context.Context, path string) (*Archive, error) {
	return OpenWith(ctx, path, ReaderOptions{})
}

// OpenWith is Open with other limits.
func OpenWith(ctx context.Context, path string, o ReaderOptions) (*Archive, error) {
	if o.CacheBytes == 0 {
		o.CacheBytes = 32 << 20
	}
	if o.Readers <= 0 {
		o.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	a, err := open(ctx, path, o)
	if err != nil {
		return nil, explain(path, err)
	}
	return a, nil
}

func open(ctx context.Context, path string, o ReaderOptions) (*Archive, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a file", ErrNotArchive)
	}
	m := readOnly
	if !strings.HasSuffix(path, partSuffix) {
		// Nobody writes a file of this name: it may be looked at directly.
		h, err := readHeader(path)
		if err != nil {
			return nil, err
		}
		if err := h.check(); err != nil {
			return nil, err
		}
		if info.Size() < h.size {
			return nil, corrupt("truncated: it has %d of %d bytes", info.Size(), h.size)
		}
		if alone(path) {
			m = immutable
		}
	}
	a, err := openAs(ctx, path, m, o)
	if err == nil && m == immutable && !a.complete {
		// Somebody may be writing it after all.
		if err := a.Close(); err != nil {
			return nil, err
		}
		return openAs(ctx, path, readOnly, o)
	}
	return a, err
}

func openAs(ctx context.Context, path string, m mode, o ReaderOptions) (*Archive, error) {
	r, err := newReader(path, m, o.Readers, o.CacheBytes)
	if err != nil {
		return nil, err
	}
	a := &Archive{path: path, reader: r}
	err = r.conns.do(ctx, func(c *conn) (err error) {
		a.index, a.complete, err = load(ctx, c)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// bare takes the path out of an error that names it, where the caller names it again.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// alone reports that nothing beside the file belongs to it.
func alone(path string) bool {
	for _, suffix := range [...]string{"-wal", "-journal"} {
		if _, err := os.Lstat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// load checks what the file is before it believes any of it, and reads the index.
func load(ctx context.Context, c *conn) (x *index, complete bool, err error) {
	application, err := c.number(ctx, `PRAGMA application_id`)
	if err != nil {
		return nil, false, err
	}
	user, err := c.number(ctx, `PRAGMA user_version`)
	if err != nil {
		return nil, false, err
	}
	if err := (header{sqlite: true, application: uint32(application), user: uint32(user)}).check(); err != nil {
		return nil, false, err
	}
	if err := checkSchema(ctx, c); err != nil {
		return nil, false, err
	}
	meta, err := metadata(ctx, c)
	if err != nil {
		return nil, false, err
	}
	if version := meta[keyVersion]; version != strconv.Itoa(FormatVersion) {
		return nil, false, corrupt("%s is %.20q, want %d as in the header", keyVersion, version, FormatVersion)
	}
	state := meta[keyState]
	if state != stateBuilding && state != stateComplete {
		return nil, false, corrupt("%s is %.20q, want %q or %q", keyState, state, stateBuilding, stateComplete)
	}
	x, err = readIndex(ctx, c)
	return x, state == stateComplete, err
}

// Close waits for the reads in progress and closes the file. Reads after it are ErrClosed.
func (a *Archive) Close() error { return a.close() }

// Len returns the number of textures.
func (a *Archive) Len() int { return len(a.index.rows) }

// All yields the textures in the order of tiles.Texture.Compare, from memory.
func (a *Archive) All() iter.Seq[Entry] { return a.index.all() }

// Lookup finds a texture, in memory.
func (a *Archive) Lookup(k tiles.Key) (Entry, bool) { return a.index.lookup(k) }

// Record returns all that the archive says about e.
func (a *Archive) Record(ctx context.Context, e Entry) (Record, error) {
	var rec Record
	found := false
	err := a.conns.do(ctx, func(c *conn) error {
		var err error
		rec, found, err = findRecord(ctx, c, e.Texture.Key())
		return err
	})
	if err == nil && !found {
		err = corrupt("its row is gone")
	}
	if err != nil {
		return Record{}, explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
	}
	return rec, nil
}

func findRecord(ctx context.Context, c *conn, k tiles.Key) (rec Record, found bool, err error) {
	err = c.query(ctx, selectRecord, func(r *row) error {
		candidate, err := scanRecord(r)
		if err == nil && candidate.Key() == k && !found {
			rec, found = candidate, true
		}
		return err
	}, int(k.ZL), int64(k.Row), int64(k.Col))
	return rec, found, err
}

// Preview returns the JPEG of the preview or overview at an XYZ address, 256×256 px. Where there is none it is ErrNoTile.
func (a *Archive) Preview(ctx context.Context, z tiles.ZL, x, y uint32) ([]byte, error) {
	at := tile{z: uint8(z), x: x, y: y}
	fail := func(err error) ([]byte, error) { return nil, explain(a.path, fmt.Errorf("preview %s: %w", at, err)) }
	if !at.valid() {
		return fail(ErrNoTile)
	}
	var jpeg []byte
	err := a.conns.do(ctx, func(c *conn) (err error) {
		jpeg, err = readTile(ctx, c, at)
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

// Info is what an archive says about itself. Its JSON is a contract with scripts.
type Info struct {
	State     string            `json:"state"`  // building or complete
	Digest    string            `json:"digest"` // as stored; empty while building
	Textures  int               `json:"textures"`
	Contents  int               `json:"contents"` // distinct among them
	Holes     int               `json:"holes"`    // textures with failed chunks
	Previews  int               `json:"previews"` // rows of tiles, overviews included
	ByZL      map[int]int       `json:"by_zl"`
	ByFormat  map[string]int    `json:"by_format"`
	ByDetail  map[int]int       `json:"by_detail"`
	Bytes     int64             `json:"bytes"`      // of the DDS files of all textures
	FileBytes int64             `json:"file_bytes"` // of the archive
	Metadata  map[string]string `json:"metadata"`
}

// Info reads what the archive says about itself.
func (a *Archive) Info(ctx context.Context) (Info, error) {
	info := Info{Textures: a.Len(), ByZL: map[int]int{}, ByFormat: map[string]int{}, ByDetail: map[int]int{}}
	for e := range a.All() {
		info.ByZL[int(e.Texture.ZL)]++
		info.ByFormat[e.Layout.Format.String()]++
		info.ByDetail[int(e.Detail)]++
		info.Bytes += e.Layout.Size()
	}
	err := a.conns.do(ctx, func(c *conn) error {
		var err error
		if info.Metadata, err = metadata(ctx, c); err != nil {
			return err
		}
		for _, n := range [...]struct {
			count *int
			query string
		}{
			{&info.Contents, `SELECT count(*) FROM contents`},
			{&info.Holes, `SELECT count(*) FROM textures WHERE failed > 0`},
			{&info.Previews, `SELECT count(*) FROM tiles`},
		} {
			count, err := c.number(ctx, n.query)
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
	info.State, info.Digest = info.Metadata[keyState], info.Metadata[keyDigest]
	stat, err := os.Stat(a.path)
	if err != nil {
		return Info{}, err
	}
	info.FileBytes = stat.Size()
	return info, nil
}
