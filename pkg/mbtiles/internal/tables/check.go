package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
)

// ErrVersion is of a file of a later format.
var ErrVersion = errors.New("made by a newer xelpack")

// CheckHeader says why a file with this header is not an archive that this package reads.
func CheckHeader(h sqlpages.Header) error {
	switch {
	case !h.SQLite:
		return fmt.Errorf("%w: not an SQLite file%s", sqlite.ErrNoDatabase, but(h.Other))
	case h.Application == ApplicationID && h.User > UserVersionMark &&
		h.User <= UserVersionMark|Version:
		return nil
	case h.Application == ApplicationID && h.User&^0xff == UserVersionMark && h.User&0xff > Version:
		return fmt.Errorf("%w: archive format %d, this xelpack reads up to %d", ErrVersion,
			h.User&0xff, Version)
	case h.Application == ApplicationID && h.User&^0xff != UserVersionMark:
		return fmt.Errorf("%w: a plain MBTiles file with map tiles, without textures",
			sqlite.ErrNoDatabase)
	}
	return fmt.Errorf("%w: another kind of SQLite file", sqlite.ErrNoDatabase)
}

// but says what a file is instead, where a download often gives just that.
func but(kind string) string {
	switch {
	case strings.HasPrefix(kind, "text/html"):
		return ", but a web page: download the archive itself"
	case kind == "application/zip", kind == "application/x-gzip", kind == "application/x-rar-compressed":
		return ", but a compressed file: unpack it first"
	}
	return ""
}

// Check refuses a file that is not an archive by its header or its schema, and returns the version
// of its format. It must pass before any other query.
func Check(ctx context.Context, c *sqlite.Conn) (version int, err error) {
	application, err := c.Number(ctx, `PRAGMA `+c.Schema()+`.application_id`)
	if err != nil {
		return 0, err
	}
	user, err := c.Number(ctx, `PRAGMA `+c.Schema()+`.user_version`)
	if err != nil {
		return 0, err
	}
	h := sqlpages.Header{SQLite: true, Application: uint32(application), User: uint32(user)}
	if err := CheckHeader(h); err != nil {
		return 0, err
	}
	version = int(h.User & 0xff)
	return version, checkSchema(ctx, c, schemaOf(version))
}

// checkSchema refuses a file whose objects of our names are anything but the ordinary tables of the
// format, any index on them that is not, and anything that is neither a table nor an index: code in
// a file from a stranger.
func checkSchema(ctx context.Context, c *sqlite.Conn, schema []Statement) error {
	ours := func(name string) bool {
		return slices.ContainsFunc(schema, func(s Statement) bool {
			return strings.EqualFold(name, s.Name)
		})
	}
	want := make(map[string]string, len(schema))
	for _, s := range schema {
		want[s.Name] = s.SQL
	}
	query := `SELECT type, name, tbl_name, coalesce(sql, '') FROM ` + c.Schema() + `.sqlite_schema`
	err := c.Query(ctx, query, func(r *sqlite.Row) error {
		kind, name, table, sql := r.Text(0), r.Text(1), r.Text(2), r.Text(3)
		if !ordinary(kind, sql) {
			return sqlite.Corrupt("it has a %s, %q, which an archive never has: %.60q", kind, name,
				sql)
		}
		wanted, known := want[name]
		switch {
		case known && sql != wanted:
			return sqlite.Corrupt("%s %q differs from the format: %.200q", kind, name, sql)
		case known:
			delete(want, name)
		case c.Remains() && sql != "":
			// there SQLite allows what it otherwise refuses
			return sqlite.Corrupt("%s %q is not part of the format", kind, name)
		case ours(name), ours(table) && sql != "":
			// SQLite's names have no case; its own indexes have no statement
			return sqlite.Corrupt("%s %q on table %q is not part of the format", kind, name, table)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range schema {
		if _, missing := want[s.Name]; missing {
			return sqlite.Corrupt("%q is missing", s.Name)
		}
	}
	return nil
}

// ordinary reports whether an object is a plain table or index, also by its SQL statement: its
// recorded type is not reliable.
func ordinary(kind, sql string) bool {
	switch kind {
	case "table":
		return strings.HasPrefix(sql, "CREATE TABLE ")
	case "index":
		return sql == "" || strings.HasPrefix(sql, "CREATE INDEX ") ||
			strings.HasPrefix(sql, "CREATE UNIQUE INDEX ")
	}
	return false
}

// Metadata returns all rows of the table.
func Metadata(ctx context.Context, c *sqlite.Conn) (map[string]string, error) {
	m := make(map[string]string)
	err := c.Query(ctx, `SELECT name, value FROM metadata`, func(r *sqlite.Row) error {
		name, value := r.Text(0), r.Text(1)
		if _, twice := m[name]; twice {
			return sqlite.Corrupt("metadata row %q exists twice", name)
		}
		m[name] = value
		return nil
	})
	return m, err
}
