package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/stream"
)

// lacks is the error of a call that cannot be made without a token.
func (f *Family) lacks(token string) error {
	if f.Token == "" || token != "" {
		return nil
	}
	return fmt.Errorf("%w: Options.Token is empty", ErrAuth)
}

// denied marks the error of a handshake that the venue refused because of who asks: asking
// again would not help. Without a token it says nothing of who asks. Answers to a handshake may quote the address, and with
// it the token: they are left out.
func denied(err error, token string) error {
	var h *dial.HandshakeError
	if !errors.As(err, &h) || token == "" {
		return err
	}
	h.Header, h.Body = nil, nil
	if h.Status != http.StatusUnauthorized && h.Status != http.StatusForbidden {
		return err
	}
	return fmt.Errorf("%w: %w: %w", stream.ErrDenied, byStatus(h.Status), err)
}

// peer is what sockets are made of.
type peer interface {
	dial.Conn
	dial.Batched
	dial.Pinger
	dial.Heard
}

// discreet is a socket that tells nobody the token, whatever the venue quotes.
type discreet struct {
	peer
	forms []string // as it is, and as it stands in an address
}

// veiled is what stands in place of a token.
const veiled = "[secret]"

// veil makes conn discreet, where there is a token.
func veil(conn dial.Conn, token string) dial.Conn {
	p, ok := conn.(peer)
	if !ok || token == "" {
		return conn
	}
	d := &discreet{peer: p, forms: []string{token}}
	if escaped := url.QueryEscape(token); escaped != token {
		d.forms = append(d.forms, escaped)
	}
	return d
}

func (d *discreet) Read(ctx context.Context) ([]byte, error) {
	msg, err := d.peer.Read(ctx)
	closed, ended := errors.AsType[*dial.CloseError](err)
	for _, form := range d.forms {
		if ended && strings.Contains(closed.Reason, form) {
			closed = &dial.CloseError{Code: closed.Code, Reason: strings.ReplaceAll(closed.Reason, form, veiled)}
			err = closed
		}
		if bytes.Contains(msg, []byte(form)) {
			msg = bytes.ReplaceAll(msg, []byte(form), []byte(veiled))
		}
	}
	return msg, err
}
