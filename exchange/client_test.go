package exchange_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// The pull of Options.Live: the first call subscribes and waits, later ones read memory that
// deltas are merged into, REST serves while the stream does not.
func TestLivePull(t *testing.T) {
	inVirtualTime(t, venuetest.Options{Seed: 11}, exchange.Options{Live: true}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
		fetch := func(depth int) exchange.OrderBook {
			t.Helper()
			b, err := c.FetchOrderBook(t.Context(), p.symbol, depth)
			if err != nil {
				t.Fatalf("FetchOrderBook: %v", err)
			}
			if _, ok := server.Book(p.symbol, b.Seq); !ok && b.Source == exchange.REST {
				b.Seq = server.Last(p.symbol) // HTX numbers contracts' books in its streams alone
			}
			if d := differs(server, &b, depth); d != "" {
				t.Errorf("%s: %s", b.Source, d)
			}
			return b
		}
		moving := make(chan struct{})
		go func() { // a subscription on Binance is live after its first delta
			defer close(moving)
			for range 20 {
				server.Step(1)
				time.Sleep(100 * time.Millisecond)
			}
		}()
		first := fetch(p.depth)
		<-moving
		synctest.Wait()
		if first.Source != exchange.Stream || first.State != book.Live {
			t.Errorf("the first answer is %s from %s", first.State, first.Source)
		}
		asked := requests(server)
		second := fetch(p.depth)
		if second.Source != exchange.Stream || second.Seq <= first.Seq || requests(server) != asked {
			t.Errorf("the second answer is from %s, at %d after %d, %d requests more", second.Source, second.Seq, first.Seq, requests(server)-asked)
		}
		if b := fetch(5); b.Source != exchange.Stream || requests(server) != asked { // the kept book goes deeper
			t.Errorf("a shallower book is from %s", b.Source)
		}
		server.Fault(venuetest.Fault{Kind: venuetest.SlowSnapshot, N: -1, For: time.Minute})
		server.Fault(venuetest.Fault{Kind: venuetest.DropDelta, ID: p.symbol, Channel: p.delta})
		step(server, 3, 50*time.Millisecond)
		server.Heal()
		if b := fetch(p.depth); b.Source != exchange.REST && !p.whole {
			t.Errorf("while it is out of sync the answer is from %s", b.Source)
		}
	})
}

func requests(server *venuetest.Server) (n int) {
	for _, count := range server.Stats().Requests {
		n += count
	}
	return n
}

// Without Live a Fetch asks REST, unless somebody watches.
func TestFetchReadsWhatIsWatched(t *testing.T) {
	inVirtualTime(t, venuetest.Options{Seed: 12}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
		source := func() exchange.Source {
			t.Helper()
			q, err := c.FetchBidAsk(t.Context(), p.symbol)
			if err != nil {
				t.Fatalf("FetchBidAsk: %v", err)
			}
			return q.Source
		}
		if s := source(); s != exchange.REST {
			t.Errorf("nobody watches: %s", s)
		}
		sub, err := c.WatchBidAsk(t.Context(), p.symbol)
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		step(server, 20, 20*time.Millisecond)
		if s := source(); s != exchange.Stream {
			t.Errorf("it is watched: %s", s)
		}
		server.Fault(venuetest.Fault{Kind: venuetest.DeadSocket})
		pass(90 * time.Second)
		server.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		synctest.Wait()
		if s := source(); s != exchange.REST && server.Stats().Connections < 2 {
			t.Errorf("the stream is dead: %s", s)
		}
		sub.Close()
		pass(time.Second)
		if s := source(); s != exchange.REST {
			t.Errorf("nobody watches any more: %s", s)
		}
	})
}

// Wrong symbols, intervals, depths and options: clear errors of a kind, before anything is sent
// where that is possible.
func TestWrongArguments(t *testing.T) {
	inVirtualTime(t, venuetest.Options{Seed: 13}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
		ctx := t.Context()
		for name, err := range map[string]error{
			"unknown symbol":   second(c.FetchOrderBook(ctx, "NO/SUCH", 5)),
			"one of several":   second(c.WatchTrades(ctx, p.symbol, "NO/SUCH")),
			"unknown interval": second(c.FetchOHLCV(ctx, p.symbol, "7m", exchange.Range{})),
			"watch interval":   second(c.WatchOHLCV(ctx, "7m", p.symbol)),
			"negative depth":   second(c.FetchOrderBook(ctx, p.symbol, -1)),
			"watch depth":      second(c.WatchOrderBook(ctx, -1, p.symbol)),
			"no symbols":       second(c.WatchTicker(ctx)),
			"empty range":      second(c.FetchTrades(ctx, p.symbol, exchange.Range{Since: time.Now(), Until: time.Now()})),
			"negative limit":   second(c.FetchTrades(ctx, p.symbol, exchange.Range{Limit: -1})),
			"unknown socket":   second(c.WatchRaw(ctx, "nowhere", "x")),
			"unknown family":   second(c.Call(ctx, "nowhere", nil)),
		} {
			if !errors.Is(err, exchange.ErrBadRequest) || exchange.Retryable(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := second(c.FetchOrderBook(ctx, "NO/SUCH", 5)); !errors.Is(err, exchange.ErrBadSymbol) || !strings.Contains(err.Error(), "NO/SUCH") {
			t.Errorf("unknown symbol: %v", err)
		}
		if n := server.Stats().Connections; n != 0 {
			t.Errorf("%d connections were made", n)
		}
		for name, o := range map[string]exchange.Options{
			"unknown endpoint": {Endpoints: map[string]string{"nowhere": "http://127.0.0.1"}},
			"no URL":           {Endpoints: map[string]string{firstEndpoint(server): "what"}},
			"proxy":            {Proxy: "secret"},
		} {
			bad := p.client(o)
			_, err := bad.FetchTime(ctx)
			if !errors.Is(err, exchange.ErrBadRequest) || bad.Err() == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", name, err)
			}
			bad.Close()
		}
	})
}

func second[T any](_ T, err error) error { return err }

func firstEndpoint(server *venuetest.Server) string {
	var names []string
	for name := range server.Endpoints() {
		names = append(names, name)
	}
	return slices.Min(names)
}

// Answers of the venue that refuse: their kind, when to try again, and no storm.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		fault venuetest.Fault
		kind  error
		wait  bool // the error tells when to try again
	}{
		{venuetest.Fault{Code: http.StatusTeapot, RetryAfter: 90 * time.Second}, exchange.ErrBanned, true},
		{venuetest.Fault{Code: http.StatusTooManyRequests, RetryAfter: 90 * time.Second}, exchange.ErrRateLimit, true},
		{venuetest.Fault{Code: http.StatusBadGateway, Body: "<html>bad gateway</html>"}, exchange.ErrUnavailable, false},
		{venuetest.Fault{Code: http.StatusForbidden}, exchange.ErrPermission, true},
		{venuetest.Fault{Code: http.StatusOK, Body: "<html>welcome</html>"}, exchange.ErrMalformed, false},
	} {
		t.Run(http.StatusText(c.fault.Code)+c.fault.Body, func(t *testing.T) {
			inVirtualTime(t, venuetest.Options{Seed: 14}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, cl *exchange.Client) {
				if _, err := cl.FetchMarkets(t.Context()); err != nil {
					t.Fatal(err)
				}
				f := c.fault
				f.Kind, f.N = venuetest.HTTPStatus, -1
				server.Fault(f)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				before := requests(server)
				_, err := cl.FetchTicker(ctx, p.symbol)
				var e *exchange.Error
				kind := c.kind
				if p.name == "alltick" && c.fault.Code == http.StatusOK {
					kind = exchange.ErrUnavailable // so its document says of a page
				}
				if !errors.Is(err, kind) || !errors.As(err, &e) || (e.RetryAfter > 0) != c.wait {
					t.Fatalf("got %v", err)
				}
				if n := requests(server) - before; n > 4 {
					t.Errorf("%d requests", n)
				}
				server.Heal()
				if !c.wait {
					return
				}
				before = requests(server)
				if _, err := cl.FetchTicker(ctx, p.symbol); !errors.Is(err, c.kind) {
					t.Errorf("while the venue said to wait: %v", err)
				}
				if n := requests(server) - before; n > 0 {
					t.Errorf("%d requests while the venue said to wait", n)
				}
				pass(2 * time.Minute)
				if _, err := cl.FetchTicker(t.Context(), p.symbol); err != nil {
					t.Errorf("after the wait: %v", err)
				}
			})
		})
	}
}

// A new listing is found without a restart, where there is a list.
func TestUnknownSymbolReloadsTheMarkets(t *testing.T) {
	inVirtualTime(t, venuetest.Options{Seed: 15}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
		loads := func() int { return requests(server) }
		if _, err := c.Market(t.Context(), p.symbol); err != nil {
			t.Fatal(err)
		}
		before := loads()
		for range 5 {
			_, _ = c.Market(t.Context(), "NO/SUCH")
		}
		if n := loads() - before; n != 0 {
			t.Errorf("%d requests for a symbol that was just looked for", n)
		}
		pass(11 * time.Second)
		_, err := c.Market(t.Context(), "NO/SUCH")
		if n := loads() - before; (n == 0) != (p.name == "alltick") || !errors.Is(err, exchange.ErrBadSymbol) {
			t.Errorf("%d requests, %v", n, err)
		}
	})
}

// Close ends everything that is under way, for everybody who waits.
func TestCloseEndsWhatWaits(t *testing.T) {
	inVirtualTime(t, venuetest.Options{Seed: 16}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
		trades, err := c.WatchTrades(t.Context(), p.symbol)
		if err != nil {
			t.Fatal(err)
		}
		books, err := c.WatchOrderBook(t.Context(), p.depth, p.symbol)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 3)
		var waiting int
		for _, wait := range []func(){
			func() { ended <- drain(t, trades) },
			func() { ended <- drain(t, books) },
			func() {
				server.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 503, N: -1})
				ended <- second(c.FetchTicker(t.Context(), p.symbol))
			},
		} {
			waiting++
			go wait()
		}
		pass(100 * time.Millisecond)
		c.Close()
		c.Close()
		for range waiting {
			if err := <-ended; !errors.Is(err, exchange.ErrClosed) && !errors.Is(err, exchange.ErrNetwork) {
				t.Errorf("ended with %v", err)
			}
		}
		if _, err := c.FetchTime(t.Context()); !errors.Is(err, exchange.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		if _, err := c.WatchTrades(t.Context(), p.symbol); !errors.Is(err, exchange.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// drain reads until the subscription ends for good.
func drain[T any](t *testing.T, s *stream.Subscription[T]) error {
	for {
		if _, err := s.Next(t.Context()); err != nil && s.Err() != nil {
			return err
		}
	}
}

// Health names what is wrong.
func TestHealthNamesWhatIsWrong(t *testing.T) {
	inVirtualTime(t, venuetest.Options{Seed: 17}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
		w := p.watch(t, server, c, p.symbol)
		settle(t, server, 10*time.Second, w)
		health := func() exchange.StreamHealth {
			for _, h := range c.Health() {
				if h.Symbol == p.symbol && h.Kind == "order book" {
					return h
				}
			}
			t.Fatalf("not in %+v", c.Health())
			return exchange.StreamHealth{}
		}
		if h := health(); h.State != stream.Subscribed || h.Book != book.Live || !h.Connected || h.Readers != 1 || h.Heard.IsZero() {
			t.Errorf("live: %+v", h)
		}
		server.Fault(venuetest.Fault{Kind: venuetest.NeverSpeak, N: -1})
		server.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		pass(time.Second)
		if h := health(); h.Book == book.Live || h.State == stream.Subscribed {
			t.Errorf("cut: %+v", h)
		}
	})
}
