package remote

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// block is the unit in which it is known what is there.
const block = 8 << 10

const (
	dataSuffix = ".mbtiles"
	listSuffix = ".have"
	// privateMark is between the name of a private cache's folder and what makes it unique.
	privateMark = ".private-"
)

// cache is the sparse file and the list of its blocks that are there. The list is only appended to,
// a run of blocks a record, after the blocks were written.
type cache struct {
	dir  string // of a private cache, which is removed; "": none
	path string // of the data
	data *os.File
	list *os.File
	lock *sqlite.Lock
}

// listHeader is the first line of the list: which state of the remote file it is of.
type listHeader struct {
	Size     int64
	ETag     string
	Modified string
}

func headerOf(f fetch.RemoteFile) listHeader { return listHeader{f.Size, f.ETag, f.Modified} }

// lockCache takes the cache of that name in dir. If another process has it, the cache is a private
// one, and shared is false.
func lockCache(dir, name string) (c *cache, shared bool, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, false, fmt.Errorf("make the cache: %w", err)
	}
	c = &cache{path: filepath.Join(dir, name+dataSuffix)}
	c.lock, err = sqlite.LockFile(c.path + sqlite.LockSuffix)
	if err == nil {
		return c, true, nil
	}
	if !errors.Is(err, sqlite.ErrLocked) {
		return nil, false, fmt.Errorf("lock the cache: %w", err)
	}
	if c.dir, err = os.MkdirTemp(dir, name+privateMark+"*"); err != nil {
		return nil, false, fmt.Errorf("make the cache: %w", err)
	}
	c.path = filepath.Join(c.dir, name+dataSuffix)
	c.lock, err = sqlite.LockFile(c.path + sqlite.LockSuffix) // for Trim
	return c, false, err
}

// known returns the state that the cache is of, if there is a usable one.
func (c *cache) known() (h listHeader, ok bool) {
	f, err := os.Open(c.path + listSuffix)
	if err != nil {
		return h, false
	}
	defer func() { _ = f.Close() }()
	line, err := bufio.NewReader(io.LimitReader(f, 4096)).ReadBytes('\n')
	info, errStat := os.Stat(c.path)
	ok = err == nil && json.Unmarshal(line, &h) == nil && errStat == nil && info.Size() == h.Size &&
		h.Size > 0
	return h, ok
}

// begin empties the cache for a state of the file.
func (c *cache) begin(h listHeader) (err error) {
	// Another archive, open in this process, may still read the former file.
	for _, path := range [...]string{c.path + listSuffix, c.path} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("empty the cache: %w", err)
		}
	}
	line, err := json.Marshal(h)
	if err == nil {
		err = c.open()
	}
	if err == nil {
		filesys.Sparse(c.data)
		err = c.data.Truncate(h.Size)
	}
	if err == nil {
		_, err = c.list.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}
	return nil
}

func (c *cache) open() (err error) {
	const flags = os.O_RDWR | os.O_CREATE
	if c.data, err = os.OpenFile(c.path, flags, 0o600); err != nil {
		return err
	}
	c.list, err = os.OpenFile(c.path+listSuffix, flags|os.O_APPEND, 0o600)
	return err
}

// What a record says.
const (
	dropped  = iota // the blocks are not there any more
	kept            // they are
	proven          // nothing of blocks: what is there has been checked
	released        // they are not there any more, though they were right
)

// resume opens the cache and calls set for every record, in order.
func (c *cache) resume(set func(first, n uint32, what byte)) error {
	if err := c.open(); err != nil {
		return fmt.Errorf("open the cache: %w", err)
	}
	r := bufio.NewReader(c.list)
	line, err := r.ReadBytes('\n')
	end := int64(len(line))
	var b [recordSize]byte
	for err == nil {
		if _, err = io.ReadFull(r, b[:]); err == nil {
			set(binary.LittleEndian.Uint32(b[:]), binary.LittleEndian.Uint32(b[4:]), b[8])
			end += recordSize
		}
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the cache: %w", err)
	}
	now := time.Now()
	_ = os.Chtimes(c.path+listSuffix, now, now) // it is used; Trim goes by that
	return c.list.Truncate(end)                 // without a record that was cut off
}

const recordSize = 9

// note adds a record.
func (c *cache) note(first, n int64, what byte) error {
	var b [recordSize]byte
	binary.LittleEndian.PutUint32(b[:], uint32(first))
	binary.LittleEndian.PutUint32(b[4:], uint32(n))
	b[8] = what
	_, err := c.list.Write(b[:])
	return err
}

// letGo closes the files.
func (c *cache) letGo() error {
	err := errors.Join(c.data.Close(), c.list.Close())
	c.data, c.list = nil, nil
	return err
}

// close closes the files, and removes a private cache.
func (c *cache) close() error {
	var errs []error
	for _, f := range [...]*os.File{c.data, c.list} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	if c.lock != nil {
		errs = append(errs, c.lock.Release())
	}
	if c.dir != "" {
		errs = append(errs, os.RemoveAll(c.dir))
	}
	return errors.Join(errs...)
}
