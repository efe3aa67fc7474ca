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
// is there twice, none is lost. Everything is on the disk when Write returns, unless Options.NoSync.
//
// One Sink at a time has a directory; anybody may read it meanwhile, by Read, and sees whole batches only. Files do not know rows by their Key: two
// recorders of one market need two directories.
//
// # Size
//
// Small members compress badly: a Target's Rows and Every decide. For a hundred markets, some ten seconds are well spent.
// BenchmarkWrite reports the bytes a row takes.
package files
