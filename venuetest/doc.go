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
// Nothing here shares code with the clients that it tests.
package venuetest
