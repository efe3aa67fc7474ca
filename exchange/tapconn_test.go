package exchange

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// still is a socket on which the same message comes for ever.
type still struct{ msg []byte }

func (s *still) Read(context.Context) ([]byte, error) { return s.msg, nil }
func (s *still) Write(context.Context, []byte) error  { return nil }
func (s *still) Close() error                         { return nil }
func (s *still) Buffered() bool                       { return false }
func (s *still) Ping(context.Context, []byte) error   { return nil }
func (s *still) LastHeard() time.Time                 { return time.Time{} }
func tapless(tap func(*Frame), token string) (*line, peer) {
	c := &Client{venue: &Venue{Name: "x"}, o: Options{Tap: tap, Token: token}}
	x := &line{c: c, address: "wss://user:pass@host/path?token=" + token}
	if token != "" {
		x.veils = &veils{}
		x.veils.keep(token)
	}
	return x, &still{[]byte("message")}
}

// Without a Tap there is nothing between the socket and who reads it; with one a message costs no memory.
func TestTapCosts(t *testing.T) {
	x, p := tapless(nil, "")
	if x.tapping(p) != p {
		t.Error("a socket is wrapped though nobody listens")
	}
	n := 0
	x, p = tapless(func(f *Frame) { n += len(f.Data) }, "")
	conn := x.tapping(p)
	if allocs := testing.AllocsPerRun(100, func() { _, _ = conn.Read(t.Context()); _ = conn.Write(t.Context(), []byte(nil)) }); allocs > 0 {
		t.Errorf("%v allocations a message", allocs)
	}
	if n == 0 {
		t.Error("nothing was told")
	}
}

// A token that is said, quoted or answered is veiled, and so is who stands in an address.
func TestTapVeilsTokens(t *testing.T) {
	const token = "s3cret/token"
	var told []string
	x, p := tapless(func(f *Frame) { told = append(told, f.URL+" "+string(f.Data)) }, token)
	p.(*still).msg = []byte("you are " + token)
	conn := x.tapping(veil(p, x.veils))
	_ = conn.Write(t.Context(), []byte("I am "+token))
	_, _ = conn.Read(t.Context())
	conn.Close()
	f := &Family{Token: "token", Base: Endpoint{Name: "rest", URL: "https://user:pass@host"}}
	r := &rest.Request{Path: "/a", Query: []rest.Param{{Key: "b", Value: "c"}}}
	x.c.overheard(f, r, &rest.Response{Body: []byte("of " + token), Header: http.Header{}})
	want := []string{"wss://host/path?token=[secret] ", "wss://host/path?token=[secret] I am [secret]", "wss://host/path?token=[secret] you are [secret]", "wss://host/path?token=[secret] ", "https://host/a?b=c of [secret]"}
	if got := strings.Join(told, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("told\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func BenchmarkTap(b *testing.B) {
	x, p := tapless(func(*Frame) {}, "")
	conn := x.tapping(p)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = conn.Read(b.Context())
	}
}
