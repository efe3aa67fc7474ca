package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// candled are the places that push candles.
var candled = slices.DeleteFunc(slices.Clone(places), func(p place) bool { return p.whole })

// candleTape keeps the candles that a reader got.
type candleTape struct {
	mu     sync.Mutex
	all    []exchange.Candle
	breaks []exchange.Break
}

func follow(t *testing.T, c *exchange.Client, symbols ...string) *candleTape {
	t.Helper()
	sub, err := c.WatchOHLCV(t.Context(), "1m", symbols...)
	if err != nil {
		t.Fatal(err)
	}
	tape := &candleTape{}
	sub.OnEvent(func(k *exchange.Candle) {
		tape.mu.Lock()
		defer tape.mu.Unlock()
		tape.all = append(tape.all, *k)
		if k.Break != nil {
			tape.breaks = append(tape.breaks, *k.Break)
		}
	})
	return tape
}

func (r *candleTape) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// closed returns the closed candles of a symbol, and sees that nothing came twice or out of order.
func (r *candleTape) closed(t *testing.T, symbol string) (closed []exchange.Candle) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var last exchange.Candle
	for _, k := range r.all {
		if k.Symbol != symbol {
			continue
		}
		if k.Start.Before(last.Start) || k.Start.Equal(last.Start) && last.Closed {
			t.Errorf("%s: %s (closed %t) after %s (closed %t)", symbol, k.Start, k.Closed, last.Start, last.Closed)
		}
		if last = k; k.Closed {
			closed = append(closed, k)
		}
	}
	return closed
}

// check compares the closed candles with those that the venue says there were.
func (r *candleTape) check(t *testing.T, c *exchange.Client, symbol string) {
	t.Helper()
	got := r.closed(t, symbol)
	if len(got) < 2 {
		t.Errorf("%s: %d closed candles", symbol, len(got))
		return
	}
	first, last := got[0].Start, got[len(got)-1].Start
	want, err := c.FetchOHLCV(t.Context(), symbol, "1m", exchange.Range{Since: first, Until: last.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if age := time.Since(last); age > 3*time.Minute {
		t.Errorf("%s: the last closed candle is %s old", symbol, age)
	}
	if a, b := text(got), text(want); a != b {
		t.Errorf("%s: readers got\n%s\nthe venue had\n%s", symbol, a, b)
	}
}

func text(ks []exchange.Candle) string {
	var b strings.Builder
	for _, k := range ks {
		if k.Volume.Sign() == 0 {
			continue // nothing was traded: some venues have no candle then, or only for those who ask
		}
		fmt.Fprintf(&b, "%s", k.Start.Format("15:04"))
		for _, d := range []decimal.Decimal{k.Open, k.High, k.Low, k.Close, k.Volume} {
			fmt.Fprintf(&b, " %v", d.Float64())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// line is the network between a client and a venue, which may be cut.
type line struct {
	*venuetest.Server
	down atomic.Bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if l.down.Load() {
		return nil, errors.New("cut")
	}
	return l.DialContext(ctx, network, address)
}

// trade moves the market for a time.
func (l *line) trade(d time.Duration) {
	for range int(d / (500 * time.Millisecond)) {
		l.Step(12)
		pass(500 * time.Millisecond)
	}
}

// cut loses the connection for a while; then there is time to connect again.
func (l *line) cut(d time.Duration) {
	l.down.Store(true)
	l.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
	l.trade(d)
	l.down.Store(false)
	l.trade(time.Minute)
}

// inCandles runs test for the places that push candles, in a year when their markets are there.
func inCandles(t *testing.T, places []place, test func(t *testing.T, p place, l *line, c *exchange.Client)) {
	t.Helper()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 9, 14, 10, 7, 30, 0, time.UTC)))
				l := &line{Server: p.start(venuetest.Options{Seed: 1, Depth: 20, Memory: true, Markets: p.only()})}
				defer l.Close()
				client := p.client(exchange.Options{Endpoints: l.Endpoints(), DialContext: l.dial})
				defer client.Close()
				test(t, p, l, client)
			})
		})
	}
}

// Every closed candle comes once, in order, as the venue has it, whether or not the stream was interrupted meanwhile.
func TestClosedCandlesAreComplete(t *testing.T) {
	for _, c := range []struct {
		name string
		long time.Duration // of the interruption
	}{
		{"without a cut", 0},
		{"within a candle", 4 * time.Second},
		{"over one end", 50 * time.Second},
		{"over many", 47 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			inCandles(t, candled, func(t *testing.T, p place, l *line, client *exchange.Client) {
				tape := follow(t, client, p.symbol, p.other)
				l.trade(3 * time.Minute)
				if c.long > 0 {
					l.cut(c.long)
				}
				l.trade(3 * time.Minute)
				tape.check(t, client, p.symbol)
				tape.check(t, client, p.other)
				for _, b := range tape.breaks {
					if !b.Healed || b.From.IsZero() || b.To.Before(b.From) {
						t.Errorf("told %+v", b)
					}
				}
				if want := min(2, int(c.long)); len(tape.breaks) != want {
					t.Errorf("%d breaks, want %d: %+v", len(tape.breaks), want, tape.breaks)
				}
				if t.Failed() {
					t.Logf("%+v", client.Health())
				}
			})
		})
	}
}

// Where REST fails readers are told, and what is pushed goes on.
func TestCandlesThatCannotBeHadAreTold(t *testing.T) {
	inCandles(t, candled, func(t *testing.T, p place, l *line, client *exchange.Client) {
		tape := follow(t, client, p.symbol)
		l.trade(2 * time.Minute)
		l.Fault(venuetest.Fault{Kind: venuetest.NeverSpeak, N: -1})
		l.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		l.trade(5 * time.Minute)
		l.Heal()
		l.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 500, N: -1})
		l.Fault(venuetest.Fault{Kind: venuetest.SnapshotNever, Channel: "kline", N: -1})
		l.trade(3 * time.Minute)
		l.Heal()
		n := tape.len()
		l.trade(3 * time.Minute)
		if len(tape.breaks) == 0 || tape.breaks[0].Cause != stream.Disconnect || tape.breaks[0].Healed || !errors.Is(tape.breaks[0].Err, exchange.ErrOutOfSync) {
			t.Errorf("told %+v", tape.breaks)
		}
		if tape.closed(t, p.symbol); tape.len() == n {
			t.Error("nothing more came")
		}
	})
}

// A question on the socket that is refused, or not answered, goes to REST: the subscription is none the worse.
func TestUnansweredCandlesComeByREST(t *testing.T) {
	for _, kind := range []venuetest.Kind{"", venuetest.SnapshotNever, venuetest.RefuseSubscribe} {
		t.Run(string(kind), func(t *testing.T) {
			inCandles(t, places[4:6], func(t *testing.T, p place, l *line, client *exchange.Client) {
				tape := follow(t, client, p.symbol)
				l.trade(20 * time.Second)
				if kind != "" {
					l.Fault(venuetest.Fault{Kind: kind, Channel: "kline", N: -1})
				}
				l.trade(5 * time.Minute)
				l.Heal()
				tape.check(t, client, p.symbol)
				for _, k := range tape.closed(t, p.symbol) {
					if (k.Source == exchange.REST) != (kind != "") {
						t.Errorf("%s from %s", k.Start, k.Source)
					}
				}
				if len(tape.breaks) > 0 {
					t.Errorf("told %+v", tape.breaks)
				}
			})
		})
	}
}

// Who watches many symbols has their candles after an interruption, at the pace of the venue.
func TestManySymbolsAreRefilledAtThePaceOfTheVenue(t *testing.T) {
	p := places[6] // 30 calls a minute for what has been
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 9, 14, 10, 7, 30, 0, time.UTC)))
		model, symbols := p.only()[0], []string{}
		var ms []venuetest.Market
		for i := range 40 {
			m := model
			m.Base = fmt.Sprintf("A%d", i)
			m.ID, m.Symbol = m.Base+"_"+m.Quote, m.Base+"/"+m.Quote
			ms, symbols = append(ms, m), append(symbols, m.Symbol)
		}
		l := &line{Server: p.start(venuetest.Options{Seed: 1, Depth: 20, Memory: true, Markets: ms})}
		defer l.Close()
		client := p.client(exchange.Options{Endpoints: l.Endpoints(), DialContext: l.dial})
		defer client.Close()
		tape := follow(t, client, symbols...)
		l.trade(2 * time.Minute)
		l.cut(3 * time.Minute)
		l.trade(2 * time.Minute)
		healed := 0
		for _, b := range tape.breaks {
			if b.Healed {
				healed++
			}
		}
		const minute = 28 // of 30 calls, for the minute of the venue and that of who waits do not begin together
		if len(tape.breaks) != len(symbols) || healed < minute {
			t.Errorf("%d breaks, %d healed, of %d", len(tape.breaks), healed, len(symbols))
		}
		for _, s := range symbols {
			tape.closed(t, s)
		}
		if n := l.Stats().Requests["/api/v1/klines"]; n < minute || n > 2*len(symbols) {
			t.Errorf("%d calls for candles of %d symbols", n, len(symbols))
		}
	})
}

// After Close nothing is delivered, though much was being asked for.
func TestNoCandleAfterClose(t *testing.T) {
	inCandles(t, candled, func(t *testing.T, p place, l *line, client *exchange.Client) {
		tape := follow(t, client, p.symbol, p.other)
		l.trade(2 * time.Minute)
		l.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		l.trade(30 * time.Second)
		l.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 500, N: -1})
		l.trade(64 * time.Second)
		client.Close()
		n := tape.len()
		l.trade(3 * time.Minute)
		synctest.Wait()
		if tape.len() != n {
			t.Error("candles after Close")
		}
	})
}
