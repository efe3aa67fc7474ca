package dial

import (
	"errors"
	"fmt"
	"net/http"
)

// Kinds of errors, for errors.Is. The end of ctx shows as context.Canceled or
// context.DeadlineExceeded, a connection that ended without a close frame as
// io.ErrUnexpectedEOF.
var (
	ErrAddress     = errors.New("dial: malformed address")
	ErrScheme      = errors.New("dial: unknown scheme")
	ErrOption      = errors.New("dial: bad option")
	ErrProxy       = errors.New("dial: proxy refused")
	ErrTimeout     = errors.New("dial: timeout")
	ErrClosed      = errors.New("dial: connection is closed")
	ErrReconnected = errors.New("dial: connection was lost and made anew")
	ErrProtocol    = errors.New("dial: protocol error")
	ErrTooLarge    = errors.New("dial: message too large")
	ErrCompressed  = errors.New("dial: damaged compressed message")
)

// Error says which operation failed on which connection. Addr is the scheme,
// the host and the port only: paths, queries, user names and options may be
// secrets.
type Error struct {
	Op   string // "dial", "read", "write" or "ping"
	Addr string
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("dial: %s %s: %v", e.Op, e.Addr, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

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
