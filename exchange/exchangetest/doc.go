// Package exchangetest tests that a venue is what package exchange promises: testing/slogtest for
// venues. A venue is conformant when [Run] finds nothing; its own tests are then left with what is
// its own, above all the replay of recorded frames.
//
//	func TestConformance(t *testing.T) {
//		exchangetest.Run(t, exchangetest.Harness{
//			New:     okx.New,
//			Venue:   okx.Venue(),
//			Serve:   venuetest.OKX,
//			Markets: venuetest.OKXMarkets(),
//			Symbols: map[string][]string{"spot": {"BTC/USDT", "SHIB/USDT"}, …},
//			Page:    "../../docs/venues.md",
//		})
//	}
//
// What is tested is generated from what the client offers: each method of each family meets the checks of
// its sort. What must be offered stands in a page for readers, by tables that the suite reads: to
// offer less fails, and so does to offer what the page does not list.
//
// The simulated venue and the client live in virtual time, in memory: half an hour of silence
// costs a millisecond, and the same failure comes again.
package exchangetest
