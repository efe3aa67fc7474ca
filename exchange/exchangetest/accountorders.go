package exchangetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// quote is where the market of a symbol is.
type quote struct {
	market   exchange.Market
	bid, ask decimal.Decimal
	lot      decimal.Decimal // of a small order, as the book counts
	size     decimal.Decimal // the same in base units
}

func (s *desk) quote(symbol string) (q quote, err error) {
	if q.market, err = s.client.Market(s.ctx, symbol); err != nil {
		return q, err
	}
	b, _ := s.server.Book(symbol, s.server.Last(symbol))
	if len(b.Bids) == 0 || len(b.Asks) == 0 {
		return q, fmt.Errorf("%s: an empty book", symbol)
	}
	q.bid, q.ask = decimal.MustParse(b.Price(b.Bids[0])), decimal.MustParse(b.Price(b.Asks[0]))
	lots := decimal.New(20, 0)
	for step := q.market.StepSize; ; lots = lots.Mul(decimal.New(2, 0)) {
		q.lot = step.Mul(lots)
		q.size = q.market.BaseSize(q.lot, q.bid)
		if q.market.MinSize.Sign() > 0 && q.lot.Cmp(q.market.MinSize) < 0 || q.market.MinCost.Sign() > 0 && q.size.Mul(q.bid).Cmp(q.market.MinCost.Mul(decimal.New(2, 0))) < 0 {
			continue
		}
		return q, nil
	}
}

// order is a small order: of inverse contracts, whose size depends on the price, it says how many.
func (q *quote) order(side exchange.Side, kind exchange.OrderType, price decimal.Decimal) exchange.NewOrder {
	o := exchange.NewOrder{Symbol: q.market.Symbol, Side: side, Type: kind, Price: price, Size: q.size}
	if q.market.Inverse {
		o.Size, o.Contracts = decimal.Decimal{}, q.lot
	}
	return o
}

// away is a price n percent behind the best one of a side.
func (q *quote) away(side exchange.Side, percent int64) decimal.Decimal {
	tick := q.market.TickSize
	if side == exchange.Buy {
		return q.bid.Mul(decimal.New(100-percent, 2)).Quo(tick).Trunc(0).Mul(tick)
	}
	return q.ask.Mul(decimal.New(100+percent, 2)).Quo(tick).Trunc(0).Mul(tick)
}

// truth is the account's order of a client id; none when there are several, or none.
func (s *desk) truth(clientID string) (o venuetest.Order, n int) {
	for _, x := range s.account.Orders() {
		if x.ClientID == clientID {
			o = x
			n++
		}
	}
	return o, n
}

// ordersAsTold places orders of all kinds, changes and cancels them, and looks at what the account then has.
func (s *desk) ordersAsTold() error {
	if !s.offers("CreateOrder") {
		return nil
	}
	var errs []error
	for _, symbol := range s.symbols {
		q, err := s.quote(symbol)
		if err != nil {
			return err
		}
		errs = append(errs, s.kinds(&q), s.cancels(&q), s.edits(&q))
	}
	return few(errs)
}

// kinds places one order of each kind.
func (s *desk) kinds(q *quote) error {
	through := q.away(exchange.Buy, -3) // above the ask
	ioc, fok, post := q.order(exchange.Buy, exchange.LimitOrder, q.away(exchange.Buy, 5)), q.order(exchange.Buy, exchange.LimitOrder, q.away(exchange.Buy, 5)), q.order(exchange.Sell, exchange.LimitOrder, q.away(exchange.Sell, 5))
	ioc.TimeInForce, fok.TimeInForce, post.PostOnly = exchange.IOC, exchange.FOK, true
	var f findings
	for _, c := range []struct {
		name  string
		order exchange.NewOrder
		want  []venuetest.Status
	}{
		{"limit that rests", q.order(exchange.Buy, exchange.LimitOrder, q.away(exchange.Buy, 5)), []venuetest.Status{venuetest.Open}},
		{"limit that takes", q.order(exchange.Buy, exchange.LimitOrder, through), []venuetest.Status{venuetest.Filled}},
		{"market", q.order(exchange.Sell, exchange.MarketOrder, decimal.Decimal{}), []venuetest.Status{venuetest.Filled}},
		{"IOC", ioc, []venuetest.Status{venuetest.Expired, venuetest.Canceled}},
		{"FOK", fok, []venuetest.Status{venuetest.Expired, venuetest.Canceled}},
		{"post-only that rests", post, []venuetest.Status{venuetest.Open}},
	} {
		told, err := s.client.CreateOrder(s.ctx, c.order)
		if s.said.note(err) != nil {
			if o, n := s.truth(outcome(err).ClientID); n == 1 && (c.name == "IOC" || c.name == "FOK") && o.Filled.IsZero() {
				continue // some venues refuse what they cannot fill
			}
			f.want(false, "%s: %v", c.name, err)
			continue
		}
		o, n := s.truth(told.ClientID)
		f.want(n == 1 && told.ClientID != "", "%s: %d orders of the client id %q", c.name, n, told.ClientID)
		f.want(told.ID == s.h.orderID(&o), "%s: id %q, want %s", c.name, told.ID, s.h.orderID(&o))
		ok := false
		for _, w := range c.want {
			ok = ok || o.Status == w
		}
		f.want(ok, "%s: the account has it %s, want %v", c.name, o.Status, c.want)
		f.want(string(c.order.Side) == o.Side && string(c.order.Type) == o.Type, "%s: the account has a %s %s", c.name, o.Side, o.Type)
		f.want(told.Symbol == q.market.Symbol && told.Venue == s.client.Venue(), "%s: told of %s %s", c.name, told.Venue, told.Symbol)
	}
	return f.about(q.market.Symbol)
}

// outcome is what an error of an order says.
func outcome(err error) (e exchange.OrderError) {
	if told, ok := errors.AsType[*exchange.OrderError](err); ok {
		return *told
	}
	return e
}

// cancels cancels by both kinds of ids, what is not there, and all.
func (s *desk) cancels(q *quote) error {
	var f findings
	place := func() exchange.Order {
		o, err := s.client.CreateOrder(s.ctx, q.order(exchange.Buy, exchange.LimitOrder, q.away(exchange.Buy, 5)))
		f.want(s.said.note(err) == nil, "an order to cancel: %v", err)
		return o
	}
	for _, ref := range []func(o exchange.Order) exchange.Ref{
		func(o exchange.Order) exchange.Ref { return exchange.Ref{ID: o.ID} },
		func(o exchange.Order) exchange.Ref { return exchange.Ref{ClientID: o.ClientID} },
	} {
		o := place()
		if o.Symbol == "" {
			return f.about(q.market.Symbol + ", cancel")
		}
		told, err := s.client.CancelOrder(s.ctx, o.Symbol, ref(o))
		have, _ := s.truth(o.ClientID)
		f.want(s.said.note(err) == nil && told.ID == o.ID, "cancelled %q of %q: %v", told.ID, o.ID, err)
		f.want(have.Status == venuetest.Canceled, "the account has it %s", have.Status)
		f.want(told.Status != exchange.OrderOpen, "told as %s after it was cancelled", told.Status)
		_, err = s.client.CancelOrder(s.ctx, o.Symbol, ref(o))
		f.want(errors.Is(s.said.note(err), exchange.ErrOrderNotFound), "cancelled twice: %v", err)
	}
	place()
	place()
	_, err := s.client.CancelAllOrders(s.ctx, q.market.Symbol)
	f.want(s.said.note(err) == nil, "cancel all: %v", err)
	s.step(4)
	for _, o := range s.account.OpenOrders() {
		f.want(o.Symbol != q.market.Symbol, "order %d is open when all were cancelled", o.ID)
	}
	_, err = s.client.CancelAllOrders(s.ctx, q.market.Symbol)
	f.want(s.said.note(err) == nil, "cancel all of none: %v", err)
	return f.about(q.market.Symbol + ", cancel")
}

// edits changes an order, where the venue can.
func (s *desk) edits(q *quote) error {
	var f findings
	q.size, q.lot = q.size.Mul(decimal.New(2, 0)), q.lot.Mul(decimal.New(2, 0)) // so that half of it is enough
	o, err := s.client.CreateOrder(s.ctx, q.order(exchange.Buy, exchange.LimitOrder, q.away(exchange.Buy, 5)))
	if s.said.note(err) != nil {
		return err
	}
	change := q.order(exchange.Buy, exchange.LimitOrder, o.Price)
	change.Size = change.Size.Quo(decimal.New(2, 0)) // half of it: what all venues can that can anything
	if q.market.Inverse {
		change.Size, change.Contracts = decimal.Decimal{}, q.lot.Quo(decimal.New(2, 0))
	}
	if slices.Contains(s.h.Shrinks, s.family.Name) {
		change.Price = decimal.Decimal{}
	}
	told, err := s.client.EditOrder(s.ctx, exchange.Ref{ID: o.ID}, change)
	switch offered := s.offers("EditOrder"); {
	case !offered:
		f.want(errors.Is(s.said.note(err), exchange.ErrNotSupported), "not offered: %v", err)
	case s.said.note(err) != nil:
		f.want(false, "%v", err)
	default:
		var have venuetest.Order
		for _, x := range s.account.OpenOrders() {
			if s.h.orderID(&x) == told.ID {
				have = x
			}
		}
		size := q.market.BaseSize(have.Size, q.bid)
		if q.market.Inverse {
			size, change.Size = have.Size, change.Contracts
		}
		f.want(size.Cmp(change.Size) == 0, "the account has it of %s, want %s", size, change.Size)
	}
	_, err = s.client.CancelAllOrders(s.ctx, q.market.Symbol)
	s.said.note(err)
	return f.about(q.market.Symbol + ", edit")
}

// ordersRefused gives orders that cannot be: each has its kind, and what the client itself can see is not sent.
func (s *desk) ordersRefused() error {
	if !s.offers("CreateOrder") {
		return nil
	}
	q, err := s.quote(s.symbols[0])
	if err != nil {
		return err
	}
	rest := func(change func(o *exchange.NewOrder)) exchange.NewOrder {
		o := q.order(exchange.Buy, exchange.LimitOrder, q.away(exchange.Buy, 5))
		change(&o)
		return o
	}
	var f findings
	for _, c := range []struct {
		name  string
		order exchange.NewOrder
		kind  error
		sent  bool
	}{
		{"price between ticks", rest(func(o *exchange.NewOrder) { o.Price = o.Price.Add(q.market.TickSize.Quo(decimal.New(4, 0))) }), exchange.ErrInvalidOrder, false},
		{"size between steps", rest(func(o *exchange.NewOrder) {
			o.Size = o.Size.Add(q.market.BaseSize(q.market.StepSize, q.bid).Quo(decimal.New(4, 0)))
		}), exchange.ErrInvalidOrder, false},
		{"no size", rest(func(o *exchange.NewOrder) { o.Size, o.Contracts = decimal.Decimal{}, decimal.Decimal{} }), exchange.ErrInvalidOrder, false},
		{"negative size", rest(func(o *exchange.NewOrder) { o.Size = o.Size.Neg() }), exchange.ErrInvalidOrder, false},
		{"no price", rest(func(o *exchange.NewOrder) { o.Price = decimal.Decimal{} }), exchange.ErrInvalidOrder, false},
		{"no side", rest(func(o *exchange.NewOrder) { o.Side = "" }), exchange.ErrInvalidOrder, false},
		{"bad client id", rest(func(o *exchange.NewOrder) { o.ClientID = "no blanks, please ☺" }), exchange.ErrInvalidOrder, false},
		{"unknown symbol", rest(func(o *exchange.NewOrder) { o.Symbol = unknown }), exchange.ErrBadSymbol, false},
		{"post-only and IOC", rest(func(o *exchange.NewOrder) { o.PostOnly, o.TimeInForce = true, exchange.IOC }), exchange.ErrInvalidOrder, false},
		{"too much", rest(func(o *exchange.NewOrder) {
			o.Size = o.Size.Mul(decimal.New(1_000_000, 0))
			o.Contracts = o.Contracts.Mul(decimal.New(1_000_000, 0))
		}), nil, true},
	} {
		if c.order.Size.Absent() && c.name == "size between steps" { // of inverse contracts whole ones are given
			continue
		}
		before := len(s.account.Orders())
		requests := s.instructions()
		o, err := s.client.CreateOrder(s.ctx, c.order)
		e := outcome(s.said.note(err))
		f.want(err != nil && e.Outcome == exchange.NotPlaced, "%s: %+v, %v", c.name, o, err)
		if c.kind != nil {
			f.want(errors.Is(err, c.kind), "%s: %v, want %v", c.name, err, c.kind)
		} else {
			f.want(errors.Is(err, exchange.ErrFunds) || errors.Is(err, exchange.ErrInvalidOrder), "%s: %v", c.name, err)
		}
		f.want(c.sent || s.instructions() == requests, "%s: it was sent", c.name)
		f.want(len(s.account.Orders()) == before || c.sent, "%s: the account has it", c.name)
	}
	_, err = s.client.CancelOrder(s.ctx, s.symbols[0], exchange.Ref{ID: "1"})
	f.want(errors.Is(s.said.note(err), exchange.ErrOrderNotFound), "cancel of an unknown one: %v", err)
	_, err = s.client.CancelOrder(s.ctx, s.symbols[0], exchange.Ref{})
	f.want(errors.Is(s.said.note(err), exchange.ErrBadRequest), "cancel of nothing: %v", err)
	return f.about(s.symbols[0])
}

// instructions is how much was asked of the venue by REST and said on its sockets.
func (s *desk) instructions() (n int) {
	stats := s.server.Stats()
	for _, k := range stats.Requests {
		n += k
	}
	return n
}

// lost is what can happen to the answer to an order.
var lost = []venuetest.Fault{
	{Kind: venuetest.LostAnswer, N: 1},
	{Kind: venuetest.LostAnswer, N: 2},
	{Kind: venuetest.NoAnswer, N: 1},
	{Kind: venuetest.LateAnswer, N: 1, For: 700 * time.Millisecond},
	{Kind: venuetest.LateAnswer, N: 1, For: 40 * time.Second},
	{Kind: venuetest.FalseAnswer, N: 1, Code: 503},
	{Kind: venuetest.FalseAnswer, N: 1, Code: 504},
}

// lostAnswers places orders whose answers do not come: there are never two, and what is told is true.
func (s *desk) lostAnswers() error {
	if !s.offers("CreateOrder") {
		return nil
	}
	rng := rand.New(rand.NewPCG(s.seed, 11))
	q, err := s.quote(s.symbols[rng.IntN(len(s.symbols))])
	if err != nil {
		return err
	}
	var f findings
	for n := range 4 {
		fault := lost[rng.IntN(len(lost))]
		s.server.Fault(fault)
		if rng.IntN(3) == 0 {
			s.server.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 503, N: 1 + rng.IntN(3)})
		}
		o := q.order(exchange.Buy, exchange.LimitOrder, q.away(exchange.Buy, 5))
		if rng.IntN(2) == 0 {
			o = q.order(exchange.Sell, exchange.LimitOrder, q.away(exchange.Sell, -3)) // it is filled at once
		}
		ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
		told, err := s.client.CreateOrder(ctx, o)
		cancel()
		e := outcome(s.said.note(err))
		id := told.ClientID
		if err != nil {
			id = e.ClientID
		}
		have, count := s.truth(id)
		what := fmt.Sprintf("order %d, %s %d", n, fault.Kind, fault.Code)
		switch {
		case count > 1:
			f.want(false, "%s: %d orders", what, count)
		case err == nil || e.Outcome == exchange.Placed:
			f.want(count == 1 && (err != nil || told.ID == s.h.orderID(&have)), "%s: told as placed %q, the account has %d: %s", what, told.ID, count, s.h.orderID(&have))
		case e.Outcome == exchange.NotPlaced:
			f.want(count == 0, "%s: told as not placed, the account has it %s (%v)", what, have.Status, err)
		default:
			f.want(e.Outcome == exchange.Unknown && id != "", "%s: outcome %q, %v", what, e.Outcome, err)
			f.want(ctx.Err() != nil, "%s: unknown within the time, with a venue that can be asked: %v", what, err)
		}
		s.server.Heal()
		s.step(rng.IntN(5))
	}
	return f.about(q.market.Symbol)
}

// refusals asks with what is wrong, in all ways: each has its kind, or is ErrAuth where the venue does not say more.
func (s *desk) refusals() error {
	var errs []error
	for name, keys := range s.h.Wrong {
		errs = append(errs, s.refused(name, keys, venuetest.Fault{}))
	}
	errs = append(errs,
		s.refused("address", s.h.Credentials, venuetest.Fault{Kind: venuetest.WrongAddress, N: 100}),
		s.refused("permission", s.h.Credentials, venuetest.Fault{Kind: venuetest.NoPermission, N: 100}),
		s.skewed(),
	)
	return errors.Join(errs...)
}

// refused asks in three ways with something wrong.
func (s *desk) refused(name string, keys exchange.Credentials, fault venuetest.Fault) error {
	c := s.open(keys)
	defer c.Close()
	want := s.h.Kinds[name]
	if want == nil {
		want = exchange.ErrAuth
	}
	var f findings
	look := func(op string, err error) {
		e, ok := errors.AsType[*exchange.Error](s.said.note(err))
		f.want(ok && e.Kind == want, "%s: %v, want %v", op, err, want)
	}
	if fault.Kind != "" {
		s.server.Fault(fault)
		defer s.server.Heal()
	}
	if s.offers("FetchOpenOrders") {
		_, err := c.FetchOpenOrders(s.ctx, s.symbols[0])
		look("FetchOpenOrders", err)
	}
	if q, err := s.quote(s.symbols[0]); err == nil && s.offers("CreateOrder") {
		_, err := c.CreateOrder(s.ctx, q.order(exchange.Buy, exchange.LimitOrder, q.away(exchange.Buy, 5)))
		look("CreateOrder", err)
		f.want(outcome(err).Outcome == exchange.NotPlaced, "CreateOrder: outcome %q", outcome(err).Outcome)
	}
	if s.offers("WatchOrders") && fault.Kind == "" {
		ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
		defer cancel()
		sub, err := c.WatchOrders(ctx, s.symbols...)
		if err == nil {
			defer sub.Close()
			_, err = sub.Next(ctx)
		}
		look("WatchOrders", err)
	}
	f.want(len(s.account.Orders()) == 0, "the account has %d orders", len(s.account.Orders()))
	return f.about(name)
}

// skewed has a venue whose clock is another: it is measured, and everything works.
func (s *desk) skewed() error {
	s.server.Fault(venuetest.Fault{Kind: venuetest.ClockSkew, For: s.h.Skew})
	defer s.server.Heal()
	c := s.open(s.h.Credentials)
	defer c.Close()
	var f findings
	if s.offers("FetchOpenOrders") {
		_, err := c.FetchOpenOrders(s.ctx, s.symbols[0])
		f.want(s.said.note(err) == nil, "FetchOpenOrders: %v", err)
	}
	if s.offers("WatchOrders") {
		sub, err := c.WatchOrders(s.ctx, s.symbols...)
		if err == nil {
			s.settle()
			err = sub.Err()
			sub.Close()
		}
		f.want(s.said.note(err) == nil, "WatchOrders: %v", err)
	}
	return f.about(fmt.Sprintf("a clock that is %s ahead", s.h.Skew))
}
