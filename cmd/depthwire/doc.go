// Depthwire watches, records and lists the markets of venues from a shell, serves simulated venues
// to try programs on, and talks to sockets, brokers and databases.
//
//	depthwire watch --simulated binance okx BTC/USDT    # a live table, no network, no account
//	depthwire record --venues binance,okx --symbols BTC/USDT,ETH/USDT
//	depthwire markets okx --quote USDT --kind swap
//	depthwire venue binance --fault 'every 10s drop-delta BTC/USDT'
//	depthwire venues
//	depthwire dial sqlite3://ticks.db
//
// It exits with 0 when all went well, 1 when something failed, 2 when the command line was
// not understood, 3 when nothing failed but something is missing: rows that are not in a store yet, or in a recording.
package main

//go:generate go test -run TestRecorderPageHasTheSchema -update .
