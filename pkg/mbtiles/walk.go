package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// wholeFile has walk go through every page of the file, free ones included.
const wholeFile = ""

// maxFindings bounds what walk tells of one b-tree: a broken page is followed by all that hangs on
// it.
const maxFindings = 8

// walk lets SQLite go through a table and its indexes, or the whole file, and returns what it finds
// wrong. Segments are otherwise written and read by code of ours, and so this is the one look at
// them by somebody else. It takes memory of a bit a page, and ends with ctx.
func walk(ctx context.Context, c *sqlite.Conn, table string) ([]string, error) {
	var found []string
	enough := errors.New("enough")
	pragma := `PRAGMA integrity_check`
	if table != wholeFile {
		pragma += `(` + table + `)`
	}
	err := c.Query(ctx, pragma, func(r *sqlite.Row) error {
		text := r.Text(0)
		if text == "ok" {
			return nil
		}
		// What is wrong with b-trees comes first, all in one row. Such a tree may have rows without
		// an end, over which SQLite would go next.
		if title, rest, many := strings.Cut(text, "\n"); many && strings.HasPrefix(title, "*** ") {
			lines := strings.Split(strings.TrimSpace(rest), "\n")
			if n := len(lines) - maxFindings; n > 0 {
				lines = append(lines[:maxFindings], fmt.Sprintf("and so on, %d more", n))
			}
			found = append(found, lines...)
			return enough
		}
		found = append(found, text)
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return found, err
}

// walkWritten lets SQLite go through a file whose pages were not written by SQLite, and which
// nobody writes any more.
func walkWritten(ctx context.Context, path string) (err error) {
	c, err := sqlite.Dial(path, sqlite.Immutable)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	found, err := walk(ctx, c, wholeFile)
	if err == nil && len(found) > 0 {
		err = corrupt("SQLite finds what was just written to be damaged: %s; try again, and look after the disk and the memory", strings.Join(found, "; "))
	}
	return err
}
