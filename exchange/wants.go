package exchange

import (
	"errors"
	"time"

	"github.com/depthwire/depthwire/book"
)

// horizonEvery is how many updates pass between two looks at whether the book still
// reaches as deep as its readers look.
const horizonEvery = 64

// short reports whether the market has moved so far that a new snapshot must extend
// the book.
func (k *keptBook) short() bool {
	if k.channel.Sync.Source != ByCall || k.sync.State() != book.Live {
		return false
	}
	if k.checked++; k.checked < horizonEvery {
		return false
	}
	k.checked = 0
	need := 1
	for _, v := range k.viewers() {
		if v.depth == 0 {
			need = max(need, k.channel.Sync.Window/2)
		}
		need = max(need, min(v.depth, k.channel.Sync.Window/2))
	}
	if k.wanting || k.sync.Book().KnownDepth(need) {
		return false
	}
	k.sync.Refresh()
	return true
}

// want has a snapshot brought in the channel's way, once at a time. broken says that the
// book, or the snapshot that it waited for, has just been lost. The mutex is held.
func (k *keptBook) want(broken bool) {
	if k.over || (k.wanting && !broken) {
		return
	}
	switch source := k.channel.Sync.Source; {
	case source == ByCall, source == EveryMessage && k.channel.Sync.AfterDelta:
		if !k.wanting {
			k.wanting = true
			k.c.snapshots.want(k)
		}
	case source == ByResubscribe:
		if broken && !k.wanting {
			k.wanting = true
			k.hub.Renew(k.topic)
			k.expect(snapshotLate << min(k.tries, 4))
		}
	case source == ByRequest:
		if k.wanting { // the answer was of no use
			k.expect(k.later())
			return
		}
		k.wanting = true
		k.hub.Ask(k.topic, time.Time{}, time.Time{})
		k.expect(answerLate)
	}
}

// expect has the snapshot asked for in another wait if none has come by then. Where questions
// bring none the topic is renewed now and then. The mutex is held.
func (k *keptBook) expect(wait time.Duration) {
	if source := k.channel.Sync.Source; (source != ByResubscribe && source != ByRequest) || k.over {
		return
	}
	if k.late != nil {
		k.late.Stop()
	}
	k.late = time.AfterFunc(wait, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.over || (k.sync.State() != book.Syncing && !k.wanting) {
			return
		}
		k.tries++
		k.wanting = true
		if k.channel.Sync.Source == ByRequest && (k.tries%renewEvery != 0 || k.sync.State() == book.Live) {
			k.hub.Ask(k.topic, time.Time{}, time.Time{})
			k.expect(answerLate)
			return
		}
		k.hub.Renew(k.topic)
		k.expect(snapshotLate << min(k.tries, 4))
	})
}

// wantQuiet asks for a snapshot when no delta has come for a while: the market is quiet then, and
// its snapshot is the book. The mutex is held.
func (k *keptBook) wantQuiet() {
	if k.wanting || k.over {
		return
	}
	if k.late != nil {
		k.late.Stop()
	}
	k.late = time.AfterFunc(deltaLate, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.sync.State() == book.Syncing {
			k.want(false)
		}
	})
}

// later counts an attempt that brought no book, and returns the wait before the next.
func (k *keptBook) later() time.Duration {
	wait := min(snapshotAgain<<min(k.tries, 10), snapshotSlow)
	k.tries++
	return wait
}

// settle ends the waiting of a live book for a snapshot, but where one is to refresh it. The mutex is held.
func (k *keptBook) settle() {
	if k.wanting && k.sync.State() == book.Live && !k.sync.Refreshing() {
		k.wanting = false
		if k.late != nil {
			k.late.Stop()
		}
	}
}

// mostUseless is how many answers may lie inside of a change, or before what waits for them, in a row.
const mostUseless = 8

// hopeless counts the answers that are of no use and reports whether another channel should serve instead: where
// changes are sums over some time the answers of a busy market may never meet the end of one, and a level that has come
// and gone within it would stay in the book. The mutex is held.
func (k *keptBook) hopeless(err error) bool {
	if k.channel.Sync.Source != ByRequest || k.sync.State() != book.Syncing || !errors.Is(err, book.ErrOldSnapshot) {
		return false
	}
	k.useless++
	return k.useless >= mostUseless && k.key.channel+1 < len(k.market.family.Push.OrderBook)
}
