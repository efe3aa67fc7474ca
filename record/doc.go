// Package record brings what clients watch to disk, and from there into stores, with what is missing beside it.
//
//	recorder := record.New(record.Config{
//		Dir:     "recording",
//		Sources: []record.Source{{Client: client, Symbols: []string{"BTC/USDT"}}},
//		Sinks:   []record.Target{{Name: "sqlite", Sink: sink}},
//	})
//	err := recorder.Run(ctx) // until ctx ends, then drains
//
// Each value is a row: a trade, a change of a book, a ticker. Rows go into a log on disk (package wal), which is the only queue, and each
// [Sink] reads that log from a cursor of its own: one that is down holds up nobody, costs disk and no memory, and gets everything when it
// is back. Sinks know nothing of markets: they store the columns of [Tables]. Packages sqlite, postgres, mysql, clickhouse, files and
// publish are sinks.
//
// # Nothing is left out in silence
//
// Whatever is missing is a row of [GapTable]: each exchange.Break, the time in which the recorder did not run, what the log could not
// take, what its budget has dropped, what a store has refused. [Verify] holds a store against the venues' own numbers, the positions of
// the log and that ledger.
//
// # Once
//
// A position of the log means one row for ever. A batch is a range of positions: a [Keeper] stores it and its cursor in one transaction; other
// sinks get the very same range again after the recorder has died on the way, and are told so. A row that has been in the log when the
// recorder died is in each store once, and what has been synced survives the machine.
//
// # Books
//
// A book is written whole when it begins and every Config.Snapshot, and in between what has changed. When it is lost, or the recording ends,
// a row says so: no question to a store is answered with an old book. [Rebuilt] makes states of rows.
package record
