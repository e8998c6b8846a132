package sqlite

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

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/sqlpages"
)

// Conn is one SQLite connection, for one goroutine at a time. It uses the driver directly:
// database/sql would add a goroutine and several allocations to every segment read.
type Conn struct {
	c      *sqlite3.SQLiteConn
	stmts  map[string]driver.Stmt
	schema string
}

// Mode is how a connection opens its file.
type Mode string

// The modes.
const (
	ReadWrite Mode = "mode=rwc"
	Existing  Mode = "mode=rw" // does not create the file
	ReadOnly  Mode = "mode=ro"
	// takes no locks and ignores a -wal: for files that are not written
	Immutable Mode = "mode=ro&immutable=1"
	// Remains is Immutable for a truncated file, which SQLite would not open otherwise: reading a
	// lost page is ErrCorrupt.
	Remains Mode = remains
)

const remains = "remains"

// patience is how long a connection waits for another one's lock: a running build releases its
// .part every few seconds.
const patience = time.Minute

// LibraryVersion is the version of SQLite.
func LibraryVersion() string {
	v, _, _ := sqlite3.Version()
	return v
}

// Dial opens a file.
func Dial(path string, m Mode) (*Conn, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	file := "file://" + (&url.URL{Path: filesys.URIPath(abs)}).EscapedPath() + "?"
	dsn, schema := file+string(m)+fmt.Sprintf("&_busy_timeout=%d", patience.Milliseconds()), "main"
	// the driver reads the file on opening, before it could be told that it is truncated
	if m == Remains {
		dsn, schema = ":memory:", remains
	}
	dc, err := (&sqlite3.SQLiteDriver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	c := &Conn{c: dc.(*sqlite3.SQLiteConn), stmts: make(map[string]driver.Stmt), schema: schema}
	c.c.SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, sqlpages.MaxRow)
	if _, err := c.c.Exec(
		`PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0`,
		nil); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if m == Remains {
		// If the schema is writable but the file is not, SQLite accepts the file's actual length.
		_, err := c.c.Exec(`PRAGMA writable_schema = ON; ATTACH ? AS `+remains,
			[]driver.Value{file + string(Immutable)})
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// Remains reports whether the file is opened as truncated.
func (c *Conn) Remains() bool { return c.schema == remains }

// Schema returns the schema name of the file in statements.
func (c *Conn) Schema() string { return c.schema }

// Close finalises the statements and closes the file.
func (c *Conn) Close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

// Query runs one statement and calls each for every row. Statements are kept prepared, so each must
// not run the same statement again. A column of a wrong type is returned as ErrCorrupt.
func (c *Conn) Query(ctx context.Context, sql string, each func(r *Row) error, args ...any) error {
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
	r := Row{sql: sql, v: make([]driver.Value, len(rows.Columns()))}
	for {
		if err = rows.Next(r.v); err != nil {
			break
		}
		if each == nil {
			continue
		}
		if err = each(&r); r.err != nil {
			err = r.err // the other may be a consequence of it
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

// Exec runs one statement and ignores its rows.
func (c *Conn) Exec(ctx context.Context, sql string, args ...any) error {
	return c.Query(ctx, sql, nil, args...)
}

// Number runs a query of one row and column. No row gives 0.
func (c *Conn) Number(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = c.Query(ctx, sql, func(r *Row) error { n = r.Int(0); return nil }, args...)
	return n, err
}

// Row is one row of a result. A column of a wrong type is remembered as an error, because the file
// is not trusted.
type Row struct {
	sql string
	v   []driver.Value
	err error
}

func column[T any](r *Row, i int) T {
	v, ok := r.v[i].(T)
	if !ok && r.err == nil {
		r.err = Corrupt("column %d of %q has type %T, want %T", i, r.sql, r.v[i], v)
	}
	return v
}

// Err returns the error of a column of a wrong type, for callers that end a query early.
func (r *Row) Err() error {
	err := r.err
	r.err = nil
	return err
}

// IsNull reports whether column i is NULL.
func (r *Row) IsNull(i int) bool { return r.v[i] == nil }

// Int returns column i.
func (r *Row) Int(i int) int64 { return column[int64](r, i) }

// Text returns column i.
func (r *Row) Text(i int) string { return column[string](r, i) }

// Blob returns column i, which the caller may keep.
func (r *Row) Blob(i int) []byte { return column[[]byte](r, i) }

// Pool lends a fixed number of connections, opened when first needed.
type Pool struct {
	path  string
	mode  Mode
	slots chan *Conn // nil: not opened yet
	once  sync.Once
	done  chan struct{} // closed by close
}

// NewPool returns a pool of n connections to the file at path.
func NewPool(path string, m Mode, n int) *Pool {
	p := &Pool{path: path, mode: m, slots: make(chan *Conn, n), done: make(chan struct{})}
	for range n {
		p.slots <- nil
	}
	return p
}

// PoolOf returns a pool of one open connection.
func PoolOf(c *Conn) *Pool {
	p := NewPool("", "", 1)
	<-p.slots
	p.slots <- c
	return p
}

// Path returns the file of the connections; empty for PoolOf.
func (p *Pool) Path() string { return p.path }

// Open opens every connection. None may be lent at that time.
func (p *Pool) Open() error {
	for range cap(p.slots) {
		c := <-p.slots
		var err error
		if c == nil {
			c, err = Dial(p.path, p.mode)
		}
		p.slots <- c
		if err != nil {
			return fmt.Errorf("open a read connection: %w", err)
		}
	}
	return nil
}

// Do calls f with a connection. It waits while all are lent.
func (p *Pool) Do(ctx context.Context, f func(*Conn) error) error {
	var c *Conn
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
		opened, err := Dial(p.path, p.mode)
		if err != nil {
			return fmt.Errorf("open a read connection: %w", err)
		}
		c = opened
	}
	return f(c)
}

// Close waits for the lent connections and closes all.
func (p *Pool) Close() error {
	var errs []error
	p.once.Do(func() {
		close(p.done)
		for range cap(p.slots) {
			if c := <-p.slots; c != nil {
				errs = append(errs, c.Close())
			}
		}
	})
	return errors.Join(errs...)
}
