package book

import (
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// Level is one price of a book and what stands there.
type Level struct {
	Price, Size decimal.Decimal
}

// Update is what a venue says about a book: a snapshot or a delta.
// Sizes are absolute; in a delta a size of zero removes the level.
type Update struct {
	Snapshot bool
	// First and Last are the ids that the update spans, Prev the Last of the
	// update before it; a venue fills those that it has. A snapshot has Last.
	First, Last, Prev int64
	Bids, Asks        []Level
	Checksum          uint32 // of the book after this update; zero counts as not sent
	HasChecksum       bool
	Time              time.Time // the venue's clock
	// Limit, in a snapshot, is how many levels a side were asked for: a side that
	// comes full ends in unknown territory. 0: the snapshot is the whole book.
	Limit int
}

// Verdict is what a Rule says about an update.
type Verdict uint8

const (
	Skip        Verdict = iota // the book has it already
	Apply                      // it continues the book
	Gap                        // something between the book and it was lost: drop the book
	OldSnapshot                // the snapshot ends before it begins: keep what waits, ask again
	Keep                       // from Begin only: parse the whole Update and give it to Sync.Apply
)

// String returns the verdict's name.
func (v Verdict) String() string {
	return name(v, "skip", "apply", "gap", "old snapshot", "keep")
}

// At is where a book stands when a Rule judges the next delta.
type At struct {
	Seq   int64 // Last of the update applied last
	Fresh bool  // nothing was applied since the snapshot
	Heard int64 // Last of the delta that came before this one, applied or not; 0: none did
	Tries int   // snapshots refused since the last delta that was applied
}

// Rule judges whether u continues a book that stands at at. It is pure, and may
// not look at the levels of u: they need not be set.
type Rule func(at At, u *Update) Verdict

// State says what a book is worth.
type State uint8

const (
	Syncing State = iota // no book: a snapshot is awaited
	Live                 // complete and in sequence
	Stale                // the levels are the last known; the topic is silent
	Halted               // the levels are the last known; the market is halted
)

// String returns the state's name.
func (s State) String() string {
	return name(s, "syncing", "live", "stale", "halted")
}

func name[T ~uint8](v T, names ...string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return "invalid"
}
