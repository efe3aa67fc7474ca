package exchange

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// deed is an Action as it is carried out: on one order or on several of one family.
type deed struct {
	c        *Client
	f        *Family
	op       string
	action   *Action
	ins      []*Instruction
	priority rest.Priority
	begun    time.Time
}

// do has the venue told, once: over the socket, or by REST where it is certain that nothing has left there. sure tells whether err
// means that nothing was done; without an error it was.
func (d *deed) do(ctx context.Context) (rows []Order, sure bool, err error) {
	d.begun = time.Now()
	account, err := d.c.account(ctx, d.f)
	if err != nil {
		return nil, true, d.told(err)
	}
	for _, in := range d.ins {
		in.Account = account
	}
	rows, sure, done, err := d.push(ctx)
	if !done {
		rows, sure, err = d.send(ctx)
	}
	return rows, sure, d.told(err)
}

func (d *deed) told(err error) error { return d.c.explain(d.f, d.op, d.symbol(), err) }

// symbol is that of all orders, empty where they are of several markets.
func (d *deed) symbol() string {
	if m := d.market(); m != nil {
		return m.Symbol
	}
	return ""
}

// market is that of all orders, nil where they are of several.
func (d *deed) market() *Market {
	m := d.ins[0].Market
	if slices.ContainsFunc(d.ins, func(in *Instruction) bool { return in.Market != m }) {
		return nil
	}
	return m
}

func (d *deed) charges() []rest.Charge {
	if d.action.Cost == nil {
		return nil
	}
	return d.action.Cost(d.ins)
}

// push carries the deed out over its socket. done is false where there is none, or it is certain that nothing has left.
func (d *deed) push(ctx context.Context) (rows []Order, sure, done bool, err error) {
	a := d.action
	socket := d.f.Sockets[a.Socket]
	if a.Socket == "" || socket == nil || a.For != nil && slices.ContainsFunc(d.ins, func(in *Instruction) bool { return !a.For(in) }) {
		return nil, false, false, nil
	}
	hub, err := d.c.hub(socket)
	if err != nil {
		return nil, false, false, nil
	}
	for try := 0; ; try++ {
		if err := d.c.http[d.f].Governor.Wait(ctx, d.priority, d.charges()...); err != nil {
			return nil, true, true, err
		}
		session := d.c.session(socket)
		answer, err := hub.Do(ctx, func(id string) ([]byte, error) { return a.Frame(session, id, d.ins) })
		switch {
		case errors.Is(err, stream.ErrNotSent) && ctx.Err() == nil:
			return nil, false, false, nil
		case err != nil:
			return nil, errors.Is(err, stream.ErrNotSent), true, &Error{Venue: d.c.venue.Name, Kind: ErrNetwork, Err: err}
		}
		refused := d.refused(answer)
		if refused == nil {
			rows, sure, err := d.read(answer, time.Now(), Stream)
			return rows, sure, true, err
		}
		if refused.Kind != ErrNonce || try > 0 || !d.c.synchronise(ctx, d.c.familyOf(socket)) {
			return nil, certain(refused.Kind), true, refused
		}
	}
}

// refused reads the venue's error from the answer of a socket, nil when it is none, and does what it asks of all who ask the venue.
func (d *deed) refused(answer []byte) *Error {
	var code, text string
	var until time.Time
	switch {
	case d.action.Answer != nil:
		code, text = d.action.Answer(answer)
	case d.f.Refusal != nil:
		code, text, until = d.f.Refusal(http.StatusOK, answer)
	}
	if code == "" {
		return nil
	}
	e := &Error{Venue: d.c.venue.Name, Kind: cmp.Or(d.f.kind(code, text), ErrBadRequest), Code: code, Message: text}
	switch governor := d.c.http[d.f].Governor; {
	case errors.Is(e.Kind, ErrBanned):
		governor.Stop(later(until, banned), e)
	case errors.Is(e.Kind, ErrRateLimit):
		var hit []*rest.Limit
		for _, charge := range d.charges() {
			hit = append(hit, charge.Limit)
		}
		governor.Stop(later(until, limited), e, hit...)
	case e.Kind == ErrAuth || e.Kind == ErrPassphrase:
		d.c.keys.refused()
		d.c.names.forget()
	}
	if until.After(time.Now()) {
		e.RetryAfter = time.Until(until)
	}
	return e
}

// How long everybody, or who charges the same limits, waits where a socket does not say it: as REST does.
const (
	banned  = 2 * time.Minute
	limited = time.Second
)

func later(until time.Time, pause time.Duration) time.Time {
	if now := time.Now(); !until.After(now) {
		return now.Add(pause)
	}
	return until
}

// send carries the deed out by REST.
func (d *deed) send(ctx context.Context) (rows []Order, sure bool, err error) {
	a := d.action
	r := &rest.Request{Method: a.Method, Path: a.Path, Priority: d.priority, Charges: d.charges(), Signed: true}
	if a.Request != nil {
		if err := a.Request(r, d.ins); err != nil {
			return nil, true, err
		}
	}
	answer, err := d.c.send(ctx, d.f, r)
	if err != nil {
		return nil, d.undone(err), err
	}
	return d.read(answer.Body, answer.Received, REST)
}

// undone reports whether a request that has failed has certainly done nothing. A connection that broke, a 5xx and codes that mean the
// same leave it open (Binance spot, section 7.3; Backpack, 7.8).
func (d *deed) undone(err error) bool {
	if _, waited := errors.AsType[*rest.LimitError](err); waited {
		return true
	}
	if lost, ok := errors.AsType[*rest.TransportError](err); ok {
		failed, network := errors.AsType[*net.OpError](lost.Err)
		return network && failed.Op == "dial"
	}
	status, ok := errors.AsType[*rest.StatusError](err)
	if !ok {
		return !errors.Is(err, rest.ErrTooLarge)
	}
	kind := d.f.refused(err)
	if status.Status >= 500 || status.Status == http.StatusRequestTimeout { // whatever the code says: it may be that of a gateway
		return errors.Is(kind, ErrRateLimit)
	}
	return kind == nil || certain(kind)
}

// certain reports whether the venue has done nothing that it refuses for a reason of that kind. Where it was not well it may have.
func certain(kind error) bool { return !errors.Is(kind, ErrNetwork) || errors.Is(kind, ErrRateLimit) }

// read reads the orders of an answer. What it refuses inside is an error too, beside the orders that are well.
func (d *deed) read(body []byte, received time.Time, from Source) (rows []Order, sure bool, err error) {
	in := d.ins[0]
	scope := d.c.scope(d.f, Args{Ref: in.named(), Account: in.Account}, true)
	scope.Market, scope.Received = d.market(), received
	rows, err = d.action.Parse(nil, &scope, body)
	for i := range rows {
		s := &rows[i].Stamp
		s.Venue, s.Received, s.Source = d.c.venue.Name, received, from
		s.Symbol = cmp.Or(s.Symbol, d.symbol())
		if d.c.o.Raw {
			s.Raw = slices.Clone(body)
		}
	}
	told, refused := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return rows, true, nil
	case refused:
		return rows, certain(told.Kind), err
	}
	return nil, false, &Error{Venue: d.c.venue.Name, Kind: ErrMalformed, Err: err}
}

// named is the order that an instruction is about.
func (in *Instruction) named() Ref {
	if in.Ref == (Ref{}) {
		return Ref{ClientID: in.ClientID}
	}
	return in.Ref
}

func (c *Client) session(s *Socket) *Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sessions[s]
}
