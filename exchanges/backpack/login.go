package backpack

import (
	"errors"
	"slices"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// owner is the dialect of a connection that is the account's, section 8: each request for topics is signed, and holds as
// long as the connection.
type owner struct {
	*dialect
	session *exchange.Session
}

func newOwner(s *exchange.Session) stream.Dialect {
	return &owner{newDialect().(*dialect), s}
}

// Change asks for all topics with one signature. What could not be signed is sent as it is: the venue refuses it.
func (d *owner) Change(now time.Time, held, add, drop []string) []stream.Request {
	all := d.dialect.Change(now, held, nil, drop)
	if len(add) == 0 {
		return all
	}
	r := d.Request(d.Subscribe, false, slices.Sorted(slices.Values(add))...)
	_ = d.session.Sign(func(k *exchange.Key) error {
		r.Frame = subscribe(k, d.session.Now(), r.Topics...)
		return nil
	})
	return append(all, r)
}

// Route knows a signature that is refused: it is the connection's.
func (d *owner) Route(frame []byte, f *stream.Frame) error {
	err := d.dialect.Route(frame, f)
	if errors.Is(err, exchange.ErrAuth) {
		f.Denied = err
		return nil
	}
	return err
}
