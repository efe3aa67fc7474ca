// Package broker is what connections to brokers have in common: a dial.Conn
// over links that are made anew when they are lost.
package broker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// Message is what a broker delivers.
type Message struct {
	Body     []byte // the receiver's own
	Key      string // subject, topic, routing key or key
	Repeated bool   // the broker says that it may have been delivered before
	Number   uint16 // of the link's own
	Place    uint64 // as dial.Placed says
	// Ack tells the broker that the message is done with; nil where there is
	// nothing to tell. It may be called again after its ctx ended.
	Ack func(ctx context.Context) error
}

// Link is one connection to a broker. Publish may be called by any number of
// goroutines, Next by one. An error that is dial.ErrLost means that the link
// is of no use any more; every other concerns the call only. Close ends all calls, with
// dial.ErrLost.
type Link interface {
	// Next returns the next message.
	Next(ctx context.Context) (Message, error)
	// Publish returns when the broker has the message. id is the same when a
	// message is tried again on the next link, and no other message has it; an empty key is
	// that of the address. Nothing of body is kept.
	Publish(ctx context.Context, key string, id uint64, body []byte) error
	Close() error
}

// Conn is a dial.Conn over links.
type Conn struct {
	addr    string
	options dial.Options
	connect func(context.Context) (Link, error)
	life    context.Context // ends with Close
	end     context.CancelFunc
	ids     atomic.Uint64

	packing sync.Mutex
	packer  *dial.Packer // nil: as they are

	dialling chan struct{} // full while somebody makes a link
	dialled  time.Time     // of who dials: when the last attempt began
	told     func(error)   // hears of losses

	mu    sync.Mutex
	link  Link
	turn  int   // how many links there have been
	cause error // why the one before was lost
	mute  bool  // the loss of this one has been told

	// Of the goroutine that reads.
	seen     int // the turn that was told
	pending  Message
	inflater dial.Inflater
}

// Open makes the first link. connect makes one within its ctx; for the
// options it refuses what it cannot honour.
func Open(ctx context.Context, addr string, o dial.Options, connect func(context.Context) (Link, error)) (dial.Conn, error) {
	if o.Framing != dial.Raw {
		return nil, fmt.Errorf("%w %q: want none with a broker, which has messages", dial.ErrOption, "framing")
	}
	if o.Silence != 0 {
		return nil, fmt.Errorf("%w %q: want none with a broker, which has heartbeats", dial.ErrOption, "silence")
	}
	packer, err := dial.NewPacker(o)
	if err != nil {
		return nil, err
	}
	c := &Conn{addr: addr, options: o, connect: connect, packer: packer, dialling: make(chan struct{}, 1), dialled: time.Now()}
	c.inflater.Max = o.MaxMessage
	c.life, c.end = context.WithCancel(context.Background())
	if c.link, err = c.dial(ctx); err != nil {
		c.end()
		return nil, c.fail("dial", err)
	}
	return c, nil
}

// dial makes one link, within the handshake's timeout.
func (c *Conn) dial(ctx context.Context) (Link, error) {
	bounded, cancel := context.WithTimeout(ctx, c.options.HandshakeTimeout)
	defer cancel()
	link, err := c.connect(bounded)
	if err != nil {
		return nil, dial.Failure(ctx, bounded, err)
	}
	return link, nil
}

func (c *Conn) current() (Link, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link, c.turn
}

// Read acknowledges the message that the Read before returned, and returns
// the next. A Read that ended with its ctx may be repeated.
func (c *Conn) Read(ctx context.Context) ([]byte, error) {
	if c.options.Mode == dial.Send {
		return nil, c.fail("read", fmt.Errorf("%w: the connection is to send only", errors.ErrUnsupported))
	}
	if err := c.state(ctx); err != nil {
		return nil, c.fail("read", err)
	}
	if err := c.settle(ctx); err != nil {
		return nil, c.fail("read", err)
	}
	for {
		link, turn := c.current()
		if turn != c.seen {
			c.seen = turn
			return nil, c.reconnected()
		}
		m, err := link.Next(ctx)
		if err == nil {
			return c.deliver(m)
		}
		if err := c.heal(ctx, turn, err); err != nil {
			return nil, c.fail("read", err)
		}
	}
}

// deliver keeps a message to acknowledge it, and unpacks it.
func (c *Conn) deliver(m Message) ([]byte, error) {
	c.pending = m
	if len(m.Body) > c.options.MaxMessage {
		return nil, c.fail("read", fmt.Errorf("%w: %d bytes", dial.ErrTooLarge, len(m.Body)))
	}
	if !c.options.Inflates() {
		return m.Body, nil
	}
	body, err := c.inflater.Inflate(c.options.Compress, m.Body)
	if err != nil {
		return nil, c.fail("read", err)
	}
	return body, nil
}

// settle acknowledges the last message. If that fails because the link is
// lost, Next will say so, and the broker delivers the message again.
func (c *Conn) settle(ctx context.Context) error {
	if c.pending.Ack == nil {
		return nil
	}
	err := c.pending.Ack(ctx)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	c.pending.Ack = nil
	if err != nil && !errors.Is(err, dial.ErrLost) {
		return fmt.Errorf("acknowledgement: %w", err)
	}
	return nil
}

func (c *Conn) reconnected() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(c.cause, dial.ErrTooLarge) { // what was too large is not read, nor will it be
		return fmt.Errorf("%w: %w: %v", dial.ErrReconnected, dial.ErrTooLarge, c.cause)
	}
	return fmt.Errorf("%w: %v", dial.ErrReconnected, c.cause)
}

// state says why no call is possible.
func (c *Conn) state(ctx context.Context) error {
	if c.life.Err() != nil {
		return dial.ErrClosed
	}
	return ctx.Err()
}

// heal returns nil when a call that failed on the link of a turn is to be
// repeated on another.
func (c *Conn) heal(ctx context.Context, turn int, err error) error {
	if over := c.state(ctx); over != nil {
		return over
	}
	if over := dial.Over(ctx); over != nil {
		return over
	}
	if _, network := errors.AsType[*net.OpError](err); (network || errors.Is(err, io.EOF)) && !errors.Is(err, dial.ErrLost) {
		err = fmt.Errorf("%w: %w", dial.ErrLost, err)
	}
	if !errors.Is(err, dial.ErrLost) || !c.options.Reconnect {
		return err
	}
	return c.renew(ctx, turn, err)
}

// renew replaces the link of a turn, unless another goroutine has. Attempts
// begin at least the interval apart.
func (c *Conn) renew(ctx context.Context, turn int, cause error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	select {
	case c.dialling <- struct{}{}:
		defer func() { <-c.dialling }()
	case <-ctx.Done():
		return c.over(ctx)
	}
	if !c.lose(turn, cause) {
		return nil
	}
	var failure error
	for {
		pause := time.NewTimer(time.Until(c.dialled.Add(c.options.Interval)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			if failure == nil || c.life.Err() != nil {
				return c.over(ctx)
			}
			return fmt.Errorf("reconnecting: %w, last attempt: %w", ctx.Err(), failure)
		}
		c.dialled = time.Now()
		var link Link
		if link, failure = c.dial(ctx); failure == nil {
			if failure = c.greet(ctx, link); failure == nil {
				return c.replace(link, cause)
			}
			link.Close()
		}
	}
}

func (c *Conn) over(ctx context.Context) error {
	if c.life.Err() != nil {
		return dial.ErrClosed
	}
	return ctx.Err()
}

// lose gives the link of a turn up, and reports whether it was the current one.
func (c *Conn) lose(turn int, cause error) bool {
	c.mu.Lock()
	link, current, first := c.link, c.turn == turn, !c.mute
	c.mute = c.mute || current
	c.mu.Unlock()
	if current && first {
		link.Close() // it may take leave of the broker: others may look for the link meanwhile
		if c.told != nil {
			c.told(cause)
		}
	}
	return current
}

// greet sends the payload, as on the first link dial.Options.Dial does.
func (c *Conn) greet(ctx context.Context, link Link) error {
	if c.options.Payload == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.HandshakeTimeout)
	defer cancel()
	return c.publish(ctx, link, "", c.ids.Add(1), []byte(c.options.Payload))
}

func (c *Conn) replace(link Link, cause error) error {
	c.mu.Lock()
	c.link, c.cause, c.mute = link, cause, false
	c.turn++
	c.mu.Unlock()
	if c.life.Err() != nil { // Close came first and closed the old one
		link.Close()
		return dial.ErrClosed
	}
	return nil
}

// Write publishes a message and returns when the broker has confirmed it. With
// Options.Reconnect it outlives the connection, within ctx: what was not
// confirmed is published again.
func (c *Conn) Write(ctx context.Context, msg []byte) error { return c.WriteKey(ctx, "", msg) }

// WriteKey implements dial.Keyed.
func (c *Conn) WriteKey(ctx context.Context, key string, msg []byte) error {
	if c.options.Mode == dial.Recv {
		return c.fail("write", fmt.Errorf("%w: the connection is to receive only", errors.ErrUnsupported))
	}
	if len(msg) > c.options.MaxMessage {
		return c.fail("write", fmt.Errorf("%w: %d bytes", dial.ErrTooLarge, len(msg)))
	}
	id := c.ids.Add(1)
	for {
		if err := c.state(ctx); err != nil {
			return c.fail("write", err)
		}
		link, turn := c.current()
		err := c.publish(ctx, link, key, id, msg)
		if err == nil {
			return nil
		}
		if err := c.heal(ctx, turn, err); err != nil {
			return c.fail("write", err)
		}
	}
}

func (c *Conn) publish(ctx context.Context, link Link, key string, id uint64, msg []byte) error {
	if c.packer == nil {
		return link.Publish(ctx, key, id, msg)
	}
	c.packing.Lock()
	packed, err := c.packer.Pack(msg)
	packed = append([]byte{}, packed...)
	c.packing.Unlock()
	if err != nil {
		return err
	}
	return link.Publish(ctx, key, id, packed)
}

// Close ends the connection. The last message that was read is not
// acknowledged: nobody has asked for the next.
func (c *Conn) Close() error {
	if c.life.Err() != nil {
		return nil
	}
	c.end()
	link, _ := c.current()
	link.Close()
	c.dialling <- struct{}{} // whoever dials is done, and has closed what it made
	<-c.dialling
	return nil
}

// Acknowledges implements dial.Acknowledging.
func (c *Conn) Acknowledges() bool { return true }

// OnLost implements dial.Enduring.
func (c *Conn) OnLost(told func(error)) { c.told = told }

// Key implements dial.Keyed.
func (c *Conn) Key() string { return c.pending.Key }

// Repeated implements dial.Repeating.
func (c *Conn) Repeated() bool { return c.pending.Repeated }

// Binary implements dial.Typed: a broker has no text.
func (c *Conn) Binary() bool { return true }

func (c *Conn) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*dial.Error](err); ours {
		return err
	}
	return &dial.Error{Op: op, Addr: c.addr, Err: err}
}

// Unique returns a name that no other connection has.
func Unique() string { return "depthwire-" + rand.Text()[:16] }
