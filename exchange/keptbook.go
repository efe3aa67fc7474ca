package exchange

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/stream"
)

// keptBook keeps the book of one market by one channel. It is the stream.Sink of its
// topic: messages come from the goroutine that reads the socket, snapshots that
// were fetched from the workers of snapshots, copies are taken by readers. Who changes
// the book holds turn, over the callbacks of readers too, so that these come one
// at a time and in order: the reading goroutine for a batch of messages, the others for
// one change. mu keeps readers out for one merge.
type keptBook struct {
	c       *Client
	channel *BookChannel
	hub     *stream.Hub
	market  *Market
	topic   string
	key     bookKey
	views   atomic.Pointer[[]*bookView]

	inBatch bool // the reading goroutine's own: it has the turn

	turn  sync.Mutex
	scope Scope
	rows  []book.Update
	news  bool // the state has changed since readers were told

	mu       sync.Mutex
	sync     *book.Sync
	received time.Time     // of the last change
	hole     *stream.Break // since when the book is not live, nil while it is or was never
	wanting  bool          // a snapshot has been asked for
	life     int           // counts the times that the stream stopped: a snapshot of an earlier one is too old
	tries    int           // to get one, since the book was live
	useless  int           // answers that did not meet what waits for them, since the book was live
	behind   int           // snapshots in the stream that were older than the book, in a row
	lateFrom time.Time     // when the first of them came
	checked  int           // updates until the horizon is looked at again
	raw      []byte
	late     *time.Timer
	over     bool
}

func newKeptBook(c *Client, m *Market, ch *BookChannel, hub *stream.Hub, key bookKey, a Args) *keptBook {
	index, _ := c.known()
	k := &keptBook{c: c, channel: ch, hub: hub, market: m, key: key, topic: ch.Topic(m, a)}
	k.scope = Scope{Market: m, Markets: index.Names(m.Family), Args: a}
	config := book.Config{
		Rule: ch.Sync.Rule, Tick: m.TickSize, Step: m.StepSize, Sum: ch.Sync.Sum,
		Trim: ch.Sync.Trim, MayCross: ch.Sync.MayCross, KeepZero: ch.Sync.KeepZero,
	}
	switch ch.Sync.Source {
	case EveryMessage:
		config.MaxPending = -1
	case ByResubscribe:
		config.MaxPending = -1 // what comes before the snapshot is part of it
		config.Depth = ch.Sync.Window
	case ByRequest:
		config.Depth = ch.Sync.Window
	}
	k.sync = book.NewSync(config)
	none := []*bookView{}
	k.views.Store(&none)
	return k
}

func (k *keptBook) depth() int { return k.key.depth }

func (k *keptBook) viewers() []*bookView { return *k.views.Load() }

// join and leave are called with the shelf locked.
func (k *keptBook) join(v *bookView) {
	with := append(slices.Clone(k.viewers()), v)
	k.views.Store(&with)
}

func (k *keptBook) leave(v *bookView) (left int) {
	without := slices.DeleteFunc(slices.Clone(k.viewers()), func(x *bookView) bool { return x == v })
	k.views.Store(&without)
	return len(without)
}

func (k *keptBook) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	if k.late != nil {
		k.late.Stop()
	}
}

// read makes a reader's copy. Levels are given only while the book is live.
func (k *keptBook) read(dst *OrderBook, depth int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.copy(dst, depth)
}

// copy is read for who holds the turn, or mu.
func (k *keptBook) copy(dst *OrderBook, depth int) {
	b := k.sync.Book()
	dst.Venue, dst.Symbol, dst.Source = k.c.venue.Name, k.market.Symbol, Stream
	dst.Time, dst.Received, dst.Seq, dst.Raw = k.sync.Time(), k.received, k.sync.Seq(), k.raw
	dst.State, dst.Contracts = k.sync.State(), !k.market.Contract.Absent()
	dst.Bids, dst.Asks = dst.Bids[:0], dst.Asks[:0]
	if dst.State == book.Live {
		dst.Bids, dst.Asks = b.Top(depth, dst.Bids, dst.Asks)
		dst.KnownBid, dst.KnownAsk = b.Known()
		if k.channel.Sync.Source == EveryMessage { // what a message does not show is unknown, not empty
			dst.KnownBid, dst.KnownAsk = worst(dst.Bids), worst(dst.Asks)
		}
	}
}

// worst returns the price of the last level, absent when there is none.
func worst(levels []Level) decimal.Decimal {
	if len(levels) == 0 {
		return decimal.Decimal{}
	}
	return levels[len(levels)-1].Price
}

// Data merges one message. Readers are told when the batch is over: the newest state is what
// they want; of a hole they are told at once.
func (k *keptBook) Data(data []byte, received time.Time) error {
	if !k.inBatch {
		k.inBatch = true
		k.turn.Lock()
	}
	k.scope.Received = received
	k.mu.Lock()
	state, seq := k.sync.State(), k.sync.Seq()
	err := k.merge(data)
	now := k.sync.State()
	changed := now != state || k.sync.Seq() != seq
	var told *stream.Break
	if now != state {
		told = k.turned(state, now, seq, err, received)
	}
	k.settle()
	if changed || now != book.Live {
		k.received = received
	}
	if changed && k.c.o.Raw {
		k.raw = slices.Clone(data)
	}
	if now == book.Syncing || k.short() {
		k.want(err != nil)
	}
	hopeless := k.hopeless(err)
	k.mu.Unlock()
	if hopeless {
		k.Refused(err)
	}
	if told != nil {
		k.touch(told)
	} else if changed && now == book.Live {
		k.news = true
	}
	if err != nil && outOfSync(err) {
		return nil // told to the readers; nothing was wrong with the message
	}
	return err
}

// Flush ends a batch: readers are told of the newest state.
func (k *keptBook) Flush() {
	if !k.inBatch {
		return
	}
	if k.news {
		k.touch(nil)
	}
	k.inBatch = false
	k.turn.Unlock()
	k.wake()
}

func (k *keptBook) wake() {
	for _, v := range k.viewers() {
		v.feed.Flush()
	}
}

func outOfSync(err error) bool {
	for _, kind := range []error{book.ErrGap, book.ErrOldSnapshot, book.ErrChecksum, book.ErrCrossed, book.ErrOverflow} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// merge brings the message into the book, straight where the channel can, or as Updates.
func (k *keptBook) merge(data []byte) error {
	if k.channel.Merge != nil {
		if v, err := k.channel.Merge(k.sync, &k.scope, data); v != book.Keep {
			return err
		}
	}
	rows, err := k.channel.read(k.rows[:0], &k.scope, data)
	if err != nil {
		if k.sync.State() == book.Live {
			k.sync.Reset(book.Syncing) // what it said is lost, and with it the sequence
		}
		return err
	}
	k.rows = rows
	for i := range rows {
		if err := k.apply(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// Older snapshots are taken for copies that came late. If nothing else comes for so many and so long, the venue
// has begun to count anew.
const (
	patience    = 3
	patientLong = time.Second
)

func (k *keptBook) apply(u *book.Update) error {
	if k.channel.Sync.Source == ByRequest && u.Snapshot && k.sync.State() == book.Live && !k.sync.Refreshing() {
		return nil // another answer was faster
	}
	older := u.Last < k.sync.Seq()
	if k.channel.Sync.ByTime && !u.Time.Equal(k.sync.Time()) { // of one time the number tells
		older = u.Time.Before(k.sync.Time())
	}
	if k.channel.Sync.Source == EveryMessage && k.sync.State() == book.Live && older {
		if k.behind++; k.behind == 1 {
			k.lateFrom = k.scope.Received
		}
		if k.behind < patience || k.scope.Received.Sub(k.lateFrom) < patientLong {
			return nil
		}
	}
	k.behind = 0
	return k.sync.Apply(u)
}

// turned notes that the book began or ceased to be live, and returns what readers are told.
// seq is where it stood before.
func (k *keptBook) turned(from, to book.State, seq int64, why error, now time.Time) *stream.Break {
	switch {
	case to == book.Live:
		k.tries, k.useless = 0, 0
		hole := k.hole
		k.hole = nil
		if hole == nil {
			return nil
		}
		healed := *hole
		healed.To, healed.ToID, healed.Healed = now, strconv.FormatInt(k.sync.Seq(), 10), true
		return &healed
	case from == book.Live:
		k.hole = &stream.Break{Cause: cause(why), From: k.received, FromID: id(seq), Err: why}
		return k.hole
	}
	return nil
}

func cause(err error) stream.Cause {
	switch {
	case errors.Is(err, book.ErrChecksum):
		return stream.Checksum
	case errors.Is(err, book.ErrCrossed):
		return stream.Crossed
	case errors.Is(err, book.ErrGap), errors.Is(err, book.ErrOldSnapshot): // the latter where the first update after a snapshot is missing
		return stream.Gap
	case errors.Is(err, book.ErrOverflow):
		return stream.Overflow
	}
	return stream.Malformed
}

// snapshot takes what was fetched in a life of the stream. again is how long to wait before the
// next attempt, 0 when none is needed.
func (k *keptBook) snapshot(u *book.Update, life int, received time.Time) (again time.Duration) {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.mu.Lock()
	if life != k.life || !k.wanting { // asked for before the stream stopped: what came since may be missing in it
		k.mu.Unlock()
		return 0
	}
	state, seq := k.sync.State(), k.sync.Seq()
	u.Limit = k.channel.Sync.Window
	err := k.sync.Apply(u)
	now := k.sync.State()
	var told *stream.Break
	if err == nil {
		k.received = received
	}
	k.settle()
	if now != state {
		told = k.turned(state, now, seq, err, received)
	}
	if err != nil {
		again = k.later()
	}
	k.mu.Unlock()
	if told != nil || (now == book.Live && err == nil) {
		k.touch(told)
		k.wake()
	}
	return again
}

// touch tells the readers of a change. Its caller has the turn, but not mu.
func (k *keptBook) touch(b *stream.Break) {
	k.news = false
	for _, v := range k.viewers() {
		v.feed.Touch(v.healed(b, k), v.show)
	}
}

// Down says that the book is no longer kept up to date. After a silence its levels
// stay: if the next update continues them nothing was lost.
func (k *keptBook) Down(why *stream.Break) {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.mu.Lock()
	was, seq := k.sync.State(), k.sync.Seq()
	if why.Cause == stream.Silence {
		k.sync.Reset(book.Stale)
	} else {
		k.sync.Reset(book.Syncing)
	}
	k.life++
	k.wanting = false
	if k.late != nil {
		k.late.Stop()
	}
	now := k.sync.State()
	var told *stream.Break
	if was == book.Live && now != book.Live {
		b := *why
		b.From, b.FromID = k.received, id(seq)
		k.hole, told = &b, &b
	}
	k.mu.Unlock()
	if told != nil {
		k.touch(told)
		k.wake()
	}
}

// Up says that the topic is subscribed: a snapshot can be fetched, or must come.
func (k *keptBook) Up() {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch k.sync.State() {
	case book.Syncing:
		if k.channel.Sync.Source == ByRequest { // what was asked before is not answered any more
			k.wanting = false
		}
		k.expect(snapshotLate << min(k.tries, 4))
		if k.channel.Sync.AfterDelta {
			k.wantQuiet()
		} else {
			k.want(false)
		}
	case book.Stale: // subscribed again: what came meanwhile may be missing, unless a snapshot says otherwise
		if source := k.channel.Sync.Source; source == ByCall || source == ByRequest {
			k.sync.Refresh()
			k.want(false)
		}
	}
}

// Refused has the readers served by another channel, or told.
func (k *keptBook) Refused(err error) {
	k.c.kinds.books.refused(k, k.c.refusal("WatchOrderBook", k.market.Symbol, err))
}
