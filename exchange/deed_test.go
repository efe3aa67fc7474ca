package exchange

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// What proves that a request has done nothing. An answer of a gateway does not, whatever it says.
func TestUndone(t *testing.T) {
	f := &Family{
		Codes:   map[string]error{"funds": ErrFunds, "slow": ErrRateLimit, "busy": ErrUnavailable, "lost": ErrNetwork},
		Refusal: func(_ int, body []byte) (code, text string, until time.Time) { return string(body), "", until },
	}
	d := &deed{f: f}
	answer := func(status int, code string) error {
		return &rest.StatusError{Method: "POST", Path: "/order", Status: status, Body: []byte(code)}
	}
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{answer(http.StatusBadRequest, "funds"), true},
		{answer(http.StatusOK, "funds"), true},
		{answer(http.StatusOK, "what"), true},
		{answer(http.StatusBadRequest, ""), true},
		{answer(http.StatusBadRequest, "busy"), false},
		{answer(http.StatusOK, "lost"), false},
		{answer(http.StatusGatewayTimeout, ""), false},
		{answer(http.StatusGatewayTimeout, "funds"), false},
		{answer(http.StatusInternalServerError, "what"), false},
		{answer(http.StatusRequestTimeout, "funds"), false},
		{answer(http.StatusTooManyRequests, "slow"), true},
		{answer(http.StatusServiceUnavailable, "slow"), true},
		{&rest.TransportError{Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}, true},
		{&rest.TransportError{Err: &net.OpError{Op: "read", Err: errors.New("reset")}}, false},
		{&rest.TransportError{Err: rest.ErrTimeout}, false},
		{&rest.LimitError{}, true},
		{fmt.Errorf("%w: body", rest.ErrTooLarge), false},
	} {
		if got := d.undone(tt.err); got != tt.want {
			t.Errorf("%v: got %t", tt.err, got)
		}
	}
}
