package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/stream"
)

// chatter is all that a client says of itself, to be searched for secrets.
type chatter struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (c *chatter) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.Write(b)
}

func (c *chatter) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(c, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// silent fails the test when a secret was said.
func (c *chatter) silent(t *testing.T, more ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range append(more, c.buf.String()) {
		for _, secret := range []string{"s3cret", "the-key-name", "bad-key-name"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is said: %s", secret, text)
			}
		}
	}
}

func TestPrivateSocket(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		c := d.client(Options{})
		defer c.Close()
		sub, err := c.WatchRaw(t.Context(), "private", "news")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for round := range 2 {
			say(t, d, "news", fmt.Sprint("n", round))
			v, err := sub.Next(t.Context())
			if err != nil || string(v.Data) != fmt.Sprint("n", round) || (v.Break != nil) != (round > 0) {
				t.Fatalf("round %d: %+v, %v", round, v, err)
			}
			d.cut()
			time.Sleep(time.Second)
		}
		if d.seen().logins != 3 {
			t.Errorf("%d logins, want 3: one a connection", d.seen().logins)
		}
	})
}

func say(t *testing.T, d *desk, topic, news string) {
	t.Helper()
	d.mu.Lock()
	conn := d.conns[len(d.conns)-1]
	d.mu.Unlock()
	if err := conn.Write(context.Background(), fmt.Appendf(nil, `{"topic":%q,"news":%q}`, topic, news)); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// Each reason for which a login is refused is the topic's own kind of error, and tells no secret, whatever the venue quotes.
func TestLoginRefused(t *testing.T) {
	for code, want := range map[string]error{"auth": ErrAuth, "phrase": ErrPassphrase, "ip": ErrAddress, "perm": ErrPermission, "time": ErrNonce} {
		inBubble(t, func(t *testing.T, d *desk) {
			var said chatter
			d.refusal = code
			c := d.client(Options{Log: said.log()})
			defer c.Close()
			sub, err := c.WatchRaw(t.Context(), "private", "news")
			if err != nil {
				t.Fatal(err)
			}
			_, err = sub.Next(t.Context())
			told, ok := errors.AsType[*Error](err)
			if !ok || told.Kind != want || told.Code != code || !strings.Contains(told.Message, "you said [secret] and [secret]") {
				t.Errorf("%s: got %v", code, err)
			}
			logins := 1
			if code == "time" {
				logins = 2 // the clock was measured in between
			}
			if time.Sleep(time.Hour); d.seen().logins != logins {
				t.Errorf("%s: %d logins", code, d.seen().logins)
			}
			said.silent(t, fmt.Sprintf("%v %+v %#v", err, told, c.Health()))
		})
	}
}

func TestLoginMeasuresTheClock(t *testing.T) {
	for _, skew := range []time.Duration{10 * time.Second, -10 * time.Second} {
		inBubble(t, func(t *testing.T, d *desk) {
			d.skew = skew
			c := d.client(Options{})
			defer c.Close()
			if _, err := c.WatchRaw(t.Context(), "private", "news"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			if h := c.Health(); len(h) != 1 || h[0].State != stream.Subscribed || d.seen().logins != 2 {
				t.Errorf("%v: %+v after %d logins", skew, h, d.seen().logins)
			}
		})
	}
}

func TestSocketAsksTheVault(t *testing.T) {
	for name, tt := range map[string]struct {
		keys   []string
		logins int
		want   error
	}{
		"renewed":        {[]string{"bad-key-name", "the-key-name"}, 2, nil},
		"renewed twice":  {[]string{"bad-key-name", "bad-key-name2", "the-key-name"}, 3, nil},
		"the same again": {[]string{"bad-key-name", "bad-key-name", "the-key-name"}, 1, ErrAuth},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				var said chatter
				var asked atomic.Int64
				c := d.client(Options{Log: said.log(), Vault: func(context.Context) (Credentials, error) {
					return deskKey(tt.keys[min(int(asked.Add(1)), len(tt.keys))-1]), nil
				}})
				defer c.Close()
				sub, err := c.WatchRaw(t.Context(), "private", "news")
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				_, err = sub.Next(ctx)
				h := c.Health()
				if tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && (len(h) != 1 || h[0].State != stream.Subscribed) || d.seen().logins != tt.logins {
					t.Errorf("%v after %d logins: %+v", err, d.seen().logins, h)
				}
				said.silent(t, fmt.Sprintf("%v %+v", err, h))
			})
		})
	}
}

func TestVaultForSocketFails(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		sealed := errors.New("sealed")
		c := d.client(Options{Vault: func(context.Context) (Credentials, error) { return Credentials{}, sealed }})
		defer c.Close()
		sub, err := c.WatchRaw(t.Context(), "private", "news")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = sub.Next(t.Context()); !errors.Is(err, ErrAuth) || !errors.Is(err, sealed) || len(d.seen().dials) != 0 {
			t.Errorf("got %v after %d connections", err, len(d.seen().dials))
		}
	})
	inBubble(t, func(t *testing.T, d *desk) {
		c := New(d.venue(), Options{Transport: d})
		defer c.Close()
		if _, err := c.WatchRaw(t.Context(), "private", "news"); !errors.Is(err, ErrAuth) || !strings.Contains(err.Error(), "Credentials are empty") {
			t.Errorf("without a key: %v", err)
		}
	})
}

// A pass is asked for before each connection and kept alive as long as that lasts; nobody sees it.
func TestPass(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		var said chatter
		c := d.client(Options{Log: said.log()})
		defer c.Close()
		if _, err := c.WatchRaw(t.Context(), "passed", "news"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Minute)
		if got := d.news(); !slices.Equal(got, []string{"POST pass", "PUT pass", "PUT pass"}) {
			t.Errorf("asked %q", got)
		}
		d.set(func() { d.noKeep = true })
		time.Sleep(30 * time.Minute) // refused: another pass, another connection
		if got := d.news(); !slices.Equal(got[3:], []string{"POST pass"}) || len(d.seen().dials) != 2 || !strings.HasPrefix(d.seen().dials[1], "/passed?pass=s3cret-pass-2") {
			t.Errorf("asked %q, dialled %q", got, d.seen().dials)
		}
		if h := c.Health(); h[0].State != stream.Subscribed {
			t.Errorf("%+v", h)
		}
		d.cut()
		time.Sleep(time.Second)
		if len(d.seen().dials) != 3 || d.seen().passes != 3 {
			t.Errorf("after the connection was lost: %d passes, %q", d.seen().passes, d.seen().dials)
		}
		said.silent(t, fmt.Sprintf("%+v", c.Health()))
	})
}

func TestPassRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		var said chatter
		c := d.client(Options{Log: said.log(), Credentials: deskKey("bad-key-name")})
		defer c.Close()
		sub, err := c.WatchRaw(t.Context(), "passed", "news")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = sub.Next(t.Context()); !errors.Is(err, ErrAuth) || len(d.seen().dials) != 0 {
			t.Errorf("got %v after %d connections", err, len(d.seen().dials))
		}
		said.silent(t, fmt.Sprintf("%v %+v", err, err))
	})
}

// A venue may quote what it was sent last: the pass, the key, the passphrase and the newest signatures, in any of their forms.
func TestVeilsOfASession(t *testing.T) {
	v := hiding("s3cret-pass/1", "the-key-name", "", "tiny")
	var signatures [][]byte
	for i := range byte(6) {
		signatures = append(signatures, bytes.Repeat([]byte{0xf0 + i}, 32))
		v.sign(signatures[i])
	}
	said := fmt.Sprintf(`s3cret-pass/1 s3cret-pass\/1 s3cret-pass%%2F1 the-key-name tiny %x`, signatures[5])
	msg, err := veil(&gossip{said: []byte(said)}, v).Read(t.Context())
	if want := `[secret] [secret] [secret] [secret] tiny [secret]`; err != nil || string(msg) != want {
		t.Errorf("got %s", msg)
	}
	if n := len(*v.forms.Load()); n > 24 {
		t.Errorf("%d forms are kept", n)
	}
	_, err = veil(&gossip{err: &dial.CloseError{Code: 4003, Reason: "the-key-name"}}, v).Read(t.Context())
	if closed, ok := errors.AsType[*dial.CloseError](err); !ok || closed.Reason != "[secret]" {
		t.Errorf("got %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		c := d.client(Options{Environment: "demo"})
		defer c.Close()
		if _, err := c.FetchOrder(t.Context(), "BTC/USDT", Ref{ID: "1"}); !errors.Is(err, ErrOrderNotFound) {
			t.Error(err)
		}
		if h := d.seen().headers[0]; h.Get("X-Demo") != "1" {
			t.Errorf("headers %v", h)
		}
		if _, err := c.WatchRaw(t.Context(), "private", "news"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !slices.Equal(d.seen().dials, []string{"/demo/private 1"}) {
			t.Errorf("dialled %q", d.seen().dials)
		}
		if _, err := c.WatchRaw(t.Context(), "passed", "news"); !errors.Is(err, ErrNotSupported) || len(d.seen().dials) != 1 {
			t.Errorf("a socket that demo has not: %v", err)
		}
	})
	inBubble(t, func(t *testing.T, d *desk) {
		c := d.client(Options{Environment: "play"})
		if err := c.Err(); !errors.Is(err, ErrBadRequest) || !strings.Contains(err.Error(), `no environment "play"; there are demo, empty`) {
			t.Errorf("got %v", err)
		}
		c.Close()
		own := d.client(Options{Environment: "demo", Endpoints: map[string]string{"private": "desk://" + d.host() + "/own"}})
		defer own.Close()
		if _, err := own.WatchRaw(t.Context(), "private", "news"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !slices.Equal(d.seen().dials, []string{"/own/private 1"}) {
			t.Errorf("Endpoints do not win: %q", d.seen().dials)
		}
		bare := d.client(Options{Environment: "empty", Credentials: Credentials{}, Vault: func(context.Context) (Credentials, error) { return deskKey("the-key-name"), nil }})
		defer bare.Close()
		if _, err := bare.FetchOrder(t.Context(), "BTC/USDT", Ref{ID: "1"}); err == nil || len(bare.Families()) != 0 {
			t.Errorf("a family that is not there: %v, %v", err, bare.Families())
		}
	})
}
