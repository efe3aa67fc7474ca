package venuetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

type snapshot struct {
	LastUpdateID int64 `json:"lastUpdateId"`
	Bids, Asks   [][]string
}

func TestBinanceDeltasEqualOracle(t *testing.T) {
	for _, tc := range []struct{ name, rest, stream, path, id, symbol string }{
		{"spot", "spot.rest", "spot.stream", "/api/v3/depth", "BTCUSDT", "BTC/USDT"},
		{"spot of coarse prices", "spot.rest", "spot.stream", "/api/v3/depth", "SHIBUSDT", "SHIB/USDT"},
		{"futures", "linear.rest", "linear.public", "/fapi/v1/depth", "BTCUSDT", "BTC/USDT:USDT"},
		{"dated", "linear.rest", "linear.public", "/fapi/v1/depth", "BTCUSDT_261225", "BTC/USDT:USDT-261225"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := Binance(Options{Seed: 7, Memory: true})
			defer s.Close()
			c := dial(t, s, tc.stream, "/stream")
			stream := strings.ToLower(tc.id) + "@depth@100ms"
			if got, want := c.ask(`{"method":"SUBSCRIBE","params":["`+stream+`"],"id":1}`), `{"result":null,"id":1}`; got != want {
				t.Fatalf("ack %s, want %s", got, want)
			}
			s.Step(20)
			_, _, body := get(t, s, tc.rest, tc.path+"?limit=1000&symbol="+tc.id)
			snap := parse[snapshot](t, body)
			n := newNaive()
			n.set(snap.Bids, snap.Asks)
			n.seq = snap.LastUpdateID
			n.same(t, s, tc.symbol, 1000)
			linked := int64(0)
			for i := range 120 {
				s.Step(1 + i%25)
				d := parse[binanceDelta](t, c.next()).Data
				if d.Last <= snap.LastUpdateID {
					linked = d.Last
					continue
				}
				if tc.name == "spot" && linked != 0 && d.First != linked+1 {
					t.Fatalf("U %d after u %d", d.First, linked)
				}
				if strings.HasPrefix(tc.rest, "linear") && linked != 0 && d.Prev != linked {
					t.Fatalf("pu %d after u %d", d.Prev, linked)
				}
				linked = d.Last
				n.set(d.Bids, d.Asks)
				n.seq = d.Last
				n.same(t, s, tc.symbol, 500)
			}
			if n.seq == snap.LastUpdateID {
				t.Fatal("no delta was newer than the snapshot")
			}
		})
	}
}

func TestOKXBooksEqualOracle(t *testing.T) {
	for _, symbol := range []string{"BTC/USDT", "SHIB/USDT", "BTC/USDT:USDT", "BTC/USD:BTC", "BTC/USD:BTC-261225"} {
		t.Run(symbol, func(t *testing.T) {
			s := OKX(Options{Seed: 3, Memory: true, Depth: 420, Checksums: true})
			defer s.Close()
			id := s.find(symbol).ID
			c := dial(t, s, "public", "")
			c.ask(fmt.Sprintf(`{"op":"subscribe","args":[{"channel":"books","instId":%q}]}`, id))
			n := newNaive()
			last := int64(-1)
			for i := range 120 {
				f := parse[okxBook](t, c.next())
				d := f.Data[0]
				if want := map[bool]string{true: "snapshot", false: "update"}[i == 0]; f.Action != want || d.PrevSeqID != last {
					t.Fatalf("frame %d: %s with prevSeqId %d, want %s, %d", i, f.Action, d.PrevSeqID, want, last)
				}
				last = d.SeqID
				n.set(d.Bids, d.Asks)
				n.seq = d.SeqID
				n.same(t, s, symbol, bookWindow)
				if len(n.bids) > bookWindow || len(n.asks) > bookWindow {
					t.Fatalf("the window holds %d and %d levels", len(n.bids), len(n.asks))
				}
				if got := n.sum(); got != d.Checksum {
					t.Fatalf("checksum %d, want %d", d.Checksum, got)
				}
				s.Step(20)
			}
		})
	}
}

func TestSameSeedSameMarket(t *testing.T) {
	books := make([]string, 3)
	for i, seed := range []uint64{5, 5, 6} {
		s := Binance(Options{Seed: seed, Memory: true})
		s.Step(500)
		book, ok := s.Book("BTC/USDT:USDT", s.Last("BTC/USDT:USDT"))
		if !ok {
			t.Fatal("no book")
		}
		books[i] = fmt.Sprint(book)
		s.Close()
	}
	if books[0] != books[1] || books[0] == books[2] {
		t.Fatal("a seed must give one market, and another another")
	}
}

func TestMarketsStayHealthy(t *testing.T) {
	s := OKX(Options{Seed: 11, Memory: true, Depth: 400})
	defer s.Close()
	for round := range 20 {
		s.Step(5000)
		for _, m := range s.markets {
			if m.Status != "" {
				continue
			}
			bid, ask := m.touch()
			if bid.px <= 0 || bid.px >= ask.px {
				t.Fatalf("round %d, %s: bid %d, ask %d", round, m.Symbol, bid.px, ask.px)
			}
			if off := float64(bid.px)/float64(m.ref) - 1; off > 0.2 || off < -0.2 {
				t.Fatalf("round %d, %s: %v away from its reference", round, m.Symbol, off)
			}
			if n := len(m.bids.levels); n < 200 || n > 500 {
				t.Fatalf("round %d, %s: %d bids", round, m.Symbol, n)
			}
		}
	}
	first, last := s.Trades("BTC/USDT")
	if last-first < 500 {
		t.Errorf("trades %d…%d: too few", first, last)
	}
}

func TestOracleHistory(t *testing.T) {
	s := Binance(Options{Memory: true, History: 1000})
	defer s.Close()
	old := s.Last("BTC/USDT")
	was, ok := s.Book("BTC/USDT", old)
	if !ok {
		t.Fatal("the present is unknown")
	}
	s.Step(500)
	if again, ok := s.Book("BTC/USDT", old); !ok || fmt.Sprint(again) != fmt.Sprint(was) {
		t.Error("the book of the past is not what it was")
	}
	s.Step(5000)
	if _, ok := s.Book("BTC/USDT", old); ok {
		t.Error("the oracle is not bounded")
	}
	if _, ok := s.Book("BTC/USDT", s.Last("BTC/USDT")+1); ok {
		t.Error("the oracle knows the future")
	}
	if _, ok := s.Book("XYZ", 1); ok {
		t.Error("the oracle knows what does not exist")
	}
}

func BenchmarkStep(b *testing.B) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	b.ReportAllocs()
	for b.Loop() {
		s.Step(1, "BTC/USDT")
	}
}

func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Binance(Options{Memory: true}).Close()
	}
}

// TestLocality holds the generator to what was measured on real books: half of
// the changes within 10 levels of the touch, three quarters within 38, nine
// tenths within 88; and to a spread of a few gaps.
func TestLocality(t *testing.T) {
	s := Binance(Options{Memory: true, Seed: 2})
	defer s.Close()
	for _, m := range []*market{s.find("BTC/USDT"), s.find("BTC/USDT:USDT")} {
		var ranks, spreads []int
		for range 20_000 {
			from := m.history.next()
			m.change(s.start)
			for _, c := range m.history.from(from) {
				side := &m.bids
				if c.sell {
					side = &m.asks
				}
				i, _ := side.find(c.is.px)
				ranks = append(ranks, max(len(side.levels)-1-i, 0))
			}
			bid, ask := m.touch()
			spreads = append(spreads, int((ask.px-bid.px)/m.tick))
		}
		slices.Sort(ranks)
		slices.Sort(spreads)
		for _, q := range []struct{ part, low, high int }{{50, 4, 14}, {75, 22, 48}, {90, 60, 110}} {
			if got := ranks[len(ranks)*q.part/100]; got < q.low || got > q.high {
				t.Errorf("%s: %d %% of changes within rank %d, want %d to %d", m.Symbol, q.part, got, q.low, q.high)
			}
		}
		if half, limit := spreads[len(spreads)/2], int(m.ref/m.tick/20_000)+3; half > limit {
			t.Errorf("%s: the middle spread is %d ticks, want at most %d", m.Symbol, half, limit)
		}
		t.Log(m.Symbol, ranks[len(ranks)/2], ranks[len(ranks)*3/4], ranks[len(ranks)*9/10], "spread", spreads[len(spreads)/2], spreads[len(spreads)*9/10])
	}
}

// BenchmarkDelta is one delta of ten changes, from the generator to the client.
func BenchmarkDelta(b *testing.B) {
	s := Binance(Options{Memory: true, Markets: BinanceMarkets()[:1]})
	defer s.Close()
	d := websocket.Dialer{NetDialContext: s.DialContext}
	ws, _, err := d.Dial(s.Endpoints()["spot.stream"]+"/ws/btcusdt@depth@100ms", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer ws.Close()
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		s.Step(10)
	}
	s.Close()
	reader.Wait()
}

// TestTradesAreComplete compares the trades of streams and REST with the oracle's.
func TestTradesAreComplete(t *testing.T) {
	s := Binance(Options{Memory: true, Seed: 8})
	defer s.Close()
	trades, aggs := dial(t, s, "spot.stream", "/ws/btcusdt@trade"), dial(t, s, "spot.stream", "/ws/btcusdt@aggTrade")
	for range 20 {
		s.Step(50)
	}
	first, last := s.Trades("BTC/USDT")
	firstAgg, lastAgg := s.Aggregates("BTC/USDT")
	if last < first+20 {
		t.Fatalf("trades %d to %d", first, last)
	}
	type row struct {
		ID    int64  `json:"t"`
		Time  int64  `json:"T"`
		Agg   int64  `json:"a"`
		First int64  `json:"f"`
		Last  int64  `json:"l"`
		Buyer bool   `json:"m"`
		Any   bool   `json:"M"`
		Price string `json:"p"`
	}
	for id := first; id <= last; id++ {
		if got := parse[row](t, trades.next()).ID; got != id {
			t.Fatalf("trade %d, want %d", got, id)
		}
	}
	next := first
	for id := firstAgg; id <= lastAgg; id++ {
		a := parse[row](t, aggs.next())
		if a.Agg != id || a.First != next || a.Last < a.First {
			t.Fatalf("aggregate %d of %d to %d, want %d from %d", a.Agg, a.First, a.Last, id, next)
		}
		next = a.Last + 1
	}
	if next != last+1 {
		t.Errorf("aggregates end at %d, trades at %d", next-1, last)
	}
	_, _, body := get(t, s, "spot.rest", fmt.Sprintf("/api/v3/historicalTrades?symbol=BTCUSDT&fromId=%d&limit=7", first))
	if got := strings.Count(body, `"id":`); got != 7 || !strings.HasPrefix(body, fmt.Sprintf(`[{"id":%d,`, first)) {
		t.Errorf("%d trades: %s", got, body)
	}
}
