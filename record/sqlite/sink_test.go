package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
)

var (
	_ record.Keeper = (*Sink)(nil)
	_ record.Store  = (*Sink)(nil)
)

func TestConformance(t *testing.T) {
	recordtest.Run(t, func(t *testing.T) *recordtest.Place {
		path := filepath.Join(t.TempDir(), "a b?c%d#e.db")
		return &recordtest.Place{
			Open: func(ctx context.Context) (record.Store, error) {
				s, err := Open(ctx, path, Options{})
				if err != nil {
					return nil, err
				}
				return s, nil
			},
			Refused: func(t *testing.T, e *record.Encoder) []byte {
				execute(t, path, `CREATE TRIGGER IF NOT EXISTS no BEFORE INSERT ON trades_row WHEN NEW.side = 'none' BEGIN SELECT RAISE(ABORT, 'no such side'); END`)
				return e.Trade(&exchange.Trade{Stamp: exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Received: recordtest.Begin}, ID: "bad", Side: "none"})
			},
			Other: func(t *testing.T) { execute(t, path, "UPDATE meta SET schema = 1") },
		}
	})
}

func execute(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open(Driver, address(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestBookAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db, err := sql.Open(Driver, address(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	recordtest.Books(t, s, func(venue, symbol string, at time.Time, depth int) (bids, asks []exchange.Level) {
		rows, err := db.Query(BookAt, venue, symbol, at.UnixNano(), depth)
		if err != nil {
			t.Fatal(err)
		}
		return recordtest.Sides(t, rows)
	})
}

// query returns the rows of a question to the file, each as one line.
func query(t *testing.T, path, text string) (lines []string) {
	t.Helper()
	db, err := sql.Open(Driver, address(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		fields := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range fields {
			fields[i].String = "NULL"
			into[i] = &fields[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var line []string
		for _, f := range fields {
			if !f.Valid {
				f.String = "NULL"
			}
			line = append(line, f.String)
		}
		lines = append(lines, strings.Join(line, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func want(t *testing.T, path, text string, lines ...string) {
	t.Helper()
	if got := query(t, path, text); !slices.Equal(got, lines) {
		t.Errorf("%s\n got %q\nwant %q", text, got, lines)
	}
}

func open(t *testing.T, path string) *Sink {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestViews(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	recordtest.Known(t, open(t, path))
	at := recordtest.Begin.UnixNano()
	want(t, path, "SELECT venue, symbol, time, received, seq, id, first, side, price, size, cost, price_real * 2, log, pos FROM trades WHERE id = '1'",
		fmt.Sprintf("okx|BTC/USDT|%d|%d|9|1|NULL|buy|68250.10|0.500|NULL|136500.2|1|0", at-1_000_000, at))
	want(t, path, "SELECT price, price_real, size FROM trades WHERE id = '2'", "1e-7|1e-07|-0.0")
	want(t, path, "SELECT state, contracts, known_bid, bids, asks FROM books", `delta|0|NULL|[["10.50","1E-7"],["10.40","2"]]|[["11","0"]]`)
	want(t, path, "SELECT side, level, price, size, price_real FROM levels ORDER BY side DESC, level", "bid|1|10.50|1E-7|10.5", "bid|2|10.40|2|10.4", "ask|1|11|0|11")
	want(t, path, "SELECT channel, cause, from_time, to_time, lost, healed FROM gaps ORDER BY received",
		fmt.Sprintf("books|gap|%d|%d|0|1", at, at+2), fmt.Sprintf("books|gap|%d|NULL|0|0", at+5))
	want(t, path, "SELECT count(*) FROM gaps_row", "3")
	want(t, path, `SELECT schema, epoch, id, "cursor" FROM meta, log`, fmt.Sprintf("2|1|%s|6", recordtest.Log(1)))
	want(t, path, "PRAGMA journal_mode", "wal")
	for _, table := range record.Tables {
		query(t, path, "SELECT venue, symbol, time, received, seq, log, pos FROM "+table.Name)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	query(t, file("foreign.db"), "CREATE TABLE accounts (id INTEGER)")
	query(t, file("first.db"), "CREATE TABLE meta (schema INTEGER NOT NULL, cursor INTEGER NOT NULL, epoch INTEGER NOT NULL) STRICT")
	query(t, file("first.db"), "INSERT INTO meta VALUES (1, 10, 3)")
	query(t, file("another.db"), "CREATE TABLE meta (name TEXT)")
	open(t, file("newer.db")).Close()
	query(t, file("newer.db"), "UPDATE meta SET schema = 99")
	for name, say := range map[string]string{"foreign.db": "accounts", "first.db": "version 1", "another.db": "meta", "newer.db": "version 99"} {
		_, err := Open(t.Context(), file(name), Options{})
		if !errors.Is(err, record.ErrSchema) || !strings.Contains(err.Error(), say) || !strings.Contains(err.Error(), name) {
			t.Errorf("Open(%s): %v, want ErrSchema with %q", name, err, say)
		}
	}
	want(t, file("first.db"), "SELECT schema, cursor, epoch FROM meta", "1|10|3")
	want(t, file("newer.db"), "SELECT schema, epoch FROM meta", "99|1")
	want(t, file("foreign.db"), "SELECT name FROM sqlite_schema", "accounts")
	if err := os.WriteFile(file("garbage.db"), bytes.Repeat([]byte("this is no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file("garbage.db"), filepath.Join(dir, "no", "such", "folder.db")} {
		if s, err := Open(t.Context(), path, Options{}); err == nil || errors.Is(err, record.ErrSchema) {
			t.Errorf("Open(%s): %v", path, err)
			if err == nil {
				s.Close()
			}
		}
	}
	if _, err := Open(t.Context(), file("x.db"), Options{Synchronous: "sometimes"}); err == nil {
		t.Error("Open with Synchronous sometimes: no error")
	}
}

// TestKilledMidBatch has a process of its own killed in the middle of a transaction.
func TestKilledMidBatch(t *testing.T) {
	const name = "DEPTHWIRE_TEST_DIE_WRITING"
	m := recordtest.NewMaker(1)
	first, second := m.Batch(recordtest.Log(1), 0, 10), m.Batch(recordtest.Log(1), 10, 5000) // more than SQLite keeps in memory: some has reached the disk
	if path := os.Getenv(name); path != "" {
		s := open(t, path)
		if err := s.Write(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		ctx := &countdown{Context: t.Context(), left: 4500, do: func() { t.Error(self.Kill(), "and still alive") }}
		t.Fatal(s.Write(ctx, second), "and still alive")
	}
	path := filepath.Join(t.TempDir(), "ticks.db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledMidBatch$")
	child.Env = append(os.Environ(), name+"="+path)
	if out, err := child.CombinedOutput(); err == nil || len(out) > 0 {
		t.Fatalf("the process was not killed: %v\n%s", err, out)
	}
	var all recordtest.Rows
	all.Stored(first)
	s := open(t, path)
	all.Check(t, s)
	if at, err := s.Cursor(t.Context(), first.Log); err != nil || at != 10 {
		t.Errorf("Cursor: %d, %v, want 10", at, err)
	}
	want(t, path, "PRAGMA integrity_check", "ok")
	if err := s.Write(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	all.Stored(second)
	all.Check(t, s)
}

// countdown is a context that does something when it has been asked often enough.
type countdown struct {
	context.Context
	left int
	do   func()
}

func (c *countdown) Err() error {
	if c.left--; c.left == 0 {
		c.do()
	}
	return c.Context.Err()
}

// A reader in another process sees whole batches while the file is written, and Read of the sink itself does too.
func TestReadWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s := open(t, path)
	m := recordtest.NewMaker(1)
	var writing sync.WaitGroup
	const batches, rows = 20, 500
	writing.Go(func() {
		for i := range uint64(batches) {
			if err := s.Write(t.Context(), m.Batch(recordtest.Log(1), i*rows, rows, record.FundingTable)); err != nil {
				t.Error(err)
			}
		}
	})
	for n := 0; n < batches*rows; {
		n = 0
		err := s.Read(t.Context(), record.FundingTable, recordtest.Begin, recordtest.Begin.Add(time.Hour), []string{"seq"}, func(r *record.Rows) error { n += r.Len(); return nil })
		if err != nil {
			t.Fatal(err)
		}
		count := query(t, path, "SELECT count(*) % 500 FROM funding")
		if count[0] != "0" {
			t.Fatalf("part of a batch can be seen: %s rows", count)
		}
		if t.Failed() {
			break
		}
	}
	writing.Wait()
}
