package exchange

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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

// discreet is a socket that tells nobody a secret, whatever the venue quotes.
type discreet struct {
	peer
	veils *veils
}

// veiled is what stands in place of a secret.
const veiled = "[secret]"

// veils are the secrets that are said on a socket, and that the venue may quote. It is safe for concurrent use.
type veils struct {
	forms atomic.Pointer[[]string] // of all of them, as they may stand in a message

	mu     sync.Mutex
	kept   []string // what is said on each connection: tokens, names of keys, passphrases, passes
	signed []string // the newest signatures, in the forms of each
}

// mostSigned is how many signatures are kept out of messages: a refusal comes soon after what it refuses.
const mostSigned = 4

// keep has the secrets, and no others of their kind, be veiled from now on.
func (v *veils) keep(secrets ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.kept = v.kept[:0]
	for _, s := range secrets {
		v.kept = append(v.kept, spellings(s)...)
	}
	v.renew()
}

// sign has a signature be veiled: as base64 and in hexadecimal digits.
func (v *veils) sign(signature []byte) {
	const most = mostSigned * 4
	v.mu.Lock()
	defer v.mu.Unlock()
	v.signed = append(v.signed, append(spellings(base64.StdEncoding.EncodeToString(signature)), hex.EncodeToString(signature))...)
	v.signed = v.signed[max(0, len(v.signed)-most):]
	v.renew()
}

func (v *veils) renew() {
	all := slices.Concat(v.kept, v.signed)
	v.forms.Store(&all)
}

// spellings are a secret as it is, as it stands in an address, and as some write it in JSON. What is shorter than any secret is none.
func spellings(secret string) []string {
	if len(secret) < shortSecret {
		return nil
	}
	all := []string{secret}
	for _, other := range []string{url.QueryEscape(secret), strings.ReplaceAll(secret, "/", `\/`)} {
		if other != secret {
			all = append(all, other)
		}
	}
	return all
}

// veil makes conn discreet, where there may be secrets.
func veil(conn dial.Conn, v *veils) dial.Conn {
	p, ok := conn.(peer)
	if !ok || v == nil {
		return conn
	}
	return &discreet{p, v}
}

func (d *discreet) Read(ctx context.Context) ([]byte, error) {
	msg, err := d.peer.Read(ctx)
	closed, ended := errors.AsType[*dial.CloseError](err)
	all := d.veils.forms.Load()
	if all == nil {
		return msg, err
	}
	for _, form := range *all {
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
