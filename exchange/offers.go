package exchange

import "slices"

// Offers returns the names of the methods that the venue serves, in some family.
func (c *Client) Offers() []string {
	var all []string
	for _, f := range c.venue.Families {
		all = append(all, c.OffersOf(f.Name)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Families returns the names of the venue's families of markets.
func (c *Client) Families() []string {
	var names []string
	for _, f := range c.venue.Families {
		names = append(names, f.Name)
	}
	return names
}

// OffersOf returns the names of the methods that one family serves.
func (c *Client) OffersOf(family string) []string {
	var all []string
	for _, f := range c.venue.Families {
		if f.Name != family {
			continue
		}
		for name, offered := range f.offers() {
			if offered {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return all
}

func (f *Family) offers() map[string]bool {
	return map[string]bool{
		"FetchMarkets":            f.Pull.Markets.Parse != nil || f.Listed != nil,
		"FetchTime":               f.Pull.Time.Parse != nil,
		"FetchOrderBook":          f.Pull.OrderBook.Parse != nil || len(f.Push.OrderBook) > 0,
		"FetchOrderBooks":         f.Pull.OrderBook.Parse != nil || len(f.Push.OrderBook) > 0,
		"FetchTicker":             f.Pull.Ticker.Parse != nil,
		"FetchTickers":            f.Pull.Tickers.Parse != nil,
		"FetchBidAsk":             f.Pull.BidAsk.Parse != nil,
		"FetchTrades":             f.Pull.Trades.Parse != nil,
		"FetchOHLCV":              f.Pull.Candles.Parse != nil,
		"FetchFundingRate":        f.Pull.Funding.Parse != nil,
		"FetchFundingRateHistory": f.Pull.History.Parse != nil,
		"FetchMarkPrice":          f.Pull.MarkPrice.Parse != nil,
		"FetchOpenInterest":       f.Pull.OpenInterest.Parse != nil,
		"FetchLiquidations":       f.Pull.Liquidations.Parse != nil,
		"FetchStatus":             f.Pull.Status.Parse != nil,
		"WatchOrderBook":          len(f.Push.OrderBook) > 0,
		"WatchTicker":             f.Push.Ticker.Parse != nil,
		"WatchBidAsk":             f.Push.BidAsk.Parse != nil,
		"WatchTrades":             f.Push.Trades.Parse != nil,
		"WatchOHLCV":              f.Push.Candles.Parse != nil,
		"WatchFundingRate":        f.Push.Funding.Parse != nil,
		"WatchMarkPrice":          f.Push.MarkPrice.Parse != nil,
		"WatchOpenInterest":       f.Push.OpenInterest.Parse != nil,
		"WatchLiquidations":       f.Push.Liquidations.Parse != nil,

		"FetchBalance":      len(f.Pull.Balances) > 0,
		"FetchOrder":        f.Pull.Order.Parse != nil,
		"FetchOrders":       f.Pull.Orders.Parse != nil || f.Pull.OpenOrders.Parse != nil && f.Pull.ClosedOrders.Parse != nil,
		"FetchOpenOrders":   f.Pull.OpenOrders.Parse != nil,
		"FetchClosedOrders": f.Pull.Orders.Parse != nil || f.Pull.ClosedOrders.Parse != nil,
		"FetchMyTrades":     f.Pull.MyTrades.Parse != nil,
		"FetchPositions":    f.Pull.Positions.Parse != nil,
		"FetchTransactions": f.Pull.Deposits.Parse != nil && f.Pull.Withdrawals.Parse != nil,
		"FetchDeposits":     f.Pull.Deposits.Parse != nil,
		"FetchWithdrawals":  f.Pull.Withdrawals.Parse != nil,
		"WatchBalance":      f.Push.Balances.offered(),
		"WatchOrders":       f.Push.Orders.offered(),
		"WatchMyTrades":     f.Push.MyTrades.offered(),
		"WatchPositions":    f.Push.Positions.offered(),
		"WatchTransactions": f.Push.Deposits.offered() && f.Push.Withdrawals.offered(),
		"WatchDeposits":     f.Push.Deposits.offered(),
		"WatchWithdrawals":  f.Push.Withdrawals.offered(),
		"CreateOrder":       f.Trade.Create.Request != nil,
		"CancelOrder":       f.Trade.Cancel.Request != nil,
		"CancelAllOrders":   f.Trade.CancelAll.Request != nil || f.Trade.Cancel.Request != nil && f.Pull.OpenOrders.Parse != nil,
		"EditOrder":         f.Trade.Edit.Request != nil,
	}
}

// offered reports whether what the channel tells is followed, by a topic or by asking again and again.
func (a *AccountChannel[T]) offered() bool { return a.Parse != nil || a.Hint != nil || a.Poll > 0 }
