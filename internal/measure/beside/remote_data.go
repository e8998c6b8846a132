package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	archiveName = "million.mbtiles"
	pmtilesName = "million.pmtiles"
	partSuffix  = ".part"
	sameName    = "same.bin"

	flightSide = 512
	// The archive has a square of textures at ZL16: Europe and the north of Africa.
	squareSide        = 1000
	firstRow          = 1000
	firstCol          = 1800
	inArchive         = squareSide * squareSide
	flightRoute       = `{"type":"LineString","coordinates":[[0,45],[11.75,45]]}` // 500 NM
	flightTextures    = 22_442
	mbtilesTileSchema = `CREATE TABLE metadata (name TEXT, value TEXT);
INSERT INTO metadata
	VALUES ('name', 'bench'), ('format', 'png'), ('minzoom', '12'), ('maxzoom', '12');
CREATE TABLE places (x INTEGER, y INTEGER, id INTEGER, PRIMARY KEY (x, y)) WITHOUT ROWID;
CREATE VIEW tiles AS SELECT 12 AS zoom_level, x AS tile_column, y AS tile_row,
	CASE WHEN id = 0 THEN x'00' ELSE CAST(printf('%%08d', id) || hex(zeroblob(%d)) AS BLOB) END
	AS tile_data FROM places`
)

// flight is what is fetched, and what lies around it in the archive.
type flight struct {
	route    string // its file
	textures map[tiles.Key]bool
	beside   map[tiles.Key]bool // one texture wide
	box      tiles.Box
}

// squareTexture returns the texture in a row and column of the square.
func squareTexture(row, col int) tiles.Texture {
	return tiles.Texture{Row: uint32(firstRow+row) * across, Col: uint32(firstCol+col) * across,
		ZL: 16, Maptype: "BI"}
}

// planFlight plans a flight of 500 NM along 45° N, of all that X-Plane loads.
func planFlight(ctx context.Context, dir string) (*flight, error) {
	f := &flight{route: filepath.Join(dir, "flight.geojson"), textures: map[tiles.Key]bool{},
		beside: map[tiles.Key]bool{}}
	if err := os.WriteFile(f.route, []byte(flightRoute), 0o666); err != nil {
		return nil, err
	}
	ground, err := plan.Area{Routes: []string{f.route}}.Ground(func(string) {})
	if err != nil {
		return nil, err
	}
	s := tiles.Selection{Regions: ground.Regions, Paths: ground.Paths}
	for row := range squareSide {
		for col := range squareSide {
			s.Candidates = append(s.Candidates, squareTexture(row, col))
		}
	}
	items, err := s.Plan(ctx)
	if err != nil {
		return nil, err
	}
	if len(items) != flightTextures {
		return nil, fmt.Errorf("the flight has %d textures, want %d", len(items), flightTextures)
	}
	f.box = items[0].Box()
	for _, it := range items {
		f.textures[it.Key()] = true
		b := it.Box()
		f.box = tiles.Box{West: math.Min(f.box.West, b.West), South: math.Min(f.box.South, b.South),
			East: math.Max(f.box.East, b.East), North: math.Max(f.box.North, b.North)}
	}
	for _, it := range items {
		for n := range 9 { // itself and its neighbours
			t := it.Texture
			t.Row = uint32(int(t.Row) + across*(n/3-1))
			t.Col = uint32(int(t.Col) + across*(n%3-1))
			if !f.textures[t.Key()] {
				f.beside[t.Key()] = true
			}
		}
	}
	return f, nil
}

// each returns the bytes of a texture.
func (f *flight) each() int64 { return dds.Layout{Format: dds.BC1, Side: flightSide}.Size() }

func (f *flight) bytes() int64 { return f.each() * int64(len(f.textures)) }

// bbox returns a box that meets no tile but the flight's.
func (f *flight) bbox() string {
	const within = 1e-4
	return fmt.Sprintf("%f,%f,%f,%f", f.box.West+within, f.box.South+within, f.box.East-within,
		f.box.North-within)
}

// previewBytes returns the bytes of the previews of the flight's textures, which lie between them
// in an archive that was built.
func (f *flight) previewBytes(ctx context.Context, path string) (n int64, err error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	const query = `SELECT length(tile_data) FROM tiles
WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`
	for key := range f.textures {
		z, x, y := tiles.Texture{Row: key.Row, Col: key.Col, ZL: key.ZL}.Tile()
		var bytes int64
		if err := db.QueryRowContext(ctx, query, z, x, 1<<z-1-y).Scan(&bytes); err != nil {
			return 0, fmt.Errorf("the preview of %v: %w", key, err)
		}
		n += bytes
	}
	return n, nil
}

// before makes, of the extract at path, one from before a change: without each 20th texture, as one
// whose texture has changed since is not wanted either.
func before(ctx context.Context, path, old string) (err error) {
	a, err := mbtiles.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	const each = 20
	n := 0
	_, err = a.Extract(ctx, old, func(mbtiles.Entry) bool { n++; return n%each != 0 },
		mbtiles.CopyOptions{Quick: true, Replace: true})
	return err
}

func (m *remotes) pmtiles() string { return filepath.Join(m.Dir, "go-pmtiles") }

// data makes what is served, unless it is there.
func (m *remotes) data(ctx context.Context, www string) error {
	for _, d := range []struct {
		name, program string
		make          func(context.Context, string) error
	}{{pmtilesName, "pmtiles", m.makePMTiles}, {archiveName, "xelpack", m.makeArchive}} {
		if !m.wants(d.program, false) {
			continue
		}
		path := filepath.Join(www, d.name)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return err
			}
			continue
		}
		m.Say("making " + d.name)
		if err := d.make(ctx, path); err != nil {
			return fmt.Errorf("make %s: %w", d.name, err)
		}
	}
	return nil
}

// makeArchive makes the archive of a million textures. Those around the flight are added as rows of
// its tables, which share one content and have no previews: nobody reads more of them.
func (m *remotes) makeArchive(ctx context.Context, path string) (err error) {
	if err := os.RemoveAll(path + partSuffix); err != nil { // of an interrupted run
		return err
	}
	once := mbtiles.WriterOptions{Scratch: true, CommitEvery: time.Hour, CommitBytes: math.MaxInt64}
	w, err := mbtiles.Create(ctx, path, once)
	if err != nil {
		return err
	}
	if err := errors.Join(m.putTextures(ctx, w), w.Close()); err != nil {
		return err
	}
	if err := m.addRows(ctx, path+partSuffix); err != nil {
		return err
	}
	if w, err = mbtiles.Create(ctx, path, once); err != nil {
		return err
	}
	return errors.Join(w.Finish(ctx, nil), w.Close())
}

// putTextures writes the first texture of the square, and those of the flight and beside it. The
// levels that previews are made of are flat, as the previews of such small textures would be large.
func (m *remotes) putTextures(ctx context.Context, w *mbtiles.Writer) error {
	l := dds.Layout{Format: dds.BC1, Side: flightSide}
	file := make([]byte, l.Size())
	header := l.Header()
	copy(file, header[:])
	encoder := mbtiles.NewEncoder(mbtiles.None)
	noise := rand.NewChaCha8([32]byte{17})
	off, n := l.Level(0)
	for i := range inArchive {
		t := squareTexture(i/squareSide, i%squareSide)
		switch {
		case m.flight.textures[t.Key()] || m.flight.beside[t.Key()]:
			_, _ = noise.Read(file[off:][:n]) // never fails
		case i > 0:
			continue
		}
		content, err := encoder.Encode(file)
		if err != nil {
			return err
		}
		r := mbtiles.Record{Texture: t, Detail: 3, Chunks: 1, Provider: "bench"}
		if err := w.Put(ctx, r, content); err != nil {
			return err
		}
	}
	return nil
}

// addRows adds the other textures of the square, with the content of the first.
func (m *remotes) addRows(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	const insert = `WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
INSERT OR IGNORE INTO textures
SELECT t.zl, t.row + i / ?2 * ?3, t.col + i % ?2 * ?3, t.maptype, t.detail, t.content_id, t.chunks,
	t.overzoomed, t.missing, t.failed, t.provider
FROM n, (SELECT * FROM textures ORDER BY zl, row, col LIMIT 1) t`
	// The index in one piece, as archives have it that were signed, merged or repacked.
	var index string
	err = db.QueryRowContext(ctx,
		`SELECT sql FROM sqlite_schema WHERE name = 'textures_content'`).Scan(&index)
	if err == nil {
		_, err = db.ExecContext(ctx, "DROP INDEX textures_content;"+insert+";"+index, inArchive,
			squareSide, across)
	}
	return err
}

// makePMTiles makes an archive of the same tiles for pmtiles, by its own program.
func (m *remotes) makePMTiles(ctx context.Context, path string) error {
	install := exec.CommandContext(ctx, "go", "install", pmtilesModule+"@v1.31.2")
	install.Env = append(os.Environ(), "GOBIN="+m.Dir, "GOFLAGS=-mod=mod")
	install.Dir, install.Stderr = os.TempDir(), os.Stderr
	if err := install.Run(); err != nil {
		return fmt.Errorf("install pmtiles: %w", err)
	}
	source := filepath.Join(m.Dir, "tiles.mbtiles")
	if err := os.RemoveAll(source); err != nil {
		return err
	}
	if err := m.makeTiles(ctx, source); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, m.pmtiles(), "convert", source, path, "-q", "--tmpdir",
		m.Dir).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("pmtiles convert: %w: %s", err, out)
	}
	return errors.Join(err, os.Remove(source))
}

// makeTiles makes an MBTiles file whose tiles are computed when they are read.
func (m *remotes) makeTiles(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	const digits = 8
	schema := fmt.Sprintf(mbtilesTileSchema, (m.flight.each()-digits)/2)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	insert, err := tx.PrepareContext(ctx, `INSERT INTO places VALUES (?, ?, ?)`)
	if err != nil {
		return err
	}
	for row := range squareSide {
		for col := range squareSide {
			t, id := squareTexture(row, col), 0
			if m.flight.textures[t.Key()] || m.flight.beside[t.Key()] {
				id = row*squareSide + col + 1
			}
			z, x, y := t.Tile()
			if _, err := insert.ExecContext(ctx, x, 1<<z-1-y, id); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}
