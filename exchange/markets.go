package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"
)

// marketList is what the client knows of the venue's markets.
type marketList struct {
	flight singleflight.Group

	mu      sync.Mutex
	index   *Index
	loaded  time.Time
	failed  map[*Family]error // families that could not be loaded the last time
	parts   map[*Family][]Market
	adopted map[*Family][]Market
}

// reloadAfter is how old the list must be before an unknown symbol has it loaded again: a
// misspelt symbol in a loop must not cost a request each time.
const reloadAfter = 10 * time.Second

// loadWithin is how long the list may take, whatever the caller's patience: who is told to wait
// for longer fails at once with the venue's reason, and all who wait for the list learn it.
const loadWithin = time.Minute

// FetchMarkets loads the list of markets of all families, by family and symbol. The
// families that could not be loaded are told by the error; what was known of them before
// is in the list.
func (c *Client) FetchMarkets(ctx context.Context) ([]Market, error) {
	const op = "FetchMarkets"
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer cancel()
	index, err := c.load(ctx, op)
	all := make([]Market, len(index.All()))
	for i, m := range index.All() {
		all[i] = *m
	}
	return all, err
}

// NumbersTrades reports whether the venue numbers the public trades of a market one by one, so that an id that is missing is a trade
// that is. Of a symbol that is not known yet it says no.
func (c *Client) NumbersTrades(symbol string) bool {
	index, _ := c.known()
	m := index.Symbol(symbol)
	return m != nil && m.family.Push.Trades.Span != nil && !m.family.Push.Trades.Sparse
}

// Market returns the market of a symbol; it is loaded when that has not been done.
func (c *Client) Market(ctx context.Context, symbol string) (Market, error) {
	_, cancel, m, err := c.on(ctx, "Market", symbol)
	if err != nil {
		return Market{}, err
	}
	cancel()
	return *m, nil
}

// on begins a call that is about one symbol.
func (c *Client) on(ctx context.Context, op, symbol string) (context.Context, context.CancelFunc, *Market, error) {
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return nil, nil, nil, err
	}
	ms, err := c.find(ctx, op, symbol)
	if err != nil {
		cancel()
		return nil, nil, nil, err
	}
	return ctx, cancel, ms[0], nil
}

// find returns the markets of symbols. Where a symbol is not known the list is loaded
// once more.
func (c *Client) find(ctx context.Context, op string, symbols ...string) ([]*Market, error) {
	if slices.Contains(symbols, "") {
		return nil, c.fail(op, "", ErrBadSymbol, "a symbol is needed")
	}
	index, age := c.known()
	if index == nil || age > c.o.MarketsTTL || (age > reloadAfter && index.rolled()) {
		fresh, err := c.load(ctx, op)
		if fresh == nil {
			return nil, err
		}
		index, age = fresh, 0
	}
	ms, missing := index.lookup(symbols)
	if missing != "" && age > reloadAfter {
		if fresh, _ := c.load(ctx, op); fresh != nil {
			ms, missing = fresh.lookup(symbols)
		}
	}
	for missing != "" && c.adopt(missing) {
		index, _ = c.known()
		ms, missing = index.lookup(symbols)
	}
	if missing != "" {
		return nil, c.unknown(op, missing)
	}
	return ms, nil
}

// mostAdopted bounds the markets of ids that are in no list: they are the users' to name.
const mostAdopted = 10_000

// adopt puts the market of an id that is in no list among the others, where a family takes it.
func (c *Client) adopt(id string) bool {
	c.markets.mu.Lock()
	defer c.markets.mu.Unlock()
	for _, f := range c.venue.Families {
		if f.Adopt == nil || len(c.markets.adopted[f]) >= mostAdopted || c.markets.index.Names(f.Name).ByID([]byte(id)) != nil {
			continue
		}
		m, ok := f.Adopt(id)
		if !ok || m.ID != id {
			continue
		}
		m.Family, m.family = f.Name, f
		c.markets.adopted[f] = append(c.markets.adopted[f], m)
		c.reindex()
		return true
	}
	return false
}

// unknown is the error for a symbol that is in no list. When a list is missing, the
// reason for that may be the reason.
func (c *Client) unknown(op, symbol string) error {
	c.markets.mu.Lock()
	defer c.markets.mu.Unlock()
	var failed error
	for _, err := range c.markets.failed {
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return &Error{Venue: c.venue.Name, Op: op, Symbol: symbol, Kind: ErrUnavailable, Message: "not in the lists that could be loaded", Err: failed}
	}
	return c.fail(op, symbol, ErrBadSymbol, "")
}

func (c *Client) known() (*Index, time.Duration) {
	c.markets.mu.Lock()
	defer c.markets.mu.Unlock()
	return c.markets.index, time.Since(c.markets.loaded)
}

// lookup returns the market of each symbol, or the first that is not known. The
// venue's own id serves as well where only one family has it.
func (x *Index) lookup(symbols []string) (ms []*Market, missing string) {
	for _, s := range symbols {
		m := x.bySymbol[s]
		if m == nil {
			m = x.only(s)
		}
		if m == nil {
			return nil, s
		}
		ms = append(ms, m)
	}
	return ms, ""
}

func (x *Index) only(id string) (found *Market) {
	for _, ids := range x.byFamily {
		if m := ids[id]; m != nil {
			if found != nil {
				return nil
			}
			found = m
		}
	}
	return found
}

// load fetches the markets of all families at once; callers at the same time share it.
func (c *Client) load(ctx context.Context, op string) (*Index, error) {
	done := c.markets.flight.DoChan("", func() (any, error) {
		return nil, c.loadAll(op)
	})
	select {
	case r := <-done:
		index, _ := c.known()
		return index, r.Err
	case <-ctx.Done():
		return nil, c.translate(nil, op, "", context.Cause(ctx))
	}
}

// loadAll belongs to the client, not to the call that began it: others may be waiting for it too.
func (c *Client) loadAll(op string) error {
	parts := make([][]Market, len(c.venue.Families))
	errs := make([]error, len(c.venue.Families))
	var all errgroup.Group
	for i, f := range c.venue.Families {
		all.Go(func() error {
			parts[i], errs[i] = c.loadFamily(op, f)
			return nil
		})
	}
	_ = all.Wait()
	for _, m := range c.replace(parts, errs) {
		c.o.Log.Warn("two markets have one symbol", "venue", c.venue.Name, "symbol", m.Symbol, "by id only", m.ID)
	}
	return errors.Join(errs...)
}

// replace puts the lists that could be loaded in the place of the old ones, and returns what reindex hides.
func (c *Client) replace(parts [][]Market, errs []error) (hidden []*Market) {
	c.markets.mu.Lock()
	defer c.markets.mu.Unlock()
	if c.markets.parts == nil {
		c.markets.parts, c.markets.adopted = make(map[*Family][]Market), make(map[*Family][]Market)
	}
	c.markets.failed = make(map[*Family]error)
	loaded := false
	for i, f := range c.venue.Families {
		if errs[i] == nil {
			c.markets.parts[f] = parts[i]
			c.markets.adopted[f] = slices.DeleteFunc(c.markets.adopted[f], func(m Market) bool {
				return slices.ContainsFunc(parts[i], func(listed Market) bool { return listed.ID == m.ID })
			})
			loaded = true
		} else {
			c.markets.failed[f] = errs[i]
		}
	}
	if loaded {
		c.markets.loaded = time.Now()
		hidden = c.reindex()
	}
	return hidden
}

// reindex makes the index anew. The list is locked.
func (c *Client) reindex() (hidden []*Market) {
	var list []Market
	for _, f := range c.venue.Families {
		list = append(append(list, c.markets.parts[f]...), c.markets.adopted[f]...)
	}
	c.markets.index, hidden = newIndex(list)
	return hidden
}

func (c *Client) loadFamily(op string, f *Family) ([]Market, error) {
	ms, err := slices.Clone(f.Listed), error(nil)
	if f.Pull.Markets.Parse != nil {
		ctx, cancel := context.WithTimeout(c.ctx, loadWithin)
		defer cancel()
		ms, err = request(ctx, c, f, &f.Pull.Markets, nil, Args{}, 0)
	}
	if err != nil {
		return nil, c.translate(f, op, "", fmt.Errorf("%s: %w", f.Name, err))
	}
	ms = slices.DeleteFunc(ms, func(m Market) bool { return m.Symbol == "" || m.ID == "" })
	for i := range ms {
		ms[i].Family, ms[i].family = f.Name, f
	}
	return ms, nil
}
