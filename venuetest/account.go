package venuetest

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// AccountOptions describe a customer of a simulated venue and the key by which the venue knows him.
type AccountOptions struct {
	Key        string            // the venue's name of the key, unique on the server
	Secret     string            // of HMAC keys, as the text that is signed with
	PublicKey  ed25519.PublicKey // of Ed25519 keys, in place of Secret
	Passphrase string            // where the venue asks for one
	Demo       bool              // OKX: the key is for demo trading alone
	NoRead     bool              // the key may not read
	NoTrade    bool              // the key may not trade
	Addresses  []string          // that requests may come from; nil: any
	ID         string            // the venue's id of the account: a uid, an account id; empty: one is made
	// Balances are what he has at first, by asset ("USDT": every wallet that trades has so much) or by wallet and
	// asset ("linear/USDT": that wallet has).
	Balances map[string]string
	Maker    string // rate of the fee, such as "0.001", below zero a rebate; empty: the venue's
	Taker    string
	Leverage int // of contracts; 0: 10
}

// Account is a customer of a simulated venue: what he has, what he orders, and the truth to compare a client with. His
// orders are shadows: they fill at the prices of the simulated market but leave its public book and trades as they are,
// and other accounts do not see them. None is worse off than the market: with its next change each is filled that the
// book would trade with. Its methods may be called from any goroutine; what they return are copies.
type Account struct {
	s    *Server
	opts AccountOptions
	rng  *rand.Rand

	// Under Server.mu.
	purses       map[purseKey]*purse
	orders       []*shadow // in order of their ids
	open         []*shadow // those that rest, in order of arrival
	fills        []Fill
	holdings     []*holding
	transactions []*Transaction
	events       ring[Event]
	ears         []*ear
	revoked      bool
}

// What a venue's files do with accounts, all of it under Server.mu:
//
//   - rules, a method of the venue, says how its accounts are; Server.run asks for it;
//   - Server.account finds the account of a key, Account.from, Account.signed and Account.may admit a request, and
//     Account.refuses a login; each knows the faults of its own;
//   - Account.place, cancel, cancelAll and amend do what an instruction says, and refuse it with a Refused, which the
//     venue puts into its own words; Account.order and Account.called find orders by the two kinds of ids;
//   - Account.ordered, open, fills, balances, positions and transacted are what requests to read are answered with;
//   - Server.answered and Server.reply send the answers of instructions, with the faults that concern them;
//   - Server.follow has a socket told what happens, by a function that makes the venue's messages of an Event, and
//     Server.whisper sends it what no event tells, such as the snapshot that follows a subscription.

// rules are what the accounts of one venue have in common. The zero value is one wallet, free client ids and the fees
// of most venues.
type rules struct {
	wallets    []string                              // that trade; nil: "trading" alone
	wallet     func(m *market) string                // the wallet that a market trades from; nil: the first of wallets
	cashier    string                                // the wallet of deposits and withdrawals; "": the first of wallets
	unique     uniqueness                            // of the customer's own ids
	expires    bool                                  // a post-only order that would take is accepted and then ends; else it is refused
	keeps      bool                                  // orders that are refused stay in the history as rejected
	firstOrder func(m *market) int64                 // ids of orders grow from here, for each number that it returns; nil: firstOrder
	clientID   func(rng *rand.Rand) string           // what the venue calls an order that the customer gave no id; nil: nothing
	fees       func(m *market) (maker, taker string) // nil: 0.001 on spot, 0.0002 and 0.0005 on contracts
	digits     int                                   // after the point of fees and profits; 0: 8
	least      func(m *market) decimal.Decimal       // the least value of an order in quote units, but of reduce-only ones; nil: none is looked at
}

// uniqueness is which orders a new one may not share the customer's own id with.
type uniqueness uint8

const (
	sharedIDs uniqueness = iota // any
	openIDs                     // open ones of its family
	allIDs                      // all that ever were in its family
)

// dealer is a venue whose accounts have rules of their own.
type dealer interface{ rules() rules }

// NewAccount makes a customer of the venue. Numbers that are none, and a key that exists, are no state that a test
// could go on from.
func (s *Server) NewAccount(o AccountOptions) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.account(o.Key) != nil {
		panic("venuetest: two accounts with the key " + o.Key)
	}
	if o.Leverage == 0 {
		o.Leverage = 10
	}
	name := fnv.New64a()
	name.Write([]byte(o.Key))
	a := &Account{
		s: s, opts: o,
		rng:    rand.New(rand.NewPCG(s.opts.Seed, name.Sum64())),
		purses: make(map[purseKey]*purse),
		events: ring[Event]{keep: 20_000},
	}
	if a.opts.ID == "" {
		a.opts.ID = decimal.New(300_000_000+int64(name.Sum64()%600_000_000), 0).String()
	}
	for _, where := range slices.Sorted(maps.Keys(o.Balances)) {
		amount := decimal.MustParse(o.Balances[where])
		if wallet, asset, ok := strings.Cut(where, "/"); ok {
			a.purse(wallet, asset).cash = amount
			continue
		}
		for _, wallet := range s.rules.wallets {
			a.purse(wallet, where).cash = amount
		}
	}
	s.accounts = append(s.accounts, a)
	return a
}

// govern sets the rules of the server's accounts, before the first is made.
func (s *Server) govern(r rules) {
	if r.wallets == nil {
		r.wallets = []string{"trading"}
	}
	if r.wallet == nil {
		r.wallet = func(*market) string { return r.wallets[0] }
	}
	if r.cashier == "" {
		r.cashier = r.wallets[0]
	}
	if r.firstOrder == nil {
		r.firstOrder = func(*market) int64 { return firstOrder }
	}
	if r.fees == nil {
		r.fees = func(m *market) (string, string) {
			if m.Settle == "" {
				return "0.001", "0.001"
			}
			return "0.0002", "0.0005"
		}
	}
	if r.digits == 0 {
		r.digits = 8
	}
	s.rules = r
}

// stamp is the venue's clock as accounts tell it, in whole milliseconds.
func (s *Server) stamp() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// account returns the account of a key, or nil. Under mu.
func (s *Server) account(key string) *Account {
	for _, a := range s.accounts {
		if a.opts.Key == key && !a.revoked {
			return a
		}
	}
	return nil
}

// signed reports whether mac is the account's signature of payload: the bytes of HMAC-SHA-256 or of Ed25519, which the
// venue has decoded.
func (a *Account) signed(payload, mac []byte) bool {
	if a.s.hit(nil, nil, a.opts.Key, WrongSignature) != nil {
		return false
	}
	if a.opts.PublicKey != nil {
		return len(mac) == ed25519.SignatureSize && ed25519.Verify(a.opts.PublicKey, payload, mac)
	}
	h := hmac.New(sha256.New, []byte(a.opts.Secret))
	h.Write(payload)
	return hmac.Equal(h.Sum(nil), mac)
}

// from reports whether the account may be used from the address of a request: http.Request.RemoteAddr. Under mu.
func (a *Account) from(remote string) bool {
	if a.s.hit(nil, nil, a.opts.Key, WrongAddress) != nil {
		return false
	}
	if host, _, err := net.SplitHostPort(remote); err == nil {
		remote = host
	}
	return a.opts.Addresses == nil || slices.Contains(a.opts.Addresses, remote)
}

// may reports whether the key has the permission to read or, for trade, to give orders. Under mu.
func (a *Account) may(trade bool) bool {
	if a.s.hit(nil, nil, a.opts.Key, NoPermission) != nil {
		return false
	}
	return !trade && !a.opts.NoRead || trade && !a.opts.NoTrade
}

// Key is the venue's name of the account's key.
func (a *Account) Key() string { return a.opts.Key }

// ID is the venue's id of the account.
func (a *Account) ID() string { return a.opts.ID }

// Permit changes what the key may do.
func (a *Account) Permit(read, trade bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.opts.NoRead, a.opts.NoTrade = !read, !trade
}

// Revoke has the venue forget the key; sockets that know it are told as the venue tells it.
func (a *Account) Revoke() {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.revoked = true
	a.tell(Event{Kind: KeyRevoked})
}

// Orders returns all orders of the account by their ids: of one family, in the order in which they were placed.
func (a *Account) Orders() []Order { return a.list(func(*shadow) bool { return true }) }

// OpenOrders returns those that may still be filled.
func (a *Account) OpenOrders() []Order { return a.list((*shadow).isOpen) }

func (a *Account) list(want func(*shadow) bool) []Order {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.ordered(want)
}

// ordered returns copies of the orders that are wanted. Under mu.
func (a *Account) ordered(want func(*shadow) bool) (all []Order) {
	for _, o := range a.orders {
		if want(o) {
			all = append(all, o.Order)
		}
	}
	return all
}

// Fills returns all trades of the account, in the order in which they happened.
func (a *Account) Fills() []Fill {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return slices.Clone(a.fills)
}

// Balances returns what the account has, by wallet and asset, of everything that it ever had.
func (a *Account) Balances() []Balance {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.balances("")
}

// Positions returns the contracts that the account holds.
func (a *Account) Positions() []Position {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.positions(false)
}

// Transactions returns all deposits and withdrawals, in the order in which they were begun.
func (a *Account) Transactions() []Transaction {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.transacted()
}

// Events returns what happened to the account after the event with the sequence number seq, in order; of what is long
// ago the last 20,000.
func (a *Account) Events(seq int64) []Event {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return slices.Clone(a.events.from(seq)) // numbers begin at 1, indexes at 0
}
