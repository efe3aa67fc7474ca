package exchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// firewall is how long a host is left alone that answered 403 without a code.
const firewall = time.Minute

// judge tells the HTTP layer what an answer of the family means: some venues refuse with
// status 200, some say in the body until when an address is banned.
func (f *Family) judge(status int, h http.Header, body []byte) rest.Verdict {
	v := rest.JudgeStatus(status, h, body)
	if f.Refusal == nil {
		return v
	}
	code, text, until := f.Refusal(status, body)
	if code == "" {
		if status == http.StatusForbidden { // the firewall in front of the venue: who goes on is banned
			v.Action, v.Until = rest.Banned, time.Now().Add(firewall)
		}
		return v
	}
	switch kind := f.kind(code, text); {
	case v.Action == rest.Banned || v.Action == rest.Limited:
	case errors.Is(kind, ErrBanned):
		v.Action = rest.Banned
	case errors.Is(kind, ErrRateLimit):
		v.Action = rest.Limited
	case errors.Is(kind, ErrNetwork):
		v.Action = rest.Retry
	default:
		v.Action = rest.Refuse
	}
	if until.After(v.Until) {
		v.Until = until
	}
	return v
}

// Codes makes the table of a Family from lists of a venue's codes by kind, over those of an older table, which
// may be nil. Codes are separated by commas. It panics when a code is of two kinds: tables are constants of a program.
func Codes(older map[string]error, byKind map[error]string) map[string]error {
	all := maps.Clone(older)
	if all == nil {
		all = make(map[string]error)
	}
	own := make(map[string]error)
	for kind, list := range byKind {
		for code := range strings.SplitSeq(list, ",") {
			code = strings.TrimSpace(code)
			if other := own[code]; other != nil {
				panic(fmt.Sprintf("exchange: code %q is of two kinds: %v, %v", code, other, kind))
			}
			own[code], all[code] = kind, kind
		}
	}
	return all
}

// kind is what a refusal of the venue means, nil when that is not known.
func (f *Family) kind(code, text string) error {
	if kind := f.Codes[code+" "+text]; kind != nil {
		return kind
	}
	return f.Codes[code]
}

// translate makes the one error that users see: transport first, then status, then
// the venue's own code.
func (c *Client) translate(f *Family, op, symbol string, err error) error {
	if err == nil {
		return nil
	}
	var done *Error
	if errors.As(err, &done) {
		return err
	}
	e := &Error{Venue: c.venue.Name, Op: op, Symbol: symbol, Err: err}
	var status *rest.StatusError
	var limit *rest.LimitError
	var transport *rest.TransportError
	switch {
	case errors.Is(err, context.Canceled):
	case errors.Is(err, ErrAuth):
		e.Kind = ErrAuth
	case errors.As(err, &limit): // before the status: it may tell of another request's
		e.Kind, e.RetryAfter = ErrRateLimit, limit.RetryAfter
		if errors.As(limit.Reason, &status) {
			e.Kind = byStatus(status.Status)
		}
	case errors.As(err, &status):
		e.Kind, e.RetryAfter = byStatus(status.Status), status.RetryAfter
		if f != nil && f.Refusal != nil {
			c.code(e, f, status)
		}
	case errors.As(err, &transport), errors.Is(err, rest.ErrTimeout):
		e.Kind = ErrNetwork
	case errors.Is(err, rest.ErrTooLarge):
		e.Kind = ErrMalformed
	}
	return e
}

// code adds what the venue says itself. A limit or a ban told by the status stays one.
func (c *Client) code(e *Error, f *Family, status *rest.StatusError) {
	code, text, _ := f.Refusal(status.Status, []byte(status.Body))
	if code == "" {
		return
	}
	e.Code, e.Message = code, text
	if errors.Is(e.Kind, ErrRateLimit) {
		return
	}
	kind := f.Codes[code+" "+text]
	if kind == nil {
		kind = f.Codes[status.Method+" "+status.Path+": "+code]
	}
	if kind == nil {
		kind = f.Codes[code]
	}
	if kind != nil {
		e.Kind = kind
	} else if status.Status/100 == 2 {
		e.Kind = ErrBadRequest
	}
}

func byStatus(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrAuth
	case status == http.StatusForbidden, status == http.StatusPaymentRequired, status == http.StatusUnavailableForLegalReasons:
		return ErrPermission
	case status == http.StatusTeapot:
		return ErrBanned
	case status == http.StatusTooManyRequests:
		return ErrRateLimit
	case status == http.StatusRequestTimeout:
		return ErrNetwork
	case status >= 500, status == http.StatusGone:
		return ErrUnavailable
	case status/100 == 3:
		return ErrUnavailable
	}
	return ErrBadRequest
}

func (c *Client) fail(op, symbol string, kind error, message string) error {
	return &Error{Venue: c.venue.Name, Op: op, Symbol: symbol, Kind: kind, Message: message}
}
