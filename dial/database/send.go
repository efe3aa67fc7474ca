package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"

	"github.com/depthwire/depthwire/dial"
)

// stale is how many connections of the pool may turn out dead before
// a statement has one that stands: more than the pool keeps idle.
const stale = mostIdle + 1

// statement is what lease runs. If it succeeds it has called release, or whoever
// it gave that to will. Its ctx ends with the Conn, too.
type statement func(ctx context.Context, on *sql.Conn, release func(error)) error

// lease runs a statement on a connection of the pool. One that could not be sent
// is tried again as the options say; one that was sent never is.
func (c *Conn) lease(ctx context.Context, op string, run statement) (err error) {
	ctx, done, err := c.begin(ctx)
	if err != nil {
		return c.fail(op, err)
	}
	defer func() {
		if err != nil {
			done()
		}
	}()
	for tries := 1; ; tries++ {
		unsent, err := c.try(ctx, done, run)
		switch {
		case err == nil:
			return nil
		case dial.Over(ctx) != nil || !unsent:
			return c.fail(op, c.statementError(ctx, err))
		case errors.Is(err, driver.ErrBadConn) && tries < stale:
		case !c.options.Reconnect || !lost(c.kind(err)):
			return c.fail(op, c.kind(err))
		case pause(ctx, c.options.Interval) != nil:
			return c.fail(op, fmt.Errorf("%w, last attempt: %w", c.statementError(ctx, nil), c.kind(err)))
		}
	}
}

// begin returns a ctx that ends with the Conn, too, and what is to be called
// when the statement is over.
func (c *Conn) begin(ctx context.Context) (bounded context.Context, done func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life.Err() != nil {
		return nil, nil, dial.ErrClosed
	}
	c.running.Add(1)
	bounded, cancel := context.WithCancel(ctx)
	unbind := context.AfterFunc(c.life, cancel)
	return bounded, func() {
		unbind()
		cancel()
		c.running.Done()
	}, nil
}

// try reports whether a statement that failed was not sent at all; done is for
// one that did not fail.
func (c *Conn) try(ctx context.Context, done func(), run statement) (unsent bool, err error) {
	on, err := c.db.Conn(ctx)
	if err != nil {
		return true, err
	}
	wire := c.wires.under(on)
	if wire != nil && ended(wire) { // while it was idle
		discard(on)
		return !c.session(), driver.ErrBadConn
	}
	unwatch := watch(ctx, wire)
	release := func(err error) {
		if !unwatch() && err == nil || errors.Is(err, errPanic) { // its wire may have a deadline now
			discard(on)
			return
		}
		on.Close()
	}
	err = run(ctx, on, func(err error) {
		release(err)
		done()
	})
	if err != nil {
		release(err)
	}
	return false, err // not even of driver.ErrBadConn: some drivers say it after they have sent the statement
}

// discard gives a connection back that the pool is not to use again.
func discard(on *sql.Conn) {
	on.Raw(func(any) error { return driver.ErrBadConn })
	on.Close()
}

// session reports whether the pool has one connection, so that transactions and
// settings hold from statement to statement: then a loss is told, always.
func (c *Conn) session() bool { return c.db.Stats().MaxOpenConnections == 1 }

// statementError says what err means of a statement that ctx bounds.
func (c *Conn) statementError(ctx context.Context, err error) error {
	if c.life.Err() != nil {
		return dial.ErrClosed
	}
	if over := dial.Over(ctx); over != nil {
		return over
	}
	return c.kind(err)
}

// kind gives an error its kind.
func (s *shared) kind(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // the address has the user's name, the parameters of a statement, …
	}
	op, network := errors.AsType[*net.OpError](err)
	if network && op.Net == "unix" {
		err = op.Err // without the path
	}
	if s.Kind != nil {
		switch kind := s.Kind(err); {
		case kind == nil:
		case errors.Is(kind, dial.ErrAuth):
			return kind // the driver's text has the user's name
		default:
			return fmt.Errorf("%w: %w", kind, err)
		}
	}
	if typed := dial.Kind(err); errors.Is(typed, dial.ErrRefused) || errors.Is(typed, dial.ErrCertificate) {
		return typed
	}
	if network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("%w: %w", dial.ErrLost, err)
	}
	return err
}

// lost reports whether a server that is not there may come back.
func lost(err error) bool {
	return errors.Is(err, dial.ErrRefused) || errors.Is(err, dial.ErrLost)
}

func (s *shared) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &dial.Error{Op: op, Addr: s.Addr, Err: err}
}
