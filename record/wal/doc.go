// Package wal is a log on disk: records are appended, kept in order under numbers that never
// come again, and read by any number of readers who each have a place of their own. What lies
// between a source that cannot wait and stores that may be down for a day.
//
//	log, healed, err := wal.Open("data/log", wal.Options{})
//	pos, err := log.Append(ctx, record)   // in order, in a buffer
//	r := log.Reader(cursor)
//	pos, record, err := r.Next(ctx)       // what is safe on disk
//	log.Release(cursor)                   // nobody needs what is before
//	log, err := wal.View("data/log")      // of a log that somebody else writes: for reading
//
// # Guarantees
//
// A record that Next has returned survives the death of the process and, unless the policy is
// Never, of the machine; its position means the same record for ever. A record that Append
// has accepted survives the death of the process once the buffer is written, at most
// Options.Every later, and that of the machine once it is synced; with Always both before Append
// returns. On a full disk it waits in memory, two buffers at the most, and Append refuses what comes beyond; Always says of one that waits that it is
// ErrUnsynced. Records are whole or not there: each has a checksum that covers its position too.
//
// # Files
//
// A log is a directory of segments, named by the position of their first record in 20 digits, and of a file
// LOCK that the writer holds. All numbers are little-endian. Version 1:
//
//	segment  header record...
//	header   "DWAL" u16 version=1 u16 size=48 u64 first [16]id i64 created(ns since 1970) u32 0 u32 crc
//	record   u32 crc u32 length u64 position [length]bytes
//
// A crc is the CRC-32C: that of a header of the 44 bytes before it, that of a record of all behind it. A record
// says its position: one in another's place is none, and behind damage the next is found by it. id is one for all
// segments of a log, drawn when it is made: a store that has a cursor of another log can tell.
package wal
