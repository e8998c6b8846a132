package mbtiles

import (
	"os"
	"slices"
)

// stored reads the segment of that id as it is stored, to the end of memory; size is the length that it decodes to. It reports whether it could.
func (p *pages) stored(id int64, size int, memory *[]byte) (segment, bool) {
	scratch := p.bufs.Get().(*[]byte)
	defer p.bufs.Put(scratch)
	*scratch = grow(*scratch, p.size)
	leaf, ok := p.leaf(id, *scratch)
	if !ok {
		return segment{}, false
	}
	c, ok := p.cell(leaf, id)
	if !ok || c.length > size { // which is longer than a writer makes it; SQLite will do
		return segment{}, false
	}
	n := len(*memory)
	*memory = slices.Grow(*memory, c.length)[:n+c.length]
	data := (*memory)[n:]
	if !p.fill(data, c) {
		return segment{}, false
	}
	return segment{codec: c.codec, data: data}, true
}

// soleReader reads an archive through a connection that has it to itself, and through its pages, of which root is that of the segments.
func soleReader(c *conn, path string, root uint32) (*reader, error) {
	r, err := newReader(poolOf(c), -1)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	r.direct = newPages(f, int64(root))
	return r, nil
}
