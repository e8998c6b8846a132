package tables

import (
	"context"
	"crypto/sha256"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/merkle"
)

// Signed is a row of signatures.
type Signed struct {
	Text      string // what is signed
	Signature string // a file of minisign's
	Runs      []byte // as of merkle.AppendRuns
	Nodes     []merkle.Hash
}

// What a reader takes of signatures, so that no stranger's archive makes it take much memory.
const (
	mostSignatures = 256
	mostText       = 64 << 10
	mostNodes      = 64 * sha256.Size // a texture: no tree is deeper
)

// Signatures returns the rows of an archive of so many textures, in order.
func Signatures(ctx context.Context, c *sqlite.Conn, textures int) (rows []Signed, err error) {
	const size = `SELECT count(*), coalesce(max(length(CAST(text AS BLOB)) + length(CAST(signature AS BLOB))), 0),
		coalesce(max(length(runs) + length(nodes)), 0) FROM signatures`
	err = c.Query(ctx, size, func(r *sqlite.Row) error {
		if r.Int(0) > mostSignatures || r.Int(1) > mostText ||
			r.Int(2) > mostText+int64(textures)*mostNodes {
			return sqlite.Corrupt("its signatures are too large")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	const query = `SELECT text, signature, runs, nodes FROM signatures ORDER BY id`
	err = c.Query(ctx, query, func(r *sqlite.Row) error {
		s := Signed{Text: r.Text(0), Signature: r.Text(1), Runs: r.Blob(2)}
		nodes := r.Blob(3)
		if len(nodes)%sha256.Size != 0 || len(rows) == mostSignatures {
			return sqlite.Corrupt("a signature's proof has %d bytes", len(nodes))
		}
		s.Nodes = unpack(nodes)
		rows = append(rows, s)
		return nil
	})
	return rows, err
}

// AddSignature adds a row.
func AddSignature(ctx context.Context, c *sqlite.Conn, s Signed) error {
	// NOT NULL: a slice of nothing must not become NULL.
	return c.Exec(ctx, `INSERT INTO signatures (text, signature, runs, nodes) VALUES (?, ?, ?, ?)`,
		s.Text, s.Signature, append([]byte{}, s.Runs...), pack(s.Nodes))
}
