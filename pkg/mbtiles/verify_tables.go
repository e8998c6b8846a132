package mbtiles

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/merkle"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// twins looks for textures that differ only in the case of their maptype, so that one of them can
// never be found.
func (v *verifier) twins() {
	square := make(map[string]Entry) // of one square, by lower-case maptype
	last := tiles.Texture{}
	for e := range v.a.All() {
		t := e.Texture
		if t.ZL != last.ZL || t.Row != last.Row || t.Col != last.Col {
			clear(square)
		}
		last = t
		folded := t.Key().Maptype
		if other, twice := square[folded]; twice {
			v.problem(t.Name(), "it is a duplicate of %s", other.Texture)
			continue
		}
		square[folded] = e
	}
}

// structure lets SQLite check the b-trees and indexes of the small tables; of the whole file if
// Verify reads the segments without SQLite. An archive that is being built is read through SQLite
// row by row, and a longer walk would delay its writer.
func (v *verifier) structure(ctx context.Context, c *sqlite.Conn) error {
	tables := []string{"metadata", "textures", "contents", "tiles"}
	if v.a.format > 1 {
		tables = []string{"metadata", "textures", "contents", "hashes", "tree", "signatures", "tiles"}
	}
	switch {
	case v.o.Quick:
		tables = tables[:len(tables)-1]
	case v.a.reader.Pages != nil:
		tables = []string{sqlite.WholeFile}
	}
	for _, table := range tables {
		found, err := sqlite.Walk(ctx, c, table)
		if err != nil {
			return err
		}
		for _, what := range found {
			v.problem("", "SQLite reports: %s", what)
		}
	}
	return nil
}

// records checks the rows of textures. Open has checked some columns already.
func (v *verifier) records(ctx context.Context, c *sqlite.Conn) error {
	return c.Query(ctx, selectRecords, func(r *sqlite.Row) error {
		rec, err := scanRecord(r)
		if wrong := r.Err(); wrong != nil {
			err = wrong
		}
		return v.note(ctx, rec.Name(), err)
	})
}

// owners looks for contents, segments and hashes that no texture has. Ids must ascend for the same
// reason as in readIndex.
func (v *verifier) owners(ctx context.Context, c *sqlite.Conn) error {
	owned := v.a.index.byContent()
	ascending := func(table string, each func(id int64)) error {
		last := int64(0)
		return c.Query(ctx, `SELECT id FROM `+table+` ORDER BY id`, func(r *sqlite.Row) error {
			id := r.Int(0)
			if id <= last {
				return corrupt("row %d of %s follows row %d", id, table, last)
			}
			last = id
			each(id)
			return nil
		})
	}
	find := func(content int64) (indexRow, bool) {
		i, ok := slices.BinarySearchFunc(owned, content, func(r indexRow, id int64) int { return cmp.Compare(r.content, id) })
		if !ok {
			return indexRow{}, false
		}
		return owned[i], true
	}
	contents, segments, hashes := 0, 0, 0
	err := ascending("contents", func(id int64) {
		if _, ok := find(id); !ok {
			contents++
		}
	})
	if err == nil && !v.o.Quick {
		err = ascending("segments", func(id int64) {
			row, ok := find(id >> 8)
			if !ok || int(id&0xff) >= segment.CutOf(v.a.index.entryOf(row).Layout).Segments {
				segments++
			}
		})
	}
	if err == nil && v.a.format > 1 {
		err = ascending("hashes", func(id int64) {
			if row, ok := find(id); !ok || segment.CutOf(v.a.index.entryOf(row).Layout).Segments == 1 {
				hashes++
			}
		})
	}
	if hashes > 0 {
		v.problem("", "%d unused rows of hashes", hashes)
	}
	if contents > 0 {
		v.problem("", "%d unused contents", contents)
	}
	if segments > 0 {
		v.problem("", "%d unused segments", segments)
	}
	return err
}

// previews decodes every row of tiles, unless Quick, and looks for textures without one.
func (v *verifier) previews(ctx context.Context, c *sqlite.Conn) error {
	query := `SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles`
	if v.o.Quick {
		query = `SELECT zoom_level, tile_column, tile_row FROM tiles` // SQLite answers that from the index
	}
	check := preview.NewCheck(preview.New(v.a.index), v.o.Workers, v.o.Quick, v.problem)
	err := c.Query(ctx, query, func(r *sqlite.Row) error {
		var jpeg []byte
		if !v.o.Quick {
			jpeg = r.Blob(3)
		}
		return check.Row(r.Int(0), r.Int(1), r.Int(2), jpeg)
	})
	check.End()
	if err != nil {
		return err
	}
	check.Missing(v.a.complete)
	return nil
}

func (v *verifier) digest(ctx context.Context, c *sqlite.Conn) (string, error) {
	computed, err := tables.Digest(ctx, c)
	if err != nil {
		return "", err
	}
	meta, err := tables.Metadata(ctx, c)
	if err != nil {
		return "", err
	}
	if stored := meta[tables.KeyDigest]; v.a.complete && stored != computed {
		v.problem("", "the digest is %s, but the archive says %.70q", computed, stored)
	}
	return computed, nil
}

// tree computes the tree over the textures and compares it with the stored one.
func (v *verifier) tree(ctx context.Context, c *sqlite.Conn, report *Report) error {
	if v.a.format == 1 || !v.a.complete {
		return nil
	}
	leaves, err := tables.Leaves(ctx, c)
	if err != nil {
		return err
	}
	wrong := func(level, number, i int) {
		name := ""
		if level == 0 {
			name = v.a.index.Texture(number*merkle.Fan + i).Name()
		}
		v.problem(name, "hash %d of block %d of level %d of the tree is wrong", i, number, level)
	}
	root, unused, err := tables.CheckTree(ctx, c, leaves, wrong, func(err error) error { return v.note(ctx, "", err) })
	if err != nil {
		return err
	}
	if report.Root = hex.EncodeToString(root[:]); v.a.root != report.Root {
		v.problem("", "the root is %s, but the archive says %.70q", report.Root, v.a.root)
	}
	if unused > 0 {
		v.problem("", "%d unused blocks of the tree", unused)
	}
	report.Signatures, err = v.signatures(ctx, c, report.Digest, report.Root, leaves)
	return err
}
