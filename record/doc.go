// Package record writes what clients watch into a store, and what is missing beside it.
//
// A [Recorder] subscribes to trades, order books, tickers and best prices of any
// number of venues, gathers the values in a bounded buffer and hands them to a
// [Sink] in batches, one transaction each. Package sqlite has the embedded sink.
//
//	r := record.New(record.Config{
//		Sources: []record.Source{{Client: binance.New(exchange.Options{}), Symbols: []string{"BTC/USDT"}}},
//		Trades:  true, Books: true,
//		Sink:    sink,
//	})
//	err := r.Run(ctx) // until ctx ends, then drains
//
// Nothing is left out in silence. Every exchange.Break that comes with the data
// becomes a [Gap]; so does every value that had to be dropped because the sink was slower
// than the venues for longer than the buffer holds, and the beginning of every
// recording. A sink that fails is tried again with the same batch, for ever.
//
// A batch is a range of positions, and a sink stores its cursor in the
// transaction of the data: a batch that is written again, because nobody knows
// whether the first time succeeded, is stored once.
package record
