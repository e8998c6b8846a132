package tables

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// Digest computes the digest of the archive's textures: SHA-256 over one line a texture, "zl row
// col maptype sha256\n", sorted bytewise. It holds the textures of one row of the grid at a time,
// however large the archive is.
func Digest(ctx context.Context, c *sqlite.Conn) (string, error) {
	// "16 23952 ": the beginning of the lines of a row of the grid; sorting these sorts the lines
	var rows []string
	last := ""
	err := c.Query(ctx, `SELECT DISTINCT zl, row FROM textures`, func(r *sqlite.Row) error {
		prefix := fmt.Sprintf("%d %d ", r.Int(0), r.Int(1))
		if prefix == last {
			return sqlite.Corrupt("textures are out of order")
		}
		rows = append(rows, prefix)
		last = prefix
		return nil
	})
	if err != nil {
		return "", err
	}
	slices.Sort(rows)

	hash := sha256.New()
	var lines []string
	for _, prefix := range rows {
		lines = lines[:0]
		var zl, gridRow int64
		if _, err := fmt.Sscan(prefix, &zl, &gridRow); err != nil {
			return "", err
		}
		const query = `SELECT t.col, t.maptype, c.sha256 FROM textures t JOIN contents c ON c.id = t.content_id WHERE t.zl = ? AND t.row = ?`
		err := c.Query(ctx, query, func(r *sqlite.Row) error {
			var b strings.Builder
			b.WriteString(prefix)
			b.WriteString(strconv.FormatInt(r.Int(0), 10))
			b.WriteByte(' ')
			b.WriteString(r.Text(1))
			b.WriteByte(' ')
			b.WriteString(hex.EncodeToString(r.Blob(2)))
			b.WriteByte('\n')
			lines = append(lines, b.String())
			return nil
		}, zl, gridRow)
		if err != nil {
			return "", err
		}
		slices.Sort(lines)
		for _, line := range lines {
			hash.Write([]byte(line))
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
