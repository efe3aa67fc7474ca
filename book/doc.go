// Package book builds order books from what venues send: snapshots and deltas, in
// sequence or not at all.
//
// A [Sync] is the state machine of one market. It is fed every [Update] in the order of
// arrival, judges deltas by the venue's [Rule], keeps those that come before their
// snapshot, checks what can be checked (sequence, checksum, crossed prices) and says by
// its [State] what its [Book] is worth. It does no I/O, has no clock and starts no
// goroutine: asking for a snapshot is the caller's part, and so is a lock.
//
// There are two ways in. [Sync.Apply] takes a whole Update. [Sync.Begin], SetBid, SetAsk
// and End merge levels while a parser reads them, without an Update in between: the fast
// way for frequent messages, which falls back to Apply for all that is not a plain delta
// in sequence.
//
// All is exact. Prices are kept as multiples of the tick and sizes as multiples of a
// power of ten, in a ladder: a ring of sizes by price with a bitmap near the touch, sorted
// arrays farther out. A book whose numbers fit no ladder, because the tick is unknown or
// prices are off it, is kept in a B-tree of decimals instead, from the moment when this
// shows until the next snapshot.
//
// The files: update.go has what venues say; sync.go the state machine; merge.go the way
// of a level into the book; book.go the readers' side; ladder.go, far.go and tree.go the
// forms of storage; grid.go the arithmetic between wire numbers and ticks; pending.go the
// deltas that wait.
package book
