package exchange

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/stream"
)

// WatchBalance follows what all accounts behind the key have. The first values are all balances as they stand; then one comes when it has
// changed, and one of zero when nothing is left. A slow reader gets the newest of each asset. Of an account whose changes the venue does not push, REST is asked
// now and then, or when something else that it pushes hints at them: docs/venues.md says where. After an interruption what has changed comes first, by REST, with the Break.
func (c *Client) WatchBalance(ctx context.Context) (*stream.Subscription[Balance], error) {
	return watchAccount(ctx, c, "WatchBalance", nil, c.accounts.balances)
}

// WatchOrders follows the orders of the symbols, or of all markets. The first values are those that are open. An order never goes back: what has
// ended stays so, and what is filled grows; a message that repeats another is left out. After an interruption REST is asked for all
// that may have changed: it comes in the order of the venue's time, before what is pushed next, the first with a Break that is healed. Where some cannot
// be asked for, such as orders of markets that nobody has named or met where the venue wants a symbol, the Break is not healed and its Err says so. The Time of a
// reader's own clock plays no part.
func (c *Client) WatchOrders(ctx context.Context, symbols ...string) (*stream.Subscription[Order], error) {
	const op = "WatchOrders"
	for _, f := range c.venue.Families {
		if k := &f.Pull.OpenOrders; len(symbols) == 0 && c.accounts.orders.offered(f) && k.Parse != nil && !k.Whole {
			return nil, c.fail(op, "", ErrBadRequest, "a symbol is needed: "+f.Name+" cannot be asked for all markets")
		}
	}
	return watchAccount(ctx, c, op, symbols, c.accounts.orders)
}

// WatchMyTrades follows the fills of the symbols, or of all markets, from the call on: each comes once, also over interruptions, by the venue's time. What
// WatchOrders says of interruptions holds.
func (c *Client) WatchMyTrades(ctx context.Context, symbols ...string) (*stream.Subscription[Fill], error) {
	return watchAccount(ctx, c, "WatchMyTrades", symbols, c.accounts.fills)
}

// WatchPositions follows the positions of the symbols, or all. The first values are those that are held; one that is closed comes with a size of
// zero. A slow reader gets the newest of each. What WatchBalance says of interruptions holds.
func (c *Client) WatchPositions(ctx context.Context, symbols ...string) (*stream.Subscription[Position], error) {
	return watchAccount(ctx, c, "WatchPositions", symbols, c.accounts.positions)
}

// WatchDeposits follows deposits from the call on: each comes when it is seen first, and when its status has changed.
func (c *Client) WatchDeposits(ctx context.Context) (*stream.Subscription[Transaction], error) {
	return watchAccount(ctx, c, "WatchDeposits", nil, c.accounts.deposits)
}

// WatchWithdrawals is WatchDeposits of withdrawals.
func (c *Client) WatchWithdrawals(ctx context.Context) (*stream.Subscription[Transaction], error) {
	return watchAccount(ctx, c, "WatchWithdrawals", nil, c.accounts.withdrawals)
}

// WatchTransactions is WatchDeposits of deposits and withdrawals.
func (c *Client) WatchTransactions(ctx context.Context) (*stream.Subscription[Transaction], error) {
	return watchAccount(ctx, c, "WatchTransactions", nil, c.accounts.deposits, c.accounts.withdrawals)
}

// accountStreams are what is kept of the account.
type accountStreams struct {
	balances    *accountShelf[Balance, *Balance]
	orders      *accountShelf[Order, *Order]
	fills       *accountShelf[Fill, *Fill]
	positions   *accountShelf[Position, *Position]
	deposits    *accountShelf[Transaction, *Transaction]
	withdrawals *accountShelf[Transaction, *Transaction]

	work   *sync.WaitGroup
	asking chan struct{} // holds one for each that asks REST
	met    *metMarkets
}

// mostAsking is how many of what is kept ask REST at a time. What each asks it asks one by one.
const mostAsking = 4

// metMarkets are the symbols that the account has had to do with, as far as the client has seen it.
type metMarkets struct {
	mu  sync.Mutex
	met map[*Family]map[string]bool
}

func newAccountStreams(c *Client) accountStreams {
	s := accountStreams{work: &sync.WaitGroup{}, asking: make(chan struct{}, mostAsking), met: &metMarkets{met: make(map[*Family]map[string]bool)}}
	s.balances = newAccountShelf(c, accountKind[Balance, *Balance]{
		name: "balances", op: "WatchBalance", ledger: balanceLedger, standing: true, same: func(a, b *Balance) bool { return a.Account == b.Account && a.Asset == b.Asset },
		channel: func(f *Family) *AccountChannel[Balance] { return &f.Push.Balances },
		state:   func() accountState[Balance, *Balance] { return &balanceState{known: make(map[balanceKey]*keptBalance)} },
	})
	s.orders = newAccountShelf(c, accountKind[Order, *Order]{
		name: "orders", op: "WatchOrders", ledger: orderLedger, standing: true,
		channel: func(f *Family) *AccountChannel[Order] { return &f.Push.Orders },
		state: func() accountState[Order, *Order] {
			return &orderState{open: make(map[orderKey]*keptOrder), done: remember[orderKey, decimal.Decimal](mostDone)}
		},
	})
	s.fills = newAccountShelf(c, accountKind[Fill, *Fill]{
		name: "fills", op: "WatchMyTrades", ledger: fillLedger,
		channel: func(f *Family) *AccountChannel[Fill] { return &f.Push.MyTrades },
		state: func() accountState[Fill, *Fill] {
			return &fillState{seen: remember[fillKey, struct{}](mostFills)}
		},
	})
	s.positions = newAccountShelf(c, accountKind[Position, *Position]{
		name: "positions", op: "WatchPositions", ledger: positionLedger, standing: true, same: (*Position).same,
		channel: func(f *Family) *AccountChannel[Position] { return &f.Push.Positions },
		state:   func() accountState[Position, *Position] { return &positionState{} },
	})
	transactions := func(name, op string, kept ledger[Transaction], channel func(f *Family) *AccountChannel[Transaction]) *accountShelf[Transaction, *Transaction] {
		return newAccountShelf(c, accountKind[Transaction, *Transaction]{
			name: name, op: op, ledger: kept, channel: channel,
			state: func() accountState[Transaction, *Transaction] {
				return &transactionState{ledger: kept, known: remember[string, keptTransaction](mostTransactions)}
			},
		})
	}
	s.deposits = transactions("deposits", "WatchDeposits", depositLedger, func(f *Family) *AccountChannel[Transaction] { return &f.Push.Deposits })
	s.withdrawals = transactions("withdrawals", "WatchWithdrawals", withdrawalLedger, func(f *Family) *AccountChannel[Transaction] { return &f.Push.Withdrawals })
	return s
}

func (s *accountStreams) close() {
	s.balances.close()
	s.orders.close()
	s.fills.close()
	s.positions.close()
	s.deposits.close()
	s.withdrawals.close()
	s.work.Wait()
}

func (m *metMarkets) meet(f *Family, symbol string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.met[f] == nil {
		m.met[f] = make(map[string]bool)
	}
	if len(m.met[f]) < mostAdopted {
		m.met[f][symbol] = true
	}
}

func (m *metMarkets) in(f *Family) (symbols []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.met[f] {
		symbols = append(symbols, s)
	}
	return symbols
}

// metIn returns the markets of a family that the account has had to do with.
func (c *Client) metIn(f *Family) (ms []*Market) {
	index, _ := c.known()
	for _, symbol := range c.accounts.met.in(f) {
		if m := index.Symbol(symbol); m != nil && m.family == f {
			ms = append(ms, m)
		}
	}
	return ms
}

// accountKind tells what one kind of the account's values is.
type accountKind[T any, P stamped[T]] struct {
	ledger[T]
	name, op string
	channel  func(*Family) *AccountChannel[T]
	state    func() accountState[T, P]
	same     func(a, b *T) bool // of states, whether two values are of one thing; nil: they are events
	standing bool               // a reader begins with what there is
}

// leastRing is how many events a reader may be behind, at the least: of orders he gets all that are open at once.
const leastRing = 4096

func (k *accountKind[T, P]) feed(ring int) *stream.Feed[T] {
	if k.same != nil {
		return stream.NewLatest(kind[T, P](), k.same)
	}
	return stream.NewEvents(kind[T, P](), max(ring, leastRing))
}

// accountShelf holds what is kept of one kind, by family.
type accountShelf[T any, P stamped[T]] struct {
	c    *Client
	kind accountKind[T, P]

	mu     sync.Mutex
	kept   map[*Family]*keptAccount[T, P]
	closed bool
}

func newAccountShelf[T any, P stamped[T]](c *Client, k accountKind[T, P]) *accountShelf[T, P] {
	return &accountShelf[T, P]{c: c, kind: k, kept: make(map[*Family]*keptAccount[T, P])}
}

// offered reports whether the venue pushes the kind for a family, or it is asked for now and then.
func (s *accountShelf[T, P]) offered(f *Family) bool {
	ch := s.kind.channel(f)
	return ch.Parse != nil || ch.Hint != nil || ch.Poll > 0
}

// watchAccount makes a reader of what is kept in all families, or in those of the symbols.
func watchAccount[T any, P stamped[T]](ctx context.Context, c *Client, op string, symbols []string, shelves ...*accountShelf[T, P]) (*stream.Subscription[T], error) {
	bounded, cancel, err := c.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer cancel()
	var ms []*Market
	if shelves[0].kind.markets {
		if ms, err = c.find(bounded, op, symbols...); err != nil {
			return nil, err
		}
	}
	var feeds []*stream.Feed[T]
	var joins, releases []func()
	release := func() {
		for _, r := range releases {
			r()
		}
	}
	for _, f := range c.venue.Families {
		mine := slices.DeleteFunc(unique(ms), func(m *Market) bool { return m.family != f })
		for _, s := range shelves {
			if len(ms) > 0 && len(mine) == 0 || len(ms) == 0 && !s.offered(f) {
				continue
			}
			k, err := s.acquire(op, f, mine)
			if err != nil {
				release()
				return nil, err
			}
			v := k.view(mine)
			feeds = append(feeds, v.feed)
			joins = append(joins, func() { k.join(v) })
			releases = append(releases, func() { k.leave(v); s.release(k) })
		}
	}
	if len(feeds) == 0 {
		return nil, c.fail(op, "", ErrNotSupported, "")
	}
	sub := stream.Subscribe(ctx, release, feeds...)
	for _, join := range joins { // what is published before he listens an events' reader does not get
		join()
	}
	return sub, nil
}

// acquire returns what is kept in a family, with one more user.
func (s *accountShelf[T, P]) acquire(op string, f *Family, ms []*Market) (*keptAccount[T, P], error) {
	ch := s.kind.channel(f)
	for _, m := range ms {
		if !s.offered(f) || ch.For != nil && !ch.For(m) {
			return nil, s.c.fail(op, m.Symbol, ErrNotSupported, "")
		}
	}
	if !s.c.keys.may() {
		return nil, s.c.explain(f, op, "", unfit("Options.Credentials are empty"))
	}
	topic, hub := "", (*stream.Hub)(nil)
	if ch.Topic != nil {
		topic = ch.Topic(nil, Args{})
	}
	if topic != "" {
		var err error
		if hub, err = s.c.hub(f.Sockets[ch.Socket]); err != nil {
			return nil, s.c.explain(f, op, "", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, s.c.fail(op, "", ErrClosed, "")
	}
	k := s.kept[f]
	if k == nil || k.dead.Load() {
		k = s.keep(f, ch, hub, topic)
		s.kept[f] = k
	}
	k.users++
	return k, nil
}

// keep begins to keep what is in a family.
func (s *accountShelf[T, P]) keep(f *Family, ch *AccountChannel[T], hub *stream.Hub, topic string) *keptAccount[T, P] {
	k := &keptAccount[T, P]{c: s.c, f: f, kind: &s.kind, channel: ch, hub: hub, topic: topic, state: s.kind.state(), met: make(map[string]bool), wake: make(chan struct{}, 1)}
	k.scope = s.c.scope(f, Args{}, true)
	k.scope.pushed = true
	k.began = time.Now()
	k.good = k.began
	k.note()
	ctx, cancel := context.WithCancel(s.c.ctx)
	k.cancel = cancel
	if hub != nil {
		hub.Add(topic, k)
	} else {
		k.ask()
	}
	s.c.accounts.work.Go(func() { k.run(ctx) })
	return k
}

// release gives it back; with its last user the topic is given up.
func (s *accountShelf[T, P]) release(k *keptAccount[T, P]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.users--; k.users > 0 {
		return
	}
	if s.kept[k.f] == k {
		delete(s.kept, k.f)
	}
	if k.hub != nil {
		k.hub.Remove(k.topic, k)
	}
	k.cancel()
}

func (s *accountShelf[T, P]) close() {
	s.mu.Lock()
	s.closed = true
	all := slices.Collect(maps.Values(s.kept))
	s.mu.Unlock()
	for _, k := range all {
		k.end(ErrClosed)
	}
}

// about tells of the topics of what is kept, and returns what has none.
func (s *accountStreams) about(all map[topicKey]StreamHealth) (rest []StreamHealth) {
	rest = append(rest, s.balances.about(all)...)
	rest = append(rest, s.orders.about(all)...)
	rest = append(rest, s.fills.about(all)...)
	rest = append(rest, s.positions.about(all)...)
	rest = append(rest, s.deposits.about(all)...)
	return append(rest, s.withdrawals.about(all)...)
}

func (s *accountShelf[T, P]) about(all map[topicKey]StreamHealth) (rest []StreamHealth) {
	s.mu.Lock()
	kept := slices.Collect(maps.Values(s.kept))
	s.mu.Unlock()
	for _, k := range kept {
		k.mu.Lock()
		h := k.health
		k.mu.Unlock()
		if k.hub == nil {
			h.Endpoint, h.State = k.f.Base.Name, stream.Subscribed
			for _, calls := range s.kind.calls(&k.f.Pull) {
				h.Topic += " " + calls[0].Path
			}
			h.Topic = strings.TrimSpace(h.Topic)
			rest = append(rest, h)
			continue
		}
		key := topicKey{k.f.Sockets[k.channel.Socket], k.topic}
		if other, shared := all[key]; shared {
			h.Kind, h.Readers = other.Kind+", "+h.Kind, h.Readers+other.Readers
			h.Err = cmp.Or(other.Err, h.Err)
		}
		all[key] = h
	}
	return rest
}
