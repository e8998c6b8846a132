package tables

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// line appends the line of a texture: what the digest and the tree say of it.
func line(b []byte, zl, row, col int64, maptype string, sha256 []byte) []byte {
	for _, n := range [...]int64{zl, row, col} {
		b = append(strconv.AppendInt(b, n, 10), ' ')
	}
	b = append(append(b, maptype...), ' ')
	return append(hex.AppendEncode(b, sha256), '\n')
}

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
			lines = append(lines, string(line(nil, zl, gridRow, r.Int(0), r.Text(1), r.Blob(2))))
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
