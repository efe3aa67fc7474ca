package nats

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// link is one connection.
type link struct {
	s     *session
	nc    *nats.Conn
	inbox *broker.Inbox // core NATS

	closed chan struct{} // when nc has ended

	js    jetstream.JetStream
	mu    sync.Mutex
	msgs  jetstream.MessagesContext // from the first Next on
	from  jetstream.Consumer        // of msgs
	mute  bool                      // it has messages and sent none for a while
	count uint64                    // of those that it has sent, if nobody acknowledges
	held  jetstream.Msg             // delivered and not acknowledged
	stale bool                      // for a while already
	work  *time.Timer               // calls progress
	over  bool
}

// lost is called by nats.go when the connection has ended.
func (l *link) lost(nc *nats.Conn) {
	err := dial.ErrLost
	if last := nc.LastError(); last != nil {
		err = fmt.Errorf("%w: %w", dial.ErrLost, last)
	}
	l.inbox.Finish(err, func(broker.Message) bool { return true })
	close(l.closed)
}

// complain is called by nats.go for what belongs to no call. Messages that were
// dropped end the link, so that the reader is told.
func (l *link) complain(nc *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrSlowConsumer) {
		l.inbox.Finish(fmt.Errorf("%w: %w: messages were dropped", dial.ErrLost, err), func(broker.Message) bool { return true })
		nc.Close()
	}
}

func (l *link) Close() error {
	l.mu.Lock()
	l.over = true
	msgs, held := l.msgs, l.held
	if l.work != nil {
		l.work.Stop()
	}
	l.mu.Unlock()
	if msgs != nil {
		l.giveBack(msgs, held)
	}
	l.inbox.Finish(dial.ErrLost, func(broker.Message) bool { return true })
	if l.nc != nil {
		l.nc.Close()
		<-l.closed
	}
	return nil
}

// farewell bounds what Close asks of the server.
const farewell = time.Second

// giveBack tells the server what was not done with, so that another reader has
// it at once.
func (l *link) giveBack(msgs jetstream.MessagesContext, held jetstream.Msg) {
	defer msgs.Stop()
	if l.nc.IsClosed() {
		return
	}
	if l.s.durable == "" { // nobody else reads from it
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		l.js.DeleteConsumer(ctx, l.s.stream, l.from.CachedInfo().Name)
		return
	}
	var back []jetstream.Msg
	if held != nil {
		back = append(back, held)
	}
	msgs.Drain() // first, for what is given back would come here again, behind the others
	for {
		m, err := msgs.Next(jetstream.NextMaxWait(farewell))
		if err != nil {
			break
		}
		back = append(back, m)
	}
	l.nc.FlushTimeout(farewell) // the server knows that nobody listens here
	for _, m := range back {
		m.NakWithDelay(returned) // at once, nats-server 2.9 may deliver the first to nobody, for ackWait
	}
	l.nc.FlushTimeout(farewell)
}

// returned is when what was given back is delivered again: when the server has forgotten for certain who asked for it before.
const returned = 50 * time.Millisecond

func (l *link) Publish(ctx context.Context, key string, id uint64, body []byte) error {
	if key == "" {
		key = l.s.subject
	}
	if !writable(key) {
		return fmt.Errorf("%w: a subject with * or > can be read only", dial.ErrAddress)
	}
	if l.js == nil {
		err := l.nc.Publish(key, body)
		if err == nil {
			err = l.flush(ctx)
		}
		if err == nil {
			return refused(l.nc, "Publish", key)
		}
		return l.failure(ctx, err)
	}
	_, err := l.js.PublishMsg(ctx, &nats.Msg{Subject: key, Data: body}, jetstream.WithMsgID(l.s.ids+strconv.FormatUint(id, 10)),
		jetstream.WithRetryAttempts(0))
	if err != nil {
		if no := refused(l.nc, "Publish", key); no != nil {
			return no // nobody answers
		}
	}
	return l.failure(ctx, err)
}

// refused says that the server does not allow what it was asked for. It says
// so by the way, before it answers what was sent next.
func refused(nc *nats.Conn, what, subject string) error {
	if err := nc.LastError(); err != nil && errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), what+` to "`+subject+`"`) {
		return fmt.Errorf("%w: no permission for the subject", dial.ErrAuth)
	}
	return nil
}

func writable(subject string) bool {
	for i := range len(subject) {
		if (subject[i] == '*' || subject[i] == '>') && (i == 0 || subject[i-1] == '.') {
			return false
		}
	}
	return true
}

// silence is how long the server may take to confirm anything for a caller who
// sets no deadline.
const silence = 30 * time.Second

// flush returns when the server has answered all that was sent.
func (l *link) flush(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		ctx = patient{ctx}
	}
	return l.nc.FlushWithContext(ctx)
}

// patient is a ctx for nats.go, which wants a deadline: a server that does not
// answer is noticed by its missing pongs.
type patient struct{ context.Context }

// Deadline says that there is one; nobody waits for it.
func (patient) Deadline() (time.Time, bool) { return time.Time{}, true }

// failure says what err means that ended what waited for the server.
func (l *link) failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case l.nc.IsClosed() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("%w: %w", dial.ErrLost, err)
	}
	return kind(err)
}
