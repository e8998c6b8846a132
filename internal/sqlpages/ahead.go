package sqlpages

// Cached reports, without waiting, that a row is stored raw and, judging by its end, in the page
// cache already.
func (t *Table) Cached(id int64) bool {
	c := t.places.get(id)
	if t.raw == nil || c == nil || c.codec != Raw || c.overflow == 0 {
		return false
	}
	last := int64(c.overflow-1)*int64(t.size) + int64(c.length)
	return resident(t.raw, last)
}

// Advise asks the kernel to read a row that is stored raw, and reports whether it is.
func (t *Table) Advise(id int64) bool {
	c := t.place(id)
	if c == nil || c.codec != Raw {
		return false
	}
	if t.raw != nil && c.overflow > 0 {
		willNeed(t.raw, int64(c.overflow-1)*int64(t.size), int64(c.length))
	}
	return true
}
