package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// What packages that register a scheme find here: the way to the network, the
// kinds of errors, compression.

// Dialer returns the way to the network that o describes: its DialContext,
// through its Proxy if there is one.
func (o Options) Dialer() (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	return o.dialer()
}

// TLSFor returns a copy of o.TLS that verifies host.
func (o Options) TLSFor(host string) *tls.Config { return o.tlsConfig(host) }

// Kind gives an error of the network or of TLS its kind: ErrRefused,
// ErrCertificate, ErrProtocol. Others it returns as they are.
func Kind(err error) error { return typed(err) }

// Failure says what err means that ended dialling: bounded is ctx with the
// handshake's timeout, which the clock of a driver may forestall.
func Failure(ctx, bounded context.Context, err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		if over := Over(ctx); over != nil {
			return over
		}
		return ErrTimeout
	}
	return dialFailure(ctx, bounded, err)
}

// Over is ctx.Err() to who was stopped by the deadline of ctx a moment before
// ctx itself was: network connections have clocks of their own.
func Over(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// Packer compresses messages, one at a time.
type Packer struct{ d *deflater }

// NewPacker returns a Packer for what o says of messages that are written,
// and nil when they go as they are.
func NewPacker(o Options) (*Packer, error) {
	if !o.deflates() {
		return nil, nil
	}
	d, err := newDeflater(o.Compress)
	return &Packer{d}, err
}

// Pack returns msg as one complete stream, valid until the next Pack.
func (p *Packer) Pack(msg []byte) ([]byte, error) { return p.d.pack(msg) }

// Inflates reports whether messages that are read are to be inflated.
func (o Options) Inflates() bool { return o.inflates() }

// Reuse returns another Conn of the database connection with this number,
// which its Handle said. The connection closes when the last Conn of it does;
// then, and if there never was one, the error is ErrHandle.
func Reuse(handle int64) (Conn, error) {
	conn, err := Dial(context.Background(), "handle://"+strconv.FormatInt(handle, 10))
	if errors.Is(err, ErrScheme) { // no package of a database is linked
		return nil, fmt.Errorf("%w %d", ErrHandle, handle)
	}
	return conn, err
}
