// Package files is a sink of package record that writes compressed JSON lines, which package lines describes, by table, day, venue
// and symbol:
//
//	dir/trades/2026-01-02/okx/BTC-USDT.jsonl.gz
//
// The day is that of received, in UTC. Names are made by lines.AppendName. Files are appended to, each batch as one complete member
// (of gzip) or frame (of Zstandard), and never changed otherwise: zcat and zstdcat read them at any time.
//
// # Exactly once
//
// The Sink is a record.Keeper. Before a batch is appended, dir/pending.json says how long each of its files is, and dir/recording.json,
// which is replaced as a whole, says how far each log has come. What a crash, a full disk or a refusal of the system leaves
// half done is cut off again, to the byte, when the Sink is opened or the next batch is written, and the batch comes again: no row
// is there twice, none is lost, neither for Read nor for zcat (which meets the torn end of a member between a crash and the next Open). Everything is on the disk when Write returns, unless Options.NoSync.
//
// Who opens a directory takes it over: the Sink that had it gets record.ErrFenced. Anybody may read meanwhile, by Read, and sees whole
// batches only.
//
// Of rows with one Key Read gives the one that was stored first, if it is of the days that are read. The files keep all: zcat shows a trade twice
// that two recorders have brought.
//
// # Size
//
// Small members compress badly: a Target's Rows and Every decide how many rows of one market are in one. Bytes a row, of random prices and
// sizes (BenchmarkSize):
//
//	rows in a member    10    100    1000         10    100    1000
//	trades, gzip        53     35      33   zstd  50     31      33
//	books (changes)     65     53      53         63     51      54
//	tickers            130    108     105        118     95      97
//
// A batch that touches a thousand files is a thousand calls of fsync: for many markets some ten seconds a batch are well spent.
package files
