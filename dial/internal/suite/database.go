package suite

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/database"
	"github.com/depthwire/depthwire/internal/backend"
)

// Database is what the tests need to know of one kind.
type Database struct {
	Name     string                       // of the back end in scripts/services; empty: there is no server
	Variable string                       // that has its address
	Address  func(variable string) string // an address for Dial of what the variable says
	Integer  string                       // the type of 64-bit integers
	Text     string                       // the type of text
	Engine   string                       // behind the columns of CREATE TABLE
	Mark     func(i int) string           // the i-th placeholder, from 1
	Numbers  string                       // a query of the numbers from 0 to %d-1
	Slow     string                       // a query that takes longer than a test
	Affected bool                         // it says how many rows were changed
	HTTP     bool                         // below it are connections of net/http, which come and go
	// Secure makes TLS of the client's side of a relay; nil where a test
	// cannot.
	Secure    func(tls.Certificate) func(client, server net.Conn) (net.Conn, error)
	Encrypted func(address string) string // the address with encryption asked for, if TLS in Options is not enough
}

// Run runs all tests.
func (d Database) Run(t *testing.T) {
	t.Run("statements", d.statements)
	t.Run("streams", d.streams)
	t.Run("handles", d.handles)
	t.Run("crowd", d.crowd)
	t.Run("options", d.options)
	t.Run("ends with its context", d.contexts)
	t.Run("ends with Close", d.closing)
	if d.Name == "" {
		return
	}
	t.Run("refused", d.refused)
	t.Run("wrong password", d.wrongPassword)
	t.Run("silence", d.silence)
	if !d.HTTP {
		t.Run("stale", d.stale)
	}
	t.Run("cut", d.cut)
	t.Run("proxy", d.proxied)
	t.Run("killed", d.killed)
	t.Run("killed with reconnect", d.killedReconnect)
	if d.Secure != nil {
		t.Run("certificates", d.certificates)
	}
}

func (d Database) address(t testing.TB) string {
	if d.Variable == "" {
		return d.Address("")
	}
	return d.Address(backend.URL(t, d.Variable))
}

// Open dials and closes with the test.
func Open(t testing.TB, address string) *database.Conn {
	t.Helper()
	return OpenWith(t, dial.Options{}, address)
}

// OpenWith dials with options.
func OpenWith(t testing.TB, o dial.Options, address string) *database.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := o.Dial(ctx, address)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*database.Conn)
}

// Exec executes what must succeed.
func Exec(t testing.TB, c *database.Conn, query string, args ...any) database.Result {
	t.Helper()
	r, err := c.Exec(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return r
}

// table makes an empty table, which goes with the test.
func (d Database) table(t testing.TB, c *database.Conn) string {
	t.Helper()
	name := fmt.Sprintf("t%d", time.Now().UnixNano())
	Exec(t, c, fmt.Sprintf("CREATE TABLE %s (id %s, name %s) %s", name, d.Integer, d.Text, d.Engine))
	t.Cleanup(func() {
		again, err := dial.Dial(context.Background(), d.address(t))
		if err != nil {
			t.Error(err)
			return
		}
		defer again.Close()
		again.(*database.Conn).Exec(context.Background(), "DROP TABLE "+name) // gone already if it was in memory
	})
	return name
}

func (d Database) insert(table string) string {
	return fmt.Sprintf("INSERT INTO %s (id, name) VALUES (%s, %s)", table, d.Mark(1), d.Mark(2))
}

func (d Database) statements(t *testing.T) {
	backend.Leaks(t)
	c := Open(t, d.address(t))
	table := d.table(t, c)
	const odd = "it's \"quoted\" \\ ünïcode; -- not a comment"
	if r := Exec(t, c, d.insert(table), 1, odd); d.Affected && r.Affected != 1 || r.Columns != nil || r.Rows != nil {
		t.Errorf("insert: %+v; want one row affected, and no rows", r)
	}
	Exec(t, c, d.insert(table), int64(1)<<62+1, "")
	r := Exec(t, c, "SELECT id, name AS n FROM "+table+" ORDER BY id")
	want := `[id n] [[1 ` + odd + `] [4611686018427387905 ]]`
	if got := fmt.Sprint(r.Columns, r.Rows); got != want {
		t.Errorf("select: %s; want %s", got, want)
	}
	if _, ok := r.Rows[0][1].(string); !ok {
		t.Errorf("text is a %T, want string", r.Rows[0][1])
	}
	if r := Exec(t, c, "SELECT id FROM "+table+" WHERE id = "+d.Mark(1), 7); r.Columns == nil || len(r.Rows) != 0 {
		t.Errorf("empty select: %+v; want a column and no rows", r)
	}
	_, err := c.Exec(t.Context(), "SELECT nonsense FROM nowhere_at_all")
	if e, ok := errors.AsType[*dial.Error](err); !ok || e.Op != "query" || errors.Is(err, dial.ErrLost) {
		t.Errorf("wrong statement: %v; want an Error of query that is no loss", err)
	}
	if _, err := c.Read(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Read: %v; want ErrUnsupported", err)
	}
	if err := c.Write(t.Context(), nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Write: %v; want ErrUnsupported", err)
	}
	c.Close()
	if _, err := c.Exec(t.Context(), "SELECT 1"); !errors.Is(err, dial.ErrClosed) {
		t.Errorf("after Close: %v; want ErrClosed", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func (d Database) streams(t *testing.T) {
	backend.Leaks(t)
	c := Open(t, d.address(t))
	const n = 100_000
	rows, err := c.Query(t.Context(), fmt.Sprintf(d.Numbers, n))
	if err != nil {
		t.Fatal(err)
	}
	sum, seen := 0, 0
	for row, err := range rows.All() {
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		if _, err := fmt.Sscan(fmt.Sprint(row[0]), &i); err != nil {
			t.Fatal(err)
		}
		sum += i
		seen++
	}
	if seen != n || sum != n*(n-1)/2 {
		t.Errorf("%d rows, sum %d; want %d, %d", seen, sum, n, n*(n-1)/2)
	}
	// A query left early gives its connection back, or the pool runs out of them.
	for range 20 {
		rows, err := c.Query(t.Context(), fmt.Sprintf(d.Numbers, n))
		if err != nil {
			t.Fatal(err)
		}
		for range rows.All() {
			break
		}
		if err := rows.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	}
	if used := c.DB().Stats().InUse; used != 0 {
		t.Errorf("%d connections in use, want none", used)
	}
}

func (d Database) handles(t *testing.T) {
	backend.Leaks(t)
	first := Open(t, d.address(t))
	table := d.table(t, first)
	handle := first.Handle()
	second, err := dial.Reuse(handle)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	// The first owner is gone: any number of goroutines go on.
	var users sync.WaitGroup
	for i := range 8 {
		users.Go(func() {
			c, err := dial.Dial(t.Context(), fmt.Sprintf("handle://%d", handle))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := c.(*database.Conn).Exec(t.Context(), d.insert(table), i, "x"); err != nil {
				t.Error(err)
			}
		})
	}
	users.Wait()
	r := Exec(t, second.(*database.Conn), "SELECT count(*) FROM "+table)
	if got := fmt.Sprint(r.Rows); got != "[[8]]" {
		t.Errorf("count: %s, want 8", got)
	}
	second.Close()
	if _, err := dial.Reuse(handle); !errors.Is(err, dial.ErrHandle) {
		t.Errorf("after the last Close: %v; want ErrHandle", err)
	}
}

// crowd: more goroutines than a server has connections for.
func (d Database) crowd(t *testing.T) {
	backend.Leaks(t)
	c := Open(t, d.address(t))
	var users sync.WaitGroup
	for range 200 {
		users.Go(func() {
			if _, err := c.Exec(t.Context(), fmt.Sprintf(d.Numbers, 1000)); err != nil {
				t.Error(err)
			}
		})
	}
	users.Wait()
}

func (d Database) options(t *testing.T) {
	for _, option := range []string{"compress=gzip", "mode=recv", "framing=lines", "silence=1000", "payload=SELECT 1"} {
		conn, err := dial.Dial(t.Context(), d.address(t)+"|"+option)
		if !errors.Is(err, dial.ErrOption) {
			t.Errorf("%s: %v; want ErrOption", option, err)
		}
		if conn != nil {
			conn.Close()
		}
	}
	// An option that only a connection that can be lost has a use for does no harm.
	c := Open(t, d.address(t)+"|reconnect=true&interval=50")
	Exec(t, c, "SELECT 1")
}

func (d Database) contexts(t *testing.T) {
	backend.Leaks(t)
	c := Open(t, d.address(t))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := c.Exec(ctx, d.Slow)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow query: %v; want DeadlineExceeded", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("slow query took %v, had 200ms", took)
	}
	Exec(t, c, "SELECT 1")
}

// closing: Close ends what runs, rows that nobody closes among it.
func (d Database) closing(t *testing.T) {
	backend.Leaks(t)
	address := d.address(t)
	c := Open(t, address)
	other, err := dial.Reuse(c.Handle())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Query(t.Context(), fmt.Sprintf(d.Numbers, 100_000)); err != nil { // left open
		t.Fatal(err)
	}
	for _, owner := range []*database.Conn{c, other.(*database.Conn)} {
		ended, used := make(chan error, 1), owner.DB().Stats().InUse
		var running sync.WaitGroup
		running.Go(func() {
			_, err := owner.Exec(t.Context(), d.Slow)
			ended <- err
		})
		for owner.DB().Stats().InUse == used && len(ended) == 0 {
			runtime.Gosched()
		}
		begun := time.Now()
		owner.Close()
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("Close took %v", took)
		}
		if err := <-ended; !errors.Is(err, dial.ErrClosed) {
			t.Errorf("a statement that ran: %v; want ErrClosed", err)
		}
		running.Wait()
	}
}

// Bench compares Exec and Query with the driver's own database/sql.
func (d Database) Bench(b *testing.B) {
	c := Open(b, d.address(b))
	rows := fmt.Sprintf(d.Numbers, 1000)
	b.Run("one row, dial", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Exec(b.Context(), "SELECT 1"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("one row, bare", func(b *testing.B) {
		for b.Loop() {
			bare(b, c.DB(), "SELECT 1")
		}
	})
	b.Run("1000 rows, dial", func(b *testing.B) {
		for b.Loop() {
			r, err := c.Query(b.Context(), rows)
			if err != nil {
				b.Fatal(err)
			}
			for _, err := range r.All() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("1000 rows, bare", func(b *testing.B) {
		for b.Loop() {
			bare(b, c.DB(), rows)
		}
	})
}

func bare(b *testing.B, db *sql.DB, query string) {
	r, err := db.QueryContext(b.Context(), query)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	var v any
	for r.Next() {
		if err := r.Scan(&v); err != nil {
			b.Fatal(err)
		}
	}
	if err := r.Err(); err != nil {
		b.Fatal(err)
	}
}
