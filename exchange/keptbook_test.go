package exchange

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/stream"
)

// asker is the book of a channel whose snapshots are asked for on a socket that is never made: its
// messages are 's', 'd' (the next change) and 'h' (one after a hole).
func asker(t *testing.T, source SnapshotSource) (*keptBook, func(string)) {
	t.Helper()
	cl, m := quiet([]int{1})
	t.Cleanup(func() { cl.Close() })
	seq := int64(100)
	ch := &m.family.Push.OrderBook[0]
	ch.Sync = SyncRule{Source: source, AfterDelta: true, Window: 5, Rule: func(at book.At, u *book.Update) book.Verdict {
		switch {
		case u.Last <= at.Seq:
			return book.Skip
		case u.Prev == at.Seq:
			return book.Apply
		case at.Fresh:
			return book.OldSnapshot
		}
		return book.Gap
	}}
	ch.Parse = func(dst []book.Update, _ *Scope, b []byte) ([]book.Update, error) {
		one := decimal.New(1, 0)
		u := book.Update{Prev: seq, Bids: []book.Level{{Price: one, Size: one}}}
		switch b[0] {
		case 's':
			u.Snapshot, u.Last = true, seq
		case 'o': // an old one
			u.Snapshot, u.Last = true, seq-50
		case 'h':
			seq += 10
			u.Prev = seq
			fallthrough
		default:
			seq++
			u.Last = seq
		}
		return append(dst, u), nil
	}
	hub, err := cl.hub(m.family.Sockets["stream"])
	if err != nil {
		t.Fatal(err)
	}
	k := newKeptBook(cl, m, ch, hub, bookKey{keyOf(m, Args{}), 0}, Args{})
	return k, func(messages string) {
		for _, b := range messages {
			_ = k.Data([]byte(string(b)), time.Now()) // what is wrong is told by the state
			k.Flush()
		}
	}
}

// A book that is continued after a silence is live at once. The snapshot that was asked for in case it were not
// is still waited for: what it is merged with is not kept for ever.
func TestContinuedAfterSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, say := asker(t, ByRequest)
		defer k.end()
		k.Up()
		say("dsd")
		if k.sync.State() != book.Live || k.wanting {
			t.Fatalf("%s, wanting %v", k.sync.State(), k.wanting)
		}
		k.Down(&stream.Break{Cause: stream.Silence})
		k.Up()
		if k.sync.State() != book.Stale || !k.wanting || !k.sync.Refreshing() {
			t.Fatalf("%s, wanting %v", k.sync.State(), k.wanting)
		}
		say("d")
		if k.sync.State() != book.Live || !k.wanting {
			t.Fatalf("continued: %s, wanting %v", k.sync.State(), k.wanting)
		}
		say("o") // refused: it is asked for again
		before := k.tries
		time.Sleep(answerLate + time.Second)
		synctest.Wait()
		if k.tries == before || k.sync.State() != book.Live {
			t.Errorf("%d questions more, %s", k.tries-before, k.sync.State())
		}
		say("ds")
		if k.wanting || k.sync.Refreshing() || k.sync.State() != book.Live {
			t.Errorf("answered: wanting %v, refreshing %v, %s", k.wanting, k.sync.Refreshing(), k.sync.State())
		}
		seq := k.sync.Seq()
		say("o") // nobody has asked
		if k.sync.Seq() != seq {
			t.Errorf("went back from %d to %d", seq, k.sync.Seq())
		}
	})
}

// Not continued after a silence it is lost, and asked for.
func TestLostInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, say := asker(t, ByRequest)
		defer k.end()
		k.Up()
		say("dsd")
		k.Down(&stream.Break{Cause: stream.Silence})
		k.Up()
		say("h")
		if k.sync.State() != book.Syncing || !k.wanting {
			t.Fatalf("%s, wanting %v", k.sync.State(), k.wanting)
		}
		for range 4 { // answers that are of no use are waited out, one by one
			say("o")
			before := k.tries
			time.Sleep(snapshotSlow)
			synctest.Wait()
			if k.tries == before {
				t.Error("not asked again")
			}
		}
		say("s")
		if k.sync.State() != book.Live || k.wanting || k.tries != 0 {
			t.Errorf("%s, wanting %v, tries %d", k.sync.State(), k.wanting, k.tries)
		}
	})
}

// What comes when the book has been given up starts nothing.
func TestNothingAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, say := asker(t, ByRequest)
		k.Up()
		k.end()
		say("d")
		k.Up()
		time.Sleep(time.Minute)
		synctest.Wait()
		if k.wanting || k.tries != 0 {
			t.Errorf("wanting %v, tries %d", k.wanting, k.tries)
		}
	})
}
