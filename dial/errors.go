package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"syscall"
)

// Kinds of errors, for errors.Is. The end of ctx shows as context.Canceled or
// context.DeadlineExceeded. The peer's end of a byte stream shows as io.EOF
// between two messages and as io.ErrUnexpectedEOF within one, as does a
// WebSocket that ended without a close frame.
var (
	ErrAddress     = errors.New("dial: malformed address")
	ErrScheme      = errors.New("dial: unknown scheme")
	ErrOption      = errors.New("dial: bad option")
	ErrProxy       = errors.New("dial: proxy refused")
	ErrRefused     = errors.New("dial: nobody listens")
	ErrCertificate = errors.New("dial: certificate not trusted") // expired, self-signed, of another host; errors.As finds what crypto/x509 says
	ErrTimeout     = errors.New("dial: timeout")
	ErrClosed      = errors.New("dial: connection is closed")
	ErrReconnected = errors.New("dial: connection was lost and made anew")
	ErrProtocol    = errors.New("dial: protocol error")
	ErrTooLarge    = errors.New("dial: message too large")
	ErrCompressed  = errors.New("dial: damaged compressed message")
	ErrAuth        = errors.New("dial: credentials refused")
	ErrLost        = errors.New("dial: connection was lost")      // of brokers and databases
	ErrUnroutable  = errors.New("dial: nobody takes the message") // a broker has no queue, stream or topic for it
	ErrHandle      = errors.New("dial: no connection has the handle")
)

// Error says which operation failed on which connection. Addr is the scheme,
// the host and the port only, for unix the scheme: paths, queries, user names
// and options may be secrets.
type Error struct {
	Op   string // "dial", "read", "write", "ping", "exec" or "query"
	Addr string
	Err  error
	// Sent is how many bytes a write handed to the network before it failed,
	// counted with its framing (prefix, line end, WebSocket header; not TLS).
	// After a Raw write that ended with its ctx, another may send the rest.
	Sent int

	mute bool // of a write: the connection cannot write any more
}

func (e *Error) Error() string {
	if e.Sent > 0 {
		return fmt.Sprintf("dial: %s %s: %v, %d bytes sent", e.Op, e.Addr, e.Err, e.Sent)
	}
	return fmt.Sprintf("dial: %s %s: %v", e.Op, e.Addr, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// typed gives an error of the network or of TLS its kind.
func typed(err error) error {
	if errors.Is(err, ErrCertificate) || errors.Is(err, ErrRefused) {
		return err
	}
	if _, bad := errors.AsType[*tls.CertificateVerificationError](err); bad {
		return fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	if _, bad := errors.AsType[tls.RecordHeaderError](err); bad {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// dialFailure says what err means that ended dialling: bounded is ctx with
// the handshake's timeout.
func dialFailure(ctx, bounded context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case bounded.Err() != nil:
		return ErrTimeout
	}
	return typed(err)
}

// CloseError is the close frame that the peer sent.
type CloseError struct {
	Code   int    // RFC 6455, section 7.4; 1005 when the frame had none
	Reason string // valid UTF-8 of at most 123 bytes
}

func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("dial: peer closed with code %d", e.Code)
	}
	return fmt.Sprintf("dial: peer closed with code %d: %q", e.Code, e.Reason)
}

// HandshakeError is an answer of the server other than a WebSocket.
type HandshakeError struct {
	Status int // of HTTP
	Header http.Header
	Body   []byte // at most its first 1,024 bytes
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("dial: handshake answered with status %d %s", e.Status, http.StatusText(e.Status))
}
