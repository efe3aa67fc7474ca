package rest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

var (
	// ErrTooLarge means an answer longer than Client.MaxBody. It is not tried again.
	ErrTooLarge = errors.New("rest: answer too large")
	// ErrTimeout means that one try took longer than Client.Timeout, while the caller's context was still alive.
	ErrTimeout = errors.New("rest: no answer in time")
	// ErrNoSigner means a request marked Signed on a client without a Signer.
	ErrNoSigner = errors.New("rest: no credentials")
	// ErrCharge means a charge that no waiting makes possible: a cost below zero or above what its limit allows, or a
	// limit without Max or Per.
	ErrCharge = errors.New("rest: impossible charge")
)

// StatusError is an answer that was refused: by its status, or by the Judge.
type StatusError struct {
	Method, Path string
	Status       int
	Body         []byte        // the first 512 bytes, without what the Signer added
	RetryAfter   time.Duration // how long the venue asked to wait, counted from the answer; zero: it did not
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("rest: %s %s: status %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(", retry after %v", e.RetryAfter)
	}
	if len(e.Body) > 0 {
		text += fmt.Sprintf(": %.200q", e.Body)
	}
	return text
}

// LimitError is a request that was not sent: the time when it may be sent lies behind the caller's deadline.
type LimitError struct {
	Limit      *Limit        // the one that lacks room; nil when everything is stopped
	RetryAfter time.Duration // when there may be room
	Reason     error         // why everything or the limit is stopped; nil when the budget is merely spent
}

func (e *LimitError) Error() string {
	text := "rest: stopped"
	if e.Limit != nil {
		text = "rest: limit " + e.Limit.Name
	}
	text += fmt.Sprintf(", retry after %v", e.RetryAfter)
	if e.Reason != nil {
		text += ": " + e.Reason.Error()
	}
	return text
}

func (e *LimitError) Unwrap() error { return e.Reason }

// TransportError is a request without a complete answer. Whether the venue acted on it is unknown.
type TransportError struct {
	Method, Path string
	Err          error
}

func (e *TransportError) Error() string {
	return fmt.Sprintf("rest: %s %s: %v", e.Method, e.Path, e.Err)
}

func (e *TransportError) Unwrap() error { return e.Err }

// bare strips every *url.Error, which prints the whole address with the query and its signature.
func bare(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// excerpt is the part of a refused body that may be shown. Firewalls like to echo the address they refused.
func excerpt(body []byte, secrets []string) []byte {
	for _, s := range secrets {
		body = bytes.ReplaceAll(body, []byte(s), []byte("[secret]"))
	}
	return bytes.Clone(body[:min(len(body), 512)])
}
