package exchanges_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/rest"
)

// TestSigned asks each venue, as its document describes it, in all ways that go right and wrong, and greps all that was
// said for what must not be.
func TestSigned(t *testing.T) {
	for _, d := range desks {
		t.Run(d.venue+" "+d.kind(), func(t *testing.T) {
			t.Run("right", func(t *testing.T) {
				s := open(t, d)
				c := s.client(t, d.owner())
				for _, r := range d.asks {
					if _, err := c.Call(t.Context(), "spot", r); err != nil {
						t.Errorf("%s: %v", r.Path, err)
					}
				}
				if got := s.signed.Load(); got != int64(len(d.asks)) {
					t.Errorf("%d signed requests, want %d", got, len(d.asks))
				}
			})
			for _, wrong := range d.wrongs() {
				t.Run(wrong.name, func(t *testing.T) {
					s := open(t, d)
					s.fault = wrong.fault
					c := s.client(t, wrong.given)
					_, err := c.Call(t.Context(), "spot", d.asks[0])
					if told := s.told(err); told == nil || told.Kind != wrong.want || told.Op != "Call" {
						t.Errorf("got %v, want %v", err, wrong.want)
					}
					if got := s.signed.Load(); got != 1 {
						t.Errorf("%d signed requests, want 1", got)
					}
				})
			}
		})
	}
}

// TestRefusedTime has clocks that are too far apart: they are measured once, and the request is sent once more, whatever it is.
func TestRefusedTime(t *testing.T) {
	for _, d := range desks {
		for _, sign := range []time.Duration{1, -1} {
			s := open(t, d)
			s.skew = sign * d.far
			c := s.client(t, d.owner())
			for _, r := range d.asks {
				if _, err := c.Call(t.Context(), "spot", r); err != nil {
					t.Errorf("%s, %s: %v", d.venue, s.skew, err)
				}
			}
			if signed, asked := s.signed.Load(), s.times.Load(); signed != int64(len(d.asks))+1 || asked != 1 {
				t.Errorf("%s, %s: %d signed requests, %d for the time", d.venue, s.skew, signed, asked)
			}
		}
		s := open(t, d)
		s.skew, s.lies = d.far, true
		_, err := s.client(t, d.owner()).Call(t.Context(), "spot", d.asks[len(d.asks)-1])
		if told := s.told(err); told == nil || told.Kind != exchange.ErrNonce || !exchange.Retryable(err) {
			t.Errorf("%s, a clock that cannot be measured: %v", d.venue, err)
		}
		if got := s.signed.Load(); got != 2 {
			t.Errorf("%s: %d signed requests, want 2", d.venue, got)
		}
	}
}

func TestVault(t *testing.T) {
	d := desks[1]
	s := open(t, d)
	var asked atomic.Int64
	keys := []exchange.Credentials{d.wrongs()[0].given, d.owner()}
	o := s.options(exchange.Credentials{})
	o.Vault = func(context.Context) (exchange.Credentials, error) { return keys[min(asked.Add(1), 2)-1], nil }
	c := s.connect(t, o)
	if asked.Load() != 0 {
		t.Error("the vault was asked before it was needed")
	}
	if _, err := c.Call(t.Context(), "spot", d.asks[0]); s.told(err) == nil || s.told(err).Kind != exchange.ErrAuth {
		t.Errorf("with the old key: %v", err)
	}
	if !keys[0].IsZero() {
		t.Error("what the vault gave is not wiped")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := c.Call(t.Context(), "spot", d.asks[0]); err != nil {
				t.Errorf("with the new key: %v", err)
			}
		})
	}
	all.Wait()
	if got := asked.Load(); got != 2 {
		t.Errorf("the vault was asked %d times, want 2", got)
	}
}

func TestVaultFails(t *testing.T) {
	d := desks[1]
	sealed := errors.New("sealed")
	for _, tt := range []struct {
		given exchange.Credentials
		err   error
		want  string
	}{{exchange.Credentials{}, sealed, "sealed"}, {exchange.Credentials{}, nil, "Key is empty"}, {exchange.Credentials{Key: exchange.NewSecret("the-name"), Secret: exchange.NewSecret("the-secret")}, nil, "Passphrase"}} {
		s := open(t, d)
		o := s.options(exchange.Credentials{})
		o.Vault = func(context.Context) (exchange.Credentials, error) { return tt.given, tt.err }
		_, err := s.connect(t, o).Call(t.Context(), "spot", d.asks[0])
		if !errors.Is(err, exchange.ErrAuth) || !strings.Contains(err.Error(), tt.want) || (tt.err != nil && !errors.Is(err, tt.err)) {
			t.Errorf("want %s, got %v", tt.want, err)
		}
		if got := s.signed.Load(); got != 0 {
			t.Errorf("%d requests", got)
		}
	}
	// A vault that does not answer holds up nobody for longer than he waits, and ends with the client.
	s := open(t, d)
	o := s.options(exchange.Credentials{})
	asked := make(chan struct{})
	o.Vault = func(ctx context.Context) (exchange.Credentials, error) {
		close(asked)
		<-ctx.Done()
		return exchange.Credentials{}, ctx.Err()
	}
	c := s.connect(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	var waits sync.WaitGroup
	waits.Go(func() {
		if _, err := c.Call(ctx, "spot", d.asks[0]); !errors.Is(err, context.Canceled) {
			t.Errorf("who does not wait: %v", err)
		}
	})
	<-asked
	cancel()
	waits.Wait()
}

// TestUnsigned has what cannot be signed: nothing is sent.
func TestUnsigned(t *testing.T) {
	for _, d := range desks {
		s := open(t, d)
		_, err := s.client(t, exchange.Credentials{}).Call(t.Context(), "spot", d.asks[0])
		if !errors.Is(err, exchange.ErrAuth) || !strings.Contains(err.Error(), "Options.Credentials are empty") || s.signed.Load() != 0 {
			t.Errorf("%s without credentials: %v, %d requests", d.venue, err, s.signed.Load())
		}
	}
	_, err := exchanges.Open("alltick", exchange.Options{Token: "a-token-of-it", Credentials: desks[0].owner()})
	if !errors.Is(err, exchange.ErrBadRequest) || !strings.Contains(err.Error(), "nothing private") {
		t.Errorf("alltick: %v", err)
	}
}

// said is a client's venue and all that was said of it, in errors and logs.
type said struct {
	*counter
	desk *desk
	out  *bytes.Buffer
	mu   sync.Mutex
}

// open starts a counter. When the test ends all that was said is searched.
func open(t *testing.T, d *desk) *said {
	s := &said{counter: serve(t, d), desk: d, out: &bytes.Buffer{}}
	t.Cleanup(func() {
		for name, secret := range s.secrets() {
			if strings.Contains(s.out.String(), secret) {
				t.Errorf("the %s was said: %s", name, s.out)
			}
		}
	})
	return s
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(b)
}

// told is the one error that users see. All its forms are kept.
func (s *said) told(err error) (told *exchange.Error) {
	fmt.Fprintf(s, "%v\n%+v\n%#v\n", err, err, err)
	if errors.As(err, &told) {
		fmt.Fprintf(s, "%+v\n", *told)
	}
	var status *rest.StatusError
	if errors.As(err, &status) {
		fmt.Fprintf(s, "%+v\n%s\n", *status, status.Body)
	}
	return told
}

func (s *said) options(given exchange.Credentials) exchange.Options {
	return exchange.Options{
		Credentials: given,
		Endpoints:   map[string]string{s.desk.endpoint: s.url},
		Governor:    &rest.Governor{Clock: &rest.Clock{}}, // the next server may have the port of this one
		Log:         slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func (s *said) client(t *testing.T, given exchange.Credentials) *exchange.Client {
	return s.connect(t, s.options(given))
}

func (s *said) connect(t *testing.T, o exchange.Options) *exchange.Client {
	t.Helper()
	c, err := exchanges.Open(s.desk.venue, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(s, "%+v %#v %+v\n", c, o, o)
	return c
}

// wrong is a way to be refused.
type wrong struct {
	name, fault string
	given       exchange.Credentials
	want        error
}

// wrongs are the ways in which a venue can refuse who asks, each with a kind of error of its own.
func (d *desk) wrongs() []wrong {
	other := d.owner()
	all := []wrong{
		{"address", "address", d.owner(), d.kindOf(exchange.ErrAddress)},
		{"permission", "permission", d.owner(), d.kindOf(exchange.ErrPermission)},
	}
	switch {
	case d.public != nil && d.named:
		other.Key, other.PrivateKey = exchange.NewSecret(strangerName), exchange.NewSecret(base64.StdEncoding.EncodeToString(stranger.Seed()))
		return append([]wrong{{"key", "", other, exchange.ErrAuth}}, all...)
	case d.public != nil:
		other.PrivateKey = exchange.NewSecret(base64.StdEncoding.EncodeToString(stranger.Seed()))
	default:
		other.Secret = exchange.NewSecret("0000" + d.secret[4:])
	}
	unknown, phrase := d.owner(), d.owner()
	unknown.Key, phrase.Passphrase = exchange.NewSecret("0000"+d.name[4:]), exchange.NewSecret("Another-Pass-2")
	all = append([]wrong{{"secret", "", other, exchange.ErrAuth}, {"key", "", unknown, exchange.ErrAuth}}, all...)
	if d.passphrase != "" {
		all = append(all, wrong{"passphrase", "", phrase, exchange.ErrPassphrase})
	}
	return all
}

// kindOf is kind, where the venue tells it from an unknown key at all.
func (d *desk) kindOf(kind error) error {
	if d.venue == "binance" || d.venue == "backpack" && kind == exchange.ErrAddress {
		return exchange.ErrAuth
	}
	return kind
}

func get(path string, query ...string) *rest.Request {
	r := &rest.Request{Method: http.MethodGet, Path: path, Signed: true}
	for i := 0; i < len(query); i += 2 {
		r.Query = append(r.Query, rest.Param{Key: query[i], Value: query[i+1]})
	}
	return r
}

func post(path, body string) *rest.Request {
	return &rest.Request{Method: http.MethodPost, Path: path, Body: []byte(body), Signed: true}
}
