package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
)

var _ record.Sink = (*Sink)(nil)

func open(t *testing.T, path string) *Sink {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
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
			into[i] = &fields[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := ""
		for i, f := range fields {
			if i > 0 {
				line += "|"
			}
			if !f.Valid {
				f.String = "NULL"
			}
			line += f.String
		}
		lines = append(lines, line)
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

func write(t *testing.T, s *Sink, b record.Batch) {
	t.Helper()
	b.To = b.From + uint64(b.Rows())
	if err := s.Write(t.Context(), &b); err != nil {
		t.Fatalf("Write [%d, %d): %v", b.From, b.To, err)
	}
}

// Numbers as venues write them: each must come back byte for byte.
var numbers = []string{
	"68250.10000000", "0.000", "-0.00", "9.121E-7", "1e-07", "1.5e+3", "0.00000001",
	"1234567890123456789012345678", "0.1234567890123456789012345678", "100", "1E5", "-7.50",
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c%d#e.db")
	s := open(t, path)
	var b record.Batch
	for i, n := range numbers {
		b.Trades = append(b.Trades, exchange.Trade{
			Stamp: exchange.Stamp{Venue: "okx", Symbol: "币安人生/USDT", Received: begin.Add(time.Duration(i)), Seq: 1 << 60},
			ID:    fmt.Sprint("00", i), Price: decimal.MustParse(n), Size: decimal.MustParse(n),
		})
	}
	b.Trades[0].Time, b.Trades[0].Side, b.Trades[0].First = begin.Add(-1), exchange.Sell, "7"
	b.Trades[0].Contracts, b.Trades[0].Cost = decimal.MustParse("5.0"), decimal.MustParse("1.10")
	levels := []exchange.Level{{Price: decimal.MustParse("10.50"), Size: decimal.MustParse("1E-7")}, {Price: decimal.MustParse("10.40"), Size: decimal.MustParse("2")}}
	b.Books = []exchange.OrderBook{
		{Stamp: exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Time: begin, Received: begin.Add(1), Seq: 9}, State: book.Live, Bids: levels, Contracts: true, KnownBid: decimal.MustParse("9.0")},
	}
	b.Tickers = []exchange.Ticker{{Stamp: exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Received: begin}, Last: decimal.MustParse("1.10"), Volume: decimal.MustParse("0"), OpenTime: begin, Trades: 12}}
	b.BidAsks = []exchange.BidAsk{{Stamp: exchange.Stamp{Venue: "binance", Symbol: "BTC/USDT", Received: begin, Seq: 3}, Bid: decimal.MustParse("1.0"), BidSize: decimal.MustParse("2.00")}}
	b.Gaps = []record.Gap{{Venue: "okx", Symbol: "BTC/USDT", Channel: record.Books, Cause: "gap", From: begin, To: begin.Add(1), FromID: "1", ToID: "3", Lost: 1, Healed: true, Err: "x"}}
	write(t, s, b)
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is not where it was asked for: %v", err)
	}

	at := begin.UnixNano()
	want(t, path, "SELECT price FROM trades ORDER BY received", numbers...)
	want(t, path, "SELECT size FROM trades ORDER BY received", numbers...)
	want(t, path, "SELECT * FROM trades ORDER BY received LIMIT 2",
		fmt.Sprintf("okx|币安人生/USDT|%d|%d|%d|000|7|sell|68250.10000000|68250.10000000|5.0|1.10|68250.1|68250.1", at-1, at, 1<<60),
		fmt.Sprintf("okx|币安人生/USDT|NULL|%d|%d|001|NULL|NULL|0.000|0.000|NULL|NULL|0|0", at+1, 1<<60))
	want(t, path, "SELECT venue, symbol, time, received, seq, contracts, known_bid, known_ask, bids, asks, bid, bid_size, ask, bid_real FROM books",
		fmt.Sprintf(`okx|BTC/USDT|%d|%d|9|1|9.0|NULL|[["10.50","1E-7"],["10.40","2"]]|[]|10.50|1E-7|NULL|10.5`, at, at+1))
	want(t, path, "SELECT side, level, price, size FROM levels", "bid|1|10.50|1E-7", "bid|2|10.40|2")
	want(t, path, "SELECT symbol, last, last_size, volume, open_time, trades FROM tickers", fmt.Sprintf("BTC/USDT|1.10|NULL|0|%d|12", at))
	want(t, path, "SELECT venue, bid, bid_size, ask, ask_size, seq FROM bid_asks", "binance|1.0|2.00|NULL|NULL|3")
	want(t, path, "SELECT * FROM gaps", fmt.Sprintf("okx|BTC/USDT|books|gap|%d|%d|1|3|1|1|x", at, at+1))
	want(t, path, "SELECT schema, cursor, epoch FROM meta", fmt.Sprintf("1|%d|1", b.Rows()))
	want(t, path, "PRAGMA journal_mode", "wal")
}

func TestRestartAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	first := open(t, path)
	write(t, first, record.Batch{Trades: tradeRows(10, 0)})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	at, err := s.Cursor(t.Context())
	if err != nil || at != 10 {
		t.Fatalf("Cursor: %d, %v, want 10", at, err)
	}
	write(t, s, record.Batch{From: at, Trades: tradeRows(10, 10)})
	want(t, path, "SELECT count(*), count(DISTINCT id) FROM trades", "20|20")
	want(t, path, "SELECT count(*) FROM market", "8")
}

func TestBatchesAreStoredOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s := open(t, path)
	b := record.Batch{Gaps: make([]record.Gap, 5)} // rows without a key of their own
	write(t, s, b)
	write(t, s, b)
	want(t, path, "SELECT count(*) FROM gap_row", "5")
	b.From = 3
	b.To = 8
	if err := s.Write(t.Context(), &b); !errors.Is(err, record.ErrOverlap) {
		t.Errorf("a batch that is half stored: %v, want ErrOverlap", err)
	}
	want(t, path, "SELECT count(*) FROM gap_row", "5")
	write(t, s, record.Batch{From: 5, Gaps: make([]record.Gap, 1)})
	want(t, path, "SELECT count(*) FROM gap_row", "6")
}

func TestTradesAreUniqueByMarketAndID(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s := open(t, path)
	x := tradeRows(1, 0)[0]
	other, elsewhere, nameless := x, x, x
	other.Symbol, elsewhere.Venue, nameless.ID = "BTC/USDT", "okx", ""
	write(t, s, record.Batch{Trades: []exchange.Trade{x, x, other, elsewhere, nameless, nameless}})
	want(t, path, "SELECT venue, symbol, count(*), count(id) FROM trades GROUP BY 1, 2 ORDER BY 1, 2",
		"binance|BTC/USDT|1|1", "binance|COIN0/USDT:USDT|3|1", "okx|COIN0/USDT:USDT|1|1")
	want(t, path, "SELECT cursor FROM meta", "6")
}

func TestGapsViewShowsEachHoleOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s := open(t, path)
	hole := record.Gap{Venue: "okx", Symbol: "BTC/USDT", Channel: record.Books, Cause: "gap", From: begin}
	closed, open := hole, hole
	closed.To, closed.Healed = begin.Add(1), true
	open.From = begin.Add(5)
	ofTrades := hole
	ofTrades.Channel = record.Trades
	write(t, s, record.Batch{Gaps: []record.Gap{hole, closed, open, ofTrades}})
	want(t, path, "SELECT channel, healed, count(*) FROM gaps GROUP BY 1, 2 ORDER BY 1, 2", "books|0|1", "books|1|1", "trades|0|1")
	want(t, path, "SELECT count(*) FROM gap_row", "4")
}

// A batch whose context ends on the way leaves nothing behind, its new markets included.
func TestCancelledBatchLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s := open(t, path)
	b := record.Batch{Trades: tradeRows(1000, 0), To: 1000}
	stop := errors.New("enough")
	if err := s.Write(&countdown{Context: t.Context(), left: 500, why: stop}, &b); !errors.Is(err, context.Canceled) {
		t.Fatalf("Write: %v, want context.Canceled", err)
	}
	want(t, path, "SELECT count(*) FROM trade_row", "0")
	want(t, path, "SELECT count(*) FROM market", "0")
	want(t, path, "SELECT cursor FROM meta", "0")
	write(t, s, b)
	want(t, path, "SELECT count(*), count(DISTINCT symbol) FROM trades", "1000|8")
}

// countdown is a context that ends when it has been asked often enough.
type countdown struct {
	context.Context
	left int
	why  error
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestClosedMidBatchRollsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s := open(t, path)
	write(t, s, record.Batch{Trades: tradeRows(10, 0)})
	half := &record.Batch{Trades: tradeRows(500, 10)}
	if _, err := s.conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := s.rows(t.Context(), t.Context(), half); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	want(t, path, "SELECT count(*) FROM trade_row", "10")
	want(t, path, "SELECT cursor FROM meta", "10")
}

// TestKilledMidBatch has a process of its own killed in the middle of a transaction.
func TestKilledMidBatch(t *testing.T) {
	const name = "DEPTHWIRE_TEST_DIE_WRITING"
	if path := os.Getenv(name); path != "" {
		s := open(t, path)
		write(t, s, record.Batch{Trades: tradeRows(10, 0)})
		if _, err := s.conn.ExecContext(t.Context(), "PRAGMA cache_size = 10"); err != nil { // so that pages of the transaction reach the disk
			t.Fatal(err)
		}
		if _, err := s.conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		if err := s.rows(t.Context(), t.Context(), &record.Batch{Trades: tradeRows(5000, 10)}); err != nil {
			t.Fatal(err)
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		t.Fatal(self.Kill(), "and still alive")
	}
	path := filepath.Join(t.TempDir(), "ticks.db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledMidBatch$")
	child.Env = append(os.Environ(), name+"="+path)
	if out, err := child.CombinedOutput(); err == nil || len(out) > 0 {
		t.Fatalf("the process was not killed: %v\n%s", err, out)
	}
	s := open(t, path)
	if at, err := s.Cursor(t.Context()); err != nil || at != 10 {
		t.Errorf("Cursor: %d, %v, want 10", at, err)
	}
	want(t, path, "SELECT count(*) FROM trade_row", "10")
	want(t, path, "PRAGMA integrity_check", "ok")
	write(t, s, record.Batch{From: 10, Trades: tradeRows(5000, 10)})
	want(t, path, "SELECT count(*) FROM trade_row", "5010")
}

func TestSecondWriterFencesTheFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	first := open(t, path)
	write(t, first, record.Batch{Trades: tradeRows(10, 0)})
	second := open(t, path)
	b := record.Batch{From: 10, To: 20, Trades: tradeRows(10, 10)}
	for range 2 {
		if err := first.Write(t.Context(), &b); !errors.Is(err, record.ErrFenced) {
			t.Errorf("Write of the first: %v, want ErrFenced", err)
		}
	}
	want(t, path, "SELECT count(*) FROM trade_row", "10")
	write(t, second, b)
	want(t, path, "SELECT count(*) FROM trade_row", "20")
	if _, err := first.Cursor(t.Context()); !errors.Is(err, record.ErrFenced) {
		t.Errorf("Cursor of the first: %v, want ErrFenced", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	foreign, newer := filepath.Join(dir, "foreign.db"), filepath.Join(dir, "newer.db")
	query(t, foreign, "CREATE TABLE accounts (id INTEGER)")
	s := open(t, newer)
	s.Close()
	query(t, newer, "UPDATE meta SET schema = 99")
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte("this is no database, however long it goes on: "+fmt.Sprint(make([]int, 1000))), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path  string
		found int
	}{{foreign, 0}, {newer, 99}} {
		_, err := Open(t.Context(), c.path, Options{})
		var e *SchemaError
		if !errors.Is(err, ErrSchema) || !errors.As(err, &e) || e.Found != c.found {
			t.Errorf("Open(%s): %v, want a SchemaError with version %d", filepath.Base(c.path), err, c.found)
		}
	}
	want(t, newer, "SELECT schema, epoch FROM meta", "99|1")
	want(t, foreign, "SELECT name FROM sqlite_schema", "accounts")
	for _, path := range []string{garbage, filepath.Join(dir, "no", "such", "folder.db")} {
		if s, err := Open(t.Context(), path, Options{}); err == nil {
			s.Close()
			t.Errorf("Open(%s): no error", path)
		}
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "x.db"), Options{Synchronous: "sometimes"}); err == nil {
		t.Error("Open with Synchronous sometimes: no error")
	}
}

// A reader in another process sees whole batches while the file is written.
func TestReadWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s := open(t, path)
	for i := range 5 {
		write(t, s, record.Batch{From: uint64(i * 100), Trades: tradeRows(100, i*100)})
		want(t, path, "SELECT count(*) FROM trades", fmt.Sprint((i+1)*100))
	}
}
