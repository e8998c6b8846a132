package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// rows writes all tables except the segments, in one transaction.
func (a *assembling) rows(ctx context.Context, tmp string, root uint32) (err error) {
	if a.c, err = dialAlone(ctx, tmp); err != nil {
		return err
	}
	r, err := contents.SoleReader(a.c, tmp, root)
	if err != nil {
		return errors.Join(err, a.c.Close())
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	// What is sorted for an index takes no more memory than the list of the textures.
	for _, statement := range [...]string{`PRAGMA temp_store = MEMORY`, `BEGIN EXCLUSIVE`} {
		if err := a.c.Exec(ctx, statement); err != nil {
			return err
		}
	}
	for _, step := range [...]func(context.Context, *contents.Reader) error{a.putTextures,
		a.putPreviews, a.putMetadata} {
		if err := step(ctx, r); err != nil {
			return err
		}
	}
	return a.c.Exec(ctx, `COMMIT`)
}

func (a *assembling) putTextures(ctx context.Context, _ *contents.Reader) error {
	for i, c := range a.contents {
		if err := tables.InsertContent(ctx, a.c, int64(i+1), c.sums.SHA,
			c.Entry().Layout); err != nil {
			return err
		}
	}
	for i, c := range a.contents {
		if err := tables.WriteStates(ctx, a.c, int64(i+1), c.sums.States); err != nil {
			return err
		}
	}
	// Their index is made when all are there, so that the table lies in one piece: whoever reads the
	// archive from elsewhere fetches the table, and not the index.
	again, err := tables.DropIndex(ctx, a.c, "textures_content")
	if err != nil {
		return err
	}
	for i, s := range a.Sources {
		record, err := s.From.Record(ctx, s.Entry())
		if err != nil {
			return err
		}
		if err := insertTexture(ctx, a.c, record, a.index.rows[i].content); err != nil {
			return err
		}
	}
	return again()
}

func (a *assembling) putPreviews(ctx context.Context, r *contents.Reader) error {
	p := a.drawing.Pyramid
	put := func(t preview.Tile, jpeg []byte, err error) error {
		if err == nil {
			err = tables.WriteTile(ctx, a.c, t, jpeg)
		}
		return err
	}
	for z := range p.Deepest() + 1 {
		for _, s := range p.Level(z) {
			jpeg, err := a.drawing.Tile(ctx, s.Tile)
			if err := put(s.Tile, jpeg, err); err != nil {
				return err
			}
		}
	}
	if err := a.drawing.Finish(gallery{index: a.index, reader: r}.ReadAt); err != nil {
		return fmt.Errorf("draw overviews: %w", err)
	}
	for t := range p.Drawn() {
		jpeg, err := a.drawing.Tile(ctx, t)
		if err := put(t, jpeg, err); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembling) putMetadata(ctx context.Context, _ *contents.Reader) error {
	rows, err := tables.RowsOf(a.Metadata)
	if err != nil {
		return err
	}
	a.drawing.Describe(rows)
	if err := tables.DescribeSources(ctx, a.c, rows, nil); err != nil {
		return err
	}
	if a.digest, err = tables.Digest(ctx, a.c); err != nil {
		return err
	}
	if a.Accept != nil {
		if err := a.Accept(a.digest); err != nil {
			return err
		}
	}
	leaves, err := tables.Leaves(ctx, a.c)
	if err != nil {
		return err
	}
	if a.root, err = tables.WriteTree(ctx, a.c, leaves); err != nil {
		return err
	}
	rows[tables.KeyRoot] = a.root
	rows[tables.KeyDigest], rows[tables.KeyState] = a.digest, tables.StateComplete
	if err := a.putSignatures(ctx, leaves); err != nil {
		return err
	}
	if a.Sign != nil {
		if err := a.sign(ctx, Statement{Digest: a.digest, Root: a.root,
			Textures: len(leaves)}); err != nil {
			return err
		}
	}
	return tables.PutMetadata(ctx, a.c, rows)
}

func (a *assembling) report(named string) (CopyReport, error) {
	r := CopyReport{Path: named, Digest: a.digest, Textures: len(a.Sources),
		Contents: len(a.contents)}
	for i := range a.index.rows {
		r.Bytes += a.index.entry(i).Layout.Size()
	}
	info, err := os.Stat(a.path)
	if err != nil {
		return r, err
	}
	r.FileBytes = info.Size()
	return r, nil
}
