package filesys

import (
	"os"
)

// WriteBehind has the kernel begin to write to the disk what a transaction has put into the file so
// far, so that its end need not wait for all of it. It changes nothing about what is safe when:
// that is between SQLite and fsync.
type WriteBehind struct {
	f     *os.File
	bytes int64 // written since the last hint
}

// writeBehindStep is how many bytes are worth a system call.
const writeBehindStep = 8 << 20

// NewWriteBehind opens the file a second time. It must be closed after the connection.
func NewWriteBehind(path string) (WriteBehind, error) {
	f, err := os.Open(path)
	return WriteBehind{f: f}, err
}

// Wrote notes that so many bytes were put into the file.
func (b *WriteBehind) Wrote(n int64) {
	if b.bytes += n; b.bytes >= writeBehindStep {
		b.bytes = 0
		beginWriting(b.f)
	}
}

// Close closes its handle of the file.
func (b *WriteBehind) Close() error { return b.f.Close() }
