package sqlpages

import (
	"bytes"
	"testing"
)

func TestPlacesAreBounded(t *testing.T) {
	t.Parallel()
	var s places
	local := make([]byte, 1000)
	const n = 3 * maxPlaces / 1000
	for id := range int64(n) {
		s.put(id, cell{codec: Raw, local: local})
		if s.bytes > maxPlaces {
			t.Fatalf("%d bytes are remembered, want at most %d", s.bytes, maxPlaces)
		}
	}
	if len(s.known) == 0 || len(s.known)*len(local) > maxPlaces {
		t.Errorf("%d places are remembered", len(s.known))
	}
	if s.get(n-1) == nil {
		t.Error("what came last is forgotten")
	}
}

// A place outlives the page it was read from, and what is known of it is not taken back.
func TestPlaceIsACopy(t *testing.T) {
	t.Parallel()
	var s places
	local := []byte("local")
	first := s.put(7, cell{codec: Raw, local: local, overflow: 3})
	local[0] = 'L'
	if !bytes.Equal(first.local, []byte("local")) {
		t.Errorf("the copy became %q", first.local)
	}
	first.chain(5)
	first.chain(3)
	if again := s.put(7, cell{codec: Raw, overflow: 9}); again != first || again.overflow != 3 ||
		again.chained() != 5 {
		t.Errorf("another put left %+v", again)
	}
	if c := s.put(8, cell{codec: 2, local: local}); c.local != nil {
		t.Error("a compressed segment, which is read whole, takes memory")
	}
}
