package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/stream"
)

// gossip is a socket of a venue that quotes what it was asked.
type gossip struct {
	peer
	said []byte
	err  error
}

func (g *gossip) Read(context.Context) ([]byte, error) { return g.said, g.err }

func hiding(secrets ...string) *veils {
	v := &veils{}
	v.keep(secrets...)
	return v
}

// TestVeil: neither messages nor the reason of a close tell a token, as it is or as addresses have it.
func TestVeil(t *testing.T) {
	const token = "0123456789abcdef+/ c-app"
	ctx := t.Context()
	for _, form := range []string{token, "0123456789abcdef%2B%2F+c-app"} {
		g := &gossip{said: []byte(`{"ret":401,"msg":"` + form + " of ?token=" + form + `"}`)}
		msg, err := veil(g, hiding(token)).Read(ctx)
		if got := string(msg); err != nil || got != `{"ret":401,"msg":"[secret] of ?token=[secret]"}` {
			t.Errorf("%s, %v", got, err)
		}
		g = &gossip{err: &dial.Error{Op: "read", Err: &dial.CloseError{Code: 1008, Reason: "who is " + form + "?"}}}
		_, err = veil(g, hiding(token)).Read(ctx)
		if closed, ok := errors.AsType[*dial.CloseError](err); !ok || closed.Code != 1008 || closed.Reason != "who is [secret]?" || strings.Contains(fmt.Sprintf("%+v", err), form) {
			t.Errorf("%+v", err)
		}
	}
	data := []byte(`{"cmd_id":22999}`)
	g := &gossip{said: data}
	quiet := veil(g, hiding(token))
	if msg, _ := quiet.Read(ctx); &msg[0] != &data[0] {
		t.Error("a message without the token is copied")
	}
	if allocs := testing.AllocsPerRun(100, func() { _, _ = quiet.Read(ctx) }); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
	if veil(g, nil) != dial.Conn(g) {
		t.Error("veiled without a token")
	}
}

// TestDenied: what a venue answers to a handshake is not kept where the address holds a token.
func TestDenied(t *testing.T) {
	for status, final := range map[int]bool{http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusFound: false, http.StatusBadGateway: false} {
		answer := &dial.HandshakeError{Status: status, Header: http.Header{"Location": {"wss://a.b/?token=0123456789"}}, Body: []byte("?token=0123456789")}
		if err := denied(answer, ""); err != answer || answer.Body == nil {
			t.Errorf("%d without a token: %v", status, err)
		}
		err := denied(&dial.Error{Op: "dial", Err: answer}, "0123456789")
		h, ok := errors.AsType[*dial.HandshakeError](err)
		if !ok || h.Status != status || h.Header != nil || h.Body != nil || errors.Is(err, stream.ErrDenied) != final {
			t.Errorf("%d: %v, %+v", status, err, h)
		}
	}
}
