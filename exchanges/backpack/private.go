package backpack

import (
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// private adds what is of the account to a family: what is of no family, to spot.
func private(f *exchange.Family, marketType string) {
	all := within(marketType)
	f.Pull.OpenOrders = exchange.Call[exchange.Order]{Path: "/api/v1/orders", Signed: true, Whole: true, Cost: one, Request: all, Parse: orders}
	f.Pull.ClosedOrders = exchange.Call[exchange.Order]{Path: "/wapi/v1/history/orders", Signed: true, Whole: true, Cost: one, Request: askPast(all), Parse: newest(orders), Page: olderOrders}
	f.Pull.Order = exchange.Call[exchange.Order]{Path: "/api/v1/order", Signed: true, Cost: one, Request: askOrder, Parse: orders}
	f.Pull.MyTrades = exchange.Call[exchange.Fill]{Path: "/wapi/v1/history/fills", Signed: true, Whole: true, Cost: one, Request: askFills(all), Parse: pastFills, Page: moreFills}
	f.Push.Orders = exchange.AccountChannel[exchange.Order]{Channel: follow("account.orderUpdate", orders)}
	f.Push.MyTrades = exchange.AccountChannel[exchange.Fill]{Channel: follow("account.orderUpdate", fills)}
	f.Trade = trade
	if marketType == "PERP" {
		f.Pull.Positions = exchange.Call[exchange.Position]{Path: "/api/v1/position", Signed: true, Whole: true, Cost: one, Request: all, Parse: positions}
		f.Push.Positions = exchange.AccountChannel[exchange.Position]{Channel: follow("account.positionUpdate", positions)}
		return
	}
	f.Pull.Balances = []exchange.Call[exchange.Balance]{{Path: "/api/v1/capital", Signed: true, Whole: true, Cost: one, Parse: capital}}
	f.Pull.Deposits = exchange.Call[exchange.Transaction]{Path: "/wapi/v1/capital/deposits", Signed: true, Whole: true, Cost: one, Request: askTransactions, Parse: newest(deposits), Page: olderTransactions}
	f.Pull.Withdrawals = exchange.Call[exchange.Transaction]{Path: "/wapi/v1/capital/withdrawals", Signed: true, Whole: true, Cost: one, Request: askTransactions, Parse: newest(withdrawals), Page: olderTransactions}
	f.Push.Balances = exchange.AccountChannel[exchange.Balance]{Channel: follow("account.balanceUpdate", balanceUpdates)}
	f.Push.Deposits.Poll, f.Push.Withdrawals.Poll = patience, patience
}

// patience is how often there may be a new deposit or withdrawal: the socket does not tell of them.
const patience = 30 * time.Second

func follow[T any](topic string, parse exchange.Parser[T]) exchange.Channel[T] {
	return exchange.Channel[T]{Socket: "account", Topic: func(*exchange.Market, exchange.Args) string { return topic }, Parse: parse}
}

type asking = func(*rest.Request, markets, exchange.Args) error

// within asks about a market, or about all of a family.
func within(marketType string) asking {
	return func(r *rest.Request, ms markets, a exchange.Args) error {
		if len(ms) == 0 {
			r.Set("marketType", marketType)
		}
		return ofMarket(r, ms, a)
	}
}

// askOrder asks about an order in the book, section 7.3.
func askOrder(r *rest.Request, ms markets, a exchange.Args) error {
	ref, err := named(a.Ref)
	if err != nil {
		return err
	}
	if ref.ID != "" {
		r.Set("orderId", ref.ID)
	} else {
		r.Set("clientId", ref.ClientID)
	}
	return ofMarket(r, ms, a)
}

// named is the one of an order's names that the venue is told: never both.
func named(ref exchange.Ref) (exchange.Ref, error) {
	switch {
	case ref.ID != "":
		return exchange.Ref{ID: ref.ID}, nil
	case own(ref.ClientID):
		return ref, nil
	}
	return ref, &exchange.Error{Venue: name, Kind: exchange.ErrBadRequest, Message: "an order has an id, or one of the customer's own below 2^32"}
}

// mostPast is how many rows of a history are on a page, sections 7.3 to 7.5.
const mostPast = 1000

// pastCount is how many rows to ask for. A page with fewer is the last.
func pastCount(a exchange.Args) int {
	if n := a.Range.Limit; n > 0 && a.Range.Since.IsZero() && a.Range.Until.IsZero() {
		return min(n, mostPast)
	}
	return mostPast
}

// askPast asks for orders as they were placed, the newest first: there is no other way to come to a time, section 7.3.
func askPast(all asking) asking {
	return func(r *rest.Request, ms markets, a exchange.Args) error {
		if a.Ref.ID != "" {
			r.Set("orderId", a.Ref.ID)
		}
		r.Set("limit", strconv.Itoa(pastCount(a)))
		r.Set("offset", strconv.Itoa(a.Offset))
		return all(r, ms, a)
	}
}

func olderOrders(page []exchange.Order, a exchange.Args) (exchange.Args, bool) {
	if len(page) < pastCount(a) {
		return a, false
	}
	return older(a, pastCount(a), page[0].Created)
}

// newest reads what comes with the newest first, and puts the oldest there: many have the same time.
func newest[T any](parse exchange.Parser[T]) exchange.Parser[T] {
	return func(dst []T, in *exchange.Scope, b []byte) ([]T, error) {
		was := len(dst)
		dst, err := parse(dst, in, b)
		slices.Reverse(dst[was:])
		return dst, err
	}
}

// pastFills reads fills as askFills wants them.
func pastFills(dst []exchange.Fill, in *exchange.Scope, b []byte) ([]exchange.Fill, error) {
	if in.Args.Range.Since.IsZero() {
		return newest(fills)(dst, in, b)
	}
	return fills(dst, in, b)
}

// askFills asks for the customer's own, section 7.4, from a beginning on or back from the newest.
func askFills(all asking) asking {
	return func(r *rest.Request, ms markets, a exchange.Args) error {
		direction := "Desc"
		if !a.Range.Since.IsZero() {
			direction = "Asc"
		}
		r.Set("fillType", "User")
		r.Set("sortDirection", direction)
		r.Set("offset", strconv.Itoa(a.Offset))
		askPeriod(r, a)
		return all(r, ms, a)
	}
}

func moreFills(page []exchange.Fill, a exchange.Args) (exchange.Args, bool) {
	a.Offset += pastCount(a)
	return a, len(page) >= pastCount(a)
}

// askPeriod sets what histories by time have in common. Whether the end is in it is not certain: it is asked for.
func askPeriod(r *rest.Request, a exchange.Args) {
	exchange.SetMilli(r, "from", a.Range.Since)
	if !a.Range.Until.IsZero() {
		exchange.SetMilli(r, "to", a.Range.Until.Add(time.Millisecond))
	}
	r.Set("limit", strconv.Itoa(pastCount(a)))
}

func askTransactions(r *rest.Request, _ markets, a exchange.Args) error {
	askPeriod(r, a)
	return nil
}

func olderTransactions(page []exchange.Transaction, a exchange.Args) (exchange.Args, bool) {
	if len(page) < pastCount(a) {
		return a, false
	}
	a.Range.Until = page[0].Time.Add(1) // there may be more of this time
	return a, true
}
