package farm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// errRoom is a store that has enough shares for now.
var errRoom = errors.New("the coordinator has enough shares waiting")

// room waits until the shares that wait leave room for another.
func room(ctx context.Context, o objects, wait func(error)) error {
	return persist(ctx, wait, func(ctx context.Context) error {
		if n, err := o.size(ctx); err != nil || n < storeSoft {
			return err
		}
		return errRoom
	})
}

func (s *store) put(ctx context.Context, name, file string, wait func(error)) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	for limit := transfer(info.Size()); ; {
		if err := room(ctx, s, wait); err != nil {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		one, cancel := context.WithTimeout(ctx, limit())
		_, err = s.os.Put(one, jetstream.ObjectMeta{Name: name}, f)
		cancel()
		_ = f.Close() // read only
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		wait(err)
		select {
		case <-time.After(reconnectWait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

const (
	// leastTransfer is how long a share may take at least, at a megabyte a second besides.
	leastTransfer = 20 * time.Second
	// mostTransfer is for 64 MB on a slow line.
	mostTransfer = 30 * time.Minute
)

// transfer returns the time limits of tries, one after the other, to send or fetch so many bytes. A
// try that a killed server was part of may never end though the server is back, and one on a slow
// line needs long: so each has twice the time of the one before.
func transfer(bytes int64) func() time.Duration {
	next := leastTransfer + time.Duration(max(0, min(bytes, mostShare)))*time.Microsecond
	return func() time.Duration {
		limit := next
		next = min(2*next, mostTransfer)
		return limit
	}
}

func (s *store) get(ctx context.Context, name, dir string) (file string, free func(), err error) {
	r, err := s.os.Get(ctx, name)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return "", nil, errGone
	}
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = r.Close() }()
	return temporary(dir, r) // reading checks the digest of the object, too
}

// temporary writes a share into a file of dir that free removes. Its name is none that a worker
// has chosen.
func temporary(dir string, r io.Reader) (file string, free func(), err error) {
	f, err := os.CreateTemp(dir, "*"+suffix)
	if err != nil {
		return "", nil, err
	}
	n, err := io.Copy(f, io.LimitReader(r, mostShare+1))
	if err = errors.Join(err, f.Close()); err == nil && n > mostShare {
		err = fmt.Errorf("%w: it is larger than %d bytes", errLie, mostShare)
	}
	free = func() { _ = os.Remove(f.Name()) } // in a folder that is removed at the end
	if err != nil {
		free()
	}
	return f.Name(), free, err
}

// mostShare is what a share takes with everything around its textures.
const mostShare = mostBytes + 16<<20

// folder is a folder that all see.
type folder struct {
	dir  string
	seen map[string]bool
}

const suffix = ".mbtiles"

func openFolder(dir, id string) (*folder, error) {
	f := &folder{dir: filepath.Join(dir, "xelpack-"+id)}
	return f, os.MkdirAll(f.dir, 0o777)
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.Base(name)+suffix) }

func (f *folder) put(ctx context.Context, name, file string, wait func(error)) error {
	if err := room(ctx, f, wait); err != nil {
		return err
	}
	return persist(ctx, wait, func(context.Context) error {
		from, err := os.Open(file)
		if err != nil {
			return err
		}
		defer func() { _ = from.Close() }()
		part := f.path(name) + ".part"
		to, err := os.Create(part)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
			return errors.Join(err, os.Remove(part))
		}
		return os.Rename(part, f.path(name))
	})
}

func (f *folder) get(_ context.Context, name, _ string) (string, func(), error) {
	info, err := os.Lstat(f.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, errGone
	case err != nil:
		return "", nil, err
	case !info.Mode().IsRegular() || info.Size() > mostShare:
		return "", nil, fmt.Errorf("%w: it is not a file of at most %d bytes", errLie, mostShare)
	}
	return f.path(name), func() {}, nil
}

func (f *folder) remove(_ context.Context, name string) error {
	if err := os.Remove(f.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f *folder) size(context.Context) (n int64, err error) {
	list, err := os.ReadDir(f.dir)
	for _, e := range list {
		if info, err := e.Info(); err == nil { // else it is gone
			n += info.Size()
		}
	}
	return n, err
}

func (f *folder) sweep(_ context.Context, wanted map[int]bool) error {
	list, err := os.ReadDir(f.dir)
	seen := map[string]bool{}
	for _, e := range list {
		info, errInfo := e.Info()
		if errInfo != nil || wanted[numberOf(e.Name())] && !strings.HasSuffix(e.Name(), ".part") {
			continue
		}
		key := fmt.Sprint(e.Name(), info.Size())
		if seen[key] = true; f.seen[key] {
			err = errors.Join(err, os.Remove(filepath.Join(f.dir, e.Name())))
		}
	}
	f.seen = seen
	return err
}
