// Package huobi is the public market data of HTX, formerly Huobi: spot, USDT-margined swaps and dated futures, and coin-margined swaps.
//
// The venue tells volumes of contracts of both sides: they are halved, in trades, candles and tickers. The ID of a spot trade has up to
// 27 digits; Seq is its trade-id, which grows by one. Candles of a day and longer begin at 00:00 of UTC+8. Spot has the newest 2,000
// candles of each length and the newest 2,000 trades: older ranges are refused. The list of all spot tickers has no opening price, high
// and low: those that the venue lists are of the calendar day. Dated contracts are found by the venue's aliases too, such as BTC-USDT-CQ.
package huobi
