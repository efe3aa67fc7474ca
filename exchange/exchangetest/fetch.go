package exchangetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// unknown is a symbol that no venue has.
const unknown = "NO/SUCH"

// checks are all that hold for a method.
func (m *method) checks(h *Harness, f *exchange.Family) []check {
	switch {
	case h.Without[f.Name+" "+m.name] != "":
		return []check{{name: "without", run: m.without}}
	case m.watch != nil:
		return m.watchChecks(f)
	}
	cs := []check{
		{name: "values", run: m.values},
		{name: "bad answer", run: m.badAnswers},
		{name: "rate limit", run: m.refused(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: http.StatusTooManyRequests}, exchange.ErrRateLimit)},
		{name: "ban", run: m.refused(h.ban(), exchange.ErrBanned)},
		{name: "maintenance", run: m.maintenance},
	}
	if !m.once {
		cs = append(cs, check{name: "unknown symbol", run: m.unknownSymbol})
	}
	switch {
	case m.name == "FetchOHLCV":
		cs = append(cs, check{name: "intervals", run: intervals})
	case m.name == "FetchOrderBook":
		cs = append(cs, check{name: "depths", run: fetchedDepths})
	}
	if streamed(f, m.name) {
		cs = append(cs, check{name: "live", live: true, run: m.live})
	}
	return cs
}

// each fetches once, or of each symbol.
func (m *method) each(s *scene) error {
	symbols := s.symbols
	if m.once {
		symbols = []string{""}
	}
	var errs []error
	for _, symbol := range symbols {
		values, err := m.fetch(s, symbol)
		errs = append(errs, err)
		if err == nil && len(values) == 0 {
			errs = append(errs, fmt.Errorf("%s: nothing", symbol))
		}
		for _, v := range values {
			errs = append(errs, v.wrong)
		}
	}
	return errors.Join(errs...)
}

func (m *method) values(s *scene) error {
	s.step(20)
	return m.each(s)
}

// without sees that what no symbol has is refused before anything is sent.
func (m *method) without(s *scene) error {
	before := s.requests()
	for _, symbol := range s.symbols {
		var err error
		if m.fetch != nil {
			_, err = m.fetch(s, symbol)
		} else {
			_, err = m.watch(s, symbol)
		}
		if !errors.Is(err, exchange.ErrNotSupported) {
			return fmt.Errorf("%s: %v, want it not to be supported: %s", symbol, err, s.h.Without[s.family.Name+" "+m.name])
		}
	}
	if st := s.server.Stats(); s.requests() != before || st.Connections > 0 {
		return fmt.Errorf("%d requests, %d connections for nothing", s.requests()-before, st.Connections)
	}
	return nil
}

func (m *method) unknownSymbol(s *scene) error {
	before := s.requests()
	_, err := m.fetch(s, unknown)
	if wrong := badSymbol(err); wrong != nil {
		return wrong
	}
	if n := s.requests() - before; n > 0 && m.name != "FetchOrderBooks" {
		return fmt.Errorf("%d requests for a symbol that is not in the lists", n)
	}
	return m.each(s)
}

func badSymbol(err error) error {
	var e *exchange.Error
	if !errors.Is(err, exchange.ErrBadSymbol) || !errors.As(err, &e) || e.Symbol != unknown {
		return fmt.Errorf("of an unknown symbol: %v", err)
	}
	return nil
}

// badAnswers sees that what cannot be understood is an error or nothing, and not a value, and leaves no trace.
func (m *method) badAnswers(s *scene) error {
	for _, body := range []string{"", "{", "[", `{"`, "<html>welcome</html>", "null", "true", `"text"`, "[[[[", `{"data":`, strings.Repeat("[", 10_000), "\xff\xfe"} {
		s.server.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: http.StatusOK, N: -1, Body: body + " "})
		values, err := m.attempt(s, 20*time.Second)
		s.server.Heal()
		if m.local(s) {
			continue
		}
		if err == nil && (len(values) > 0 || body == "{") {
			return fmt.Errorf("%.20q was understood as %d values", body, len(values))
		}
		if body == "{" && !errors.Is(err, exchange.ErrMalformed) {
			return fmt.Errorf("%q: %v, want it not understood", body, err)
		}
		time.Sleep(time.Minute)
	}
	return m.each(s)
}

// local reports whether the method asks nobody: a list that is part of the program.
func (m *method) local(s *scene) bool { return m.name == "FetchMarkets" && s.family.Listed != nil }

// attempt fetches of one symbol, within a time.
func (m *method) attempt(s *scene, within time.Duration) ([]value, error) {
	ctx, cancel := context.WithTimeout(s.ctx, within)
	defer cancel()
	short := *s
	short.ctx = ctx
	return m.fetch(&short, s.symbols[0])
}

// refused sees that a venue that says stop is left alone for as long as it says, and then asked again.
func (m *method) refused(f venuetest.Fault, kind error) func(*scene) error {
	return func(s *scene) error {
		if m.local(s) {
			return m.each(s)
		}
		f.N, f.RetryAfter = -1, 90*time.Second
		s.server.Fault(f)
		before := s.requests()
		_, err := m.attempt(s, 20*time.Second)
		if !errors.Is(err, kind) {
			return fmt.Errorf("got %v, want %v", err, kind)
		}
		var e *exchange.Error
		if !errors.As(err, &e) || e.RetryAfter <= 0 {
			return fmt.Errorf("%v: it does not say when to try again", err)
		}
		if n := s.requests() - before; n > 4*len(s.h.families()) {
			return fmt.Errorf("%d requests of one call", n)
		}
		s.server.Heal()
		before = s.requests()
		if _, err := m.attempt(s, 20*time.Second); !errors.Is(err, kind) {
			return fmt.Errorf("while the venue said to wait: %v", err)
		}
		if n := s.requests() - before; n > 0 {
			return fmt.Errorf("%d requests while the venue said to wait", n)
		}
		time.Sleep(4 * time.Minute)
		s.step(1)
		return m.each(s)
	}
}

// maintenance sees that a venue that is shut is said to be so, and found again when it is open.
func (m *method) maintenance(s *scene) error {
	if m.local(s) {
		return m.each(s)
	}
	s.server.Fault(venuetest.Fault{Kind: venuetest.Maintenance})
	if m.name == "FetchStatus" {
		if v, err := s.client.FetchStatus(s.ctx); err != nil || v.State != exchange.Maintenance {
			return fmt.Errorf("got %+v, %v", v, err)
		}
	} else if _, err := m.attempt(s, 20*time.Second); !errors.Is(err, exchange.ErrUnavailable) {
		return fmt.Errorf("got %v, want %v", err, exchange.ErrUnavailable)
	}
	s.server.Heal()
	time.Sleep(2 * time.Minute)
	s.step(1)
	return m.each(s)
}

// streamed reports whether a fetch of the method reads what a stream keeps, where Options.Live asks for it.
func streamed(f *exchange.Family, name string) bool {
	switch name {
	case "FetchOrderBook":
		return len(f.Push.OrderBook) > 0
	case "FetchTicker":
		return f.Push.Ticker.Parse != nil
	case "FetchBidAsk":
		return f.Push.BidAsk.Parse != nil
	case "FetchFundingRate":
		return f.Push.Funding.Parse != nil
	case "FetchMarkPrice":
		return f.Push.MarkPrice.Parse != nil
	}
	return false
}

// live sees that a method reads memory, once it has been called.
func (m *method) live(s *scene) error {
	symbol := s.symbols[0]
	if _, err := m.fetch(s, symbol); err != nil {
		return err
	}
	s.step(40)
	s.pushed = true
	before := s.requests()
	values, err := m.fetch(s, symbol)
	if n := s.requests() - before; err != nil || len(values) != 1 || n > 0 {
		return fmt.Errorf("a live fetch of what is watched by now: %d values, want 1; %d requests, want none; error %v", len(values), n, err)
	}
	return values[0].wrong
}

// fetchedDepths sees that books are as deep as asked for, the venue's, and begin with what FetchBidAsk tells.
func fetchedDepths(s *scene) error {
	var errs []error
	for _, symbol := range s.symbols {
		truth, _ := s.server.Book(symbol, s.server.Last(symbol))
		for _, depth := range []int{1, 5, 7, 20, levels / 2} {
			b, err := s.client.FetchOrderBook(s.ctx, symbol, depth)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			errs = append(errs, s.judged(exchange.REST).orderBook(&b).wrong, s.differs(&b, truth, nil, depth))
		}
	}
	if _, err := s.client.FetchOrderBook(s.ctx, s.symbols[0], -1); !errors.Is(err, exchange.ErrBadRequest) {
		errs = append(errs, fmt.Errorf("depth -1: %v", err))
	}
	return errors.Join(errs...)
}

// notOffered sees that what a family lacks is said at once, without a request.
func notOffered(absent []method) func(*scene) error {
	return func(s *scene) error {
		before := s.requests()
		var errs []error
		for _, m := range absent {
			var err error
			switch {
			case m.once:
				continue
			case m.fetch != nil:
				_, err = m.fetch(s, s.symbols[0])
			default:
				_, err = m.watch(s, s.symbols[0])
			}
			if !errors.Is(err, exchange.ErrNotSupported) {
				errs = append(errs, fmt.Errorf("%s: %v, want it not to be supported", m.name, err))
			}
		}
		if n := s.requests() - before; n > 0 || s.server.Stats().Connections > 0 {
			errs = append(errs, fmt.Errorf("%d requests, %d connections for nothing", n, s.server.Stats().Connections))
		}
		return errors.Join(errs...)
	}
}

// intervals sees that candles of each length come, and that what is no length costs no request.
func intervals(s *scene) error {
	var errs []error
	for i := range s.family.Intervals {
		rows, err := s.client.FetchOHLCV(s.ctx, s.symbols[0], i, exchange.Range{Limit: 3})
		j := s.judged(exchange.REST)
		j.interval = i
		if err != nil || len(rows) == 0 || len(rows) > 3 {
			errs = append(errs, fmt.Errorf("%s: %d candles, %v", i, len(rows), err))
		}
		for n := range rows {
			errs = append(errs, j.candle(&rows[n]).wrong)
			if n > 0 && !rows[n].Start.After(rows[n-1].Start) {
				errs = append(errs, fmt.Errorf("%s: %s after %s", i, rows[n].Start, rows[n-1].Start))
			}
		}
	}
	before := s.requests()
	for _, i := range []exchange.Interval{"7m", "", "1", "m", "1m ", "-1m"} {
		if _, err := s.client.FetchOHLCV(s.ctx, s.symbols[0], i, exchange.Range{}); !errors.Is(err, exchange.ErrBadRequest) {
			errs = append(errs, fmt.Errorf("interval %q: %v", i, err))
		}
	}
	if n := s.requests() - before; n > 0 {
		errs = append(errs, fmt.Errorf("%d requests for intervals that there are not", n))
	}
	return errors.Join(errs...)
}
