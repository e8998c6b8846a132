package mbtiles

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/inorder"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// Source is the source of one texture of a new archive.
type Source struct {
	From *Archive
	row  int // row of its index
}

// Sources returns the textures of a that keep accepts, in order; nil accepts all.
func (a *Archive) Sources(keep func(Entry) bool) []Source {
	var s []Source
	for i := range a.index.rows {
		if keep == nil || keep(a.index.entry(i)) {
			s = append(s, Source{a, i})
		}
	}
	return s
}

// Entry returns the texture.
func (s Source) Entry() Entry { return s.From.index.entry(s.row) }

// Compare orders textures as an archive does.
func (s Source) Compare(t Source) int { return s.Entry().Texture.Compare(t.Entry().Texture) }

// CompareKey orders textures by their keys: textures that differ only in spelling are equal.
func (s Source) CompareKey(t Source) int {
	a, b := s.From.index.rows[s.row], t.From.index.rows[t.row]
	return cmp.Or(cmp.Compare(a.zl, b.zl), cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col),
		cmp.Compare(s.From.index.folded[a.maptype], t.From.index.folded[b.maptype]))
}

// Assembly describes an archive made of textures from other archives.
type Assembly struct {
	From     []*Archive        // archives that are read; one may be the file at the path
	Sources  []Source          // the textures, in the order of Source.Compare
	Metadata map[string]string // as for Writer.Finish
	// may refuse the result, which is then removed; nil: accepts all
	Accept func(digest string) error
	// which signatures of From to keep, as far as they prove textures of the result; nil: all
	Keep func(Signature) bool
	// makes a signature of the result; nil: it gets no further one
	Sign func(Statement) (string, error)
}

// ownedContent is the source of one content of a new archive: the first texture that has it.
type ownedContent struct {
	Source
	// known entirely once its bytes are taken; before, of an archive without hashes, only the
	// SHA-256
	sums segment.Sums
	// where it is taken from instead, unless it is damaged there; its From is nil if nowhere
	had Source
}

// Assemble makes an archive at path of textures from other archives. The result is canonical: the
// same textures with the same segments and metadata give the same bytes, whatever their sources.
func Assemble(ctx context.Context, path string, a Assembly, o CopyOptions) (CopyReport, error) {
	a.From = slices.Concat(a.From, o.Have)
	work := assembling{path: path, o: o.withDefaults(), Assembly: a}
	return work.assemble(ctx)
}

// assembling is the work of Assemble. Contents are numbered in the order of the textures that have
// them, each once; rows come in the order of their keys.
//
// The file is NAME.mbtiles.part.copy until it is renamed. Unlike a build it is not resumed, because
// it takes no longer than copying.
type assembling struct {
	Assembly
	path     string // as given; during the work the real path
	unsigned bool   // of an archive whose signatures may be damaged too: they are not read
	o        CopyOptions

	contents []ownedContent // by id-1
	index    *index         // of the new archive
	previews *filesys.Spool // of the contents
	drawing  *preview.Drawing
	digest   string
	root     string
	c        *sqlite.Conn
}

// assemble makes the archive.
func (a *assembling) assemble(ctx context.Context) (CopyReport, error) {
	named := a.path
	var err error
	if a.path, err = archivePath(named); err != nil {
		return CopyReport{}, err
	}
	lock, err := claim(ctx, a.path, a.o.Replace)
	if err != nil {
		return CopyReport{}, err
	}
	tmp := a.path + partSuffix + copySuffix
	if err = a.current(named); err == nil {
		err = a.write(ctx, tmp)
	}
	if err == nil {
		if err = a.letGo(); err == nil {
			err = publishCopy(tmp, a.path, a.o.Replace)
		}
	} else if errRemove := os.Remove(tmp); !errors.Is(errRemove, fs.ErrNotExist) {
		err = errors.Join(err, errRemove)
	}
	if err := errors.Join(err, lock.Release()); err != nil {
		return CopyReport{}, explain(a.path, err)
	}
	return a.report(named)
}

// claim takes the lock on a new archive, and removes what an interrupted copy has left.
func claim(ctx context.Context, path string, replace bool) (*sqlite.Lock, error) {
	check := func() error {
		if err := vacant(ctx, path, false); err != nil && !(replace && errors.Is(err, ErrExists)) {
			return err
		}
		if _, err := os.Lstat(path + partSuffix); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: finish %s with the command that began it, or remove it",
				ErrUnfinished, filepath.Base(path)+partSuffix)
		}
		return nil
	}
	// Before the lock, so that nothing is written beside a refused file; and after it, because
	// another process may just have finished.
	if err := check(); err != nil {
		return nil, explain(path, err)
	}
	lock, err := sqlite.LockFile(path + partSuffix + sqlite.LockSuffix)
	if err != nil {
		return nil, explain(path, sqlite.Bare(err))
	}
	err = check()
	if errRemove := os.Remove(path + partSuffix + copySuffix); err == nil &&
		!errors.Is(errRemove, fs.ErrNotExist) {
		err = errRemove
	}
	if err != nil {
		return nil, explain(path, errors.Join(err, lock.Release()))
	}
	return lock, nil
}

// current checks that the file to be replaced is still the one that is read: before the lock was
// taken another process may have replaced it, or changed the link that names it.
func (a *assembling) current(named string) error {
	now, err := os.Stat(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return sqlite.Bare(err)
	}
	for _, in := range a.From {
		if in.reader.File != nil && (sameName(in.path, named) || sameName(in.real, a.path)) &&
			!os.SameFile(now, in.reader.File) {
			return errors.New("it was replaced since it was opened; run the same command again")
		}
	}
	return nil
}

// letGo closes the file to be replaced, on systems that cannot replace an open file.
func (a *assembling) letGo() error {
	if filesys.ReplacesOpen || !a.o.Replace {
		return nil
	}
	for _, in := range a.From {
		if sameName(in.real, a.path) {
			if err := in.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

func sameName(p, q string) bool {
	p, errP := filepath.Abs(p)
	q, errQ := filepath.Abs(q)
	return p == q && errP == nil && errQ == nil
}

// publishCopy renames a complete archive to its name.
func publishCopy(tmp, path string, replace bool) error {
	var err error
	if !replace {
		err = untaken(path)
	}
	if err == nil {
		err = filesys.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return filesys.SyncDir(filepath.Dir(path))
}

// write makes the file at tmp: the tables by SQLite, the segments directly into pages, then all
// other rows by SQLite.
func (a *assembling) write(ctx context.Context, tmp string) (err error) {
	if err := a.plan(ctx); err != nil {
		return err
	}
	if a.previews, err = filesys.NewSpool(filepath.Dir(tmp)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.previews.Close()) }()
	a.drawing, err = preview.New(a.index).Begin(ctx, filepath.Dir(tmp), a.previews,
		func(row int) int64 { return a.index.rows[row].content })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.drawing.Close()) }()

	base := filepath.Base(a.path)
	// Overwritten data leaves traces in a page, so the right name is written from the start.
	root, pages, err := emptyArchive(ctx, tmp,
		cmp.Or(a.Metadata["name"], strings.TrimSuffix(base, filepath.Ext(base))))
	if err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	f, err := os.OpenFile(tmp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	behind, err := filesys.NewWriteBehind(tmp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, behind.Close()) }()
	if err := a.segments(ctx, f, &behind, root, pages); err != nil {
		return err
	}
	if err := a.rows(ctx, tmp, root); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(f.Sync) // one waits for the disk, the other reads from memory
	g.Go(func() error { return sqlite.WalkFile(ctx, tmp) })
	return g.Wait()
}

// plan numbers the contents and lists the textures of the new archive.
func (a *assembling) plan(ctx context.Context) error {
	type key struct {
		from *Archive
		id   int64
	}
	bySHA := make(map[[32]byte]int64)
	known := make(map[key]int64)
	have, err := had(ctx, a.o.Have)
	if err != nil {
		return err
	}
	for _, from := range a.From {
		if err := from.wantProofs(ctx, a.of(from)); err != nil {
			return explain(from.path, err)
		}
	}
	list := newListing(len(a.Sources))
	a.index = &list.index
	for _, s := range a.Sources {
		e := s.Entry()
		k := key{s.From, e.content}
		id, ok := known[k]
		if !ok {
			sha, err := s.From.sha(ctx, e)
			if err != nil {
				return err
			}
			if id, ok = bySHA[sha]; !ok {
				a.contents = append(a.contents, ownedContent{s, segment.Sums{SHA: sha}, have[sha]})
				id = int64(len(a.contents))
				bySHA[sha] = id
			}
			known[k] = id
		}
		e.content = id
		list.add(e)
	}
	return nil
}

// emptyArchive makes the tables, and returns the root page of segments and the number of pages.
func emptyArchive(ctx context.Context, path, name string) (root, pages uint32, err error) {
	c, err := dialAlone(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := tables.Make(ctx, c, name, false); err != nil {
		return 0, 0, err
	}
	n, err := c.Number(ctx, `SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`)
	if err != nil {
		return 0, 0, err
	}
	count, err := c.Number(ctx, `PRAGMA page_count`)
	return uint32(n), uint32(count), err
}

// dialAlone opens a new file that is discarded unless it is finished: no journal, and the caller
// syncs it.
func dialAlone(ctx context.Context, path string) (*sqlite.Conn, error) {
	if err := touch(path); err != nil {
		return nil, err
	}
	c, err := sqlite.Dial(path, sqlite.Existing)
	if err != nil {
		return nil, err
	}
	for _, pragma := range [...]string{`PRAGMA journal_mode = OFF`, `PRAGMA synchronous = OFF`} {
		if err := c.Exec(ctx, pragma); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// taken is a content in progress, with its memory.
type taken struct {
	*contents.Stored
	memory []byte
}

// segments copies the segments of all contents, decoding them to verify, and keeps the previews.
func (a *assembling) segments(ctx context.Context, f *os.File, behind *filesys.WriteBehind, root,
	pages uint32) error {
	w := sqlpages.NewWriter(f, pages+1)
	memory := make(chan []byte, a.o.Workers+2) // as many as inorder uses
	for range cap(memory) {
		memory <- nil
	}
	encoders := sync.Pool{New: func() any { return NewEncoder(a.o.Compression) }}
	var done, total int64
	for _, c := range a.contents {
		total += c.Entry().Layout.Size()
	}
	id := int64(0)
	from := func(ctx context.Context, s Source, c ownedContent, t *taken) (err error) {
		e := s.Entry()
		if a.o.Recompress {
			enc := encoders.Get().(*Encoder)
			defer encoders.Put(enc)
			t.Stored, err = s.From.encoded(ctx, e, c.sums.SHA, enc, &t.memory)
		} else {
			t.Stored, err = s.From.take(ctx, e, c.sums, &t.memory, a.o.Quick)
		}
		if err != nil {
			return s.From.explain(e, err)
		}
		return nil
	}
	take := func(ctx context.Context, c ownedContent) (t taken, err error) {
		t.memory = (<-memory)[:0]
		if c.had.From != nil {
			err = from(ctx, c.had, c, &t)
		}
		if c.had.From == nil || errors.Is(err, ErrCorrupt) {
			t.memory = t.memory[:0]
			err = from(ctx, c.Source, c, &t)
		}
		return t, err
	}
	fetching, err := a.fetching(ctx)
	if err != nil {
		return err
	}
	defer a.prefetch(ctx)()
	put := func(_ context.Context, t taken) error {
		a.contents[id].sums = t.Sums
		id++
		for n, s := range t.Segments {
			if err := w.Add(segment.ID(id, n), s.Codec, s.Data); err != nil {
				return err
			}
		}
		if _, err := a.previews.Add(t.Preview); err != nil {
			return err
		}
		a.drawing.Came()
		behind.Wrote(t.Bytes)
		memory <- t.memory
		done += t.Layout.Size()
		switch fetched, toFetch := fetching(); {
		case a.o.Progress == nil:
		case toFetch == 0:
			a.o.Progress(done, total)
		case done == total:
			a.o.Progress(toFetch, toFetch)
		default:
			a.o.Progress(fetched, toFetch)
		}
		return nil
	}
	if err := inorder.Do(ctx, a.o.Workers, slices.Values(a.contents), take, put); err != nil {
		return err
	}
	count, err := w.Finish(root)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(binary.BigEndian.AppendUint32(nil, count), 28) // number of pages of the file
	return err
}

// encoded returns e's content, compressed again. The whole file is in memory.
func (a *Archive) encoded(ctx context.Context, e Entry, want [32]byte, enc *Encoder,
	memory *[]byte) (*contents.Stored, error) {
	if err := a.reader.ReadFile(ctx, e.content, e.Layout, memory); err != nil {
		return nil, err
	}
	s, err := enc.encode(*memory)
	if err == nil && s.SHA != want {
		err = corrupt("its bytes do not match its hash")
	}
	return s, err
}
