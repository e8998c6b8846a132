package mbtiles

import (
	"context"
	"fmt"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
)

// checkHeader says why a file with this header is not an archive that this package reads.
func checkHeader(h sqlpages.Header) error {
	switch {
	case !h.SQLite:
		return fmt.Errorf("%w: not an SQLite file", ErrNotArchive)
	case h.Application == applicationID && h.User == userVersionMark|FormatVersion:
		return nil
	case h.Application == applicationID && h.User&^0xff == userVersionMark && h.User&0xff > FormatVersion:
		return fmt.Errorf("%w: archive format %d, and this xelpack reads %d", ErrVersion, h.User&0xff, FormatVersion)
	case h.Application == applicationID && h.User&^0xff != userVersionMark:
		return fmt.Errorf("%w: a plain MBTiles file, which holds map tiles and no textures", ErrNotArchive)
	}
	return fmt.Errorf("%w: an SQLite file of some other kind", ErrNotArchive)
}

// checkSchema refuses a file whose objects of our names are anything but the ordinary tables of the
// format, any index on them that is not, and anything that is neither a table nor an index: code in
// a file from a stranger. It must pass before any other query.
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

// ordinary reports whether an object is a plain table or index, by the statement that SQLite makes
// it of as well: the type it is said to have binds nobody.
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
