package mount

import (
	"context"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mount/internal/distant"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// openArchived reports whether what programs read of an archived texture may be remembered. The
// file is nil unless the archive is on a web server. ESTALE says that the name must be looked up
// again.
func (t *tree) openArchived(x found) (file *distant.File, keep bool, errno syscall.Errno) {
	k := x.texture.Key()
	if a, _, ok := t.shelf.find(k); ok && a.generation != x.from.generation {
		return nil, false, syscall.ESTALE // another archive answers now
	}
	a := t.asked(OpOpen, x.texture, x.size)
	defer func() { a.answered(FromArchive, errno) }()
	if d, ok := x.from.distant(); ok {
		n := x.from.generation
		if file = t.far.Open(d, n, x.entry, (x.gen-n)/distantGeneration); file == nil {
			return nil, false, syscall.ESTALE
		}
	}
	t.counts.archived.opens.Add(1)
	// Ground colour must not last: the next open may fare better.
	return file, file != nil || !t.damaged.has(k), 0
}

// readArchived returns what a texture of an archive holds from off on, in dest. It never fails:
// bytes that cannot be read are served as ground colour, or as file has it.
func (t *tree) readArchived(x found, file *distant.File, dest []byte, off int64) []byte {
	l := x.entry.Layout
	p := within(dest, off, x.size)
	a, from := t.asked(OpRead, x.texture, x.size), FromArchive
	// Not the request's context: a signal to the reader must not abort the read.
	p = t.inLook(x.texture, l, p, off, func(p []byte, off int64) []byte {
		if file != nil {
			if !file.Read(p, off) {
				from = FromFallback
			}
			return p
		}
		err := readFull(t.ctx, x.from, x.entry, p, off)
		if err != nil {
			if t.damaged.add(x.texture.Key()) {
				t.log.Error("archived texture cannot be read; serving ground colour instead",
					"texture", x.texture.Name(), "offset", off, "error", err)
			}
			standin.Ground(l, p, off)
			from = FromFallback
		}
		return p
	})
	if r, ok := x.from.Archive.(aheadReader); ok && from == FromArchive {
		r.ReadAhead(t.ctx, x.entry, off+int64(len(p)))
	}
	a.read(from, off, len(p), 0)
	t.counts.archived.read(len(p))
	return p
}

// openLive waits until it is known what a file of a live texture reads, so that reads never wait.
// ESTALE says that the name must be looked up again.
func (t *tree) openLive(ctx context.Context, x found) (*liveFile, syscall.Errno) {
	if _, _, ok := t.shelf.find(x.texture.Key()); ok {
		return nil, syscall.ESTALE // an archive has it now
	}
	a := t.asked(OpOpen, x.texture, x.size)
	c, from, errno := t.live.open(ctx, x.texture, x.gen)
	a.answered(from, errno)
	if errno != 0 {
		return nil, errno
	}
	t.counts.live.opens.Add(1)
	return &liveFile{tree: t, texture: x.texture, content: c, from: from}, 0
}

// liveFile is an open live texture. It reads the same bytes for as long as it is open.
type liveFile struct {
	tree    *tree
	texture tiles.Texture
	content *content
	from    Origin // origin of the content when it was opened
}

func (h *liveFile) read(dest []byte, off int64) []byte {
	t, size := h.tree, LiveLayout().Size()
	a, from := t.asked(OpRead, h.texture, size), h.from
	var err error
	p := t.inLook(h.texture, LiveLayout(), within(dest, off, size), off,
		func(p []byte, off int64) []byte {
			p, err = h.content.read(t.ctx, p, off)
			return p
		})
	if err != nil {
		from = FromFallback
		if t.live.lost(h.texture, h.content) {
			t.log.Error("texture of the disk cache cannot be read; serving ground colour "+
				"until it is opened again",
				"texture", h.texture.Name(), "offset", off, "error", err)
		}
	}
	a.read(from, off, len(p), 0)
	t.counts.live.read(len(p))
	return p
}

func (h *liveFile) close() { h.tree.live.release(h.texture.Key(), h.content) }
