package sqlpages

import (
	"sync"
	"sync/atomic"
)

// place is where the row of a segment lies, and what of it need not be read again.
type place struct {
	cell               // local is a copy; nil unless the segment is stored as it is
	known atomic.Int64 // how many of the pages where it goes on, from the first on, are known to be followed by the next page of the file
}

func (c *place) chained() int { return int(c.known.Load()) }

// chain notes that so many pages are followed by the next one.
func (c *place) chain(n int) {
	for {
		before := c.known.Load()
		if before >= int64(n) || c.known.CompareAndSwap(before, int64(n)) {
			return
		}
	}
}

// places remembers where rows lie. Safe for concurrent use; the zero value is empty.
type places struct {
	mu    sync.Mutex
	bytes int
	known map[int64]*place
}

const (
	// maxPlaces bounds the bytes that are remembered.
	maxPlaces = 8 << 20
	// placeBytes is about what a place takes beside its local bytes.
	placeBytes = 200
)

func (s *places) get(id int64) *place {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[id]
}

// put remembers c, of which it makes a copy, unless the row is known.
func (s *places) put(id int64, c cell) *place {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.known[id]; known != nil {
		return known
	}
	if c.codec == Raw {
		c.local = append([]byte(nil), c.local...)
	} else {
		c.local = nil
	}
	size := placeBytes + len(c.local)
	if s.known == nil || s.bytes+size > maxPlaces {
		s.known, s.bytes = make(map[int64]*place), 0
	}
	s.bytes += size
	known := &place{cell: c}
	s.known[id] = known
	return known
}

// place finds the row of a segment, or returns nil. The others of the same leaf are remembered too:
// they will be wanted next.
func (t *Table) place(id int64) *place {
	if known := t.places.get(id); known != nil {
		return known
	}
	scratch := t.bufs.Get().(*[]byte)
	defer t.bufs.Put(scratch)
	*scratch = grow(*scratch, t.size)
	leaf, ok := t.leaf(id, *scratch)
	if !ok {
		return nil
	}
	c, ok := t.cell(leaf, id)
	if !ok {
		return nil
	}
	for other := id + 1; other < id+leafRows; other++ {
		c, ok := t.cell(leaf, other)
		if !ok {
			break
		}
		t.places.put(other, c)
	}
	return t.places.put(id, c)
}

// leafRows is about how many rows of segments that are stored as they are stand on a leaf.
const leafRows = 8
