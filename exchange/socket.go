package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// hub returns the hub of a socket, and makes it when it is the first time.
func (c *Client) hub(s *Socket) (*stream.Hub, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	if h := c.hubs[s]; h != nil {
		return h, nil
	}
	x, err := c.line(s)
	if err != nil {
		return nil, err
	}
	governor := c.http[x.family].Governor
	var gate func() bool
	if s.Asks != nil {
		gate = func() bool { return governor.Try(rest.Keep, rest.Charge{Limit: s.Asks, Cost: 1}) }
	}
	config := stream.Config{
		Name:      c.venue.Name + " " + s.Name,
		Dial:      x.dial,
		Dialect:   s.Dialect,
		Rates:     s.Rates,
		Gate:      gate,
		MaxTopics: s.MaxTopics,
		MaxConns:  s.MaxConns,
		List:      s.List,
		Quiet:     s.Quiet,
		Calm:      s.Calm,
		Log:       c.o.Log,
	}
	if s.Private != nil {
		config.Dialect, config.Denied = func() stream.Dialect { return s.Private(x.session) }, x.denied
		c.sessions[s] = x.session
	}
	h := stream.NewHub(config)
	c.hubs[s] = h
	return h, nil
}

// line is how the connections of one socket are made.
type line struct {
	c       *Client
	socket  *Socket
	family  *Family // by which they are counted
	address string  // without what a Pass adds
	token   string
	options dial.Options
	session *Session // nil: the socket is nobody's
	veils   *veils   // nil: there is no secret

	mu       sync.Mutex
	measure  bool      // the clock, before the next connection
	measured time.Time // when that was last wanted
	refusal  error     // of the key with the number, which the vault may have another for
	number   uint64
}

func (c *Client) line(s *Socket) (*line, error) {
	x := &line{c: c, socket: s, family: c.familyOf(s), token: c.o.Token, options: c.o.dialing(s)}
	x.options.Header = c.header
	base := c.address(s.Endpoint)
	private := s.Private != nil || s.Pass != nil
	switch {
	case base == "":
		return nil, &Error{Venue: c.venue.Name, Kind: ErrNotSupported, Message: fmt.Sprintf("%s has no endpoint %s", c.o.Environment, s.Name)}
	case private && x.family.Auth == nil:
		return nil, &Error{Venue: c.venue.Name, Kind: ErrNotSupported, Message: x.family.Name + " has nothing private"}
	case private && !c.keys.may():
		return nil, unfit("Options.Credentials are empty")
	}
	if err := x.family.lacks(x.token); err != nil {
		return nil, err
	}
	x.address = base + s.Path
	if x.family.Token == "" {
		x.token = ""
	} else {
		x.address += "?" + x.family.Token + "=" + url.QueryEscape(x.token)
	}
	if private || x.token != "" {
		x.veils = &veils{}
		x.veils.keep(x.token)
	}
	if private {
		u, err := url.Parse(x.address)
		if err != nil {
			return nil, err
		}
		x.session = &Session{host: strings.ToLower(u.Host), path: u.Path, keys: c.keys, clock: c.http[x.family].Clock, venue: c.venue.Name, family: x.family, veils: x.veils}
	}
	return x, nil
}

// dial makes one connection.
func (x *line) dial(ctx context.Context) (dial.Conn, error) {
	if dials := x.socket.Dials; dials != nil {
		if err := x.c.http[x.family].Governor.Wait(ctx, rest.Keep, rest.Charge{Limit: dials, Cost: 1}); err != nil {
			return nil, err
		}
	}
	if x.session == nil {
		return x.connect(ctx, x.address, x.token)
	}
	if err := x.admit(ctx); err != nil {
		return nil, err
	}
	pass, address, err := "", x.address, error(nil)
	if p := x.socket.Pass; p != nil {
		if pass, err = x.pass(ctx); err != nil {
			return nil, err
		}
		address += p.Address(pass)
	}
	if err := x.hide(pass); err != nil {
		return nil, err
	}
	conn, err := x.connect(ctx, address, pass)
	if err != nil || pass == "" || x.socket.Pass.Keep == 0 {
		return conn, err
	}
	return x.keep(conn), nil
}

func (x *line) connect(ctx context.Context, address, secret string) (dial.Conn, error) {
	conn, err := x.options.Dial(ctx, escape(address))
	if err != nil {
		return nil, denied(err, secret)
	}
	return x.tapping(veil(conn, x.veils)), nil
}

// hide keeps what the connection says of the customer out of what is seen of it.
func (x *line) hide(pass string) error {
	return x.c.keys.use(func(k *Key) error {
		x.veils.keep(x.token, pass, k.Name(), k.Passphrase())
		return nil
	})
}

// soon is how short after a first refusal of the time the next one says that measuring does not help.
const soon = time.Minute

// denied says what is to become of connections when the venue has refused one. It keeps what is to be done before the next.
func (x *line) denied(why error) error {
	var told *Error
	if !errors.As(why, &told) {
		return why
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case told.Kind == ErrNonce && time.Since(x.measured) > soon:
		x.measure, x.measured = true, time.Now()
		return told
	case (told.Kind == ErrAuth || told.Kind == ErrPassphrase) && x.c.keys.vault != nil && x.refusal == nil:
		x.refusal, x.number = told, x.c.keys.refused()
		x.c.names.forget()
		return told
	case final(told.Kind) && !errors.Is(why, stream.ErrDenied):
		return fmt.Errorf("%w: %w", stream.ErrDenied, told)
	}
	return why
}

// admit does what the venue's last refusal asks for, and has the key ready.
func (x *line) admit(ctx context.Context) error {
	c := x.c
	if err := c.keys.want(ctx, c.ctx); err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", stream.ErrDenied, err)
		}
		return err
	}
	x.mu.Lock()
	measure, refusal := x.measure, x.refusal
	same := refusal != nil && c.keys.number() == x.number
	x.measure, x.refusal = false, nil
	x.mu.Unlock()
	if same {
		return fmt.Errorf("%w: %w", stream.ErrDenied, refusal)
	}
	if measure {
		c.synchronise(ctx, x.family)
	}
	return nil
}

// familyOf returns the family by which a socket's connections are counted: the first that has it.
func (c *Client) familyOf(s *Socket) *Family {
	for _, f := range c.venue.Families {
		for _, x := range f.Sockets {
			if x == s {
				return f
			}
		}
	}
	return c.venue.Families[0]
}
