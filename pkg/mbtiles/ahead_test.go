package mbtiles

import (
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Reading in order has the next compressed segment decoded before it is asked for, and nothing
// beyond the file's end.
func TestReadAhead(t *testing.T) {
	t.Parallel()
	l := dds.Layout{Format: dds.BC1, Side: 1024}
	a := build(t, map[string][]byte{"16_16_BI12": solidFile(l, 0x55aa), "32_16_BI12": ddsFile(l, 3)})
	packed, raw := lookup(t, a, "16_16_BI12"), lookup(t, a, "32_16_BI12")
	held := func(e Entry, n int) bool { return a.reader.Decoded.Holds(segment.ID(e.content, n)) }

	a.ReadAhead(t.Context(), packed, dds.HeaderSize) // nothing of segment 0 is read yet
	a.ReadAhead(t.Context(), packed, dds.HeaderSize+1000)
	a.ReadAhead(t.Context(), packed, l.Size())
	a.ReadAhead(t.Context(), raw, dds.HeaderSize+segment.Bytes)
	a.reader.Ahead.Wait()
	for n := range 3 {
		if held(packed, n) || held(raw, n) {
			t.Errorf("segment %d was decoded: too early, past the end, or stored as it is", n)
		}
	}
	a.ReadAhead(t.Context(), packed, dds.HeaderSize+segment.Bytes-1000)
	a.reader.Ahead.Wait()
	if !held(packed, 1) || held(packed, 2) {
		t.Errorf("segments 1 and 2 are there: %v, %v; want the next one only", held(packed, 1), held(packed, 2))
	}
	checkRead(t, a, packed, solidFile(l, 0x55aa), dds.HeaderSize, 2*segment.Bytes)
}
