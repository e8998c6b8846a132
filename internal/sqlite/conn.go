package mbtiles

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
)

// maxRow bounds what SQLite will hold of one row: the largest stored value is a plan in the metadata.
const maxRow = 64 << 20

// conn is one SQLite connection for one goroutine at a time. It speaks to the driver directly: database/sql would put a goroutine and
// several allocations round every segment read.
type conn struct {
	c     *sqlite3.SQLiteConn
	stmts map[string]driver.Stmt
}

// mode is how a connection opens its file.
type mode string

const (
	readWrite mode = "mode=rwc"
	existing  mode = "mode=rw" // makes no file
	readOnly  mode = "mode=ro"
	immutable mode = "mode=ro&immutable=1" // takes no locks and looks at no -wal: for files that nobody writes
)

// patience is how long a connection waits for a lock of another one: a build that is writing lets go of its .part every few seconds.
const patience = time.Minute

func dial(path string, m mode) (*conn, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := "file://" + (&url.URL{Path: abs}).EscapedPath() + "?" + string(m) + fmt.Sprintf("&_busy_timeout=%d", patience.Milliseconds())
	dc, err := (&sqlite3.SQLiteDriver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	c := &conn{c: dc.(*sqlite3.SQLiteConn), stmts: make(map[string]driver.Stmt)}
	c.c.SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, maxRow)
	if _, err := c.c.Exec(`PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0`, nil); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

// query runs one statement and calls each for every row. Statements are kept prepared, so one that is being read must not be run again
// from each. What each finds wrong with a column's type is returned as ErrCorrupt.
func (c *conn) query(ctx context.Context, sql string, each func(r *row) error, args ...any) error {
	stmt, ok := c.stmts[sql]
	if !ok {
		var err error
		if stmt, err = c.c.Prepare(sql); err != nil {
			return err
		}
		c.stmts[sql] = stmt
	}
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		if n, ok := a.(int); ok {
			a = int64(n)
		}
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, named)
	if err != nil {
		return err
	}
	r := row{sql: sql, v: make([]driver.Value, len(rows.Columns()))}
	for {
		if err = rows.Next(r.v); err != nil {
			break
		}
		if each == nil {
			continue
		}
		if err = each(&r); r.err != nil {
			err = r.err // of which the other may be a consequence
		}
		if err != nil {
			break
		}
	}
	if err == io.EOF {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

// exec runs one statement whose rows do not matter.
func (c *conn) exec(ctx context.Context, sql string, args ...any) error {
	return c.query(ctx, sql, nil, args...)
}

// number runs a query of one row and column. No row is 0.
func (c *conn) number(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = c.query(ctx, sql, func(r *row) error { n = r.int(0); return nil }, args...)
	return n, err
}

// row is one row of a result. A column of another type than asked for is remembered as an error, since the file may come from anyone.
type row struct {
	sql string
	v   []driver.Value
	err error
}

func column[T any](r *row, i int) T {
	v, ok := r.v[i].(T)
	if !ok && r.err == nil {
		r.err = corrupt("column %d of %q holds a %T, not a %T", i, r.sql, r.v[i], v)
	}
	return v
}

func (r *row) int(i int) int64   { return column[int64](r, i) }
func (r *row) text(i int) string { return column[string](r, i) }
func (r *row) blob(i int) []byte { return column[[]byte](r, i) }

// pool lends a fixed number of connections, opened as they are first needed.
type pool struct {
	path  string
	mode  mode
	slots chan *conn // nil: not opened yet
	once  sync.Once
	done  chan struct{} // closed by close
}

func newPool(path string, m mode, n int) *pool {
	p := &pool{path: path, mode: m, slots: make(chan *conn, n), done: make(chan struct{})}
	for range n {
		p.slots <- nil
	}
	return p
}

// poolOf lends one connection that is open already.
func poolOf(c *conn) *pool {
	p := newPool("", "", 1)
	<-p.slots
	p.slots <- c
	return p
}

// open opens every connection. Nobody may have one yet but those who gave it back.
func (p *pool) open() error {
	for range cap(p.slots) {
		c := <-p.slots
		var err error
		if c == nil {
			c, err = dial(p.path, p.mode)
		}
		p.slots <- c
		if err != nil {
			return fmt.Errorf("open a read connection: %w", err)
		}
	}
	return nil
}

// do lends a connection to f. It waits for one while all are lent.
func (p *pool) do(ctx context.Context, f func(*conn) error) error {
	var c *conn
	select {
	case <-p.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case c = <-p.slots:
	}
	defer func() { p.slots <- c }()
	select { // both may have been ready
	case <-p.done:
		return ErrClosed
	default:
	}
	if c == nil {
		opened, err := dial(p.path, p.mode)
		if err != nil {
			return fmt.Errorf("open a read connection: %w", err)
		}
		c = opened
	}
	return f(c)
}

// close waits for the connections that are lent and closes them all.
func (p *pool) close() error {
	var errs []error
	p.once.Do(func() {
		close(p.done)
		for range cap(p.slots) {
			if c := <-p.slots; c != nil {
				errs = append(errs, c.close())
			}
		}
	})
	return errors.Join(errs...)
}
