// Package huobi is HTX, formerly Huobi: market data of spot, USDT-margined swaps and dated futures, and coin-margined swaps, and accounts
// and orders of the first two.
//
// The venue tells volumes of contracts of both sides: they are halved, in trades, candles and tickers. The ID of a spot trade has up to
// 27 digits; Seq is its trade-id, which grows by one. Candles of a day and longer begin at 00:00 of UTC+8. Spot has the newest 2,000
// candles of each length and the newest 2,000 trades: older ranges are refused. The list of all spot tickers has no opening price, high
// and low: those that the venue lists are of the calendar day. Dated contracts are found by the venue's aliases too, such as BTC-USDT-CQ.
//
// Accounts are the one of spot, and the unified one of USDT-margined contracts, by version 5 of their interface: older ones were shut down.
// There is none of coin-margined contracts here. Currencies are in capitals, as in symbols, and may be asked for so. An order that was
// cancelled without a fill is forgotten after two hours. A market buy of spot is for QuoteSize, and nothing else is; while it is being
// filled, pushes say what was spent, and how much that bought is in its fills. Fills of contracts are pushed without fees, and with ids
// that are not those of lists: a push has the list read, and it is read every ten seconds too. Fees of contracts are told without a sign
// that could be relied on: they are taken as paid. Ed25519 keys cannot log in to sockets of contracts: nothing is pushed to them, and
// orders go by REST. Orders cannot be changed. There is no test environment.
package huobi
