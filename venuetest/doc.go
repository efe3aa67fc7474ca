// Package venuetest simulates trading venues: httptest for exchanges. Each
// [Server] speaks one venue's true REST and WebSocket protocol, with its number
// formats, limits, acknowledgements, heartbeats and error bodies, fed by a
// deterministic seeded market, misbehaves on demand, and knows the truth: the
// whole order book at every sequence number.
//
//	s := venuetest.Binance(venuetest.Options{Rate: 100})
//	defer s.Close()
//	c := binance.New(exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
//
// [Binance] simulates spot and USD-M futures, [OKX] spot, swaps and dated futures, [Huobi] spot, linear and
// inverse contracts, [Backpack] spot and perpetuals, [AllTick] its vendor's feed, and [Replay] serves a recording as if it
// were live. A server listens on loopback, or, with [Options.Memory], on connections that exist in memory
// only, so that tests of time run under testing/synctest.
//
// The market moves by itself at [Options.Rate] changes a second, or only when
// [Server.Step] is called. [Server.Book] is the oracle, [Server.Fault] and
// [Server.Chaos] break things, [Server.Stats] tells what clients did.
//
// [Server.NewAccount] makes a customer, by whose key the venue's private side is open: balances, orders that fill
// against the simulated market or at a test's command, positions, deposits, withdrawals, and what sockets tell of
// them. The [Account] is the truth to compare with, trades by itself where asked to ([Account.Trade]), and has faults
// of its own: answers that are lost after an order was placed, pushes that are dropped, logins that are refused.
//
// Nothing here shares code with the clients that it tests.
package venuetest
