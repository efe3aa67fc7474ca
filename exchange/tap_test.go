package exchange_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// heard is all that a tap was told.
type heard struct {
	mu     sync.Mutex
	frames []exchange.Frame
}

func (h *heard) tap(f *exchange.Frame) {
	h.mu.Lock()
	defer h.mu.Unlock()
	own := *f
	own.Data = bytes.Clone(f.Data)
	h.frames = append(h.frames, own)
}

// spy is a transport that keeps what proves who asks: signatures, headers, and the passes that are given out.
type spy struct {
	http.RoundTripper
	mu      sync.Mutex
	secrets []string
	signed  map[string]bool // paths
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.RoundTripper.RoundTrip(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	signed := false
	keep := func(name string, values []string) {
		switch strings.ToLower(name) {
		case "signature", "x-mbx-apikey", "ok-access-sign", "ok-access-key", "ok-access-passphrase", "x-signature", "x-api-key", "accesskeyid", "token":
			s.secrets = append(s.secrets, values...)
			signed = signed || !strings.EqualFold(name, "token")
		}
	}
	for name, values := range r.URL.Query() {
		keep(name, values)
	}
	for name, values := range r.Header {
		keep(name, values)
	}
	if signed {
		s.signed[r.URL.Path] = true
	}
	if err != nil || !strings.Contains(strings.ToLower(r.URL.Path), "listenkey") {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if _, rest, ok := strings.Cut(string(body), `"listenKey":"`); ok {
		key, _, _ := strings.Cut(rest, `"`)
		s.secrets = append(s.secrets, key)
	}
	return answer, err
}

// A client whose account is watched and trades beside public data tells the tap nothing of it: no key, no signature, no pass, no
// private socket, no signed request.
func TestTapHearsNothingPrivate(t *testing.T) {
	for _, own := range owned {
		t.Run(own.at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tapPrivately(t, own.at, own.symbols, own.account) })
		})
	}
}

func tapPrivately(t *testing.T, at string, symbols []string, a venuetest.AccountOptions) {
	p := places[slices.IndexFunc(places, func(p place) bool { return p.name == at })]
	keys, secrets := exchange.Credentials{}, []string{"s3cret", "the-name-of-the-key"}
	a.Key, a.Secret = "the-name-of-the-key", "the-s3cret-of-the-key"
	if strings.HasPrefix(p.name, "backpack") {
		private := ed25519.NewKeyFromSeed([]byte("a seed s3cret of thirty-two byte"))
		a.Secret, a.PublicKey = "", private.Public().(ed25519.PublicKey)
		a.Key = base64.StdEncoding.EncodeToString(a.PublicKey)
		seed := base64.StdEncoding.EncodeToString(private.Seed())
		keys.PrivateKey, secrets = exchange.NewSecret(seed), append(secrets, seed, a.Key)
	} else {
		keys.Secret = exchange.NewSecret(a.Secret)
	}
	keys.Key, keys.Passphrase = exchange.NewSecret(a.Key), exchange.NewSecret(a.Passphrase)
	server := p.start(venuetest.Options{Memory: true, Rate: 1, Markets: p.these(symbols...)})
	defer server.Close()
	var h heard
	watched := &spy{RoundTripper: &http.Transport{DialContext: server.DialContext, DisableKeepAlives: true}, signed: make(map[string]bool)}
	c := p.client(exchange.Options{Endpoints: server.Endpoints(), DialContext: server.DialContext, Transport: watched, Credentials: keys, Tap: h.tap})
	defer c.Close()
	account := server.NewAccount(a)
	ctx := t.Context()
	_, orders := c.WatchOrders(ctx, symbols...)
	_, balances := c.WatchBalance(ctx)
	public, leave := context.WithCancel(ctx)
	defer leave()
	_, trades := c.WatchTrades(public, symbols...)
	_, books := c.WatchOrderBook(public, 0, symbols...)
	_, fetched := c.FetchBalance(ctx)
	if err := errors.Join(orders, balances, trades, books, fetched); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	account.Trade(1, 20, symbols...)
	book, err := c.FetchOrderBook(ctx, symbols[0], 5)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.CreateOrder(ctx, exchange.NewOrder{Symbol: symbols[0], Side: exchange.Buy, Type: exchange.LimitOrder, Price: book.Bids[0].Price, Size: decimal.MustParse("1")})
	time.Sleep(time.Minute)
	leave()
	time.Sleep(40 * time.Minute) // passes are kept alive meanwhile
	synctest.Wait()

	watched.mu.Lock()
	defer watched.mu.Unlock()
	if len(watched.signed) == 0 || len(watched.secrets) == 0 {
		t.Fatal("nothing was signed")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	kinds := make(map[exchange.FrameKind]int)
	for _, f := range h.frames {
		kinds[f.Kind]++
		said := f.URL + " " + string(f.Data)
		for _, secret := range append(secrets, watched.secrets...) {
			for _, form := range []string{secret, url.QueryEscape(secret)} {
				if strings.Contains(said, form) {
					t.Fatalf("%s frame of %s has a secret", f.Kind, f.URL)
				}
			}
		}
		u, err := url.Parse(f.URL)
		if err != nil || watched.signed[u.Path] && f.Kind == exchange.FrameHTTP {
			t.Fatalf("%v: %s was signed", err, f.URL)
		}
		for _, word := range []string{"login", `"auth"`, "account.", `"accounts`, "orders", "listenKey", "/private", "userDataStream"} {
			if f.Kind == exchange.FrameOut && strings.Contains(said, word) {
				t.Fatalf("%s: %.200s", f.Kind, said)
			}
		}
	}
	if kinds[exchange.FrameOpen] == 0 || kinds[exchange.FrameIn] < 50 || kinds[exchange.FrameOut] == 0 || kinds[exchange.FrameHTTP] == 0 {
		t.Errorf("frames %v", kinds)
	}
}

// What happens on a socket is told in its order, with its number and address, by our clock; tokens are veiled.
func TestTapTellsEverything(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h heard
				server, c := p.meet(t, venuetest.Options{}, exchange.Options{Tap: h.tap})
				defer server.Close()
				defer c.Close()
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				if _, err := c.WatchTrades(ctx, p.symbol); err != nil {
					t.Fatal(err)
				}
				if _, err := c.WatchOrderBook(ctx, 0, p.symbol); err != nil {
					t.Fatal(err)
				}
				time.Sleep(8 * time.Second)
				server.Step(20)
				time.Sleep(time.Second)
				server.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
				time.Sleep(20 * time.Second)
				c.Close()
				checkSockets(t, &h, c.Venue())
			})
		})
	}
}

func checkSockets(t *testing.T, h *heard, venue string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	life := make(map[int64]string)
	urls := make(map[int64]string)
	last := make(map[int64]time.Time)
	for _, f := range h.frames {
		if f.Kind != exchange.FrameHTTP {
			life[f.Conn] += map[exchange.FrameKind]string{exchange.FrameOpen: "(", exchange.FrameIn: "i", exchange.FrameOut: "o", exchange.FrameClose: ")"}[f.Kind]
			if f.Kind == exchange.FrameOpen {
				urls[f.Conn] = f.URL
			}
			if f.URL != urls[f.Conn] || !strings.HasPrefix(f.URL, "ws://") || f.Conn == 0 {
				t.Errorf("%s of socket %d at %q, opened at %q", f.Kind, f.Conn, f.URL, urls[f.Conn])
			}
			if f.Received.Before(last[f.Conn]) {
				t.Errorf("socket %d: time goes back", f.Conn)
			}
			last[f.Conn] = f.Received
		}
		if f.Venue != venue || f.Received.IsZero() || (len(f.Data) == 0) != (f.Kind == exchange.FrameOpen || f.Kind == exchange.FrameClose) {
			t.Errorf("frame %+v", f)
		}
		if strings.Contains(fmt.Sprintf("%s %s", f.URL, f.Data), "0123456789\"") || strings.Contains(f.URL, "professional-") {
			t.Errorf("%s has the token", f.URL)
		}
	}
	if len(life) < 2 {
		t.Errorf("sockets %v", life)
	}
	for n, l := range life {
		inside := strings.Trim(l[1:len(l)-1], "io")
		if l[0] != '(' || l[len(l)-1] != ')' || inside != "" || !strings.Contains(l, "o") {
			t.Errorf("socket %d: %s", n, l)
		}
	}
}
