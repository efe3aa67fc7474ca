// Package okx speaks with OKX: spot pairs, perpetual swaps and dated futures, linear
// and inverse, by the venue's API "v5". It is data and pure functions; the client of
// package exchange does the work:
//
//	c := okx.New(exchange.Options{Live: true})
//	defer c.Close()
//
// Sizes of contracts are numbers of contracts on every endpoint and channel:
// exchange.Market.BaseSize converts. Sections named in comments are those of the
// venue's document.
//
// Endpoints for exchange.Options: "rest", "public", "business", "private". Environments: "demo".
package okx
