package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/depthwire/depthwire/dial"
)

// InFlight is how many messages of one PublishMany wait for their confirmation at once.
const InFlight = 2048

// Many is a Link that publishes many messages at once.
type Many interface {
	// PublishMany publishes messages in order. It returns how many of the first the broker has confirmed; all of them with no error.
	// Message i has the number first + i, as id of Link.Publish.
	PublishMany(ctx context.Context, first uint64, messages []dial.Publication) (confirmed int, err error)
}

// Publish implements dial.Publisher. With Options.Reconnect it outlives the
// connection, within ctx: what was not confirmed is published again.
func (c *Conn) Publish(ctx context.Context, messages []dial.Publication) error {
	if c.options.Mode == dial.Recv {
		return c.fail("write", fmt.Errorf("%w: the connection is to receive only", errors.ErrUnsupported))
	}
	for i := range messages {
		if n := len(messages[i].Body); n > c.options.MaxMessage {
			return c.fail("write", fmt.Errorf("%w: %d bytes", dial.ErrTooLarge, n))
		}
	}
	messages, err := c.packed(messages)
	if err != nil {
		return c.fail("write", err)
	}
	next := c.ids.Add(uint64(len(messages))) - uint64(len(messages)) + 1
	for len(messages) > 0 {
		if err := c.state(ctx); err != nil {
			return c.fail("write", err)
		}
		link, turn := c.current()
		many, ok := link.(Many)
		if !ok {
			return c.fail("write", errors.ErrUnsupported)
		}
		done, err := many.PublishMany(ctx, next, messages)
		messages, next = messages[done:], next+uint64(done)
		if err == nil {
			continue
		}
		if err := c.heal(ctx, turn, err); err != nil {
			return c.fail("write", err)
		}
	}
	return nil
}

// packed compresses messages if the options say so.
func (c *Conn) packed(messages []dial.Publication) ([]dial.Publication, error) {
	if c.packer == nil {
		return messages, nil
	}
	c.packing.Lock()
	defer c.packing.Unlock()
	packed := make([]dial.Publication, len(messages))
	for i, m := range messages {
		body, err := c.packer.Pack(m.Body)
		if err != nil {
			return nil, err
		}
		packed[i] = dial.Publication{Key: m.Key, ID: m.ID, Body: bytes.Clone(body)}
	}
	return packed, nil
}

// Placed is a Link, or what it is part of, whose messages have numbers.
type Placed interface {
	Origin() string
	Parts(ctx context.Context) (int, error)
	Seek(number uint64)
}

// Origin implements dial.Placed.
func (c *Conn) Origin() string {
	link, _ := c.current()
	if p, ok := link.(Placed); ok {
		return p.Origin()
	}
	return ""
}

// Parts implements dial.Placed.
func (c *Conn) Parts(ctx context.Context) (int, error) {
	link, _ := c.current()
	p, ok := link.(Placed)
	if !ok {
		return 1, nil
	}
	n, err := p.Parts(ctx)
	return n, c.fail("read", err)
}

// Seek implements dial.Placed.
func (c *Conn) Seek(number uint64) {
	link, _ := c.current()
	if p, ok := link.(Placed); ok {
		p.Seek(number)
	}
}

// Place implements dial.Placed.
func (c *Conn) Place() uint64 { return c.pending.Place }
