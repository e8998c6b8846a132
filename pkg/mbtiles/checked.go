package mbtiles

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/merkle"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// checks is what an archive knows of its hashes. Everything in it has itself been compared with the
// archive's root.
type checks struct {
	sums   *lru.Cache[int, *segment.Sums]   // of textures, by their place in the index
	blocks *lru.Cache[int64, []merkle.Hash] // of the tree, by level and number
}

const (
	keptSums   = 16 << 20 // bytes: some 12,000 textures of 4096 px
	keptBlocks = 8 << 20  // bytes: the blocks over 250,000 textures
)

func newChecks() *checks {
	return &checks{lru.New[int, *segment.Sums](keptSums, nil),
		lru.New[int64, []merkle.Hash](keptBlocks, nil)}
}

// vouched returns what e's bytes are to be compared with, nil if the archive is not Checked, unless
// its file is written to. An error, which is damage, comes before a byte of e, but for format 1.
func (a *Archive) vouched(ctx context.Context, e Entry) (*segment.Sums, error) {
	if !a.checked && !a.reader.Overwritten() {
		return nil, nil
	}
	place, ok := a.index.place(e)
	if !ok || !a.checked && a.root == "" {
		return nil, corrupt("it is not in the index, or has no hash there")
	}
	if sqlpages.OnlyAtHand(ctx) && a.checks.sums.Making(place) { // it may be being fetched
		return nil, sqlpages.ErrAway
	}
	found, err := a.checks.sums.Get(ctx, place, func() (*segment.Sums, int64, error) {
		s, err := a.vouch(ctx, e, place)
		return &s, int64(len(s.States) + 128), err
	})
	if err != nil {
		return nil, err
	}
	defer a.checks.sums.Release(found)
	return found.Value, nil
}

// vouch is vouched, the first time.
func (a *Archive) vouch(ctx context.Context, e Entry, place int) (segment.Sums, error) {
	s, err := a.compare(ctx, e, place)
	return s, a.distrust(e, err)
}

func (a *Archive) compare(ctx context.Context, e Entry, place int) (segment.Sums, error) {
	if err := a.wantProofs(ctx, slices.Values([]Entry{e})); err != nil {
		return segment.Sums{}, err
	}
	want, err := a.storedSums(ctx, e)
	if err != nil {
		return want, err
	}
	if a.format == 1 && a.remote != nil {
		memory := memories.Get().(*[]byte)
		defer memories.Put(memory)
		stored, err := a.reader.Take(ctx, e.content, e.Layout, want, memory, false)
		if err != nil {
			return want, err
		}
		return stored.Sums, nil
	}
	if a.format == 1 {
		got, err := a.reader.Sums(ctx, e.content, e.Layout)
		if err == nil && got.SHA != want.SHA {
			err = corrupt("its bytes do not match its SHA-256")
		}
		return got, err
	}
	if !a.complete { // there is no tree yet
		return want, nil
	}
	t := e.Texture
	leaf := tables.Leaf(int64(t.ZL), int64(t.Row), int64(t.Col), t.Maptype, want.SHA[:], want.States)
	block, err := a.block(ctx, 0, place/merkle.Fan)
	if err == nil && block[place%merkle.Fan] != leaf {
		err = corrupt("its hashes do not match the tree that leads to the archive's root")
	}
	return want, err
}

// block returns a block of the tree, compared with the one above it, and so with the root.
func (a *Archive) block(ctx context.Context, level, number int) ([]merkle.Hash, error) {
	found, err := a.checks.blocks.Get(ctx, tables.BlockID(level, number),
		func() ([]merkle.Hash, int64, error) {
			block, err := a.checkedBlock(ctx, level, number)
			return block, merkle.Fan * 32, err
		})
	if err != nil {
		return nil, err
	}
	defer a.checks.blocks.Release(found)
	return found.Value, nil
}

func (a *Archive) checkedBlock(ctx context.Context, level, number int) ([]merkle.Hash, error) {
	block, err := a.storedBlock(ctx, level, number)
	if err != nil {
		return nil, err
	}
	root := merkle.Root(block)
	if level == merkle.Levels(a.Len())-1 {
		if hex.EncodeToString(root[:]) != a.root {
			return nil, corrupt("the tree does not lead to the archive's root, %.70q", a.root)
		}
		return block, nil
	}
	above, err := a.block(ctx, level+1, number/merkle.Fan)
	if err == nil && above[number%merkle.Fan] != root {
		err = corrupt("block %d of level %d of the tree does not lead to the archive's root",
			number, level)
	}
	return block, err
}

// storedBlock returns a block of the tree as it is stored.
func (a *Archive) storedBlock(ctx context.Context, level, number int) (block []merkle.Hash,
	err error) {
	err = a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		block, err = tables.Block(ctx, c, a.Len(), level, number)
		return err
	})
	return block, err
}
