package mbtiles

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
)

// header is what the first 100 bytes of an SQLite file say.
type header struct {
	blank       bool // empty, or nothing but zeros: a file that SQLite had only begun
	sqlite      bool
	application uint32
	user        uint32
	size        int64 // that the file should have; 0 where the header does not say
	schema      error // what is wrong with the length of the list of tables, in a file with the header of an archive
}

// readHeader looks at a file without SQLite, and so without touching it or anything beside it.
func readHeader(path string) (header, error) {
	f, err := os.Open(path)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	b := make([]byte, 100)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return header{}, fmt.Errorf("%s: %w", path, err)
	}
	if len(bytes.Trim(b[:n], "\x00")) == 0 {
		return header{blank: true}, nil
	}
	if n < len(b) || string(b[:16]) != "SQLite format 3\x00" {
		return header{}, nil
	}
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	h := header{sqlite: true, application: u32(68), user: u32(60)}
	page := int64(binary.BigEndian.Uint16(b[16:]))
	if page == 1 {
		page = 65536
	}
	if u32(24) == u32(92) { // otherwise an old SQLite wrote last and the count of pages is stale
		h.size = page * int64(u32(28))
	}
	if h.check() == nil {
		h.schema = checkSchemaSize(f, page)
	}
	return h, nil
}

// check says why a file with this header is not an archive that this package reads.
func (h header) check() error {
	switch {
	case !h.sqlite:
		return fmt.Errorf("%w: not an SQLite file", ErrNotArchive)
	case h.application == applicationID && h.user == userVersionMark|FormatVersion:
		return nil
	case h.application == applicationID && h.user&^0xff == userVersionMark && h.user&0xff > FormatVersion:
		return fmt.Errorf("%w: archive format %d, and this xelpack reads %d", ErrVersion, h.user&0xff, FormatVersion)
	case h.application == applicationID && h.user&^0xff != userVersionMark:
		return fmt.Errorf("%w: a plain MBTiles file, which holds map tiles and no textures", ErrNotArchive)
	}
	return fmt.Errorf("%w: an SQLite file of some other kind", ErrNotArchive)
}

// checkSchema refuses a file whose objects of our names are anything but the ordinary tables of the format, any index on them that is not, and
// anything that is neither a table nor an index: code in a file from a stranger. It must pass before any other query.
func checkSchema(ctx context.Context, c *sqlite.Conn) error {
	want := make(map[string]string, len(schema))
	for _, s := range schema {
		want[s.name] = s.sql
	}
	query := `SELECT type, name, tbl_name, coalesce(sql, '') FROM ` + c.Schema() + `.sqlite_schema`
	err := c.Query(ctx, query, func(r *sqlite.Row) error {
		kind, name, table, sql := r.Text(0), r.Text(1), r.Text(2), r.Text(3)
		if !ordinary(kind, sql) {
			return corrupt("it holds a %s, %q, which an archive never does: %.60q", kind, name, sql)
		}
		wanted, ours := want[name]
		switch {
		case ours && sql != wanted:
			return corrupt("%s %q is not as the format defines it: %.200q", kind, name, sql)
		case ours:
			delete(want, name)
		case c.Remains() && sql != "":
			return corrupt("%s %q is none of the format", kind, name) // there SQLite overlooks what it otherwise refuses
		case isOurs(name), isOurs(table) && sql != "": // SQLite's names have no case; its own indexes have no statement
			return corrupt("%s %q on table %q is none of the format", kind, name, table)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range schema {
		if _, missing := want[s.name]; missing {
			return corrupt("%q is missing", s.name)
		}
	}
	return nil
}

// ordinary reports whether an object is a plain table or index, by the statement that SQLite makes it of as well: the type it is said to have binds nobody.
func ordinary(kind, sql string) bool {
	switch kind {
	case "table":
		return strings.HasPrefix(sql, "CREATE TABLE ")
	case "index":
		return sql == "" || strings.HasPrefix(sql, "CREATE INDEX ") || strings.HasPrefix(sql, "CREATE UNIQUE INDEX ")
	}
	return false
}

// isOurs reports whether the name is one of the format's, as SQLite compares names.
func isOurs(name string) bool {
	for _, s := range schema {
		if strings.EqualFold(name, s.name) {
			return true
		}
	}
	return false
}

// What the list of tables may take: SQLite reads and parses all of it before it does anything. Ours takes two kilobytes.
const (
	maxSchemaPages = 64
	maxSchemaBytes = 1 << 20
)

// checkSchemaSize refuses a file whose list of tables is too long to be read, or goes round in circles. It looks at the b-tree that begins on page 1, after
// the header of the file.
func checkSchemaSize(f io.ReaderAt, page int64) error {
	const leaf, interior = 13, 5
	if page < 512 || page&(page-1) != 0 {
		return corrupt("its pages are said to have %d bytes", page)
	}
	read := func(number uint32) (b []byte, start, cells int, err error) {
		b = make([]byte, page)
		if number == 1 {
			start = 100
		}
		if _, err := f.ReadAt(b, (int64(number)-1)*page); number == 0 || err != nil {
			return nil, 0, 0, corrupt("page %d of its list of tables cannot be read", number)
		}
		cells = int(binary.BigEndian.Uint16(b[start+3:]))
		if start+12+2*cells > len(b) {
			return nil, 0, 0, corrupt("page %d of its list of tables has too many cells", number)
		}
		return b, start, cells, nil
	}
	b, start, cells, err := read(1)
	if err != nil {
		return err
	}
	leaves := []uint32{1}
	if b[start] == interior {
		if cells >= maxSchemaPages {
			return corrupt("its list of tables is too long for an archive")
		}
		leaves[0] = binary.BigEndian.Uint32(b[start+8:])
		for i := range cells {
			at := int(binary.BigEndian.Uint16(b[start+12+2*i:]))
			if at+4 > len(b) {
				return corrupt("its list of tables has a cell outside of its page")
			}
			leaves = append(leaves, binary.BigEndian.Uint32(b[at:]))
		}
	}
	var total int64
	for _, number := range leaves {
		b, start, cells, err := read(number)
		if err != nil {
			return err
		}
		if b[start] != leaf {
			return corrupt("its list of tables is too long for an archive, or goes round in circles")
		}
		for i := range cells {
			at := min(int(binary.BigEndian.Uint16(b[start+8+2*i:])), len(b))
			payload, n := sqlpages.Varint(b[at:])
			if n == 0 || payload < 0 || payload > maxSchemaBytes-total {
				return corrupt("its list of tables is too long for an archive")
			}
			total += payload
		}
	}
	return nil
}

// metadata returns all rows of the table.
func metadata(ctx context.Context, c *sqlite.Conn) (map[string]string, error) {
	m := make(map[string]string)
	err := c.Query(ctx, `SELECT name, value FROM metadata`, func(r *sqlite.Row) error {
		name, value := r.Text(0), r.Text(1)
		if _, twice := m[name]; twice {
			return corrupt("metadata row %q stands there twice", name)
		}
		m[name] = value
		return nil
	})
	return m, err
}
