// Package quota counts the requests of providers that take only so many a day, over all processes
// of a user.
package quota

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/sqlite"
)

// ErrUsedUp is what Take's error wraps when a provider takes no more requests today.
var ErrUsedUp = errors.New("used up")

// Counter counts a process's requests. Safe for concurrent use.
type Counter struct {
	dir string
	now func() time.Time

	mu     sync.Mutex
	left   map[string]share // by the provider's id
	filing singleflight.Group
}

// share is what the process may still ask of a provider, counted in the file already.
type share struct {
	day  string
	left int
}

// count is a provider's file.
type count struct {
	Day  string `json:"day"` // UTC
	Used int    `json:"used"`
}

// New returns a Counter whose files are in dir, which is made when it is needed. Close it.
func New(dir string) *Counter {
	return &Counter{dir: dir, now: time.Now, left: map[string]share{}}
}

func (c *Counter) today() string { return c.now().UTC().Format(time.DateOnly) }

// Take counts one request to a provider that takes perDay a day, or says why it must not be made.
func (c *Counter) Take(ctx context.Context, id string, perDay int) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		today := c.today()
		c.mu.Lock()
		s := c.left[id]
		had := s.day == today && s.left > 0
		if had {
			s.left--
			c.left[id] = s
		}
		c.mu.Unlock()
		if had {
			return nil
		}
		_, err, _ := c.filing.Do(id,
			func() (any, error) { return nil, c.reserve(ctx, id, today, perDay) })
		if err != nil {
			return err
		}
	}
}

// reserve gets the process more requests: one in a hundred, so that the file is seldom written, and
// little is lost when a process is killed.
func (c *Counter) reserve(ctx context.Context, id, today string, perDay int) error {
	n := max(1, perDay/100)
	err := c.file(ctx, id, func(f *count) error {
		if f.Day != today {
			*f = count{Day: today}
		}
		if n = min(n, perDay-f.Used); n <= 0 {
			return fmt.Errorf("%s takes %d requests a day, and these are %w until 00:00 UTC", id,
				perDay, ErrUsedUp)
		}
		f.Used += n
		return nil
	})
	if err == nil {
		c.mu.Lock()
		c.left[id] = share{today, n}
		c.mu.Unlock()
	}
	return err
}

// Close gives back what was not needed.
func (c *Counter) Close(ctx context.Context) error {
	c.mu.Lock()
	left := c.left
	c.left = map[string]share{}
	c.mu.Unlock()
	var errs []error
	for id, s := range left {
		if s.left == 0 {
			continue
		}
		errs = append(errs, c.file(ctx, id, func(f *count) error {
			if f.Day == s.day {
				f.Used -= s.left
			}
			return nil
		}))
	}
	return errors.Join(errs...)
}

const (
	lockTries = 3000
	lockPause = 10 * time.Millisecond
)

// file changes a provider's file, which no other process does meanwhile.
func (c *Counter) file(ctx context.Context, id string, change func(*count) error) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return fmt.Errorf("count requests: %w", err)
	}
	name := filepath.Join(c.dir, url.QueryEscape(id)+".json")
	var lock *sqlite.Lock
	for try := 0; ; try++ {
		var err error
		if lock, err = sqlite.LockFile(name + ".lock"); err == nil {
			break
		}
		if try == lockTries || !errors.Is(err, sqlite.ErrLocked) {
			return fmt.Errorf("count requests: %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
	err := c.change(name, change)
	return errors.Join(err, lock.Release())
}

func (c *Counter) change(name string, change func(*count) error) error {
	var f count
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("count requests: %s: %w (remove it to start counting again)", name, err)
	}
	if err := change(&f); err != nil {
		return err
	}
	return safefile.Write(name, func(w io.Writer) error { return json.NewEncoder(w).Encode(f) })
}
