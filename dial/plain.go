package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

func init() {
	for _, scheme := range []string{"tcp", "tls", "unix", "udp"} {
		Register(scheme, func(ctx context.Context, rest string, o Options) (Conn, error) {
			return openPlain(ctx, scheme, rest, o)
		})
	}
}

// plain is the Conn of tcp, tls, unix and udp.
type plain struct {
	addr  string
	raw   net.Conn // as dialled
	conn  net.Conn // raw, or TLS over it
	cable *cable   // between the two

	in       *splitter
	reading  watch
	alarm    alarm
	inflates bool
	compress Compression
	inflater Inflater
	failed   error // of the reader, for good

	outlet
	deflater *deflater
	out      []byte // the frame that is written; of who holds outlet.writing, as is what follows
	cut      bool   // a frame was sent in part: nothing may follow it
}

func openPlain(ctx context.Context, scheme, rest string, o Options) (Conn, error) {
	address, err := plainAddress(scheme, rest)
	if err != nil {
		return nil, err
	}
	if err := o.plain(scheme); err != nil {
		return nil, err
	}
	p := &plain{addr: scheme + "://" + address, compress: o.Compress, inflates: o.inflates(), outlet: newOutlet()}
	if scheme == "unix" {
		p.addr = scheme // a path may be a secret
	}
	p.inflater.Max = o.MaxMessage
	if o.deflates() {
		if p.deflater, err = newDeflater(o.Compress); err != nil {
			return nil, err
		}
	}
	bounded, cancel := context.WithTimeout(ctx, o.HandshakeTimeout)
	defer cancel()
	if err := p.connect(bounded, scheme, address, o); err != nil {
		return nil, &Error{Op: "dial", Addr: p.addr, Err: dialFailure(ctx, bounded, p.pathless(err))}
	}
	framing, size := o.Framing, o.ReadBuffer
	if scheme == "udp" {
		framing, size = datagrams, maxDatagram
	}
	p.in = &splitter{intake: intake{src: p.conn, max: o.MaxMessage, buf: make([]byte, size)}, framing: framing}
	p.reading.set, p.sending.set = p.conn.SetReadDeadline, p.conn.SetWriteDeadline
	p.alarm.set(o.Silence, &p.in.heard, p.reading.close)
	return p, nil
}

const maxDatagram = 64 << 10 // more than UDP can carry

// plainAddress returns what the network dials.
func plainAddress(scheme, rest string) (string, error) {
	if scheme == "unix" {
		return rest, nil
	}
	host, port, err := net.SplitHostPort(rest)
	number, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil || number == 0 || host == "" || strings.ContainsAny(host, "@/?# ") {
		return "", fmt.Errorf("%w: want %s://host:port", ErrAddress, scheme) // the cause quotes the address
	}
	return rest, nil
}

// plain says which of the options scheme has no use for.
func (o Options) plain(scheme string) error {
	switch {
	case o.Proxy != "" && oneOf(scheme, "unix", "udp"):
		return optionError("proxy", "none with "+scheme+": tcp, tls, ws and wss go through one")
	case o.Framing != Raw && scheme == "udp":
		return optionError("framing", "none with udp: a datagram is a message")
	case o.Compress != Uncompressed && o.Framing != Length && scheme != "udp":
		return optionError("compress", "none, or framing=length with it: other messages of "+scheme+" do not keep their borders when they are packed")
	}
	return nil
}

func (p *plain) connect(ctx context.Context, scheme, address string, o Options) error {
	reach, err := o.dialer()
	if err != nil {
		return err
	}
	network := scheme
	if scheme == "tls" {
		network = "tcp"
	}
	if p.raw, err = reach(ctx, network, address); err != nil {
		return err
	}
	p.conn = p.raw
	if scheme != "tls" {
		return nil
	}
	host, _, _ := net.SplitHostPort(address)
	p.cable = &cable{Conn: p.raw}
	secure := tls.Client(p.cable, o.tlsConfig(host))
	if err := secure.HandshakeContext(ctx); err != nil {
		p.raw.Close()
		return err
	}
	p.conn = secure
	return nil
}

func (p *plain) Read(ctx context.Context) ([]byte, error) {
	if p.closed.Load() {
		return nil, p.fail("read", ErrClosed)
	}
	if p.failed != nil {
		return nil, p.failed
	}
	if err := ctx.Err(); err != nil {
		return nil, p.fail("read", err)
	}
	p.reading.follow(ctx)
	p.alarm.begin()
	msg, err := p.in.next()
	p.alarm.end()
	if err == nil && p.inflates {
		msg, err = p.inflater.Inflate(p.compress, msg)
	}
	if err != nil {
		return nil, p.readError(ctx, err)
	}
	return msg, nil
}

func (p *plain) fail(op string, err error) error { return &Error{Op: op, Addr: p.addr, Err: err} }

// readError says what err means and remembers it when it is final.
func (p *plain) readError(ctx context.Context, err error) error {
	switch {
	case p.closed.Load():
		return p.fail("read", ErrClosed)
	case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return p.fail("read", ctx.Err())
	case oneMessage(err):
		return p.fail("read", err)
	case p.alarm.rung.Load():
		p.failed = p.fail("read", p.alarm.err())
		return p.failed
	case p.in.framing == datagrams: // that nobody listened a moment ago is no end
		return p.fail("read", typed(err))
	}
	err = p.pathless(err)
	if err == io.EOF && p.cable != nil && p.cable.ended {
		err = io.ErrUnexpectedEOF
	}
	p.failed = p.fail("read", typed(err))
	return p.failed
}

// pathless takes from an error of a unix socket what names its path.
func (p *plain) pathless(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok && p.addr == "unix" {
		return e.Err
	}
	return err
}

// cable is the network connection under TLS. Go's TLS returns io.EOF whether
// the peer ended the stream or somebody else cut it; only in the second case
// it has seen the end of the network connection.
type cable struct {
	net.Conn
	ended bool // of the reader
}

func (c *cable) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.ended = c.ended || err == io.EOF
	return n, err
}

func (p *plain) Write(ctx context.Context, msg []byte) error {
	failure := Error{Op: "write", Addr: p.addr}
	failure.Err = p.send(ctx, func() error {
		if err := p.pack(msg); err != nil {
			return err
		}
		var err error
		failure.Sent, err = p.conn.Write(p.out)
		if cap(p.out) > maxKept {
			p.out = nil
		}
		timeout := errors.Is(err, os.ErrDeadlineExceeded)
		p.cut = err != nil && failure.Sent > 0 && p.in.framing != Raw
		failure.mute = p.cut || err != nil && (!timeout || p.conn != p.raw) // TLS does not survive a timeout
		return err
	})
	if failure.Err == nil {
		return nil
	}
	failure.Err = typed(p.pathless(failure.Err))
	return &failure
}

// pack puts msg into p.out as it goes onto the wire.
func (p *plain) pack(msg []byte) (err error) {
	if p.cut {
		return errCut
	}
	if p.deflater != nil {
		if msg, err = p.deflater.pack(msg); err != nil {
			return err
		}
	}
	p.out, err = appendFramed(p.out[:0], p.in.framing, msg)
	return err
}

const maxKept = 1 << 20 // bytes of a buffer that is kept for the next message

var errCut = errors.New("dial: a message before was sent in part")

// Buffered implements Batched.
func (p *plain) Buffered() bool { return p.failed == nil && p.in.buffered() }

// LastHeard implements Heard: the zero time before the first byte.
func (p *plain) LastHeard() time.Time { return p.in.lastHeard() }

func (p *plain) Close() error {
	if p.closed.Swap(true) {
		return nil
	}
	close(p.done)
	p.alarm.stop()
	p.reading.release()
	p.sending.release()
	if secure, ok := p.conn.(*tls.Conn); ok {
		select {
		case p.writing <- struct{}{}: // the peer is told that nothing is cut off
			limit := time.AfterFunc(controlWait, func() { p.raw.Close() })
			_ = secure.CloseWrite()
			limit.Stop()
			<-p.writing
		default: // a Write is under way, perhaps for ever: it ends with the network connection
		}
	}
	p.raw.Close()
	return nil
}

// oneMessage reports whether err costs a message and not the connection.
func oneMessage(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrCompressed)
}
