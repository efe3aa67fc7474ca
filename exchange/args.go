package exchange

import (
	"time"

	"github.com/depthwire/depthwire/wire"
)

// Interval is the length of a candle, as ccxt writes it: 1s 1m 3m 5m 15m 30m 1h 2h 4h
// 6h 8h 12h 1d 3d 1w 1M. Days, weeks and months begin at UTC.
type Interval string

// Duration returns the length; a month counts 30 days. It is 0 for what is no interval.
func (i Interval) Duration() time.Duration {
	if len(i) < 2 {
		return 0
	}
	n := 0
	for _, c := range i[:len(i)-1] {
		if c < '0' || c > '9' || n > 1000 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'M': 30 * 24 * time.Hour}
	return time.Duration(n) * units[i[len(i)-1]]
}

// After returns when a candle that begins at start ends: months are those of the calendar.
func (i Interval) After(start time.Time) time.Time {
	if n := len(i) - 1; n > 0 && i[n] == 'M' {
		return start.AddDate(0, int(i.Duration()/(30*24*time.Hour)), 0)
	}
	return start.Add(i.Duration())
}

// Range bounds a call that returns many values: from Since, inclusive, until Until,
// exclusive, at most Limit of them. With Since the oldest come first to the limit,
// without it the newest are taken. Zero values mean no bound; Limit 0 is the venue's
// own page. FromID asks for the trades after that id, where the venue can.
type Range struct {
	Since, Until time.Time
	Limit        int
	FromID       string
}

func (r *Range) holds(at time.Time) bool {
	return !at.Before(r.Since) && (r.Until.IsZero() || at.Before(r.Until))
}

// Args is what a call or a topic can be asked for.
type Args struct {
	Interval Interval // of candles
	Depth    int      // levels a side of a book; 0: as deep as it goes
	Speed    string   // of a book's changes, among BookChannel.Speeds
	Range    Range    // of calls that return many values
	Back     bool     // set by Page: what is before Range.FromID is asked for, not what is behind it
	Ref      Ref      // of the call for one order
	Account  string   // the venue's id of the account, where Family.Account finds it out
	Asset    string   // of deposits and withdrawals: the venue's name of the currency; empty: all
	Offset   int      // set by Page: values that earlier pages had, where a venue counts them from the newest
}

// Ref names an order: by the venue's id, or by the customer's own where that is empty.
type Ref struct{ ID, ClientID string }

// Scope is what a parser is told beside the bytes.
type Scope struct {
	Market   *Market   // whose message it is; nil when one message speaks for many
	Markets  Names     // of the family
	Args     Args      // that were asked for
	Received time.Time // when it was read from the network

	row   wire.Row // what Rows, Books and Exact work with
	delta wire.Delta

	pushed  bool     // a socket has brought it, and not REST
	account bool     // the values are the account's: none may be left out because its market is not known
	kin     []Names  // of the families of the same endpoint, whose markets an answer may name as well
	strays  []string // ids of markets that none of them knows
}

// At returns the market that a message names: the scope's own when there is one,
// otherwise the one of that id, nil when it is not known.
func (s *Scope) At(id []byte) *Market {
	if s.Market != nil {
		return s.Market
	}
	m := s.Markets.ByID(id)
	if m == nil && s.account && len(id) > 0 && !s.akin(id) && len(s.strays) < mostStrays {
		s.strays = append(s.strays, string(id))
	}
	return m
}

// mostStrays bounds what one message may name that is not known.
const mostStrays = 1000

func (s *Scope) akin(id []byte) bool {
	for _, n := range s.kin {
		if n.ByID(id) != nil {
			return true
		}
	}
	return false
}

// Parser reads values from a message and appends them to dst. The hot path must
// not allocate. REST and sockets share it where the venue sends one shape. A
// value whose market is not known is left out; Symbol need not be set where Scope has the
// market. Whatever market a row of the account names must be looked for by Scope.At, as Rows does: the list of markets is loaded anew
// then, and if that does not help the message is read again with a market that has the id for its Symbol.
type Parser[T any] func(dst []T, in *Scope, b []byte) ([]T, error)
