package clickhouse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// protocols are the two ways to a server, by the variables that name it.
var protocols = map[string]string{"native": "TEST_CLICKHOUSE_URL", "http": "TEST_CLICKHOUSE_HTTP_URL"}

// both runs a test over both protocols.
func both(t *testing.T, test func(t *testing.T, p *place)) {
	for name, variable := range protocols {
		t.Run(name, func(t *testing.T) {
			address := backend.URL(t, variable)
			backend.Leaks(t)
			test(t, newPlace(t, address))
		})
	}
}

// place is a database of a test's own.
type place struct {
	t       testing.TB
	address string
	conn    driver.Conn
}

func newPlace(t testing.TB, address string) *place {
	t.Helper()
	name := fmt.Sprintf("test_%016x", rand.Uint64())
	p := &place{t: t, address: strings.Replace(address, "/default", "/"+name, 1)}
	p.conn = connect(t, address)
	p.exec("CREATE DATABASE " + name)
	p.conn.Close()
	p.conn = connect(t, p.address)
	t.Cleanup(func() {
		p.exec("DROP DATABASE " + name)
		p.conn.Close()
	})
	return p
}

func connect(t testing.TB, address string) driver.Conn {
	t.Helper()
	options, err := parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (p *place) exec(statement string) {
	p.t.Helper()
	if err := p.conn.Exec(context.Background(), statement); err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
}

// lines is what a query gives, a column of text.
func (p *place) lines(query string, args ...any) (all []string) {
	p.t.Helper()
	rows, err := p.conn.Query(context.Background(), query, args...)
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			p.t.Fatalf("%s: %v", query, err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	return all
}

// want checks what a query gives, a column of text.
func (p *place) want(query string, want ...string) {
	p.t.Helper()
	if got := p.lines(query); strings.Join(got, "\n") != strings.Join(want, "\n") {
		p.t.Errorf("%s\n got %q\nwant %q", query, got, want)
	}
}

func (p *place) open() *Sink {
	p.t.Helper()
	s, err := Open(context.Background(), p.address, Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Close() })
	return s
}

func write(t testing.TB, s *Sink, b *record.Batch) {
	t.Helper()
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatalf("Write of %d to %d: %v", b.From, b.To, err)
	}
}

var begin = time.Date(2026, 11, 22, 23, 59, 59, 123456789, time.UTC)

// batch has n positions from one: trades, best prices and deltas of books by turns, every of them received some time after the one
// before.
func batch(log byte, from, n int, every time.Duration) *record.Batch {
	b := new(record.Batch)
	b.Reset(wal.ID{log}, uint64(from))
	var e record.Encoder
	for i := from; i < from+n; i++ {
		at := begin.Add(time.Duration(i) * every)
		stamp := exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Time: at.Truncate(time.Millisecond), Received: at, Seq: int64(i)}
		price, size := decimal.New(6_825_010+int64(i%977), 2), decimal.New(int64(i%5003)+1, 5)
		var row []byte
		switch i % 3 {
		case 0:
			row = e.Trade(&exchange.Trade{Stamp: stamp, ID: fmt.Sprint(log, "-", i), Side: exchange.Buy, Price: price, Size: size})
		case 1:
			row = e.BidAsk(&exchange.BidAsk{Stamp: stamp, Bid: price, BidSize: size, Ask: price, AskSize: size})
		case 2:
			level := []exchange.Level{{Price: price, Size: size}}
			row = e.Book(record.BookDelta, &exchange.OrderBook{Stamp: stamp}, level, level)
		}
		if err := b.Add(uint64(i), row); err != nil {
			panic(err) // of what Encoder has made
		}
	}
	return b
}

// once checks that the rows at positions 0 to n of a log are there, each once.
func (p *place) once(log byte, n int) {
	p.t.Helper()
	id := wal.ID{log}.String()
	for i, table := range []string{"trades_rows", "bid_asks", "books"} {
		want := fmt.Sprint((n+2-i)/3, " ", (n+2-i)/3)
		p.want("SELECT concat(toString(count()), ' ', toString(uniqExact(pos))) FROM "+table+" WHERE log = '"+id+"'", want)
	}
}
