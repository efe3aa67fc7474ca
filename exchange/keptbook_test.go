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

// look says how a book is: its state, then w when a snapshot is wanted and r when one is to refresh it.
func look(k *keptBook) (text string, tries int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	text = k.sync.State().String()
	if k.wanting {
		text += " w"
	}
	if k.sync.Refreshing() {
		text += " r"
	}
	return text, k.tries
}

func seqOf(k *keptBook) int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sync.Seq()
}

// is checks how a book is.
func is(t *testing.T, k *keptBook, when, want string) (tries int) {
	t.Helper()
	got, tries := look(k)
	if got != want {
		t.Errorf("%s: %s, want %s", when, got, want)
	}
	return tries
}

// A book that is continued after a silence is live at once. The snapshot that was asked for in case it were not
// is still waited for: what it is merged with is not kept for ever.
func TestContinuedAfterSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, say := asker(t, ByRequest)
		defer k.end()
		k.Up()
		say("dsd")
		is(t, k, "answered", "live")
		k.Down(&stream.Break{Cause: stream.Silence})
		k.Up()
		is(t, k, "subscribed again", "stale w r")
		say("d")
		is(t, k, "continued", "live w r")
		say("o") // refused: it is asked for again
		before := is(t, k, "refused", "live w r")
		time.Sleep(answerLate + time.Second)
		synctest.Wait()
		if after := is(t, k, "after a while", "live w r"); after == before {
			t.Error("not asked again")
		}
		say("ds")
		is(t, k, "answered again", "live")
		seq := seqOf(k)
		say("o") // nobody has asked
		if seqOf(k) != seq {
			t.Errorf("went back from %d to %d", seq, seqOf(k))
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
		is(t, k, "not continued", "syncing w")
		for range 4 { // answers that are of no use are waited out, one by one
			say("o")
			before := is(t, k, "refused", "syncing w")
			time.Sleep(snapshotSlow)
			synctest.Wait()
			if after := is(t, k, "after a while", "syncing w"); after == before {
				t.Error("not asked again")
			}
		}
		say("s")
		if tries := is(t, k, "answered", "live"); tries != 0 {
			t.Errorf("%d tries", tries)
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
		if tries := is(t, k, "ended", "syncing"); tries != 0 {
			t.Errorf("%d tries", tries)
		}
	})
}

// Older books that come in a bunch are late copies; those that alone come for a while are of a venue that counts anew.
func TestLateCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, say := asker(t, EveryMessage)
		defer k.end()
		k.Up()
		say("s")
		seq := seqOf(k)
		say("ooooo")
		if got := seqOf(k); got != seq {
			t.Errorf("late copies: went back from %d to %d", seq, got)
		}
		time.Sleep(2 * patientLong)
		say("o")
		if got := seqOf(k); got == seq {
			t.Errorf("still at %d", got)
		}
	})
}
