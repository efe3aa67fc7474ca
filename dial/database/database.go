package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// Driver is what one kind of database does in its own way.
type Driver struct {
	Scheme    string
	Addr      string // scheme, host and port, for errors
	Connector driver.Connector
	// Bytes reports whether values of a type, named as in
	// sql.ColumnType.DatabaseTypeName, are bytes and no text.
	Bytes func(typeName string) bool
	// Kind returns what an error of the driver means, of the kinds of dial: ErrAuth,
	// whose text is not shown, ErrLost when the statement may be tried again; nil for
	// what the server says of a statement.
	Kind func(error) error
	// Single is set for a database that one connection has to itself.
	Single bool
}

// Conn is one owner of a database connection. Its methods may be called by any
// number of goroutines.
type Conn struct {
	*shared
	life context.Context // until Close
	end  context.CancelFunc

	mu      sync.Mutex     // no statement begins while Close begins to wait
	running sync.WaitGroup // statements
}

func newConn(s *shared) *Conn {
	c := &Conn{shared: s}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// shared is a connection and how many own it.
type shared struct {
	Driver
	options dial.Options
	db      *sql.DB
	wires   wires
	handle  int64
	owners  int // under handles.mu
}

var handles = struct {
	mu   sync.Mutex
	last int64
	open map[int64]*shared
}{open: make(map[int64]*shared)}

// Check refuses the options that databases do not have. Packages of schemes
// call it first.
func Check(o dial.Options) error {
	switch {
	case o.Payload != "":
		return fmt.Errorf("%w %q: want none with a database", dial.ErrOption, "payload")
	case o.Compress != dial.Uncompressed:
		return fmt.Errorf("%w %q: want none with a database", dial.ErrOption, "compress")
	case o.Mode != dial.Dual:
		return fmt.Errorf("%w %q: want dual with a database", dial.ErrOption, "mode")
	case o.Silence != 0:
		return fmt.Errorf("%w %q: want none with a database", dial.ErrOption, "silence")
	case o.Framing != dial.Raw:
		return fmt.Errorf("%w %q: want raw with a database", dial.ErrOption, "framing")
	}
	return nil
}

// How many connections the pool has at most: statements beyond wait for one, for
// servers refuse who wants too many. DB may set others.
const (
	mostOpen = 32
	mostIdle = 8
)

// Open connects, and returns a *Conn. ctx bounds the connecting only.
func Open(ctx context.Context, d Driver, o dial.Options) (dial.Conn, error) {
	s := &shared{Driver: d, options: o, owners: 1}
	s.db = sql.OpenDB(&connector{Connector: d.Connector, s: s})
	s.db.SetMaxOpenConns(mostOpen)
	s.db.SetMaxIdleConns(mostIdle) // for any time: a session must not end by itself
	if d.Single {
		s.db.SetMaxOpenConns(1)
	}
	bounded, cancel := context.WithTimeout(ctx, o.HandshakeTimeout)
	defer cancel()
	if err := s.db.PingContext(bounded); err != nil {
		s.db.Close()
		switch {
		case ctx.Err() != nil:
			err = ctx.Err()
		case bounded.Err() != nil:
			err = dial.ErrTimeout
		default:
			err = s.kind(err)
		}
		return nil, s.fail("dial", err)
	}
	handles.mu.Lock()
	defer handles.mu.Unlock()
	handles.last++
	s.handle = handles.last
	handles.open[s.handle] = s
	return newConn(s), nil
}

// Handle returns the number by which dial.Reuse gives another Conn of this
// connection, in any goroutine of this process.
func (c *Conn) Handle() int64 { return c.handle }

// DB returns the pool below, for what Exec and Query lack: transactions,
// prepared statements. Close is not for its user.
func (c *Conn) DB() *sql.DB { return c.db }

// Close ends this Conn and the statements that it has begun, which fail with
// dial.ErrClosed. The last one of the connection closes it.
func (c *Conn) Close() error {
	c.mu.Lock()
	again := c.life.Err() != nil
	c.end()
	c.mu.Unlock()
	if again {
		return nil
	}
	c.running.Wait()
	handles.mu.Lock()
	c.owners--
	last := c.owners == 0
	if last {
		delete(handles.open, c.handle)
	}
	handles.mu.Unlock()
	if last {
		if err := c.db.Close(); err != nil {
			return c.fail("close", err)
		}
	}
	return nil
}

// Read implements dial.Conn: a database has no messages.
func (c *Conn) Read(context.Context) ([]byte, error) {
	return nil, c.fail("read", errors.ErrUnsupported)
}

// Write implements dial.Conn: a database has no messages.
func (c *Conn) Write(context.Context, []byte) error {
	return c.fail("write", errors.ErrUnsupported)
}

// OnLost implements dial.Enduring: nobody waits for messages, so nobody is told.
func (c *Conn) OnLost(func(error)) {}

// Result is what a statement came to.
type Result struct {
	// Columns and Rows are those of a query. Values are int64, uint64, float64, bool, string,
	// []byte, time.Time or nil; of MySQL float32, too, and of ClickHouse more, as its driver
	// documents. Numbers that float64 cannot hold exactly, such as numeric, are strings.
	Columns []string
	Rows    [][]driver.Value
	// Affected is how many rows a statement that is no query has changed, -1
	// when the database does not say.
	Affected int64
}

// maxResult bounds what Exec keeps of a query, in bytes.
const maxResult = 256 << 20

// Exec executes one statement with its arguments. Of a query it returns
// columns and rows, of 256 MiB at most; Query has no such bound. What is a query is seen by
// its first word (SELECT, WITH, SHOW, …) and by RETURNING.
func (c *Conn) Exec(ctx context.Context, query string, args ...any) (Result, error) {
	if !isQuery(c.Scheme, query) {
		return c.change(ctx, query, args)
	}
	rows, err := c.Query(ctx, query, args...)
	if err != nil {
		return Result{}, err
	}
	r := Result{Columns: rows.Columns()}
	size := 0
	for row, err := range rows.All() {
		if err != nil {
			return Result{}, err
		}
		for _, v := range row {
			size += sizeOf(v)
		}
		if size > maxResult {
			return Result{}, c.fail("exec", fmt.Errorf("%w: result, Query has no bound", dial.ErrTooLarge))
		}
		r.Rows = append(r.Rows, append([]driver.Value{}, row...))
	}
	return r, nil
}

func sizeOf(v driver.Value) int {
	const header = 24
	switch v := v.(type) {
	case string:
		return header + len(v)
	case []byte:
		return header + len(v)
	}
	return header
}

func (c *Conn) change(ctx context.Context, query string, args []any) (Result, error) {
	var r Result
	err := c.lease(ctx, "exec", func(ctx context.Context, on *sql.Conn, release func(error)) error {
		done, err := on.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if r.Affected, err = done.RowsAffected(); err != nil {
			r.Affected = -1
		}
		release(nil)
		return nil
	})
	return r, err
}

// Query executes a query whose rows come one by one as they are asked for. Its
// rows end with ctx.
func (c *Conn) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	r := &Rows{conn: c, ctx: ctx}
	err := c.lease(ctx, "query", func(ctx context.Context, on *sql.Conn, release func(error)) error {
		rows, err := on.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if err := r.start(rows); err != nil {
			rows.Close()
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		unbind := context.AfterFunc(c.life, func() { r.Close() })
		r.release = func(err error) {
			unbind()
			release(err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Rows are the rows of a query. They must be read to their end, or closed.
type Rows struct {
	conn    *Conn
	ctx     context.Context
	rows    *sql.Rows
	columns []string
	text    []bool // the column's []byte are text
	row     []driver.Value
	into    []any       // the addresses of row
	broken  atomic.Bool // the driver has panicked

	mu      sync.Mutex // whoever closes, too, waits until it is done
	release func(error)
}

func (r *Rows) start(rows *sql.Rows) error {
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	r.rows = rows
	r.row, r.into = make([]driver.Value, len(types)), make([]any, len(types))
	for i, t := range types {
		r.columns = append(r.columns, t.Name())
		r.text = append(r.text, r.conn.Bytes != nil && !r.conn.Bytes(t.DatabaseTypeName()))
		r.into[i] = (*any)(&r.row[i])
	}
	return nil
}

// Columns returns the names of the columns.
func (r *Rows) Columns() []string { return r.columns }

// All gives the rows that are left, and closes them. An error is the last that
// comes. A row is valid until the next.
func (r *Rows) All() iter.Seq2[[]driver.Value, error] {
	return func(yield func([]driver.Value, error) bool) {
		defer r.Close()
		for {
			more, err := r.next()
			if err != nil {
				yield(nil, r.fail(err))
			}
			if !more {
				return
			}
			for i, v := range r.row {
				if b, ok := v.([]byte); ok && r.text[i] {
					r.row[i] = string(b)
				}
			}
			if !yield(r.row, nil) {
				return
			}
		}
	}
}

var errPanic = errors.New("the driver cannot read the answer")

// next reads a row. clickhouse-go panics on types that it has not foreseen, such
// as Map(String, Int128): what a server answers must not end the program.
func (r *Rows) next() (more bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.broken.Store(true)
			more, err = false, fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	if !r.rows.Next() {
		return false, r.rows.Err()
	}
	err = r.rows.Scan(r.into...)
	return err == nil, err
}

func (r *Rows) fail(err error) error {
	return r.conn.fail("query", r.conn.statementError(r.ctx, err))
}

// Close ends the query. Closing again does nothing.
func (r *Rows) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.release == nil {
		return nil
	}
	err := r.rows.Close()
	if r.ctx.Err() != nil || r.conn.life.Err() != nil {
		err = nil // it was told, or nobody asks
	}
	failure := r.rows.Err()
	if r.broken.Load() {
		failure = errPanic
	}
	r.release(failure)
	r.release = nil
	return r.conn.fail("query", err)
}

func init() {
	dial.Register("handle", func(_ context.Context, rest string, o dial.Options) (dial.Conn, error) {
		if err := Check(o); err != nil {
			return nil, err
		}
		return reuse(rest)
	})
}

func reuse(rest string) (dial.Conn, error) {
	var handle int64
	if _, err := fmt.Sscanf(rest, "%d", &handle); err != nil || fmt.Sprint(handle) != rest {
		return nil, fmt.Errorf("%w: want handle://number", dial.ErrAddress)
	}
	handles.mu.Lock()
	defer handles.mu.Unlock()
	s := handles.open[handle]
	if s == nil {
		return nil, fmt.Errorf("%w %d", dial.ErrHandle, handle)
	}
	s.owners++
	return newConn(s), nil
}

// pause waits d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
