// Package alltick describes AllTick, a vendor of market data: forex, metals, energy, shares of the US, Hong Kong
// and China, and crypto. It is no exchange: what its document (which the comments of this package cite by section) does not
// have answers exchange.ErrNotSupported.
//
// Options.Token is needed for all but the list of markets. Options.Plan names what was bought: "free" (the default),
// "basic", "premium" or "professional", which stands for the All-… plans too; NewLimited is for what is none of these. Limits
// are counted for each token: clients of one process share them, two processes starve each other.
//
// Markets are named by the vendor's code (AAPL.US, 700.HK, EURUSD, GOLD: case matters) or by a symbol made of it (AAPL/USD,
// 700/HKD, EUR/USD, GOLD/USD). The vendor has no list that could be asked for: any well-formed code is taken, and one that
// the vendor does not know is exchange.ErrBadSymbol then. Symbols work for the codes built in, and for those named once.
//
// Books are whole in each message: one level for forex, metals and US shares, up to ten elsewhere. Sizes are shares (the
// vendor's lots of A-shares times 100) or base units, and absent where the vendor sells none (forex, metals, energy,
// indices). Fetched tickers tell of the running day or session, not of 24 hours; watched ones are the last trade. Markets
// close: silence is no fault.
package alltick
