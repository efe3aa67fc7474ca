package record

import (
	"context"
	"errors"
	"time"

	"github.com/depthwire/depthwire/record/wal"
)

// Sink stores batches. A Recorder calls it from one goroutine at a time.
//
// Write stores all of a batch, and once: where Batch.Again says that some of it may be there already, the sink finds out, or knows by
// what rows are known by. A batch may have no rows, when all of its range were refused: it moves the cursor of a Keeper. b is the sink's only until Write returns. It must end soon after ctx has. Errors:
//
//   - ErrFenced, and ErrSchema: the recorder gives the sink up, and says so;
//   - ErrRefused: the store does not take what is in the batch, whoever brings it and when: the recorder writes it again in halves until it
//     has the rows that are refused, and puts them into a file;
//   - any other: the same batch comes again, with Again.
type Sink interface {
	Write(ctx context.Context, b *Batch) error
	// Close gives back what the sink holds. The Recorder leaves it to the owner.
	Close() error
}

// Keeper is a sink that keeps its cursor in the transaction of the rows: what Write has stored is there with its cursor, or not at all.
// A batch that ends at or before the cursor is stored already, and Write leaves it out; one that begins before it and ends behind
// is ErrOverlap. The recorder keeps the cursors of other sinks in files beside the log.
type Keeper interface {
	Sink
	// Cursor returns the position behind the last row that is stored of a log, 0 when there is none.
	Cursor(ctx context.Context, log wal.ID) (uint64, error)
}

// Store is a sink that can be read.
type Store interface {
	Sink
	// Read calls fn with the rows of a table that were received in [from, to), those of one log at a time, each market's in the order of
	// their positions, with the named columns filled and the others not (none named: with all). What fn is given is its own until it
	// returns. An error of fn ends the reading.
	Read(ctx context.Context, t *Table, from, to time.Time, columns []string, fn func(*Rows) error) error
}

// Kinds of error.
var (
	// ErrFenced is a sink's answer when another writer has taken the store over.
	ErrFenced = errors.New("record: another writer has taken the store over")
	// ErrSchema is a sink's answer when the store is of another version, or no recording.
	ErrSchema = errors.New("record: not a recording of this version")
	// ErrRefused is a sink's answer when the store does not take what is in a batch.
	ErrRefused = errors.New("record: the store refuses a row")
	// ErrOverlap is a Keeper's answer to a batch of which it has only a part.
	ErrOverlap = errors.New("record: batch overlaps the cursor")
	// ErrConfig is Run's answer to a Config that makes no sense.
	ErrConfig = errors.New("record: bad config")
	// ErrLeft is Run's answer when sinks do not have everything yet. It is in the log, for the next time.
	ErrLeft = errors.New("record: rows not written")
	// ErrEnded is Run's answer when every subscription has ended by itself.
	ErrEnded = errors.New("record: nothing left to record")
)
