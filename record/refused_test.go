//go:build unix

package record_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/clickhouse"
	"github.com/depthwire/depthwire/record/recordtest"
	"github.com/depthwire/depthwire/record/wal"
)

// Rows that the store of TestRefusedOfManyTables refuses, by their positions: the first and the last of a batch, neighbours in one table
// or in two, one alone; of one the gap that stands for it is refused, too.
var forbidden = []uint64{0, 57, 58, 59, 99, 100, 205, 299}

const (
	written = 300 // rows
	dumb    = 205 // its gap is refused
)

// A batch of several tables of which some refuse rows is not stored whole, or not at all, in ClickHouse. In the end it is all the same,
// wherever the recorder dies meanwhile and whichever answers are lost: the rows that are refused are in the file, a gap stands
// for each, and all others are there once.
func TestRefusedOfManyTables(t *testing.T) {
	const variable = "TEST_CLICKHOUSE_URL"
	if !served(t, variable) {
		t.Skip("no " + variable)
	}
	address, exec := emptyDatabase(t, backend.URL(t, variable))
	dir := t.TempDir()
	fillLog(t, dir)
	open := func() record.Store {
		s, err := clickhouse.Open(t.Context(), address, clickhouse.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	in := strings.Trim(strings.ReplaceAll(fmt.Sprint(forbidden), " ", ", "), "[]")
	for _, table := range []string{"trades_rows", "books", "bid_asks", "tickers"} {
		exec(fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT fine CHECK pos NOT IN (%s)", table, in))
	}
	exec(fmt.Sprintf("ALTER TABLE gaps ADD CONSTRAINT fine CHECK pos != %d", dumb))
	deaths := 0
	for life := 0; ; life++ {
		dies := 3 + 2*life // at this Write
		if life == 20 {
			dies = 0
		}
		err := live(t, dir, s, dies, life%2 == 0)
		if s.Close(); err == nil {
			break
		}
		if deaths++; !errors.Is(err, record.ErrLeft) || dies == 0 {
			t.Fatal(err)
		}
		s = open()
	}
	if deaths < 3 {
		t.Errorf("it has died %d times", deaths)
	}
	s = open()
	defer s.Close()
	wholeButRefused(t, dir, s)
}

// emptyDatabase makes a database of the test's own, and returns its address and what executes a statement there.
func emptyDatabase(t *testing.T, address string) (own string, exec func(statement string)) {
	connect := func(address string) driver.Conn {
		o, err := driver.ParseDSN(address)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := driver.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	name := fmt.Sprintf("test_%016x", rand.Uint64())
	if err := connect(address).Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	own = strings.Replace(address, "/default", "/"+name, 1)
	conn := connect(own)
	exec = func(statement string) {
		if err := conn.Exec(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	t.Cleanup(func() { exec("DROP DATABASE " + name) })
	return own, exec
}

// fillLog makes a log of rows of four tables, none of them a gap.
func fillLog(t *testing.T, dir string) {
	log, _, err := wal.Open(filepath.Join(dir, "log"), wal.Options{Segment: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	m := recordtest.NewMaker(1)
	m.Plain = true
	for i := range written {
		table := []*record.Table{record.TradeTable, record.BookTable, record.BidAskTable, record.TickerTable}[i%4]
		if _, err := log.Append(t.Context(), m.Row(table)); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// mortal is a sink of which every fifth answer is lost, and whose recorder dies at a Write, which has stored what it had to or has not.
type mortal struct {
	record.Store
	writes, dies int
	stored       bool
	death        func()
}

var errLost = errors.New("the answer is lost")

func (m *mortal) Write(ctx context.Context, b *record.Batch) error {
	m.writes++
	dead := m.dies > 0 && m.writes >= m.dies
	if dead {
		m.death()
	}
	if dead && (m.writes > m.dies || !m.stored) {
		return errLost
	}
	err := m.Store.Write(context.WithoutCancel(ctx), b)
	if b.To >= written {
		m.death() // it would wait for more
	}
	if err == nil && (dead || m.writes%5 == 0) {
		return errLost
	}
	return err
}

// live is a life of the recorder over a log that is written, until its sink has all of it, or it dies.
func live(t *testing.T, dir string, s record.Store, dies int, stored bool) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := &mortal{Store: s, dies: dies, stored: stored, death: cancel}
	o := record.Config{Dir: dir, Drain: 5 * time.Minute, Log: wal.Options{Segment: 1 << 30}, Sinks: []record.Target{{Name: "ch", Sink: m, Rows: 100, Every: time.Millisecond}}}
	if dies > 0 {
		o.Drain = time.Nanosecond
	}
	return record.RunFed(ctx, o, func(r *record.Recorder) record.Fed {
		return func(ctx context.Context, _ *exchange.Trade) error {
			if dies == 0 {
				cancel() // all is there already
			}
			<-ctx.Done()
			return ctx.Err()
		}
	})
}

// wholeButRefused holds the store and the file against the log.
func wholeButRefused(t *testing.T, dir string, s record.Store) {
	log, found, err := wal.Open(filepath.Join(dir, "log"), wal.Options{Segment: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	want, got := make(map[uint64]string), make(map[uint64][]string)
	in := log.Reader(0)
	defer in.Close()
	var b record.Batch
	for at := uint64(0); at < found.Next; at++ {
		pos, row, err := in.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.Reset(log.ID(), pos)
		if err := b.Add(pos, row); err != nil {
			t.Fatal(err)
		}
		want[pos] = recordtest.Text(b.Tables[0], 0)
	}
	for _, table := range record.Tables {
		err := s.Read(t.Context(), table, time.Unix(0, 0), time.Unix(1<<33, 0), nil, func(r *record.Rows) error {
			for i, pos := range r.Pos {
				text := recordtest.Text(r, i)
				if table == record.GapTable && slices.Contains(forbidden, pos) {
					text = "gap of " + r.Columns[table.Column("cause")].Texts[i]
				}
				got[pos] = append(got[pos], text)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for pos, text := range want {
		switch {
		case pos == dumb:
			if len(got[pos]) > 0 {
				t.Errorf("%d is there: %q", pos, got[pos])
			}
		case slices.Contains(forbidden, pos):
			if !slices.Equal(got[pos], []string{"gap of " + record.Refused}) {
				t.Errorf("for %d stand %q, want a gap", pos, got[pos])
			}
		case !slices.Equal(got[pos], []string{text}):
			t.Errorf("for %d stand %q, want %q", pos, got[pos], text)
		}
	}
	if len(got) != len(want)-1 {
		t.Errorf("%d positions have rows, of %d and one whose gap is refused", len(got), len(want))
	}
	if in := refusedIn(t, filepath.Join(dir, "ch.refused.jsonl"), want); !slices.Equal(in, forbidden) {
		t.Errorf("the file has %d, want %d", in, forbidden)
	}
}

// refusedIn gives the positions of the rows in a file of those that were refused, and checks that they are those of the log. A recorder that
// dies before its place is known anew may say one again.
func refusedIn(t *testing.T, path string, want map[uint64]string) (all []uint64) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var r record.Refusal
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		var b record.Batch
		b.Reset(wal.ID{}, r.Pos)
		if err := b.Add(r.Pos, r.Record); err != nil {
			t.Fatal(err)
		}
		if text := recordtest.Text(b.Tables[0], 0); text != want[r.Pos] {
			t.Errorf("%d in the file is %s, want %s", r.Pos, text, want[r.Pos])
		}
		all = append(all, r.Pos)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
