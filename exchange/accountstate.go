package exchange

import (
	"context"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// What is known of the account, by kind of value. Values come from the venue's pushes, in their order, and from answers of REST, which may
// be older than what was pushed while they were under way. Each take returns what is news: what a reader who has all so far has not.
// None of it is safe for concurrent use.

// origin says where a value comes from.
type origin struct {
	asked time.Time // when REST was asked for it; zero: it was pushed
	at    time.Time // when it was received, on our clock
	call  int       // of REST's, by which it may be asked for again
	floor time.Time // REST: what happened before, on the venue's clock, happened before anybody wanted to know
}

func (o *origin) pushed() bool { return o.asked.IsZero() }

// outdated reports whether what is told of one thing is older than what is known: by the venue's time where both have one, and
// otherwise because it was asked for before what is known was pushed.
func outdated(told time.Time, o *origin, known time.Time, k *origin) bool {
	if !told.IsZero() && !known.IsZero() && !told.Equal(known) {
		return told.Before(known)
	}
	return !o.pushed() && k.pushed() && !k.at.Before(o.asked)
}

// accountState is the known of one kind.
type accountState[T any, P stamped[T]] interface {
	take(dst []T, v *T, o origin) []T
	// all is what there is, for readers who come.
	all(dst []T) []T
	// question makes what asks REST, which runs beside everything else.
	question(c *Client, f *Family, q question) func(ctx context.Context) answer[T]
	// apply takes what REST said, and what was pushed meanwhile.
	apply(dst []T, a *answer[T], held []heldValue[T]) []T
}

// balanceState is what the accounts have, the last of each asset.
type balanceState struct {
	known map[balanceKey]*keptBalance
}

type balanceKey struct{ account, asset string }

type keptBalance struct {
	Balance
	origin
}

func (s *balanceState) take(dst []Balance, v *Balance, o origin) []Balance {
	key := balanceKey{v.Account, v.Asset}
	k := s.known[key]
	if k == nil {
		if !o.pushed() && v.empty() { // some venues list all assets that there are
			return dst
		}
		s.known[key] = &keptBalance{bare(*v), o}
		return append(dst, *v)
	}
	if outdated(v.Time, &o, k.Time, &k.origin) {
		return dst
	}
	news := !v.Free.Equal(k.Free) || !v.Used.Equal(k.Used) || !v.Total.Equal(k.Total)
	if o.pushed() { // it is the call's that has listed it
		o.call = k.call
	}
	k.Balance, k.origin = *v, o
	if k.Break, k.Raw = nil, nil; !news {
		return dst
	}
	return append(dst, *v)
}

// gone returns the balances of a call, all of which was answered, that it does not list any more. whole says that there is no other call.
func (s *balanceState) gone(dst []Balance, listed []Balance, o origin, whole bool) []Balance {
	there, accounts := make(map[balanceKey]bool), make(map[string]bool)
	for i := range listed {
		there[balanceKey{listed[i].Account, listed[i].Asset}] = true
		accounts[listed[i].Account] = true
	}
	for _, k := range s.known {
		if k.call == o.call { // which account the call is about has been seen
			accounts[k.Account] = true
		}
	}
	for key, k := range s.known {
		mine := whole || k.call == o.call || k.call == unlisted && accounts[key.account]
		if !mine || there[key] || k.pushed() && !k.at.Before(o.asked) || k.empty() {
			continue
		}
		v := Balance{Account: key.account, Asset: key.asset, Free: nothing, Used: nothing, Total: nothing}
		k.Balance, k.origin = v, o
		dst = append(dst, v)
	}
	return dst
}

func (s *balanceState) all(dst []Balance) []Balance {
	for _, k := range s.known {
		if !k.empty() {
			dst = append(dst, k.Balance)
		}
	}
	return dst
}

// unlisted is the call of a value that none has listed yet.
const unlisted = -1

var nothing = decimal.New(0, 0)

func (b *Balance) empty() bool {
	return b.Free.Sign() == 0 && b.Used.Sign() == 0 && b.Total.Sign() == 0
}

// bare is a value without what belongs to one telling of it. It allocates.
func bare[T any, P stamped[T]](v T) T {
	s := P(&v).stamp()
	s.Break, s.Raw = nil, nil
	return v
}

// positionState is what the account holds.
type positionState struct {
	known []keptPosition
}

type keptPosition struct {
	Position
	origin
}

// same reports whether two values are of one position. A venue that does not say the margin mode in one place may say it in another.
func (p *Position) same(q *Position) bool {
	return p.Symbol == q.Symbol && p.Side == q.Side && (p.MarginMode == q.MarginMode || p.MarginMode == "" || q.MarginMode == "")
}

// take closes, before anything else, what v says is not held any more: the other side of a contract of which only one is held, and all
// of it where nothing is.
func (s *positionState) take(dst []Position, v *Position, o origin) []Position {
	for i := range s.known {
		k := &s.known[i]
		other := Position{Stamp: Stamp{Symbol: v.Symbol}, Side: k.Side, MarginMode: v.MarginMode}
		if k.held() && (v.net || v.Side == "") && k.Side != v.Side && other.same(&k.Position) && !outdated(v.Time, &o, k.Time, &k.origin) {
			dst = append(dst, k.close(v.Stamp, o))
		}
	}
	if v.Side == "" {
		return dst
	}
	for i := range s.known {
		k := &s.known[i]
		if !k.Position.same(v) {
			continue
		}
		if outdated(v.Time, &o, k.Time, &k.origin) || !v.held() && !k.held() {
			return dst
		}
		news := v.differs(&k.Position)
		k.Position, k.origin = *v, o
		if k.Break, k.Raw = nil, nil; !news {
			return dst
		}
		return append(dst, *v)
	}
	if !v.held() {
		return dst
	}
	s.known = append(s.known, keptPosition{bare(*v), o})
	return append(dst, *v)
}

// differs reports whether anything of a position is another than it was. A word that is not said in one place is no change.
func (p *Position) differs(q *Position) bool {
	return p.ID != q.ID || p.MarginMode != q.MarginMode && p.MarginMode != "" || !p.Size.Equal(q.Size) || !p.Contracts.Equal(q.Contracts) ||
		!p.Entry.Equal(q.Entry) || !p.Mark.Equal(q.Mark) || !p.Liquidation.Equal(q.Liquidation) || !p.Leverage.Equal(q.Leverage) ||
		!p.Unrealized.Equal(q.Unrealized) || !p.Realized.Equal(q.Realized) || !p.Initial.Equal(q.Initial) || !p.Maintenance.Equal(q.Maintenance)
}

// close makes a position one of size zero.
func (k *keptPosition) close(s Stamp, o origin) Position {
	v := Position{Stamp: s, ID: k.ID, Side: k.Side, MarginMode: k.MarginMode, Size: nothing}
	if !k.Contracts.Absent() {
		v.Contracts = nothing
	}
	k.Position, k.origin = bare(v), o
	return v
}

// gone closes the positions that an answer about some symbols, or all where there are none, does not list.
func (s *positionState) gone(dst []Position, listed []Position, o origin, covers func(symbol string) bool) []Position {
	for i := range s.known {
		k := &s.known[i]
		if !k.held() || !covers(k.Symbol) || k.pushed() && !k.at.Before(o.asked) {
			continue
		}
		there := false
		for j := range listed {
			there = there || listed[j].held() && listed[j].same(&k.Position)
		}
		if !there {
			dst = append(dst, k.close(Stamp{Symbol: k.Symbol}, o))
		}
	}
	return dst
}

func (s *positionState) all(dst []Position) []Position {
	for i := range s.known {
		if s.known[i].held() {
			dst = append(dst, s.known[i].Position)
		}
	}
	return dst
}

// orderState is the open orders, and the last of those that were.
type orderState struct {
	open map[orderKey]*keptOrder
	done memory[orderKey, decimal.Decimal] // how much was filled
}

type orderKey struct{ symbol, id string }

func (o *Order) known() orderKey { return orderKey{o.Symbol, o.ID} }

type keptOrder struct {
	Order
	origin
}

const (
	mostDone = 8192  // orders that are not open any more
	mostOpen = 50000 // orders; no venue allows one account so many
)

// take follows the rule of orders: what has ended beats what is open, then more filled beats less, then later beats earlier. What comes again
// unchanged is no news, whatever its time.
func (s *orderState) take(dst []Order, v *Order, o origin) []Order {
	key := v.known()
	if k := s.open[key]; k != nil {
		if !v.supersedes(k, &o) {
			return dst
		}
	} else if filled, done := s.done.get(key); done && !(v.terminal() && v.amount().Cmp(filled) > 0) {
		return dst
	} else if !done && v.terminal() && !o.pushed() && before(o.floor, v.Time, v.Created) {
		s.done.put(key, v.amount())
		return dst
	}
	switch k := s.open[key]; {
	case v.terminal():
		delete(s.open, key)
		s.done.put(key, v.amount())
	case k != nil:
		k.Order, k.origin = *v, o
		k.Break, k.Raw = nil, nil
	case len(s.open) < mostOpen:
		s.open[key] = &keptOrder{bare(*v), o}
	}
	return append(dst, *v)
}

// before reports whether something was before floor: by the first of some times that is known.
func before(floor time.Time, at ...time.Time) bool {
	for _, t := range at {
		if !t.IsZero() {
			return t.Before(floor)
		}
	}
	return false
}

// amount is how much is filled, as the venue counts it.
func (o *Order) amount() decimal.Decimal {
	if !o.FilledContracts.Absent() {
		return o.FilledContracts
	}
	return o.Filled
}

func (o *Order) supersedes(k *keptOrder, from *origin) bool {
	if o.terminal() {
		return true
	}
	if by := o.amount().Cmp(k.amount()); by != 0 {
		return by > 0
	}
	if outdated(o.Time, from, k.Time, &k.origin) {
		return false
	}
	return o.State != k.State || !o.Price.Equal(k.Price) || !o.Size.Equal(k.Size) || !o.Contracts.Equal(k.Contracts) ||
		!o.Fee.Amount.Equal(k.Fee.Amount) || !o.Average.Equal(k.Average)
}

func (s *orderState) all(dst []Order) []Order {
	for _, k := range s.open {
		dst = append(dst, k.Order)
	}
	return dst
}

// fillState is the fills that were seen.
type fillState struct {
	seen memory[fillKey, struct{}]
}

type fillKey struct {
	symbol, id, order string
	side              Side
}

const mostFills = 32768

func (s *fillState) take(dst []Fill, v *Fill, o origin) []Fill {
	key := fillKey{v.Symbol, v.ID, v.OrderID, v.Side}
	if _, seen := s.seen.get(key); seen {
		return dst
	}
	s.seen.put(key, struct{}{})
	if !o.pushed() && before(o.floor, v.Time) {
		return dst
	}
	return append(dst, *v)
}

// transactionState is how far deposits or withdrawals are.
type transactionState struct {
	ledger ledger[Transaction]
	known  memory[string, keptTransaction]
}

type keptTransaction struct {
	status TransactionStatus
	state  string
	time   time.Time
	origin
}

const mostTransactions = 4096

func (v *Transaction) pending() bool {
	return v.Status == TransactionPending || v.Status == ""
}

func (s *transactionState) take(dst []Transaction, v *Transaction, o origin) []Transaction {
	k, known := s.known.get(v.ID)
	now := keptTransaction{v.Status, v.State, v.Time, o}
	switch {
	case !known:
		if s.known.put(v.ID, now); !o.pushed() && v.Time.Before(o.floor) {
			return dst
		}
	case k.state == v.State && k.status == v.Status:
		return dst
	case v.pending() && k.status != TransactionPending && k.status != "": // what has ended does not begin anew
		return dst
	case !o.pushed() && k.pushed() && !k.at.Before(o.asked):
		return dst
	}
	s.known.put(v.ID, now)
	return append(dst, *v)
}

// memory keeps the last things that were put in.
type memory[K comparable, V any] struct {
	most  int
	known map[K]V
	ring  []K
	next  int
}

func remember[K comparable, V any](most int) memory[K, V] {
	return memory[K, V]{most: most, known: make(map[K]V)}
}

func (m *memory[K, V]) get(k K) (V, bool) {
	v, ok := m.known[k]
	return v, ok
}

func (m *memory[K, V]) put(k K, v V) {
	if _, ok := m.known[k]; !ok {
		if len(m.ring) < m.most {
			m.ring = append(m.ring, k)
		} else {
			delete(m.known, m.ring[m.next])
			m.ring[m.next] = k
			m.next = (m.next + 1) % len(m.ring)
		}
	}
	m.known[k] = v
}
