package dial

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// Close codes of RFC 6455, section 7.4.1.
const (
	closeNormal   = 1000
	closeProtocol = 1002
	closeNoStatus = 1005
)

// controlWait bounds the sending of a control frame that nobody asked for.
const controlWait = time.Second

// socket is the Conn of ws and wss: gorilla's handshake and writes, our own
// reads. Control frames are handled by the goroutine that reads.
type socket struct {
	addr string
	raw  net.Conn // as dialled
	conn net.Conn // raw, or TLS over it
	ws   *websocket.Conn

	in       *receiver
	reading  watch
	alarm    alarm
	binary   bool
	inflates bool
	compress Compression
	inflater Inflater
	failed   error // of the reader, for good

	outlet
	deflater *deflater
	link     *link // under ws
}

func (s *socket) Read(ctx context.Context) ([]byte, error) {
	if s.closed.Load() {
		return nil, s.fail("read", ErrClosed)
	}
	if s.failed != nil {
		return nil, s.failed
	}
	if err := ctx.Err(); err != nil {
		return nil, s.fail("read", err)
	}
	s.reading.follow(ctx)
	s.alarm.begin()
	defer s.alarm.end()
	for {
		op, payload, err := s.in.next()
		if err != nil {
			return nil, s.readError(ctx, err)
		}
		if op < opClose {
			s.binary = op == opBinary
			if s.binary && s.inflates {
				return s.inflate(payload)
			}
			return payload, nil
		}
		if err := s.control(ctx, op, payload); err != nil {
			return nil, s.readError(ctx, err)
		}
	}
}

// inflate does not end the connection when one message is damaged.
func (s *socket) inflate(payload []byte) ([]byte, error) {
	msg, err := s.inflater.Inflate(s.compress, payload)
	if err != nil {
		return nil, s.fail("read", err)
	}
	return msg, nil
}

func (s *socket) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Addr: s.addr, Err: err}
}

// readError says what err means and remembers it when it is final.
func (s *socket) readError(ctx context.Context, err error) error {
	switch {
	case s.closed.Load():
		return s.fail("read", ErrClosed)
	case ctx.Err() != nil && (errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ctx.Err())):
		return s.fail("read", ctx.Err())
	case errors.Is(err, ErrTooLarge):
		return s.fail("read", err)
	case s.alarm.rung.Load():
		err = s.alarm.err()
	case errors.Is(err, ErrProtocol):
		s.farewell(ctx, closeProtocol)
	case err == io.EOF:
		err = io.ErrUnexpectedEOF // a close frame would have come first
	}
	s.failed = s.fail("read", err)
	return s.failed
}

// control handles a control frame.
func (s *socket) control(ctx context.Context, op byte, payload []byte) error {
	switch op {
	case opPing:
		return s.pong(ctx, payload)
	case opClose:
		end, err := parseClose(payload)
		if err != nil {
			return err
		}
		s.farewell(ctx, end.Code)
		return end
	}
	return nil
}

// pong answers at once. A peer that takes no answer for controlWait is as
// good as gone.
func (s *socket) pong(ctx context.Context, payload []byte) error {
	bounded, cancel := context.WithTimeout(ctx, controlWait)
	defer cancel()
	err := s.send(bounded, func() error {
		return s.ws.WriteControl(websocket.PongMessage, payload, time.Time{})
	})
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		return ErrTimeout
	}
	return err
}

// farewell sends a close frame if that is possible in a short time. Its
// failure is no news: the connection is over either way.
func (s *socket) farewell(ctx context.Context, code int) {
	bounded, cancel := context.WithTimeout(ctx, controlWait)
	defer cancel()
	_ = s.send(bounded, func() error {
		return s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Time{})
	})
}

// parseClose reads the payload of a close frame: RFC 6455, section 7.4.
func parseClose(payload []byte) (*CloseError, error) {
	if len(payload) == 0 {
		return &CloseError{Code: closeNoStatus}, nil
	}
	if len(payload) == 1 {
		return nil, protocolError("close code of one byte")
	}
	code, reason := int(binary.BigEndian.Uint16(payload)), payload[2:]
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
	default:
		return nil, protocolError("close code that may not be sent")
	}
	if !utf8.Valid(reason) {
		return nil, protocolError("close reason that is not UTF-8")
	}
	return &CloseError{Code: code, Reason: string(reason)}, nil
}

// Binary implements Typed.
func (s *socket) Binary() bool { return s.binary }

// Buffered implements Batched.
func (s *socket) Buffered() bool { return s.failed == nil && s.in.buffered() }

// LastHeard implements Heard.
func (s *socket) LastHeard() time.Time { return s.in.lastHeard() }

func (s *socket) Write(ctx context.Context, msg []byte) error {
	failure := Error{Op: "write", Addr: s.addr}
	failure.Err = s.send(ctx, func() (err error) {
		kind := websocket.TextMessage
		if s.deflater != nil {
			kind = websocket.BinaryMessage
			if msg, err = s.deflater.pack(msg); err != nil {
				return err
			}
		}
		s.link.sent = 0
		err = s.ws.WriteMessage(kind, msg)
		failure.Sent, failure.mute = s.link.sent, err != nil && !errors.Is(err, websocket.ErrCloseSent) // the reader knows of the close
		return err
	})
	if failure.Err == nil {
		return nil
	}
	return &failure
}

// Ping implements Pinger.
func (s *socket) Ping(ctx context.Context, payload []byte) error {
	return s.fail("ping", s.send(ctx, func() error {
		return s.ws.WriteControl(websocket.PingMessage, payload, time.Time{})
	}))
}

func (s *socket) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	close(s.done)
	s.alarm.stop()
	s.reading.release()
	s.sending.release()
	select {
	case s.writing <- struct{}{}:
		s.conn.SetWriteDeadline(time.Now().Add(controlWait))
		_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(closeNormal, ""), time.Time{})
		<-s.writing
	default: // a Write is under way, perhaps for ever: it ends with the network connection
	}
	s.raw.Close() // not TLS's own farewell, which may wait for the peer: the close frame is enough
	return nil
}
