package soak

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"

	// for many names with few contents, which no archive writer makes
	_ "github.com/mattn/go-sqlite3"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	zl      = 16
	maptype = "BI"
	// firstRow and firstCol are the world's north-west corner, at about 47° N.
	firstRow, firstCol = 22_800, 31_200

	// Period is the number of chunks after which the imagery must repeat, east and south.
	Period = 24
	// variants is how many different textures imagery of that period makes: every third begins like
	// the first.
	variants = 9
)

// shares is how many textures of a flight of 500 NM are wanted at each detail (see docs/design.md).
var shares = [...]int{582, 486, 975, 2163, 9151}

// World is the expected content of a mount.
type World struct {
	side     int // of the square, in textures
	contents [len(shares)][variants][]byte
}

// WorldOptions say what a world is made of.
type WorldOptions struct {
	Textures int          // archived ones, about
	Source   fetch.Source // imagery that repeats every Period chunks
}

// MakeWorld writes the world's archive. It opens like any other, but its digest does not match its
// names.
func MakeWorld(ctx context.Context, file string, o WorldOptions) (*World, error) {
	w := &World{side: int(math.Ceil(math.Sqrt(float64(o.Textures))))}
	p := pack.New(pack.Options{Source: o.Source, MaxZL: zl})
	defer func() { _ = p.Close() }()
	archive, err := mbtiles.Create(ctx, file, mbtiles.WriterOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = archive.Close() }()
	encoder := mbtiles.NewEncoder(mbtiles.Fast)
	for detail := range w.contents {
		for v := range variants {
			item := tiles.Item{Texture: sample(v), Detail: uint8(detail)}
			built, err := p.Texture(ctx, item)
			if err != nil {
				return nil, err
			}
			w.contents[detail][v] = built.Take()
			if err := put(ctx, archive, encoder, item, detail, v,
				w.contents[detail][v]); err != nil {
				return nil, err
			}
		}
	}
	if err := archive.Finish(ctx, nil); err != nil {
		return nil, err
	}
	return w, w.name(ctx, file)
}

// sample is a texture whose imagery is variant v.
func sample(v int) tiles.Texture {
	const row, col = firstRow / 48 * 48, firstCol / 48 * 48
	return tiles.Texture{ZL: zl, Maptype: maptype, Row: row + 16*uint32(v/3),
		Col: col + 16*uint32(v%3)}
}

// put stores a content under a name outside the world, where name finds it again.
func put(ctx context.Context, w *mbtiles.Writer, e *mbtiles.Encoder, item tiles.Item, detail, v int,
	file []byte) error {
	l, err := dds.ParseHeader(file)
	if err != nil {
		return err
	}
	c, err := e.Encode(file)
	if err != nil {
		return err
	}
	item.Texture = stored(detail, v)
	return w.Put(ctx, mbtiles.Record{
		Texture: item.Texture, Detail: item.Detail, Layout: l, SHA256: c.SHA256(), Chunks: item.ChunkCount(), Provider: "soak",
	}, c)
}

func stored(detail, v int) tiles.Texture {
	return tiles.Texture{ZL: zl, Maptype: maptype, Row: uint32(16 * (1 + detail)),
		Col: uint32(16 * (1 + v))}
}

// name assigns a content to every archived texture of the world.
func (w *World) name(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	insert, err := tx.PrepareContext(ctx, `INSERT INTO textures
		SELECT zl, ?, ?, maptype, detail, content_id, chunks, 0, 0, 0, provider FROM textures WHERE zl = ? AND row = ? AND col = ? AND maptype = ?`)
	if err != nil {
		return err
	}
	for i := range w.side * w.side {
		t := w.at(i/w.side, i%w.side)
		if w.live(t) {
			continue
		}
		detail, v := w.content(t)
		s := stored(detail, v)
		if _, err := insert.ExecContext(ctx, t.Row, t.Col, zl, s.Row, s.Col, maptype); err != nil {
			return fmt.Errorf("name %v: %w", t, err)
		}
	}
	return tx.Commit()
}

// at returns the texture in a row and column of the world.
func (w *World) at(row, col int) tiles.Texture {
	return tiles.Texture{ZL: zl, Maptype: maptype, Row: firstRow + 16*uint32(row),
		Col: firstCol + 16*uint32(col)}
}

// Random returns n textures from anywhere in the world.
func (w *World) Random(rng *rand.Rand, n int) []tiles.Texture {
	all := make([]tiles.Texture, n)
	for i := range all {
		all[i] = w.at(rng.IntN(w.side), rng.IntN(w.side))
	}
	return all
}

// oneLive: of so many textures one is live.
const oneLive = 400

// live reports whether t is in no archive.
func (w *World) live(t tiles.Texture) bool { return hash(t)>>32%oneLive == 0 }

// content returns the content of an archived texture.
func (w *World) content(t tiles.Texture) (detail, variant int) {
	total := 0
	for _, n := range shares {
		total += n
	}
	h := hash(t)
	for n := int(h % uint64(total)); n >= shares[detail]; detail++ {
		n -= shares[detail]
	}
	return detail, int(h >> 16 % variants)
}

// File returns the bytes of t: exactly those if it is archived; a live texture may also be a
// stand-in of the same size.
func (w *World) File(t tiles.Texture) (file []byte, live bool) {
	if w.live(t) {
		return w.contents[0][variantAt(t)], true
	}
	detail, v := w.content(t)
	return w.contents[detail][v], false
}

// another reports whether the bytes from off on are those of a live texture other than t. Bytes
// that are too few or of one colour do not count.
func (w *World) another(t tiles.Texture, off int, got []byte) bool {
	const block, least = 8, 16 << 10
	if len(got) < least || bytes.Equal(got[block:], got[:len(got)-block]) {
		return false
	}
	own := variantAt(t)
	for v, file := range w.contents[0] {
		if v != own && bytes.Equal(file[off:][:len(got)], got) {
			return true
		}
	}
	return false
}

// variantAt returns the variant of t's imagery.
func variantAt(t tiles.Texture) int { return int(t.Row/16%3*3 + t.Col/16%3) }

// hash hashes a texture's place (the finaliser of MurmurHash3).
func hash(t tiles.Texture) uint64 {
	h := uint64(t.Row)<<32 | uint64(t.Col)
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
