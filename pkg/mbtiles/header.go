package mbtiles

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// header is what the first 100 bytes of an SQLite file say.
type header struct {
	blank       bool // empty, or nothing but zeros: a file that SQLite had only begun
	sqlite      bool
	application uint32
	user        uint32
	size        int64 // that the file should have; 0 where the header does not say
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
	if u32(24) == u32(92) { // otherwise an old SQLite wrote last and the count of pages is stale
		page := int64(binary.BigEndian.Uint16(b[16:]))
		if page == 1 {
			page = 65536
		}
		h.size = page * int64(u32(28))
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

// checkSchema refuses a file whose objects of our names are anything but the ordinary tables of the format, and any view or trigger: code in a
// file from a stranger. It must pass before any other query.
func checkSchema(ctx context.Context, c *conn) error {
	want := make(map[string]string, len(schema))
	for _, s := range schema {
		want[s.name] = s.sql
	}
	err := c.query(ctx, `SELECT type, name, coalesce(sql, '') FROM sqlite_schema`, func(r *row) error {
		kind, name, sql := r.text(0), r.text(1), r.text(2)
		if kind != "table" && kind != "index" {
			return corrupt("it holds a %s, %q, which an archive never does", kind, name)
		}
		if wanted, ours := want[name]; ours {
			if sql != wanted {
				return corrupt("%s %q is not as the format defines it: %.200q", kind, name, sql)
			}
			delete(want, name)
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

// metadata returns all rows of the table.
func metadata(ctx context.Context, c *conn) (map[string]string, error) {
	m := make(map[string]string)
	err := c.query(ctx, `SELECT name, value FROM metadata`, func(r *row) error {
		name, value := r.text(0), r.text(1)
		if _, twice := m[name]; twice {
			return corrupt("metadata row %q stands there twice", name)
		}
		m[name] = value
		return nil
	})
	return m, err
}
