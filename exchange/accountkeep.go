package exchange

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/stream"
)

// keptAccount keeps one kind of the account's values in one family up to date, for all who watch it. It is the stream.Sink of its topic,
// and has one goroutine, which asks REST: when the topic has been subscribed, first or again, when a message hints that there is
// something to ask for, and every Poll. While it asks after a subscription what is pushed waits, so that readers get all in order.
//
// Values come from the goroutine that reads the socket and from that one. Who takes them holds turn, over the callbacks of readers too.
type keptAccount[T any, P stamped[T]] struct {
	c       *Client
	f       *Family
	kind    *accountKind[T, P]
	channel *AccountChannel[T]
	hub     *stream.Hub // nil: there is no topic
	topic   string
	wake    chan struct{} // there is something to ask for
	cancel  context.CancelFunc
	users   int         // guarded by the shelf
	dead    atomic.Bool // the feeds have ended

	turn    sync.Mutex
	state   accountState[T, P]
	views   []*accountView[T]
	scope   Scope
	rows    []T
	news    []T
	met     map[string]bool // symbols that were told of
	strays  []string        // ids of markets that were, and are not known
	up      bool            // the topic is subscribed
	whole   bool            // REST has been asked, once, and nothing is missing since but what hole says
	held    []heldValue[T]  // pushed while REST is asked
	holding bool
	again   bool      // REST is to be asked before what is held is given out
	hinted  bool      // REST is to be asked
	soon    time.Time // when, where it is to be
	life    int       // of the subscription, or of what is whole
	hole    *stream.Break
	told    bool      // readers know of the hole
	began   time.Time // when the first reader came
	good    time.Time // until when nothing is missing
	next    time.Time // when REST is to be asked of itself; zero: never
	last    time.Time // when it was asked last
	tries   int
	sure    bool                       // REST has been asked a second time since the subscription
	err     error                      // of REST, the last time
	over    error                      // why the feeds have ended
	listed  []func(symbol string) bool // the markets of which REST has told, the last time, what there is

	mu     sync.Mutex // over what Health tells: a callback, which has the turn, may ask for it
	health StreamHealth
}

// heldValue is a value that waits.
type heldValue[T any] struct {
	v T
	o origin
}

// accountView is what one reader gets.
type accountView[T any] struct {
	feed    *stream.Feed[T]
	markets []*Market // none: all
	whole   bool      // he has got all that there was when he came
	got     map[string]bool
	asked   bool // REST has been asked since he came
	left    bool
}

const (
	mostHeldValues = 4096
	// overlap is how much longer ago than the last value that came REST is asked for: values are pushed late, clocks differ.
	overlap = 30 * time.Second
	// lag is when REST is asked once more: some venues answer from copies that lag behind what they push.
	lag       = 3 * time.Second
	askEvery  = time.Second
	askAgain  = time.Second // after a failure, doubled with each to askRarely
	askRarely = time.Minute
)

// Rare reports that the topic's silence means nothing.
func (k *keptAccount[T, P]) Rare() bool { return true }

// Data takes one message.
func (k *keptAccount[T, P]) Data(data []byte, received time.Time) error {
	k.turn.Lock()
	defer k.turn.Unlock()
	if k.channel.Hint != nil && k.channel.Hint(data) {
		k.hint()
		return nil
	}
	if k.channel.Parse == nil {
		return nil
	}
	k.scope.Received, k.scope.strays = received, k.scope.strays[:0]
	rows, err := k.channel.read(k.rows[:0], &k.scope, data)
	if err != nil {
		k.doubt(stream.Malformed, err)
		return err
	}
	if k.rows = rows; len(k.scope.strays) > 0 {
		if len(k.strays) < mostStrays {
			k.strays = append(k.strays, k.scope.strays...)
		}
		k.doubt(stream.Malformed, fmt.Errorf("exchange: market %s is not known", k.scope.strays[0]))
	}
	o := origin{at: received, call: unlisted}
	for i := range rows {
		v := &rows[i]
		k.stamp(v, received)
		if k.c.o.Raw {
			P(v).stamp().Raw = slices.Clone(data)
		}
		switch {
		case !k.holding:
			k.take(v, o)
		case len(k.held) < mostHeldValues:
			k.held = append(k.held, heldValue[T]{*v, o})
		default:
			k.held = k.held[:0]
			k.doubt(stream.Overflow, nil)
		}
	}
	if k.up && !k.holding && k.hole == nil {
		k.good = received
	}
	k.note()
	k.publish()
	return nil
}

// note has Health tell how it is.
func (k *keptAccount[T, P]) note() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.health = StreamHealth{Kind: k.kind.name, Readers: len(k.views), Err: k.err, Heard: k.good, Connected: k.err == nil, Since: k.began}
}

func (k *keptAccount[T, P]) stamp(v *T, received time.Time) {
	s := P(v).stamp()
	s.Venue, s.Received, s.Source = k.c.venue.Name, received, Stream
	if s.Symbol != "" && !k.met[s.Symbol] {
		k.met[s.Symbol] = true
		k.c.accounts.met.meet(k.f, s.Symbol)
	}
}

// take has the news in a value published, by and by.
func (k *keptAccount[T, P]) take(v *T, o origin) { k.news = k.state.take(k.news, v, o) }

// publish gives readers the news. Who has not got all yet gets what is pushed when REST does not answer.
func (k *keptAccount[T, P]) publish() {
	for i := range k.news {
		s := P(&k.news[i]).stamp()
		if s.Venue == "" { // that it is gone was concluded
			s.Venue, s.Source, s.Received = k.c.venue.Name, REST, time.Now()
		}
		for _, v := range k.views {
			if v.wants(s.Symbol) {
				v.feed.Publish(&k.news[i])
				if !v.whole && len(v.got) < mostOpen {
					v.got[k.kind.id(&k.news[i])] = true
				}
			}
		}
	}
	k.news = k.news[:0]
}

func (v *accountView[T]) wants(symbol string) bool {
	if len(v.markets) == 0 {
		return true
	}
	for _, m := range v.markets {
		if m.Symbol == symbol {
			return true
		}
	}
	return false
}

// Flush wakes the readers.
func (k *keptAccount[T, P]) Flush() {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.flush()
}

func (k *keptAccount[T, P]) flush() {
	for _, v := range k.views {
		v.feed.Flush()
	}
}

// Down notes that the topic was interrupted.
func (k *keptAccount[T, P]) Down(why *stream.Break) {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.up = false
	k.life++
	k.miss(why.Cause, why.Err)
}

// Up has REST asked for what happened before.
func (k *keptAccount[T, P]) Up() {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.up, k.holding, k.sure = true, true, false
	k.life++
	k.ask()
}

// Refused ends the feeds.
func (k *keptAccount[T, P]) Refused(err error) {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.fail(k.c.refusal(k.kind.op, "", fmt.Errorf("%s: %w", k.topic, err)))
}

// end is fail for those who do not hold turn.
func (k *keptAccount[T, P]) end(err error) {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.fail(err)
}

func (k *keptAccount[T, P]) fail(err error) {
	if k.over == nil {
		k.over = err
		k.dead.Store(true)
	}
	for _, v := range k.views {
		v.feed.Fail(err)
	}
	if k.hub != nil {
		k.hub.Remove(k.topic, k)
	}
	k.cancel()
}

// doubt has REST asked because something that was pushed was lost.
func (k *keptAccount[T, P]) doubt(cause stream.Cause, err error) {
	k.miss(cause, err)
	k.life++ // what REST is answering now may be from before
	k.holding, k.sure = true, false
	k.hint()
	k.again = true
}

// miss notes a hole, unless there is one. Readers who have got nothing yet miss nothing.
func (k *keptAccount[T, P]) miss(cause stream.Cause, err error) {
	if k.hole == nil && k.whole {
		k.hole, k.told = &stream.Break{Cause: cause, From: k.good, Err: err}, false
	}
}

// view makes a reader, who joins when he listens.
func (k *keptAccount[T, P]) view(markets []*Market) *accountView[T] {
	return &accountView[T]{feed: k.kind.feed(k.c.o.Ring), markets: markets, got: make(map[string]bool)}
}

// join gives a reader what there is, and what comes.
func (k *keptAccount[T, P]) join(v *accountView[T]) {
	k.turn.Lock()
	defer k.turn.Unlock()
	if v.left {
		return
	}
	k.views = append(k.views, v)
	k.nudge()
	k.note()
	if k.over != nil {
		v.feed.Fail(k.over)
	}
	if k.whole && k.hole == nil && !k.holding {
		k.begin()
		v.feed.Flush()
	} else if k.whole {
		k.ask()
	}
}

func (k *keptAccount[T, P]) leave(v *accountView[T]) {
	k.turn.Lock()
	defer k.turn.Unlock()
	v.left = true
	k.views = slices.DeleteFunc(k.views, func(x *accountView[T]) bool { return x == v })
	k.note()
}
