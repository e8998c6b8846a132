package mount

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// aheadReader is an Archive that can prefetch the segment after the one just read. *mbtiles.Archive
// is one.
type aheadReader interface {
	ReadAhead(ctx context.Context, e mbtiles.Entry, off int64)
}

var _ aheadReader = (*mbtiles.Archive)(nil)

// within cuts p to what lies inside a file of the given size.
func within(p []byte, off, size int64) []byte {
	return p[:max(0, min(int64(len(p)), size-off))]
}

// reader is the part of an Archive that reads.
type reader interface {
	ReadAt(ctx context.Context, e mbtiles.Entry, p []byte, off int64) (int, error)
}

// readFull fills p or returns an error.
func readFull(ctx context.Context, a reader, e mbtiles.Entry, p []byte, off int64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read %v: panic: %v", e.Texture, r)
		}
	}()
	n, err := a.ReadAt(ctx, e, p, off)
	if err == nil || errors.Is(err, io.EOF) {
		if n == len(p) {
			return nil
		}
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %v at %d: %w", e.Texture, off, err)
}

// keySet is a set of textures. Safe for concurrent use; the zero value is empty.
type keySet struct {
	mu   sync.Mutex
	keys map[tiles.Key]bool
}

// add reports whether k is new.
func (s *keySet) add(k tiles.Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys[k] {
		return false
	}
	if s.keys == nil {
		s.keys = make(map[tiles.Key]bool)
	}
	s.keys[k] = true
	return true
}

func (s *keySet) has(k tiles.Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[k]
}

func (s *keySet) len() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.keys))
}

// parseFile parses a file name, in any spelling, with its extension.
func parseFile(name string) (tiles.Texture, bool) {
	const ext = ".dds"
	if len(name) <= len(ext) || !strings.EqualFold(name[len(name)-len(ext):], ext) {
		return tiles.Texture{}, false
	}
	t, err := tiles.ParseName(name)
	return t, err == nil
}
