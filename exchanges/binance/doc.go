// Package binance describes Binance to package exchange: spot markets (family "spot") and USD-M futures (family "linear"), public data
// and the account's, as tables and pure functions.
//
// Sections in comments are those of the venue's document.
package binance
