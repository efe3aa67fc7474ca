package venuetest

import (
	"log/slog"
	"time"
)

// Options configure a [Server]. The zero value is a server on loopback with the
// venue's default markets that move only on [Server.Step].
type Options struct {
	Seed    uint64        // of the market generator: the same seed, the same market
	Memory  bool          // no sockets: clients connect through DialContext only
	Markets []Market      // nil: those of BinanceMarkets, OKXMarkets, …; fewer start faster
	Depth   int           // levels a side that the true book tends to; 0: 1,000
	Rate    float64       // changes a second and market; 0: only Step moves the market
	History int           // book changes a market that the oracle can go back; 0: 65,536
	Queue   int           // frames a connection that may wait for a slow reader; 0: 8,192
	Idle    time.Duration // OKX: silence after which a connection is closed with 4004; 0: 30 s
	// Checksums makes OKX books carry the true CRC-32 of section 5.3 in place
	// of the 0 that the venue sends since 2026.
	Checksums bool
	Timed     bool         // Replay: frames come in the rhythm of the recording
	Speed     float64      // Replay, of Timed: so many times as fast. 0: 1
	Log       *slog.Logger // nil: silent
}

// Market describes one simulated market. Numbers are text, as venues write them.
type Market struct {
	Symbol string // unified, unique on the server: BTC/USDT, BTC/USDT:USDT
	ID     string // the venue's name; unique within its family only
	Family string // as the client names it: "spot", "linear", "swap", …
	Kind   string // "spot", "swap" or "future"
	Base   string
	Quote  string
	Settle string    // "" for spot
	Status string    // "": trading; else the venue's own word, and the market stands still with an empty book
	Price  string    // that the walk begins at and returns to
	Tick   string    // smallest step of price
	Step   string    // smallest step of size: base, or contracts
	Size   string    // typical size of a level; "": 500 steps
	Expiry time.Time // of a dated contract
	// ContractSize is the value of one contract in ContractUnit. OKX only.
	ContractSize, ContractUnit string
	// Listed is true for a market that all-market arrays carry while it has no
	// endpoint or stream of its own here: a COIN-M contract on Binance USD-M.
	Listed bool
}

func (o Options) filled(defaults []Market) Options {
	if o.Markets == nil {
		o.Markets = defaults
	}
	if o.Depth <= 0 {
		o.Depth = 1000
	}
	if o.History <= 0 {
		o.History = 1 << 16
	}
	if o.Queue <= 0 {
		o.Queue = 8192
	}
	if o.Idle <= 0 {
		o.Idle = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
