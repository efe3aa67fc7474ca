// Package metrics serves how a recorder does: to Prometheus, and to whoever restarts or wakes people.
//
//	recorder := record.New(config)
//	http.Handle("/", metrics.Handler(recorder.Stats, metrics.Options{}))
//
// /metrics is the text format of Prometheus, version 0.0.4. /healthz answers 200 and "ok", or 503 with a line for each thing that is wrong:
//
//	down: okx BTC/USDT books, for 12s
//	stale: okx ETH/USDT tickers, nothing for 6m0s
//	lags: clickhouse, 1m12s behind, 120344 rows: connection refused
//	ended: okx OLD/USDT trades, nothing more comes
//	given up: sqlite: record: another writer has taken the store over
//	log: no space left on device
//
// # Cardinality
//
// Labels are the venue, symbol and channel of what is recorded and the names of its sinks: all are said by the configuration, none comes from
// the wire. A recording of n series (a symbol's trades are one, its books another) and m sinks has at most 6n + 8m + 9 of Prometheus's
// series. Beyond Options.Series series the label symbol is empty, and the values are those of all symbols of a venue's channel together.
package metrics
