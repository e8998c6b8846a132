//go:build !linux

package sqlpages

// part is a piece of memory that a call fills.
type part = []byte

// add adds b as a destination.
func (v *vector) add(b []byte) { v.parts = append(v.parts, b) }

// preadv reads so many bytes at once and deals them out, or returns false: a copy more than where
// the system deals them out itself.
func (t *Table) preadv(parts []part, off int64, want int) bool {
	all := make([]byte, want)
	if _, err := t.f.ReadAt(all, off); err != nil {
		return false
	}
	for _, p := range parts {
		all = all[copy(p, all):]
	}
	return true
}
