package exchange

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kinds of errors, for errors.Is. A kind is also its parents: ErrBanned is ErrRateLimit
// is ErrNetwork. A key or signature that is wrong is ErrAuth itself.
var (
	ErrBadRequest    error = &errorKind{"bad request", nil}
	ErrBadSymbol     error = &errorKind{"unknown or inactive symbol", ErrBadRequest}
	ErrInvalidOrder  error = &errorKind{"invalid order", ErrBadRequest}
	ErrOrderNotFound error = &errorKind{"order not found", ErrInvalidOrder}
	ErrAuth          error = &errorKind{"authentication failed", nil}
	ErrPassphrase    error = &errorKind{"wrong passphrase", ErrAuth}
	ErrPermission    error = &errorKind{"not permitted", ErrAuth}
	ErrAddress       error = &errorKind{"address not allowed", ErrPermission}
	ErrNonce         error = &errorKind{"timestamp refused", ErrAuth}
	ErrNetwork       error = &errorKind{"network failed", nil}
	ErrUnavailable   error = &errorKind{"venue not available", ErrNetwork}
	ErrMaintenance   error = &errorKind{"venue in maintenance", ErrUnavailable}
	ErrRateLimit     error = &errorKind{"rate limit", ErrNetwork}
	ErrBanned        error = &errorKind{"banned", ErrRateLimit}
	ErrFunds         error = &errorKind{"insufficient funds", nil}
	ErrOutOfSync     error = &errorKind{"not in sync", nil}
	ErrMalformed     error = &errorKind{"answer not understood", nil}
	ErrClosed        error = &errorKind{"client closed", nil}
	ErrNotSupported        = errors.ErrUnsupported
)

type errorKind struct {
	text   string
	parent error
}

func (k *errorKind) Error() string { return "exchange: " + k.text }

// Is makes a kind its parents too.
func (k *errorKind) Is(target error) bool {
	return k.parent != nil && errors.Is(k.parent, target)
}

// Error is everything that is known of a failure. It never holds a secret.
type Error struct {
	Venue      string
	Op         string // the method, e.g. FetchOrderBook
	Symbol     string // whose failure it is, where it is one symbol's
	Kind       error  // one of the kinds of this package
	Code       string // the venue's own, empty when it did not send one
	Message    string // the venue's own
	RetryAfter time.Duration
	Err        error // what lies below, nil when there is nothing
}

// Error says what failed, where, and why.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Venue)
	for _, part := range []string{e.Op, e.Symbol} {
		if part != "" {
			b.WriteString(" " + part)
		}
	}
	if e.Kind != nil {
		fmt.Fprintf(&b, ": %s", strings.TrimPrefix(e.Kind.Error(), "exchange: "))
	}
	switch {
	case e.Code != "" || e.Message != "":
		fmt.Fprintf(&b, ": %s", strings.TrimSpace(e.Code+" "+e.Message))
	case e.Err != nil:
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, " (again in %s)", e.RetryAfter.Round(time.Millisecond))
	}
	return b.String()
}

// Unwrap gives the kind and what lies below to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	var all []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// Retryable reports whether the same call may succeed later, unchanged. What changes orders is not as long as it may have been done.
func Retryable(err error) bool {
	for _, told := range orderErrors(err) {
		if told.Outcome == Unknown || told.Outcome == Placed {
			return false
		}
	}
	return errors.Is(err, ErrNetwork) || errors.Is(err, ErrNonce) || errors.Is(err, ErrOutOfSync)
}

// orderErrors are all that an error holds: CancelAllOrders joins those of its parts.
func orderErrors(err error) (all []*OrderError) {
	if told, ok := err.(*OrderError); ok {
		return []*OrderError{told}
	}
	switch x := err.(type) {
	case interface{ Unwrap() error }:
		return orderErrors(x.Unwrap())
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			all = append(all, orderErrors(e)...)
		}
	}
	return all
}
