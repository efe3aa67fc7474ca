// Package backpack describes Backpack Exchange to package exchange: spot markets (family
// "spot") and perpetual contracts (family "swap"), public data and the account's, and orders, as tables and pure
// functions. Endpoints for exchange.Options: "rest", "stream", "account". WatchRaw carries the books that are merged over 200, 600 or 1000 ms; Call
// reaches every path.
//
// Sections in comments are those of the venue's document.
package backpack
