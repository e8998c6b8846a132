package segment

import (
	"bytes"
	"testing"
)

// Memory comes back into use, but not while somebody reads it.
func TestDecodedInUse(t *testing.T) {
	t.Parallel()
	d := NewDecoded(2 * Bytes)
	get := func(id int64) []byte {
		e, err := d.Acquire(t.Context(), id, Bytes, func(buf []byte) error {
			for i := range buf {
				buf[i] = byte(id)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if id > 1 {
			d.Release(e)
		}
		return e.Value
	}
	held := get(1)
	for id := range int64(10) {
		get(id + 2)
	}
	if !bytes.Equal(held, bytes.Repeat([]byte{1}, Bytes)) {
		t.Error("a segment in use was overwritten")
	}
	if d.Size() != 2*Bytes {
		t.Errorf("%d bytes are kept, want %d", d.Size(), 2*Bytes)
	}
}
