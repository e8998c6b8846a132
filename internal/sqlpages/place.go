package sqlpages

import (
	"sync"
	"sync/atomic"
)

// place is the location of a segment's row, with what need not be read again.
type place struct {
	cell // local is a copy; nil unless the segment is stored raw
	// how many of its overflow pages, from the first on, are known to be followed by the next page
	// of the file
	known atomic.Int64
}

func (c *place) chained() int { return int(c.known.Load()) }

// chain notes that the first n overflow pages are consecutive.
func (c *place) chain(n int) {
	for {
		before := c.known.Load()
		if before >= int64(n) || c.known.CompareAndSwap(before, int64(n)) {
			return
		}
	}
}

// places remembers the locations of rows. Safe for concurrent use; the zero value is empty.
type places struct {
	mu    sync.Mutex
	bytes int
	known map[int64]*place
}

const (
	// maxPlaces bounds the memory in bytes.
	maxPlaces = 8 << 20
	// placeBytes is about the size of a place without its local bytes.
	placeBytes = 200
)

func (s *places) get(id int64) *place {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[id]
}

// forget forgets all.
func (s *places) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.bytes = nil, 0
}

// put stores a copy of c, unless the row is known.
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

// place returns the location of a segment's row, or nil. It also stores the other rows of the leaf:
// they will be needed next.
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

// leafRows is about how many rows of raw segments a leaf has.
const leafRows = 8
