package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/sqlite"
	"github.com/depthwire/depthwire/venuetest"
)

func TestRun(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		var out bytes.Buffer
		o := options{path: filepath.Join(t.TempDir(), "ticks.db"), length: 4 * time.Second, terminal: terminal}
		if err := run(t.Context(), &out, o); err != nil {
			t.Fatalf("run: %v\n%s", err, &out)
		}
		for _, want := range []string{
			`binance BTC/USDT: one delta dropped, noticed .*\(gap\), live again .*100 \+ 100 levels equal`,
			`okx BTC/USDT:USDT: disconnected, noticed .*\(disconnect\), live again .*100 \+ 100 levels equal`,
			`8 of 8 books equal to the simulator's at the end`,
			`consolidated BTC/USDT: whole again after okx .*disconnect`,
			`BTC/USDT everywhere.*  bid .* ask .*, 5 of 5 venues, complete for [1-9]\d* \+ [1-9]\d* levels`,
			`trades +\d+ rows, 0 dropped`,
			`, 0 rows not written`,
			`all equal`,
		} {
			if !regexp.MustCompile(want).MatchString(out.String()) {
				t.Errorf("no %q in\n%s", want, &out)
			}
		}
		if got := strings.Contains(out.String(), "\x1b["); got != terminal {
			t.Errorf("escape sequences: %t on a terminal: %t", got, terminal)
		}
		recorded(t, o.path)
	}
}

// recorded looks into the file: every market has rows of each kind, and holes in books are closed.
func recorded(t *testing.T, path string) {
	db, err := sql.Open(sqlite.Driver, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for question, want := range map[string]int{
		"SELECT count(*) FROM (SELECT DISTINCT venue, symbol FROM trades)":                       8,
		"SELECT count(*) FROM (SELECT DISTINCT venue, symbol FROM books)":                        8,
		"SELECT count(*) FROM (SELECT DISTINCT venue, symbol FROM tickers)":                      8,
		"SELECT count(*) FROM gaps WHERE channel = 'books' AND cause <> 'start' AND healed":      5,
		"SELECT count(*) FROM gaps WHERE channel = 'books' AND cause <> 'start' AND NOT healed":  0,
		"SELECT count(*) FROM books WHERE state = 'snapshot' AND json_array_length(bids) <> 100": 0,
	} {
		var got int
		if err := db.QueryRow(question).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", question, got, err, want)
		}
	}
}

// interrupt is an output that ends the run at the first thing that is written.
type interrupt struct {
	bytes.Buffer
	cancel context.CancelFunc
}

func (i *interrupt) Write(b []byte) (int, error) {
	i.cancel()
	return i.Buffer.Write(b)
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &interrupt{cancel: cancel}
	if err := run(ctx, out, options{path: filepath.Join(t.TempDir(), "ticks.db"), length: time.Hour}); err != nil {
		t.Errorf("run: %v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "8 of 8 books equal") {
		t.Errorf("no comparison at the end:\n%s", out)
	}
}

// What the program claims must be able to fail.
func TestDifferencesAreFound(t *testing.T) {
	s := venuetest.OKX(venuetest.Options{Memory: true})
	defer s.Close()
	s.Step(10)
	truth, ok := s.Book("BTC/USDT", s.Last("BTC/USDT"))
	if !ok {
		t.Fatal("no true book")
	}
	right := func() *exchange.OrderBook {
		b := &exchange.OrderBook{Stamp: exchange.Stamp{Symbol: "BTC/USDT", Seq: truth.Seq}}
		for i := range depth {
			b.Bids = append(b.Bids, level(truth, truth.Bids[i]))
			b.Asks = append(b.Asks, level(truth, truth.Asks[i]))
		}
		return b
	}
	if why := differs(s, right()); why != "" {
		t.Errorf("the true book: %s", why)
	}
	for name, spoil := range map[string]func(b *exchange.OrderBook){
		"size":     func(b *exchange.OrderBook) { b.Bids[99].Size = b.Bids[99].Size.Add(decimal.MustParse("0.00000001")) },
		"price":    func(b *exchange.OrderBook) { b.Asks[0].Price = b.Asks[0].Price.Add(decimal.MustParse("0.1")) },
		"short":    func(b *exchange.OrderBook) { b.Bids = b.Bids[:99] },
		"sequence": func(b *exchange.OrderBook) { b.Seq += 1000 },
	} {
		b := right()
		spoil(b)
		if differs(s, b) == "" {
			t.Errorf("a wrong %s is not found", name)
		}
	}
	b := newBoard([]venue{{name: "okx", server: s}})
	b.check("at the end") // no book is live
	if err := b.failure(); !errors.Is(err, errWrong) {
		t.Errorf("failure() = %v, want errWrong", err)
	}
}

func level(b venuetest.Book, l venuetest.Level) exchange.Level {
	return exchange.Level{Price: decimal.MustParse(b.Price(l)), Size: decimal.MustParse(b.Size(l))}
}
