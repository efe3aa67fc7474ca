package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/alltick"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// hall is several simulated venues, and clients of them.
type hall struct {
	t       *testing.T
	servers map[string]*venuetest.Server
	clients []*exchange.Client
	markets map[string]exchange.Market // that are merged, by venue
}

// stand is one venue of a hall.
type stand struct {
	venue  string
	start  func(venuetest.Options) *venuetest.Server
	client func(exchange.Options) *exchange.Client
	market venuetest.Market
	others []venuetest.Market
}

// spots have BTC at one price, so that their books lie in each other.
func spots() []stand {
	const price = "64000"
	return []stand{
		{venue: "binance", start: venuetest.Binance, client: binance.New, market: venuetest.Market{Symbol: "BTC/USDT", ID: "BTCUSDT", Family: "spot", Kind: "spot", Base: "BTC", Quote: "USDT", Price: price, Tick: "0.01", Step: "0.00001"}},
		{venue: "okx", start: venuetest.OKX, client: okx.New, market: venuetest.Market{Symbol: "BTC/USDT", ID: "BTC-USDT", Family: "spot", Kind: "spot", Base: "BTC", Quote: "USDT", Price: price, Tick: "0.1", Step: "0.00000001"}},
		{venue: "huobi", start: venuetest.Huobi, client: huobi.New, market: venuetest.Market{Symbol: "BTC/USDT", ID: "btcusdt", Family: "spot", Kind: "spot", Base: "BTC", Quote: "USDT", Price: price, Tick: "0.01", Step: "0.000001"}},
		{venue: "backpack", start: venuetest.Backpack, client: backpack.New, market: venuetest.Market{Symbol: "BTC/USDC", ID: "BTC_USDC", Family: "spot", Kind: "spot", Base: "BTC", Quote: "USDC", Price: price, Tick: "0.1", Step: "0.00001"}},
		{venue: "alltick", start: venuetest.AllTick, client: alltick.New, market: venuetest.Market{Symbol: "BTC/USDT", ID: "BTCUSDT", Family: "non-stock", Kind: "spot", Base: "BTC", Quote: "USDT", Price: price, Tick: "0.01", Step: "0.0001"}},
	}
}

// inHall runs test in a bubble with these venues, whose markets move by themselves.
func inHall(t *testing.T, o exchange.Options, stands []stand, test func(t *testing.T, h *hall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &hall{t: t, servers: make(map[string]*venuetest.Server)}
		for i, s := range stands {
			server := s.start(venuetest.Options{Seed: uint64(i + 1), Memory: true, Depth: 80, Rate: 10, Markets: append(s.others, s.market)})
			defer server.Close()
			o := o
			o.Endpoints, o.DialContext = server.Endpoints(), server.DialContext
			if s.venue == "alltick" {
				o.Token, o.Plan = "professional-0123456789abcdef", "professional"
			}
			c := s.client(o)
			defer c.Close()
			h.servers[s.venue], h.clients = server, append(h.clients, c)
		}
		test(t, h)
	})
}

// await reads until the venues that are live are those, by name and blank.
func (h *hall) await(sub *stream.Subscription[exchange.ConsolidatedBook], live string) exchange.ConsolidatedBook {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	var b exchange.ConsolidatedBook
	for n := 0; ; n++ {
		if err := sub.NextInto(ctx, &b); err != nil {
			h.t.Fatalf("%q are live, want %q: %v", lively(&b), live, err)
		}
		if n%8 == 0 || lively(&b) == live {
			h.check(&b)
		}
		if lively(&b) == live {
			return b
		}
	}
}

func lively(b *exchange.ConsolidatedBook) string {
	var names []string
	for _, v := range b.Venues {
		if v.State == book.Live {
			names = append(names, v.Venue)
		}
	}
	return strings.Join(names, " ")
}

// check compares what is said to be complete with the true books of the venues that are live, each at its own
// sequence number, merged in the obvious way.
func (h *hall) check(b *exchange.ConsolidatedBook) {
	h.t.Helper()
	bids, asks := make(map[string]string), make(map[string]string)
	for _, v := range b.Venues {
		if (v.State == book.Live) != (v.Err == nil) || v.Since.IsZero() {
			h.t.Fatalf("%s is %s since %s: %v", v.Venue, v.State, v.Since, v.Err)
		}
		if v.State != book.Live {
			continue
		}
		truth, ok := h.servers[v.Venue].Book(v.Symbol, v.Seq)
		if !ok || v.Received.IsZero() {
			h.t.Fatalf("%s has no true book at %d", v.Venue, v.Seq)
		}
		for _, l := range truth.Bids {
			bids[rat(truth.Price(l))] += " " + v.Venue + ":" + h.base(v.Venue, truth.Size(l), truth.Price(l))
		}
		for _, l := range truth.Asks {
			asks[rat(truth.Price(l))] += " " + v.Venue + ":" + h.base(v.Venue, truth.Size(l), truth.Price(l))
		}
	}
	nb, na := b.Complete()
	h.side("bids", b.Bids[:nb], bids, -1)
	h.side("asks", b.Asks[:na], asks, 1)
}

func (h *hall) side(name string, got []exchange.ConsolidatedLevel, want map[string]string, dir int) {
	h.t.Helper()
	for i, l := range got {
		parts, sum := "", new(big.Rat)
		for _, v := range l.Venues {
			parts += " " + v.Venue + ":" + rat(v.Size.String())
			size, _ := new(big.Rat).SetString(v.Size.String())
			sum.Add(sum, size)
		}
		price := rat(l.Price.String())
		if parts != want[price] || rat(l.Size.String()) != sum.RatString() {
			h.t.Fatalf("%s %d: %s × %s of%s, want%s", name, i, l.Price, l.Size, parts, want[price])
		}
		if i > 0 && dir*l.Price.Cmp(got[i-1].Price) <= 0 {
			h.t.Fatalf("%s %d: %s after %s", name, i, l.Price, got[i-1].Price)
		}
		delete(want, price)
	}
	if len(got) == 0 {
		return
	}
	last, _ := new(big.Rat).SetString(got[len(got)-1].Price.String())
	for price, parts := range want {
		if p, _ := new(big.Rat).SetString(price); dir*p.Cmp(last) < 0 {
			h.t.Fatalf("%s: no level at %s, want%s", name, price, parts)
		}
	}
}

// base is a size of the venue in base units.
func (h *hall) base(venue, size, price string) string {
	s, _ := new(big.Rat).SetString(size)
	m, ok := h.markets[venue]
	if !ok || m.Contract.Absent() {
		return s.RatString()
	}
	contract, _ := new(big.Rat).SetString(m.Contract.String())
	return s.Mul(s, contract).RatString()
}

func rat(s string) string {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return s
	}
	return r.RatString()
}

func venueOf(b *exchange.ConsolidatedBook, name string) exchange.VenueState {
	for _, v := range b.Venues {
		if v.Venue == name {
			return v
		}
	}
	return exchange.VenueState{}
}

const everyone = "binance okx huobi backpack alltick"

// Five venues, one of them by another symbol: the merged book is the merge of the true ones, pushed and pulled.
func TestConsolidatedOfFive(t *testing.T) {
	for _, live := range []bool{false, true} {
		t.Run(fmt.Sprintf("live %t", live), func(t *testing.T) {
			inHall(t, exchange.Options{Live: live}, spots(), func(t *testing.T, h *hall) {
				view := exchange.Consolidate(h.clients...).As("BTC/USDT", "backpack", "BTC/USDC")
				pulled, err := view.FetchOrderBook(t.Context(), "BTC/USDT", 50)
				if err != nil || lively(&pulled) != everyone {
					t.Fatalf("%q are live: %v", lively(&pulled), err)
				}
				h.check(&pulled)
				sub, err := view.WatchOrderBook(t.Context(), 50, "BTC/USDT")
				if err != nil {
					t.Fatal(err)
				}
				defer sub.Close()
				h.await(sub, everyone)
				for range 60 {
					b, err := sub.Next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					h.check(&b)
					bids, asks := b.Complete()
					bid, ask := b.Best()
					if cross := bid.Price.Cmp(ask.Price); b.Symbol != "BTC/USDT" || len(b.Bids) != 50 || len(b.Asks) != 50 || bids < 10 || asks < 10 ||
						b.Crossed != (cross > 0) || b.Locked != (cross == 0) || b.Received.IsZero() || b.Time.IsZero() {
						t.Fatalf("%s: %d bids, %d complete, %d asks, %d complete, crossed %t, locked %t", b.Symbol, len(b.Bids), bids, len(b.Asks), asks, b.Crossed, b.Locked)
					}
					if v := venueOf(&b, "backpack"); v.Symbol != "BTC/USDC" || v.Latency() < 0 {
						t.Fatalf("backpack's symbol is %s, its latency %s", v.Symbol, v.Latency())
					}
				}
			})
		})
	}
}

// A venue that breaks is taken out, told with its reason, and comes back.
func TestConsolidatedWithoutOne(t *testing.T) {
	for _, tt := range []struct {
		fault venuetest.Fault
		cause stream.Cause
	}{
		{venuetest.Fault{Kind: venuetest.DropDelta, ID: "BTC/USDT", Channel: "books"}, stream.Gap},
		{venuetest.Fault{Kind: venuetest.SilentSocket, N: -1}, stream.Disconnect},
	} {
		t.Run(string(tt.fault.Kind), func(t *testing.T) {
			inHall(t, exchange.Options{}, spots()[:3], func(t *testing.T, h *hall) {
				sub, err := exchange.Consolidate(h.clients...).WatchOrderBook(t.Context(), 20, "BTC/USDT")
				if err != nil {
					t.Fatal(err)
				}
				defer sub.Close()
				h.await(sub, "binance okx huobi")
				pass(2 * time.Second)
				since := time.Now()
				h.servers["okx"].Fault(venuetest.Fault{Kind: venuetest.NoAck, N: 1}) // so that it is out for a while
				h.servers["okx"].Fault(tt.fault)
				b := h.await(sub, "binance huobi")
				out := venueOf(&b, "okx")
				if !errors.Is(out.Err, exchange.ErrOutOfSync) || out.Break == nil || out.Break.Cause != tt.cause || out.Since.Before(since) || out.Seq == 0 {
					t.Errorf("out: %s since %s, %v, break %+v", out.State, out.Since, out.Err, out.Break)
				}
				var of *exchange.Error
				if b.Break == nil || b.Break.Healed || !errors.As(b.Break.Err, &of) || of.Venue != "okx" {
					t.Errorf("the book's break is %+v", b.Break)
				}
				h.servers["okx"].Heal()
				b = h.await(sub, "binance okx huobi")
				h.isBack(&b, out.Since)
			})
		})
	}
}

// isBack sees that okx tells of a hole which is healed.
func (h *hall) isBack(b *exchange.ConsolidatedBook, since time.Time) {
	h.t.Helper()
	v := venueOf(b, "okx")
	if v.Break == nil || !v.Break.Healed || v.Since.Before(since) || b.Break == nil || !b.Break.Healed {
		h.t.Errorf("back: since %s, break %+v, the book's %+v", v.Since, v.Break, b.Break)
	}
}

// A topic that is silent while its connection speaks makes the book stale: it is left out, as one that is lost.
func TestConsolidatedStale(t *testing.T) {
	stands := spots()[:3]
	stands[1].others = []venuetest.Market{{Symbol: "ETH/USDT", ID: "ETH-USDT", Family: "spot", Kind: "spot", Base: "ETH", Quote: "USDT", Price: "3201.55", Tick: "0.01", Step: "0.000001"}}
	inHall(t, exchange.Options{}, stands, func(t *testing.T, h *hall) {
		other, err := h.clients[1].WatchOrderBook(t.Context(), 20, "ETH/USDT")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		sub, err := exchange.Consolidate(h.clients...).WatchOrderBook(t.Context(), 20, "BTC/USDT")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		h.await(sub, "binance okx huobi")
		pass(5 * time.Second) // its rhythm is learnt
		h.servers["okx"].Fault(venuetest.Fault{Kind: venuetest.SilentTopic, ID: "BTC/USDT", N: -1})
		b := h.await(sub, "binance huobi")
		if v := venueOf(&b, "okx"); v.State != book.Stale || v.Break == nil || v.Break.Cause != stream.Silence || v.Err == nil {
			t.Errorf("silent: %s, %v, %+v", v.State, v.Err, v.Break)
		}
		h.servers["okx"].Heal()
		since := time.Now()
		b = h.await(sub, "binance okx huobi")
		h.isBack(&b, since)
	})
}

// A reader who was not there while a venue was out learns of it from the next book.
func TestConsolidatedBreakIsKept(t *testing.T) {
	inHall(t, exchange.Options{}, spots()[:3], func(t *testing.T, h *hall) {
		sub, err := exchange.Consolidate(h.clients...).WatchOrderBook(t.Context(), 20, "BTC/USDT")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		h.await(sub, "binance okx huobi")
		since := time.Now()
		h.servers["okx"].Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		pass(10 * time.Second)
		b := h.await(sub, "binance okx huobi")
		h.isBack(&b, since)
		if b = h.await(sub, "binance okx huobi"); b.Break != nil {
			t.Errorf("the hole is told again: %+v", b.Break)
		}
	})
}

// Venues that cannot have the symbol, and clients that are closed, are told; when none is left that is the end.
func TestConsolidatedRefused(t *testing.T) {
	inHall(t, exchange.Options{}, spots(), func(t *testing.T, h *hall) {
		view := exchange.Consolidate(h.clients...)
		sub, err := view.WatchOrderBook(t.Context(), 20, "BTC/USDT")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		b := h.await(sub, "binance okx huobi alltick")
		pulled, err := view.FetchOrderBook(t.Context(), "BTC/USDT", 20)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range []exchange.ConsolidatedBook{b, pulled} {
			if v := venueOf(&b, "backpack"); !errors.Is(v.Err, exchange.ErrBadSymbol) {
				t.Errorf("without the symbol: %v", v.Err)
			}
		}
		if b, err := view.FetchOrderBook(t.Context(), "NO/SUCH", 20); !errors.Is(err, exchange.ErrBadSymbol) || len(b.Venues) != 5 {
			t.Errorf("nowhere: %v", err)
		}
		for _, c := range h.clients {
			c.Close()
		}
		for err = nil; err == nil; _, err = sub.Next(t.Context()) {
		}
		if !errors.Is(err, exchange.ErrClosed) || !errors.Is(err, exchange.ErrBadSymbol) || sub.Err() == nil {
			t.Errorf("the end: %v, %v", err, sub.Err())
		}
	})
}

// A venue that is down when the book begins is asked again, and joins.
func TestConsolidatedJoins(t *testing.T) {
	inHall(t, exchange.Options{}, spots()[:3], func(t *testing.T, h *hall) {
		h.servers["okx"].Fault(venuetest.Fault{Kind: venuetest.Maintenance})
		sub, err := exchange.Consolidate(h.clients...).WatchOrderBook(t.Context(), 20, "BTC/USDT")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		pass(10 * time.Second)
		b := h.await(sub, "binance huobi")
		if v := venueOf(&b, "okx"); v.State != book.Syncing || !errors.Is(v.Err, exchange.ErrNetwork) && !errors.Is(v.Err, exchange.ErrOutOfSync) {
			t.Errorf("in maintenance: %s, %v", v.State, v.Err)
		}
		pass(time.Minute)
		h.servers["okx"].Heal()
		pass(time.Minute)
		h.await(sub, "binance okx huobi")
	})
}

// The end of the subscription ends those of the venues: the servers are told.
func TestConsolidatedEnds(t *testing.T) {
	inHall(t, exchange.Options{}, spots()[:3], func(t *testing.T, h *hall) {
		subscribed := func() (n int) {
			for _, s := range h.servers {
				n += len(s.Subscriptions())
			}
			return n
		}
		for name, end := range map[string]func(sub *stream.Subscription[exchange.ConsolidatedBook], cancel context.CancelFunc){
			"Close":   func(sub *stream.Subscription[exchange.ConsolidatedBook], _ context.CancelFunc) { sub.Close() },
			"context": func(_ *stream.Subscription[exchange.ConsolidatedBook], cancel context.CancelFunc) { cancel() },
		} {
			ctx, cancel := context.WithCancel(t.Context())
			sub, err := exchange.Consolidate(h.clients...).WatchOrderBook(ctx, 20, "BTC/USDT", "BTC/USDT")
			if err != nil {
				t.Fatal(err)
			}
			calls, last := 0, ""
			sub.OnEvent(func(b *exchange.ConsolidatedBook) { h.check(b); calls, last = calls+1, lively(b) })
			pass(10 * time.Second)
			if last != "binance okx huobi" || calls < 50 || subscribed() != 3 {
				t.Errorf("%s: before it %d calls, %q live, %d subscriptions", name, calls, last, subscribed())
			}
			end(sub, cancel)
			cancel()
			pass(30 * time.Second)
			if at := calls; subscribed() != 0 {
				t.Errorf("after %s: %d subscriptions", name, subscribed())
			} else if pass(time.Minute); calls != at {
				t.Errorf("after %s: %d calls more", name, calls-at)
			}
		}
	})
}

// Contracts of different sizes add up in base units.
func TestConsolidatedContracts(t *testing.T) {
	stands := spots()[:2] // the sequence of contracts on huobi is the stream's own: nothing to compare with
	stands[0].market = venuetest.Market{Symbol: "BTC/USDT:USDT", ID: "BTCUSDT", Family: "linear", Kind: "swap", Base: "BTC", Quote: "USDT", Settle: "USDT", Price: "64000", Tick: "0.10", Step: "0.001"}
	stands[1].market = venuetest.Market{Symbol: "BTC/USDT:USDT", ID: "BTC-USDT-SWAP", Family: "linear", Kind: "swap", Base: "BTC", Quote: "USDT", Settle: "USDT", Price: "64000", Tick: "0.1", Step: "0.01", Size: "30", ContractSize: "0.01", ContractUnit: "BTC"}
	inHall(t, exchange.Options{}, stands, func(t *testing.T, h *hall) {
		h.markets = make(map[string]exchange.Market)
		for _, c := range h.clients {
			m, err := c.Market(t.Context(), "BTC/USDT:USDT")
			if err != nil {
				t.Fatal(err)
			}
			h.markets[c.Venue()] = m
		}
		sub, err := exchange.Consolidate(h.clients...).WatchOrderBook(t.Context(), 20, "BTC/USDT:USDT")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		b := h.await(sub, "binance okx")
		if nb, na := b.Complete(); nb == 0 || na == 0 {
			t.Errorf("%d and %d levels are complete", nb, na)
		}
	})
}

// What cannot be right is refused before anything is sent.
func TestConsolidatedArguments(t *testing.T) {
	inHall(t, exchange.Options{}, spots()[:2], func(t *testing.T, h *hall) {
		ctx, view := t.Context(), exchange.Consolidate(h.clients...)
		for name, err := range map[string]error{
			"a nil client":    second(exchange.Consolidate(h.clients[0], nil).As("BTC/USDT", "okx", "BTC/USDC").FetchOrderBook(ctx, "BTC/USDT", 5)),
			"no clients":      second(exchange.Consolidate().FetchOrderBook(ctx, "BTC/USDT", 5)),
			"one venue twice": second(exchange.Consolidate(h.clients[0], h.clients[0]).WatchOrderBook(ctx, 5, "BTC/USDT")),
			"no symbols":      second(view.WatchOrderBook(ctx, 5)),
			"negative depth":  second(view.FetchOrderBook(ctx, "BTC/USDT", -1)),
			"As elsewhere":    second(view.As("BTC/USDT", "huobi", "BTC/USDC").WatchOrderBook(ctx, 5, "BTC/USDT")),
		} {
			if !errors.Is(err, exchange.ErrBadRequest) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := requests(h.servers["okx"]); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
		for name, view := range map[string]*exchange.Consolidated{
			"another base":          view.As("ETH/USDT", "okx", "BTC/USDT"),
			"an id that is another": view,
		} {
			symbol := map[string]string{"another base": "ETH/USDT", "an id that is another": "BTC-USDT"}[name]
			if b, err := view.FetchOrderBook(ctx, symbol, 5); !errors.Is(venueOf(&b, "okx").Err, exchange.ErrBadSymbol) || err == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
