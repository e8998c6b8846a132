package sqlpages

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

// SQLite finds every row that the page writer wrote, at every length round the borders of local and
// overflowing rows, over any number of levels, and with its lock page anywhere among them; its
// integrity check has no complaint.
func TestPageWriter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		skip uint32
		rows func(rng *rand.Rand) []int // lengths of data
	}{
		{"none", lockPage, func(*rand.Rand) []int { return nil }},
		{"one short", lockPage, func(*rand.Rand) []int { return []int{3} }},
		{"one long", lockPage, func(*rand.Rand) []int { return []int{100_000} }},
		{"borders", lockPage, func(*rand.Rand) []int {
			var n []int
			for _, at := range [...]int{0, 1, 57, 58, 59, 1003, 8146, 8149, 8150, 8151, 8152, 8157,
				8158, 9180, 16300, 16334, 17340, 262144} {
				for d := -3; d <= 3; d++ {
					n = append(n, max(0, at+d))
				}
			}
			return n
		}},
		{"any", lockPage, func(rng *rand.Rand) []int {
			n := make([]int, 400)
			for i := range n {
				n[i] = rng.IntN(1 << (1 + rng.IntN(17)))
			}
			return n
		}},
		{"two levels", lockPage, func(rng *rand.Rand) []int { return repeat(8000, interiorFan+1) }},
		{"three levels", lockPage, func(rng *rand.Rand) []int {
			return repeat(4050, 2*(interiorFan+7))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkPageWriter(t, tt.skip, tt.rows(rand.New(rand.NewPCG(1, 1))))
		})
	}
	for skip := uint32(8); skip < 60; skip++ {
		t.Run(fmt.Sprintf("lock page %d", skip),
			func(t *testing.T) {
				checkPageWriter(t, skip, []int{40_000, 100, 8000, 100_000, 7000, 60_000})
			})
	}
}

func repeat(v, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func checkPageWriter(t *testing.T, skip uint32, lengths []int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	root, pages := emptyTable(t, path)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rng := rand.NewChaCha8([32]byte{1})
	type row struct {
		codec int64
		data  []byte
	}
	rows := make(map[int64]row)
	var ids []int64
	w := NewWriter(f, pages+1)
	w.skip = skip
	id := int64(0)
	for _, n := range lengths {
		id += 1 << (rng.Uint64() % 50) // of every length
		s := row{codec: int64(rng.Uint64() % 4), data: make([]byte, n)}
		rng.Read(s.data)
		rows[id] = s
		ids = append(ids, id)
		if err := w.Add(id, s.codec, s.data); err != nil {
			t.Fatal(err)
		}
	}
	count, err := w.Finish(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{byte(count >> 24), byte(count >> 16), byte(count >> 8),
		byte(count)}, 28); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Size() != int64(count)*PageSize {
		t.Errorf("%d bytes, %v, want %d pages", info.Size(), err, count)
	}
	db := open(t, path)
	if skip == lockPage { // of another SQLite knows nothing: to it the page is lost
		var found string
		if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&found); err != nil || found != "ok" {
			t.Errorf("integrity: %s, %v", found, err)
		}
	}
	list, err := db.Query(`SELECT id, codec, data FROM segments`)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	n := 0
	for ; list.Next(); n++ {
		var id int64
		var got row
		if err := list.Scan(&id, &got.codec, &got.data); err != nil {
			t.Fatal(err)
		}
		if want := rows[ids[n]]; id != ids[n] || got.codec != want.codec ||
			!bytes.Equal(got.data, want.data) {
			t.Errorf("row %d is not %d", id, ids[n])
		}
	}
	if err := list.Err(); err != nil || n != len(ids) {
		t.Errorf("%d rows of %d, %v", n, len(ids), err)
	}
	for _, id := range ids {
		got := -1
		if err := db.QueryRow(`SELECT length(data) FROM segments WHERE id = ?`,
			id).Scan(&got); err != nil || got != len(rows[id].data) {
			t.Errorf("row %d looked up: %d bytes, %v, want %d", id, got, err, len(rows[id].data))
		}
	}
}

func open(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// emptyTable makes a database of the table that a Writer fills. It returns the root page of the
// table and how many pages there are.
func emptyTable(t *testing.T, path string) (root, pages uint32) {
	t.Helper()
	db := open(t, path)
	db.SetMaxOpenConns(1)
	for _, s := range []string{
		fmt.Sprintf(`PRAGMA page_size = %d`, PageSize),
		`CREATE TABLE segments (id INTEGER PRIMARY KEY, codec INTEGER NOT NULL, data BLOB NOT NULL)`,
	} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.QueryRow(`SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`).Scan(
		&root); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	return root, pages
}

func TestPutVarint(t *testing.T) {
	t.Parallel()
	for _, v := range []uint64{0, 1, 127, 128, 16383, 16384, 1<<21 - 1, 1 << 21, 1<<28 - 1, 1 << 55,
		1<<56 - 1, 1 << 56, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		b := putVarint(nil, v)
		got, n := Varint(b)
		if uint64(got) != v || n != len(b) {
			t.Errorf("%d: % x reads as %d in %d bytes", v, b, got, n)
		}
	}
}
