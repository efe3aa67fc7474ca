package mqtt

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// link is one connection.
type link struct {
	s      *session
	client mqtt.Client
	guard  *broker.Guard
	inbox  *broker.Inbox

	acks    acks
	arrived map[uint16]mqtt.Message // in the inbox; under s.mu

	end  sync.Once
	lost chan struct{} // closed when the connection has ended
	why  error         // then
}

// handed is a message that the reader was given.
type handed struct {
	latest mqtt.Message // as it came last: an earlier connection cannot acknowledge it
	on     *link
	done   bool // the reader is done with it
}

// finish is called when the connection has ended. Messages that nobody has
// acknowledged come again with the next.
func (l *link) finish(err error) {
	l.end.Do(func() {
		l.why = dial.ErrLost
		if err = l.guard.Blame(err); err != nil {
			l.why = fmt.Errorf("%w: %w", dial.ErrLost, err)
		}
		close(l.lost)
		l.inbox.Finish(l.why, func(m broker.Message) bool { return m.Ack == nil })
	})
}

// disconnect is how many milliseconds paho may take to say good-bye.
const disconnect = 100

func (l *link) Close() error {
	open := l.client.IsConnectionOpen()
	if open && l.s.named {
		// What Mosquitto has not read when the connection ends it does not read
		// any more, acknowledgements too: its answer says that it has.
		l.client.Unsubscribe("depthwire/nothing").WaitTimeout(farewell)
	}
	l.finish(nil)
	l.client.Disconnect(disconnect)
	if open && !l.s.named {
		l.s.leave()
	}
	return nil
}

// over reports whether the connection has ended. No other is made before.
func (l *link) over() bool {
	select {
	case <-l.lost:
		return true
	default:
		return false
	}
}

// receive is called by paho, in order; it may wait for the reader.
func (l *link) receive(m mqtt.Message) {
	if m.Qos() == 0 {
		l.inbox.Push(broker.Message{Body: m.Payload(), Key: m.Topic()})
		return
	}
	number := m.MessageID()
	if l.s.again(l, m) {
		return
	}
	l.s.mu.Lock()
	l.arrived[number] = m
	l.s.mu.Unlock()
	l.inbox.Push(broker.Message{Body: m.Payload(), Key: m.Topic(), Number: number, Repeated: m.Duplicate(),
		Ack: func(ctx context.Context) error { return l.s.acknowledge(ctx, number) }})
}

func (l *link) Next(ctx context.Context) (broker.Message, error) {
	m, err := l.inbox.Pop(ctx)
	if err != nil || m.Ack == nil {
		return m, err
	}
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.over() {
		return broker.Message{}, l.why // it comes again
	}
	l.s.handed[m.Number] = &handed{latest: l.arrived[m.Number], on: l}
	delete(l.arrived, m.Number)
	return m, nil
}

// forget is called when the broker has no session: it will not repeat what it
// sent before.
func (s *session) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.handed)
	s.completed = completed{}
}

// again reports whether the reader was given m before, on another connection.
// The number alone does not say: a broker that was killed may give it to
// another message. Nor does the mark of a duplicate: Mosquitto leaves it out
// after a restart.
func (s *session) again(l *link, m mqtt.Message) bool {
	s.mu.Lock()
	h := s.handed[m.MessageID()]
	if h == nil && m.Duplicate() && s.completed.has(m) {
		s.mu.Unlock()
		m.Ack()
		return true
	}
	if h == nil || h.latest.Topic() != m.Topic() || !bytes.Equal(h.latest.Payload(), m.Payload()) {
		s.mu.Unlock()
		return false
	}
	h.latest, h.on = m, l
	done := h.done
	s.mu.Unlock()
	if done {
		if _, m := s.settle(m.MessageID()); m != nil {
			m.Ack()
		}
	}
	return true
}

// settle notes that the reader is done with a message, and returns it, with
// its connection, if the broker can be told now. If not, it can when it sends the message again.
func (s *session) settle(number uint16) (*link, mqtt.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.handed[number]
	if h == nil { // the broker has lost the session
		return nil, nil
	}
	h.done = true
	if h.on.over() {
		return nil, nil
	}
	if h.latest.Qos() == 1 { // of QoS 2 the broker says itself when it will not come again
		delete(s.handed, number)
	}
	return h.on, h.latest
}

// acknowledge tells the broker that the reader is done with a message, and
// returns when that is on its way.
func (s *session) acknowledge(ctx context.Context, number uint16) error {
	l, m := s.settle(number)
	if m == nil {
		return nil
	}
	written := l.acks.expect(number)
	m.Ack()
	select {
	case <-written:
		return nil
	case <-l.lost:
		return l.why
	case <-ctx.Done():
		return ctx.Err()
	}
}

// released is called when the broker will not send a message again.
func (s *session) released(number uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.handed[number]; h != nil {
		s.completed.add(h.latest)
	}
	delete(s.handed, number)
}

func (l *link) Publish(ctx context.Context, key string, id uint64, body []byte) error {
	number, err := l.begin(ctx, key, id, body)
	if err != nil || l.s.qos == 0 {
		return err
	}
	return l.await(ctx, id, number)
}

// begin sends a message, unless it is in a packet already.
func (l *link) begin(ctx context.Context, key string, id uint64, body []byte) (number uint16, err error) {
	if key == "" {
		key = l.s.topic
	}
	if strings.ContainsAny(key, "+#") {
		return 0, fmt.Errorf("%w: a topic with + or # can be read only", dial.ErrAddress)
	}
	if number, begun := l.s.number(id); begun {
		if !l.s.store.drop(number) {
			return number, nil
		}
		l.s.sent(id)
	}
	return l.send(ctx, key, body)
}

// await returns when the broker has confirmed the message in a packet.
func (l *link) await(ctx context.Context, id uint64, number uint16) error {
	arrived := l.s.store.arrival(number)
	if arrived == nil {
		l.s.sent(id)
		return nil
	}
	select {
	case <-arrived:
		l.s.sent(id)
		return nil
	case <-ctx.Done():
		l.s.sent(id)
		return ctx.Err()
	case <-l.lost:
		l.again(id, number)
		return l.why
	}
}

// again notes that a message is in a packet that paho sends again, from the store.
func (l *link) again(id uint64, number uint16) {
	if l.s.options.Reconnect {
		l.s.mu.Lock()
		l.s.pending[id] = number
		l.s.mu.Unlock()
	}
}

// send hands a message to paho, which has it in the store when it returns.
func (l *link) send(ctx context.Context, key string, body []byte) (number uint16, err error) {
	select {
	case <-l.s.store.settled():
	case <-l.lost:
		return 0, l.why
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	body = bytes.Clone(body) // paho sends it when it can, and again from the store
	token := l.client.Publish(key, l.s.qos, l.s.retain, body).(*mqtt.PublishToken)
	if number = token.MessageID(); number != 0 {
		return number, nil
	}
	select {
	case <-token.Done():
		if token.Error() == nil {
			return 0, nil // QoS 0, on its way
		}
		if l.client.IsConnectionOpen() {
			return 0, token.Error()
		}
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select { // it was not taken: the connection is about to end
	case <-l.lost:
		return 0, l.why
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// number returns the packet that a message is in already.
func (s *session) number(id uint64) (uint16, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.pending[id]
	return n, ok
}

func (s *session) sent(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
}
