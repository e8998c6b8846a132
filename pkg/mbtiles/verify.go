package mbtiles

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// VerifyOptions says how to verify. The zero value is a full check.
type VerifyOptions struct {
	Workers  int                   // that decode at once; default one a processor
	Progress func(done, total int) // called as textures are done, from one goroutine at a time; may be nil
}

// Report is what Verify found. Its JSON is a contract with scripts.
type Report struct {
	OK       bool      `json:"ok"`
	Digest   string    `json:"digest"` // computed anew
	Textures int       `json:"textures"`
	Problems []Problem `json:"problems"` // empty when OK; sorted by texture
}

// Problem is one thing wrong with an archive.
type Problem struct {
	Texture string `json:"texture"` // its name; empty where the problem is no single texture's
	What    string `json:"what"`
}

// verifier collects what is wrong.
type verifier struct {
	a *Archive
	o VerifyOptions

	mu       sync.Mutex
	problems []Problem
	done     int
}

// Verify reads the whole archive: every texture is decoded and its layout and SHA-256 are checked, every preview is decoded, rows that belong to
// nothing are looked for and the digest is computed and compared. What is wrong stands in the Report; the error is for a check that could not be
// carried out, a cancelled ctx included.
func (a *Archive) Verify(ctx context.Context, o VerifyOptions) (Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	v := &verifier{a: a, o: o}
	report := Report{Textures: a.Len()}
	v.twins()
	err := v.textures(ctx)
	for _, step := range [...]func(context.Context, *conn) error{
		v.structure,
		v.records,
		v.owners,
		v.previews,
		func(ctx context.Context, c *conn) (err error) { report.Digest, err = v.digest(ctx, c); return err },
	} {
		if err == nil {
			err = a.conns.do(ctx, func(c *conn) error { return v.note(ctx, "", step(ctx, c)) })
		}
	}
	if err != nil {
		return Report{}, explain(a.path, fmt.Errorf("verify: %w", err))
	}
	slices.SortFunc(v.problems, func(p, q Problem) int {
		return strings.Compare(p.Texture+"\x00"+p.What, q.Texture+"\x00"+q.What)
	})
	report.Problems = append([]Problem{}, v.problems...)
	report.OK = len(report.Problems) == 0
	return report, nil
}

// note turns damage into a problem and hands other errors back.
func (v *verifier) note(ctx context.Context, texture string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !errors.Is(err, ErrCorrupt) && !errors.Is(classify(err), ErrCorrupt) {
		return err
	}
	v.problem(texture, "%s", strings.ReplaceAll(err.Error(), ErrCorrupt.Error()+": ", ""))
	return nil
}

func (v *verifier) problem(texture, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.problems = append(v.problems, Problem{texture, fmt.Sprintf(format, args...)})
}

// textures checks every content once, and blames all textures that have it.
func (v *verifier) textures(ctx context.Context) error {
	rows := make([]int, v.a.Len())
	for i := range rows {
		rows[i] = i
	}
	x := v.a.index
	slices.SortFunc(rows, func(i, j int) int { // by content: in the order of the file
		return cmp.Compare(x.rows[i].content, x.rows[j].content)
	})
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(v.o.Workers)
	files := sync.Pool{New: func() any { return new([]byte) }}
	for len(rows) > 0 && ctx.Err() == nil {
		n := 1
		for n < len(rows) && x.rows[rows[n]].content == x.rows[rows[0]].content {
			n++
		}
		var owners []Entry
		for _, i := range rows[:n] {
			owners = append(owners, x.entry(i))
		}
		rows = rows[n:]
		g.Go(func() error {
			buf := files.Get().(*[]byte)
			defer files.Put(buf)
			err := v.content(ctx, owners[0], buf)
			for _, e := range owners {
				if err := v.note(ctx, e.Texture.Name(), err); err != nil {
					return err
				}
			}
			v.progress(len(owners))
			return nil
		})
	}
	return g.Wait()
}

func (v *verifier) progress(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done += n
	if v.o.Progress != nil {
		v.o.Progress(v.done, v.a.Len())
	}
}

// content decodes the whole file of e and compares its hash.
func (v *verifier) content(ctx context.Context, e Entry, buf *[]byte) error {
	var sha []byte
	var segments int64
	err := v.a.conns.do(ctx, func(c *conn) error {
		const query = `SELECT sha256, (SELECT count(*) FROM segments WHERE segments.id BETWEEN ? AND ?) FROM contents WHERE id = ?`
		return c.query(ctx, query, func(r *row) error { sha, segments = r.blob(0), r.int(1); return nil },
			segmentID(e.content, 0), segmentID(e.content, 255), e.content)
	})
	if err != nil {
		return err
	}
	if want := cutOf(e.Layout).segments; int(segments) > want { // a missing one is found below, by name
		return corrupt("content %d has %d segments, want %d", e.content, segments, want)
	}
	*buf = slices.Grow((*buf)[:0], int(e.Layout.Size()))[:e.Layout.Size()]
	if _, err := v.a.readAt(ctx, e.content, e.Layout, *buf, 0); err != nil {
		return err
	}
	if sum := sha256.Sum256(*buf); !bytes.Equal(sum[:], sha) {
		return corrupt("its pixels differ from its SHA-256")
	}
	return nil
}

// twins looks for textures that differ in the case of their maptype only, so that one of them can never be asked for.
func (v *verifier) twins() {
	square := make(map[string]Entry) // by maptype in lower case, of one square
	last := tiles.Texture{}
	for e := range v.a.All() {
		t := e.Texture
		if t.ZL != last.ZL || t.Row != last.Row || t.Col != last.Col {
			clear(square)
		}
		last = t
		folded := t.Key().Maptype
		if other, twice := square[folded]; twice {
			v.problem(t.Name(), "it is the same as %s", other.Texture)
			continue
		}
		square[folded] = e
	}
}

// structure lets SQLite check the b-trees and indexes of all tables but the largest, of which every row has been read.
func (v *verifier) structure(ctx context.Context, c *conn) error {
	for _, table := range [...]string{"metadata", "tiles", "textures", "contents"} {
		err := c.query(ctx, `PRAGMA integrity_check(`+table+`)`, func(r *row) error {
			if found := r.text(0); found != "ok" {
				v.problem("", "table %s: %s", table, found)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// records checks the rows of textures. Those of Open are checked already.
func (v *verifier) records(ctx context.Context, c *conn) error {
	return c.query(ctx, `SELECT `+recordColumns+` FROM textures t JOIN contents c ON c.id = t.content_id`, func(r *row) error {
		rec, err := scanRecord(r)
		if r.err != nil {
			err, r.err = r.err, nil
		}
		return v.note(ctx, rec.Name(), err)
	})
}

// owners looks for rows that nothing refers to.
func (v *verifier) owners(ctx context.Context, c *conn) error {
	for _, q := range [...]struct{ what, query string }{
		{"contents that no texture has", `SELECT count(*) FROM contents WHERE id NOT IN (SELECT content_id FROM textures)`},
		{"segments of no content", `SELECT count(*) FROM segments WHERE id >> 8 NOT IN (SELECT id FROM contents)`},
	} {
		n, err := c.number(ctx, q.query)
		if err != nil {
			return err
		}
		if n > 0 {
			v.problem("", "%d %s", n, q.what)
		}
	}
	return nil
}

// previews decodes every row of tiles and looks for textures without one.
func (v *verifier) previews(ctx context.Context, c *conn) error {
	p := newPyramid(v.a.index)
	seen := make(map[tile]bool)
	name := func(t tile) string {
		if s, ok := p.find(t); ok {
			return p.index.entry(s.row).Texture.Name()
		}
		return ""
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(v.o.Workers)
	err := c.query(gctx, `SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles`, func(r *row) error {
		z, x, y, jpeg := r.int(0), r.int(1), r.int(2), r.blob(3)
		if z < 0 || z > int64(p.deepest()) || x < 0 || x >= 1<<z || y < 0 || y >= 1<<z {
			v.problem("", "preview %d/%d/%d (TMS) is outside the archive", z, x, y)
			return nil
		}
		t := tile{z: uint8(z), x: uint32(x), y: uint32(1<<z - 1 - y)}
		seen[t] = true
		g.Go(func() error {
			if _, err := decodePreview(jpeg); err != nil {
				v.problem(name(t), "preview %s: %v", t, err)
			}
			return nil
		})
		return nil
	})
	if err = errors.Join(err, g.Wait()); err != nil {
		return err
	}
	var over []tile
	for z := p.deepest(); z >= 0 && v.a.complete; z-- {
		over = p.overviews(z, over)
		for _, t := range over {
			if !seen[t] {
				v.problem("", "overview %s is missing", t)
			}
		}
	}
	for _, level := range p.levels {
		for _, s := range level {
			if !seen[s.tile] {
				v.problem(name(s.tile), "preview %s is missing", s.tile)
			}
		}
	}
	return nil
}

func (v *verifier) digest(ctx context.Context, c *conn) (string, error) {
	computed, err := digest(ctx, c)
	if err != nil {
		return "", err
	}
	meta, err := metadata(ctx, c)
	if err != nil {
		return "", err
	}
	if stored := meta[keyDigest]; v.a.complete && stored != computed {
		v.problem("", "the digest is %s, and the archive says %.70q", computed, stored)
	}
	return computed, nil
}
