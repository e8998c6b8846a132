package mbtiles

import (
	"os"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// writeBehind has the kernel begin to write to the disk what a transaction has put into the file so
// far, so that its end need not wait for all of it. It changes nothing about what is safe when:
// that is between SQLite and fsync.
type writeBehind struct {
	f     *os.File
	bytes int64 // written since the kernel was last told
}

// writeBehindStep is how many bytes are worth a system call.
const writeBehindStep = 8 << 20

// newWriteBehind opens the file a second time. It must be closed after the connection.
func newWriteBehind(path string) (writeBehind, error) {
	f, err := os.Open(path)
	return writeBehind{f: f}, sqlite.Bare(err)
}

func (b *writeBehind) wrote(n int64) {
	if b.bytes += n; b.bytes >= writeBehindStep {
		b.bytes = 0
		beginWriting(b.f)
	}
}

func (b *writeBehind) close() error { return b.f.Close() }
