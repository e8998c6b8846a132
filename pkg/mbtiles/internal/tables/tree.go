package tables

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/merkle"
)

// levelBits is where the level begins in the id of a row of tree.
const levelBits = 40

// Leaf returns the hash of a texture's leaf in the tree.
func Leaf(zl, row, col int64, maptype string, sha256, states []byte) merkle.Hash {
	return merkle.Leaf(line(nil, zl, row, col, maptype, sha256), states)
}

// Leaves computes the hashes of all leaves, in the order of the textures: 32 bytes a texture.
func Leaves(ctx context.Context, c *sqlite.Conn) (leaves []merkle.Hash, err error) {
	const query = `SELECT t.zl, t.row, t.col, t.maptype, c.sha256, h.states FROM textures t
		JOIN contents c ON c.id = t.content_id LEFT JOIN hashes h ON h.id = t.content_id
		ORDER BY t.zl, t.row, t.col, t.maptype`
	most, err := c.Number(ctx, `SELECT count(*) FROM textures`)
	if err != nil {
		return nil, err
	}
	leaves = make([]merkle.Hash, 0, most)
	err = c.Query(ctx, query, func(r *sqlite.Row) error {
		if len(leaves) == cap(leaves) {
			return sqlite.Corrupt("textures are out of order")
		}
		var states []byte
		if !r.IsNull(5) {
			states = r.Blob(5)
		}
		leaves = append(leaves, Leaf(r.Int(0), r.Int(1), r.Int(2), r.Text(3), r.Blob(4), states))
		return nil
	})
	return leaves, err
}

// WriteTree makes the table anew, and returns the root in hex.
func WriteTree(ctx context.Context, c *sqlite.Conn, leaves []merkle.Hash) (string, error) {
	if err := c.Exec(ctx, `DELETE FROM tree`); err != nil {
		return "", err
	}
	hashes := leaves
	for level := range merkle.Levels(len(leaves)) {
		for number := 0; number*merkle.Fan < len(hashes); number++ {
			block := hashes[number*merkle.Fan : min((number+1)*merkle.Fan, len(hashes))]
			if err := c.Exec(ctx, `INSERT INTO tree (id, hashes) VALUES (?, ?)`,
				BlockID(level, number), pack(block)); err != nil {
				return "", err
			}
		}
		if len(hashes) > merkle.Fan {
			hashes = merkle.Next(hashes)
		}
	}
	root := merkle.Root(hashes)
	return hex.EncodeToString(root[:]), nil
}

// Block returns the block of a tree of n leaves, whose hashes nothing vouches for yet.
func Block(ctx context.Context, c *sqlite.Conn, n, level, number int) (block []merkle.Hash,
	err error) {
	var b []byte
	err = c.Query(ctx, `SELECT hashes FROM tree WHERE id = ?`,
		func(r *sqlite.Row) error { b = r.Blob(0); return nil }, BlockID(level, number))
	if err != nil {
		return nil, err
	}
	want := min(merkle.Fan, merkle.Width(n, level)-number*merkle.Fan)
	if len(b) != want*sha256.Size {
		return nil, sqlite.Corrupt("block %d of level %d of the tree has %d bytes (want %d)",
			number, level, len(b), want*sha256.Size)
	}
	return unpack(b), nil
}

// BlockID returns the id of the row of a block.
func BlockID(level, number int) int64 { return int64(level)<<levelBits | int64(number) }

func pack(hashes []merkle.Hash) []byte {
	b := make([]byte, 0, len(hashes)*sha256.Size)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

func unpack(b []byte) []merkle.Hash {
	hashes := make([]merkle.Hash, len(b)/sha256.Size)
	for i := range hashes {
		copy(hashes[i][:], b[i*sha256.Size:])
	}
	return hashes
}

// CheckTree compares the table with the tree over leaves, and returns the right root and how many
// rows belong to no tree. wrong is called with the place of each hash that is wrong, note with the
// error of each block that cannot be read; the check goes on if it returns nil.
func CheckTree(ctx context.Context, c *sqlite.Conn, leaves []merkle.Hash, wrong func(level, number, i int),
	note func(error) error) (root merkle.Hash, unused int64, err error) {
	rows, hashes := int64(0), leaves
	for level := range merkle.Levels(len(leaves)) {
		for number := 0; number*merkle.Fan < len(hashes); number++ {
			rows++
			block, err := Block(ctx, c, len(leaves), level, number)
			if err := note(err); err != nil {
				return root, 0, err
			}
			for i, h := range block {
				if h != hashes[number*merkle.Fan+i] {
					wrong(level, number, i)
				}
			}
		}
		if len(hashes) > merkle.Fan {
			hashes = merkle.Next(hashes)
		}
	}
	n, err := c.Number(ctx, `SELECT count(*) FROM tree`)
	return merkle.Root(hashes), max(0, n-rows), err
}
