package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// WholeFile has Walk go through every page of the file, free ones included.
const WholeFile = ""

// MaxFindings bounds what Walk tells of one b-tree: a broken page is followed by all that hangs on
// it.
const MaxFindings = 8

// Walk lets SQLite go through a table and its indexes, or the whole file, and returns what it finds
// wrong. Segments are otherwise written and read by code of ours, and so this is the one look at
// them by somebody else. It takes memory of a bit a page, and ends with ctx.
func Walk(ctx context.Context, c *Conn, table string) ([]string, error) {
	var found []string
	enough := errors.New("enough")
	pragma := `PRAGMA integrity_check`
	if table != WholeFile {
		pragma += `(` + table + `)`
	}
	err := c.Query(ctx, pragma, func(r *Row) error {
		text := r.Text(0)
		if text == "ok" {
			return nil
		}
		// Findings about b-trees come first, all in one row. A broken tree may yield rows without
		// end, which SQLite would check next.
		if title, rest, many := strings.Cut(text, "\n"); many && strings.HasPrefix(title, "*** ") {
			lines := strings.Split(strings.TrimSpace(rest), "\n")
			if n := len(lines) - MaxFindings; n > 0 {
				lines = append(lines[:MaxFindings], fmt.Sprintf("and so on, %d more", n))
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

// WalkFile lets SQLite go through a file whose pages were not written by SQLite, and which
// nobody writes any more.
func WalkFile(ctx context.Context, path string) (err error) {
	c, err := Dial(path, Immutable)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	found, err := Walk(ctx, c, WholeFile)
	if err == nil && len(found) > 0 {
		err = Corrupt("SQLite finds the new file damaged: %s; try again, and check the disk and "+
			"the memory", strings.Join(found, "; "))
	}
	return err
}
