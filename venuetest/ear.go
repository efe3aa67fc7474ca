package venuetest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// EventKind is what happened to an account.
type EventKind string

// The kinds of events. An order event comes first, then the BalanceChanged of what it moved, then the PositionChanged.
const (
	OrderAccepted      EventKind = "accepted"
	OrderFilled        EventKind = "filled"   // one fill: Fill, and Order as it is after it
	OrderCanceled      EventKind = "canceled" // Request: the id of the customer's request, where it had one
	OrderExpired       EventKind = "expired"  // ended by the venue: Order.Why
	OrderRejected      EventKind = "rejected" // of venues that keep what they refuse
	OrderAmended       EventKind = "amended"  // Was: the customer's own id of before
	BalanceChanged     EventKind = "balance"  // Balances that have changed, and Why
	BalanceMoved       EventKind = "moved"    // Delta of a transaction, before its BalanceChanged
	PositionChanged    EventKind = "position"
	TransactionChanged EventKind = "transaction"
	KeyRevoked         EventKind = "revoked"
)

// Event is one thing that happened to an account. What does not belong to its kind is zero.
type Event struct {
	Seq         int64 // from 1, without holes
	At          time.Time
	Kind        EventKind
	Order       Order // as it is after the event
	Fill        Fill
	Request     string
	Was         string
	Balances    []Balance // by wallet and asset
	Delta       decimal.Decimal
	Position    Position // as it is after the event; Size 0: closed
	Settled     Balance  // of the asset that the position settles in
	Transaction Transaction
	Why         string // of balances and positions: "place", "fill", "cancel", "amend", "deposit", "withdrawal"
}

// ear is a connection that is told what happens to an account. Under Server.mu.
type ear struct {
	c     *conn
	a     *Account
	name  string // of the topic, as the client wrote it or the venue calls it
	frame func(e *Event) [][]byte
	muted bool // SilentAccount
	held  []held
}

// follow has a connection told what happens to an account from now on: frame makes the venue's messages of an event,
// none where it does not concern the topic. It is called under mu, in the order of the events. The end of the
// connection ends it. A topic that the connection has already is replaced.
func (s *Server) follow(c *conn, a *Account, name string, frame func(e *Event) [][]byte) *ear {
	s.unfollow(c, name)
	x := &ear{c: c, a: a, name: name, frame: frame, muted: s.lasting(SilentAccount, c, nil, name)}
	a.ears = append(a.ears, x)
	c.ears = append(c.ears, x)
	return x
}

// unfollow ends what follow began, and reports whether there was such a topic. Under mu.
func (s *Server) unfollow(c *conn, name string) bool {
	i := slices.IndexFunc(c.ears, func(x *ear) bool { return x.name == name })
	if i < 0 {
		return false
	}
	x := c.ears[i]
	c.ears = slices.Delete(c.ears, i, i+1)
	x.a.ears = slices.DeleteFunc(x.a.ears, func(y *ear) bool { return y == x })
	return true
}

// tell notes an event and tells it to who follows the account. Under mu.
func (a *Account) tell(e Event) {
	e.Seq, e.At = a.events.next()+1, a.s.stamp()
	a.events.add(e)
	for _, x := range slices.Clone(a.ears) {
		for _, data := range x.frame(&e) {
			a.s.whisper(x, data)
		}
	}
}

// whisper sends one message of an account, with what faults make of it. Under mu.
func (s *Server) whisper(x *ear, data []byte) {
	if x.c.dead || x.c.muted || x.muted || x.c.ended() {
		return
	}
	out := func(data []byte) {
		x.c.sent++
		x.c.text(data)
	}
	f := s.hit(x.c, nil, x.name, DropPush, RepeatPush, SwapPushes, DelayPush)
	switch {
	case f == nil:
		out(data)
	case f.Kind == DropPush:
	case f.Kind == RepeatPush:
		out(data)
		out(data)
	case f.Kind == SwapPushes:
		x.held = append(x.held, held{1, data})
		return // it is not its own successor
	case f.Kind == DelayPush:
		x.c.after(f.For, item{kind: textFrame, data: data})
	}
	for _, h := range x.held {
		out(h.data)
	}
	x.held = nil
}

// txID is the chain's name of a transaction.
func txID(id int64) string {
	sum := sha256.Sum256(strconv.AppendInt(nil, id, 10))
	return hex.EncodeToString(sum[:])
}
