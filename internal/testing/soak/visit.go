package soak

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// visitor reads textures, one after the other. It must be used by one goroutine.
type visitor struct {
	config Config
	tally  *tally
	rng    *rand.Rand
	buf    []byte
	again  []byte
}

const longestRead = 1 << 20

func newVisitor(c Config, t *tally, rng *rand.Rand) *visitor {
	return &visitor{config: c, tally: t, rng: rng, buf: make([]byte, longestRead),
		again: make([]byte, longestRead)}
}

// visit opens t, reads the parts that the simulator would read, and compares them.
func (v *visitor) visit(t tiles.Texture) error {
	want, live := v.config.World.File(t)
	fd, err := v.open(t, live)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	defer func() { _ = unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("fstat: %w", err)
	}
	if st.Size != int64(len(want)) {
		return fmt.Errorf("size %d, want %d", st.Size, len(want))
	}
	if err := v.tally.same(t, st.Ino, st.Mtim.Nano()); err != nil {
		return err
	}
	f := opened{visitor: v, texture: t, fd: fd, want: want, live: live}
	if err := f.read(0, dds.HeaderSize); err != nil {
		return err
	}
	switch n := v.rng.IntN(100); {
	case n == 0:
		err = f.mapped()
	case n < 3:
		err = f.readOn(dds.HeaderSize)
	default:
		err = f.readOn(v.levelStart(want))
	}
	switch {
	case err != nil:
	case f.standIn:
		v.tally.standIns.Add(1)
	case live:
		v.tally.live.Add(1)
	default:
		v.tally.archived.Add(1)
	}
	return err
}

func (v *visitor) open(t tiles.Texture, live bool) (int, error) {
	path := filepath.Join(v.config.Dir, "textures", t.File())
	start := time.Now()
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	took := time.Since(start)
	if live {
		v.tally.liveOpens.add(took)
	} else {
		v.tally.opens.add(took)
	}
	if err != nil {
		return fd, fmt.Errorf("open: %w", err)
	}
	if late := v.config.Deadline + v.config.Grace; took > late {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("open took %v, more than %v", took, late)
	}
	return fd, nil
}

// levelStart returns the offset of the sharpest level to read, with the frequencies of a measured
// flight, as for a texture of 4096 px.
func (v *visitor) levelStart(file []byte) int {
	n := v.rng.IntN(8 + 23 + 28 + 66 + 1158)
	level := 0
	for _, share := range []int{8, 23, 28, 66, 1158} {
		if n < share {
			break
		}
		n -= share
		level++
	}
	l, err := dds.ParseHeader(file)
	if err != nil {
		return dds.HeaderSize
	}
	smaller := 0 // levels that this file lacks
	for side := l.Side; side < dds.MaxSide; side *= 2 {
		smaller++
	}
	off, _ := l.Level(max(0, level-smaller))
	return int(off)
}

// opened is an open file.
type opened struct {
	*visitor
	texture tiles.Texture
	fd      int
	want    []byte
	live    bool
	standIn bool // bytes other than those of the finished texture have been read
}

// readOn reads from off to the end of the file.
func (f *opened) readOn(off int) error {
	for off < len(f.want) {
		n := 1 + f.rng.IntN(longestRead)
		if err := f.read(off, n); err != nil {
			return err
		}
		off += n
	}
	return nil
}

// read makes one read and compares it. Only at the end of the file may it be short.
func (f *opened) read(off, n int) error {
	n = min(n, longestRead)
	want := f.want[off:min(off+n, len(f.want))]
	start := time.Now()
	got, err := unix.Pread(f.fd, f.buf[:n], int64(off))
	took := time.Since(start)
	f.tally.reads.add(took)
	f.tally.bytes.Add(int64(max(0, got)))
	switch {
	case err != nil:
		return fmt.Errorf("read %d at %d: %w", n, off, err)
	case got != len(want):
		return fmt.Errorf("read %d at %d: %d bytes, want %d", n, off, got, len(want))
	case took > f.config.Deadline+f.config.Grace:
		return fmt.Errorf("read %d at %d took %v", n, off, took)
	}
	return f.compare(off, f.buf[:got], want)
}

// compare compares bytes with those of the texture. A live texture may be a stand-in, with the same
// header, which must then read the same as long as it is open; it must never be another texture.
func (f *opened) compare(off int, got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	if !f.live || off < dds.HeaderSize {
		return fmt.Errorf("wrong bytes at %d", off+differ(got, want))
	}
	if f.config.World.another(f.texture, off, got) {
		return fmt.Errorf("bytes of another texture at %d", off)
	}
	f.standIn = true
	again := f.again[:len(got)]
	if n, err := unix.Pread(f.fd, again, int64(off)); err != nil ||
		!bytes.Equal(again[:max(0, n)], got) {
		return fmt.Errorf("a stand-in changed while it was open, at %d: %d bytes, %v", off, n, err)
	}
	return nil
}

// mapped reads the whole file through mmap.
func (f *opened) mapped() (err error) {
	pages, err := unix.Mmap(f.fd, 0, len(f.want), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	defer func() { _ = unix.Munmap(pages) }()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("mapped: %v (the simulator would have crashed)", p)
		}
	}()
	f.tally.mapped.Add(1)
	f.tally.bytes.Add(int64(len(pages)))
	if bytes.Equal(pages, f.want) {
		return nil
	}
	if !f.live || !bytes.Equal(pages[:dds.HeaderSize], f.want[:dds.HeaderSize]) {
		return errors.New("mapped: wrong bytes")
	}
	if f.config.World.another(f.texture, 0, pages) {
		return errors.New("mapped: another texture")
	}
	f.standIn = true
	return nil
}

// differ returns the first index at which a and b differ.
func differ(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}
