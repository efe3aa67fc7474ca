package exchange

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/rest"
)

// pass asks for the word that the next connection is made with.
func (x *line) pass(ctx context.Context) (string, error) {
	p := x.socket.Pass
	answer, err := x.c.send(ctx, x.family, x.errand(p.Method))
	if err != nil {
		return "", x.denied(x.c.translate(x.family, "", "", err))
	}
	word, err := p.Read(answer.Body)
	if err != nil || len(word) < shortSecret {
		return "", &Error{Venue: x.c.venue.Name, Kind: ErrMalformed, Message: "the answer to " + p.Path} // what it says may be the pass
	}
	return word, nil
}

// errand is a request about the pass. What it asks for may be asked for twice.
func (x *line) errand(method string) *rest.Request {
	p := x.socket.Pass
	r := &rest.Request{Method: method, Path: p.Path, Priority: rest.Keep, Signed: true, Idempotent: true}
	if p.Cost != nil {
		r.Charges = p.Cost(nil, Args{})
	}
	if p.Sign != nil {
		r.Signer = func(r *rest.Request, now time.Time) error {
			return x.c.keys.use(func(k *Key) error { return p.Sign(r, k, hostOf(x.c.address(x.family.Base)), now) })
		}
	}
	return r
}

// upheld is a connection that lasts as long as its pass is kept alive.
type upheld struct {
	peer
	line *line

	mu    sync.Mutex
	next  *time.Timer
	ended bool
	why   error // the pass is not kept alive any more
}

var errPass = errors.New("exchange: the pass is not kept alive any more")

// keep has the pass of a connection kept alive until that is closed.
func (x *line) keep(conn dial.Conn) dial.Conn {
	p, ok := conn.(peer)
	if !ok {
		return conn
	}
	u := &upheld{peer: p, line: x}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.next = time.AfterFunc(x.socket.Pass.Keep, func() { x.c.chores.do(u.renew) })
	return u
}

// renew keeps the pass alive once more. Where the venue refuses that the connection ends, and the next one has a new pass; where
// it could not be asked it is asked again soon.
func (u *upheld) renew() {
	x, p := u.line, u.line.socket.Pass
	_, err := x.c.send(x.c.ctx, x.family, x.errand(cmp.Or(p.KeepMethod, p.Method)))
	if err != nil {
		err = x.c.translate(x.family, "", "", err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.ended || x.c.ctx.Err() != nil:
	case err == nil:
		u.next.Reset(p.Keep)
	case errors.Is(err, ErrNetwork):
		u.next.Reset(min(p.Keep/4, time.Minute))
	default:
		u.why = errors.Join(errPass, err)
		u.peer.Close()
	}
}

func (u *upheld) Read(ctx context.Context) ([]byte, error) {
	msg, err := u.peer.Read(ctx)
	if err != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.why != nil {
			err = u.why
		}
	}
	return msg, err
}

func (u *upheld) Close() error {
	u.mu.Lock()
	u.ended = true
	u.next.Stop()
	u.mu.Unlock()
	return u.peer.Close()
}
