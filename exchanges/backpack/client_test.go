package backpack_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/venuetest"
)

// with runs f with a simulated venue and a client of it, under a clock of their own.
// only are the markets that there are; none means all.
func with(t *testing.T, o exchange.Options, f func(ctx context.Context, c *exchange.Client, s *venuetest.Server), only ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		all := slices.DeleteFunc(venuetest.BackpackMarkets(), func(m venuetest.Market) bool { return len(only) > 0 && !slices.Contains(only, m.Symbol) })
		s := venuetest.Backpack(venuetest.Options{Memory: true, Seed: 1, Markets: all})
		defer s.Close()
		o.Endpoints, o.DialContext = s.Endpoints(), s.DialContext
		c := backpack.New(o)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		f(ctx, c, s)
	})
}

const (
	spotSOL = "SOL/USDC"
	spotBTC = "BTC/USDC"
	perpSOL = "SOL/USDC:USDC"
	perpUS  = "AAPL.US/USDC:USDC" // its id has a dot in it
	perpK   = "kPEPE/USDC:USDC"   // its id has a small letter
)

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func second[T any](_ T, err error) error { return err }

// step moves the market and lets everything that follows from it happen.
func step(s *venuetest.Server, n int) {
	synctest.Wait()
	s.Step(n)
	synctest.Wait()
}

func TestFetch(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		step(s, 3000)
		if ms := must(c.FetchMarkets(ctx))(t); len(ms) != len(s.Markets()) {
			t.Errorf("got %d markets", len(ms))
		}
		if now := must(c.FetchTime(ctx))(t); time.Until(now).Abs() > time.Second {
			t.Errorf("venue's time %v", now)
		}
		for _, symbol := range []string{spotSOL, spotBTC, "BONK/USDC", perpSOL, perpUS, perpK} {
			fetchOne(t, ctx, c, s, symbol)
		}
		if all := must(c.FetchTickers(ctx))(t); len(all) != 6 {
			t.Errorf("got %d tickers", len(all))
		}
		two := must(c.FetchTickers(ctx, spotSOL, perpSOL))(t)
		if len(two) != 2 || two[0].Symbol == two[1].Symbol {
			t.Errorf("got %+v of a base's two markets", two)
		}
		r := must(c.FetchFundingRate(ctx, perpSOL))(t)
		if r.Symbol != perpSOL || r.Rate.String() != "0.0000093695347311482301432578" || !r.Next.After(time.Now()) || r.Mark.Sign() <= 0 {
			t.Errorf("got %+v", r)
		}
		if m := must(c.FetchMarkPrice(ctx, perpUS))(t); m.Symbol != perpUS || m.Mark.Sign() <= 0 || m.Index.Sign() <= 0 {
			t.Errorf("got %+v", m)
		}
		if k := must(c.FetchTicker(ctx, "OLD/USDC"))(t); k.Symbol != "OLD/USDC" || !k.Last.Absent() {
			t.Errorf("ticker of a market without data: %+v", k)
		}
		for want, errs := range map[error][]error{
			exchange.ErrNotSupported: {second(c.FetchFundingRate(ctx, spotSOL)), second(c.FetchMarkPrice(ctx, spotSOL)), second(c.FetchFundingRateHistory(ctx, spotSOL, exchange.Range{})), second(c.FetchTrades(ctx, spotSOL, exchange.Range{FromID: "7"}))},
			exchange.ErrBadSymbol:    {second(c.FetchTicker(ctx, "NO/SUCH")), second(c.FetchOrderBook(ctx, "OLD/USDC", 5))},
			exchange.ErrBadRequest:   {second(c.FetchOHLCV(ctx, spotSOL, "7m", exchange.Range{}))},
		} {
			for i, err := range errs {
				if !errors.Is(err, want) {
					t.Errorf("%d: got %v, want %v", i, err, want)
				}
			}
		}
	})
}

func fetchOne(t *testing.T, ctx context.Context, c *exchange.Client, s *venuetest.Server, symbol string) {
	t.Helper()
	for _, depth := range []int{1, 7, 100, 600} {
		b := must(c.FetchOrderBook(ctx, symbol, depth))(t)
		if len(b.Bids) != depth || len(b.Asks) != depth || b.Seq != s.Last(symbol) || b.Source != exchange.REST || b.Symbol != symbol || time.Since(b.Time).Abs() > time.Second {
			t.Errorf("%s: got %d and %d levels at %d, %v", symbol, len(b.Bids), len(b.Asks), b.Seq, b.Time)
		}
		trueBook(t, s, &b, depth)
	}
	if k := must(c.FetchTicker(ctx, symbol))(t); k.Symbol != symbol || k.Last.Sign() <= 0 || k.Volume.Sign() <= 0 || k.Percent.Absent() {
		t.Errorf("got %+v", k)
	}
	b := must(c.FetchOrderBook(ctx, symbol, 1))(t)
	if q := must(c.FetchBidAsk(ctx, symbol))(t); q.Symbol != symbol || !q.Bid.Equal(b.Bids[0].Price) || !q.AskSize.Equal(b.Asks[0].Size) || q.Bid.Cmp(q.Ask) >= 0 {
		t.Errorf("got %+v, and the book has %+v", q, b)
	}
}

// TestRefused: what the venue says in JSON, in plain text and in HTML.
func TestRefused(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		_ = must(c.FetchMarkets(ctx))(t)
		for path, want := range map[string]error{
			"/api/v1/depth?symbol=NO_SUCH": exchange.ErrBadSymbol, "/api/v1/markPrices?symbol=NO_SUCH": exchange.ErrBadSymbol, "/api/v1/depth": exchange.ErrBadRequest, "/api/v1/nowhere": exchange.ErrBadRequest,
		} {
			r := &rest.Request{}
			r.Path, path, _ = strings.Cut(path, "?")
			if id, ok := strings.CutPrefix(path, "symbol="); ok {
				r.Set("symbol", id)
			}
			if _, err := c.Call(ctx, "spot", r); !errors.Is(err, want) {
				t.Errorf("%s %s: got %v", r.Path, path, err)
			}
		}
		for code, want := range map[int]error{429: exchange.ErrRateLimit, 503: exchange.ErrMaintenance, 403: exchange.ErrPermission} {
			s.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: code, N: -1})
			short, cancel := context.WithTimeout(ctx, 3*time.Minute)
			if _, err := c.FetchTicker(short, spotSOL); !errors.Is(err, want) {
				t.Errorf("%d: got %v", code, err)
			}
			cancel()
			s.Heal()
			time.Sleep(5 * time.Minute)
		}
	})
}

// TestCached: an answer that lay in the venue's cache while its origin failed is refused,
// but for lists of markets.
func TestCached(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		s.Fault(venuetest.Fault{Kind: venuetest.CachedAnswer, For: 14 * time.Minute, Path: "/markets", N: -1})
		_ = must(c.FetchMarkets(ctx))(t)
		s.Heal()
		s.Fault(venuetest.Fault{Kind: venuetest.CachedAnswer, For: 30 * time.Second, N: 2})
		_ = must(c.FetchTicker(ctx, spotSOL))(t)
		s.Heal()
		s.Fault(venuetest.Fault{Kind: venuetest.CachedAnswer, For: time.Hour, N: -1})
		for _, err := range []error{
			second(c.FetchTicker(ctx, spotSOL)), second(c.FetchTickers(ctx)), second(c.FetchTrades(ctx, spotSOL, exchange.Range{})),
			second(c.FetchMarkPrice(ctx, perpSOL)), second(c.FetchOrderBook(ctx, spotSOL, 5)),
		} {
			if !errors.Is(err, exchange.ErrUnavailable) || !exchange.Retryable(err) || !strings.Contains(err.Error(), "1h0m0s") {
				t.Errorf("an answer of an hour ago: %v", err)
			}
		}
		var seen seen
		must(c.WatchOrderBook(ctx, 10, spotSOL))(t).OnEvent(seen.note)
		for range 10 {
			time.Sleep(time.Second)
			step(s, 5)
		}
		if b := seen.book(); b.State == book.Live {
			t.Errorf("a book of an hour ago is live")
		}
	})
}
