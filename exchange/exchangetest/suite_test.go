package exchangetest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// broken is the harness of Backpack with one thing changed in its families.
func broken(change func(f *exchange.Family)) *Harness {
	v := *backpack.Venue()
	v.Families = nil
	for _, f := range backpack.Venue().Families {
		own := *f
		if change != nil {
			change(&own)
		}
		v.Families = append(v.Families, &own)
	}
	return &Harness{
		New:     func(o exchange.Options) *exchange.Client { return exchange.New(&v, o) },
		Venue:   &v,
		Serve:   venuetest.Backpack,
		Markets: venuetest.BackpackMarkets(),
		Symbols: map[string][]string{"spot": {"SOL/USDC", "BONK/USDC"}, "swap": {"SOL/USDC:USDC", "kPEPE/USDC:USDC"}},
		Page:    "../../docs/venues.md",
	}
}

// changed makes a parser's values other.
func changed[T any](p exchange.Parser[T], change func(*T)) exchange.Parser[T] {
	return func(dst []T, in *exchange.Scope, b []byte) ([]T, error) {
		was := len(dst)
		dst, err := p(dst, in, b)
		for i := range dst[was:] {
			change(&dst[was+i])
		}
		return dst, err
	}
}

// forgetful is a dialect that never unsubscribes.
type forgetful struct{ stream.Dialect }

func (d forgetful) Change(now time.Time, held, add, _ []string) []stream.Request {
	return d.Dialect.Change(now, held, add, nil)
}

// A venue that is wrong in one thing is found out, by the check that is about it.
func TestRunFindsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		method, check string
		change        func(f *exchange.Family)
		want          string
	}{
		{"WatchTrades", "values", nil, ""},
		{"WatchTrades", "values", func(f *exchange.Family) {
			f.Push.Trades.Parse = changed(f.Push.Trades.Parse, func(v *exchange.Trade) { v.Price = v.Price.Neg() })
		}, "price -"},
		{"WatchTrades", "values", func(f *exchange.Family) {
			f.Push.Trades.Parse = changed(f.Push.Trades.Parse, func(v *exchange.Trade) { v.Side = "" })
		}, "side"},
		{"WatchTrades", "values", func(f *exchange.Family) {
			f.Push.Trades.Parse = changed(f.Push.Trades.Parse, func(v *exchange.Trade) { v.ID = "1" })
		}, "came twice"},
		{"FetchTrades", "values", func(f *exchange.Family) {
			inOrder := f.Pull.Trades.Parse
			f.Pull.Trades.Parse = func(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
				all, err := inOrder(dst, in, b)
				slices.Reverse(all[len(dst):])
				return all, err
			}
		}, "of one time"},
		{"WatchBidAsk", "values", func(f *exchange.Family) {
			f.Push.BidAsk.Parse = changed(f.Push.BidAsk.Parse, func(v *exchange.BidAsk) { v.Bid, v.Ask = v.Ask, v.Bid })
		}, "bid"},
		{"WatchTicker", "values", func(f *exchange.Family) {
			f.Push.Ticker.Topic = func(m *exchange.Market, _ exchange.Args) string { return "depth." + m.ID }
		}, "0 values"},
		{"WatchOHLCV", "values", func(f *exchange.Family) {
			f.Push.Candles.Parse = changed(f.Push.Candles.Parse, func(v *exchange.Candle) { v.Interval = "1h" })
		}, "interval"},
		{"WatchOrderBook", "gap at depth 0", func(f *exchange.Family) {
			rule(f, func(book.At, *book.Update) book.Verdict { return book.Apply })
		}, "want"},
		{"WatchTrades", "unsubscribe", func(f *exchange.Family) {
			sockets(f, func(d stream.Dialect) stream.Dialect { return forgetful{d} })
		}, "still subscribed"},
		{"FetchTicker", "values", func(f *exchange.Family) {
			f.Pull.Ticker.Parse = changed(f.Pull.Ticker.Parse, func(v *exchange.Ticker) { v.High = v.Low.Neg() })
		}, "high"},
		{"FetchTicker", "bad answer", func(f *exchange.Family) {
			f.Pull.Ticker.Parse = func(dst []exchange.Ticker, in *exchange.Scope, _ []byte) ([]exchange.Ticker, error) {
				return append(dst, exchange.Ticker{Stamp: exchange.Stamp{Symbol: in.Market.Symbol}}), nil
			}
		}, "was understood"},
		{"FetchTicker", "maintenance", func(f *exchange.Family) {
			f.Codes = map[string]error{"MAINTENANCE": exchange.ErrBadRequest}
		}, "venue not available"},
		{"FetchTrades", "values", func(f *exchange.Family) {
			f.Pull.Trades.Parse = changed(f.Pull.Trades.Parse, func(v *exchange.Trade) { v.Time = v.Time.AddDate(1, 0, 0) })
		}, "lies ahead"},
		{"FetchOHLCV", "intervals", func(f *exchange.Family) {
			f.Intervals = map[exchange.Interval]string{"1m": "1m", "7m": "7m"}
		}, "7m"},
	} {
		t.Run(c.method+" "+c.check+" "+c.want, func(t *testing.T) {
			h := broken(c.change)
			f := h.families()[0]
			ms := h.methods(f)
			m := ms[slices.IndexFunc(ms, func(m method) bool { return m.name == c.method })]
			cs := m.checks(h, f)
			which := cs[slices.IndexFunc(cs, func(x check) bool { return x.name == c.check })]
			synctest.Test(t, func(t *testing.T) {
				err := h.play(t.Context(), f, which)
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			})
		})
	}
}

func rule(f *exchange.Family, r book.Rule) {
	chs := slices.Clone(f.Push.OrderBook)
	for i := range chs {
		chs[i].Sync.Rule = r
	}
	f.Push.OrderBook = chs
}

func sockets(f *exchange.Family, change func(stream.Dialect) stream.Dialect) {
	own := make(map[string]*exchange.Socket)
	for name, s := range f.Sockets {
		x := *s
		x.Dialect = func() stream.Dialect { return change(s.Dialect()) }
		own[name] = &x
	}
	f.Sockets = own
}

// Offering less, or other things, than the page lists is found.
func TestOffers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *exchange.Family)
		want   string
	}{
		"as listed": {nil, ""},
		"less":      {func(f *exchange.Family) { f.Pull.Time.Parse = nil }, "FetchTime is not offered"},
		"more":      {func(f *exchange.Family) { f.Push.MarkPrice.Parse, f.Push.MarkPrice.Topic = marks, f.Push.Trades.Topic }, "WatchMarkPrice is offered"},
		"another":   {func(f *exchange.Family) { f.Name += "s" }, "does not list the family"},
	} {
		h := broken(c.change)
		var texts []string
		for _, err := range h.offers() {
			texts = append(texts, err.Error())
		}
		if all := strings.Join(texts, "\n"); (all == "") != (c.want == "") || !strings.Contains(all, c.want) {
			t.Errorf("%s: %q, want %q", name, all, c.want)
		}
	}
}

func marks(dst []exchange.MarkPrice, _ *exchange.Scope, _ []byte) ([]exchange.MarkPrice, error) {
	return dst, nil
}

// A harness cannot excuse what the venue can do.
func TestSound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *Harness)
		want   string
	}{
		"right":                    {func(*Harness) {}, ""},
		"whole, and it has deltas": {func(h *Harness) { h.Whole = "so they say" }, "deltas: true"},
		"one symbol":               {func(h *Harness) { h.Symbols["spot"] = h.Symbols["spot"][:1] }, "1 symbols"},
		"no such method":           {func(h *Harness) { h.Without = map[string]string{"spot FetchFundingRate": "none"} }, "no method"},
		"no reason":                {func(h *Harness) { h.Without = map[string]string{"swap FetchFundingRate": ""} }, "no reason"},
		"unsized without reason":   {func(h *Harness) { h.Unsized = map[string]string{"SOL/USDC": ""} }, "without a reason"},
	} {
		h := broken(nil)
		c.change(h)
		var texts []string
		for _, err := range h.sound() {
			texts = append(texts, err.Error())
		}
		if all := strings.Join(texts, "\n"); (all == "") != (c.want == "") || !strings.Contains(all, c.want) {
			t.Errorf("%s: %q, want %q", name, all, c.want)
		}
	}
}

func TestRequired(t *testing.T) {
	page := filepath.Join(t.TempDir(), "venues.md")
	for text, want := range map[string]string{
		"# x\n":                        "no table",
		"<!-- required: v -->\ntext\n": "no table follows",
		"<!-- required: v -->\n| | a | b |\n|---|---|---|\n| `F` | yes |\n":                       "1 cells",
		"<!-- required: v -->\n| | a |\n|---|---|\n| `F` | perhaps |\n":                           "perhaps",
		"<!-- required: v -->\n| | a | b |\n|---|---|---|\n| `F` | yes | no |\n| `G` | yes | |\n": "",
		"<!-- required: v -->\n| | a |\n|---|---|\n| `F` | yes |\n\n<!-- required: v -->\n\n| | a | b |\n|---|---|---|\n| G | yes | no |\n\n<!-- not yet: v -->\n| | a |\n|---|---|\n| H | yes |\n": "",
	} {
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := required(page, "v")
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) || want == "" && (err != nil || len(got) != 2 || !slices.Equal(got["a"], []string{"F", "G"}) || len(got["b"]) != 0) {
			t.Errorf("%q: %v, %v, want %q", text, got, err, want)
		}
	}
}
