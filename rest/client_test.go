package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// venue answers in memory.
type venue func(r *http.Request) (*http.Response, error)

func (v venue) RoundTrip(r *http.Request) (*http.Response, error) { return v(r) }

func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// script answers one after the other, and notes when it was asked.
type script struct {
	mu      sync.Mutex
	answers []func() (*http.Response, error)
	asked   []time.Time
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Now())
	if len(s.answers) == 0 {
		return answer(200, "ok"), nil
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	return next()
}

func says(status int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(status, body, header...), nil }
}

func fails(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// torn breaks off in the body.
func torn() (*http.Response, error) {
	r := answer(200, "")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"bids":[[`), brokenReader{}))
	return r, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type answers = []func() (*http.Response, error)

func TestDoTriesAgainWhatMayBeRepeated(t *testing.T) {
	html := "<html><body>bad gateway \xff</body></html>"
	reset := errors.New("connection reset")
	for _, c := range []struct {
		name    string
		request Request
		answers answers
		asked   int // how often
		status  int // of the *StatusError; 0: success, -1: *TransportError
	}{
		{"at once", Request{}, nil, 1, 0},
		{"5xx", Request{}, answers{says(502, html), says(503, ""), says(500, "")}, 4, 0},
		{"5xx for ever", Request{}, answers{says(502, html), says(502, html), says(502, html), says(504, html), says(200, "late")}, 4, 504},
		{"408", Request{}, answers{says(408, "")}, 2, 0},
		{"transport", Request{}, answers{fails(reset), fails(reset)}, 3, 0},
		{"transport for ever", Request{}, answers{fails(reset), fails(reset), fails(reset), fails(reset)}, 4, -1},
		{"torn body", Request{}, answers{torn}, 2, 0},
		{"429", Request{}, answers{says(429, "{}", "Retry-After", "3")}, 2, 0},
		{"418 never", Request{}, answers{says(418, "{}", "Retry-After", "3")}, 1, 418},
		{"4xx never", Request{}, answers{says(400, `{"code":-1121}`)}, 1, 400},
		{"firewall never", Request{}, answers{says(403, html)}, 1, 403},
		{"redirect never", Request{}, answers{says(302, "", "Location", "https://elsewhere.example/?x=1")}, 1, 302},
		{"5xx with a long Retry-After", Request{}, answers{says(503, "", "Retry-After", "600")}, 1, 503},
		{"POST 5xx", Request{Method: "POST"}, answers{says(502, html)}, 1, 502},
		{"POST 429", Request{Method: "POST"}, answers{says(429, "{}")}, 1, 429},
		{"POST transport", Request{Method: "POST"}, answers{fails(reset)}, 1, -1},
		{"POST torn", Request{Method: "POST"}, answers{torn}, 1, -1},
		{"DELETE that may be repeated", Request{Method: "DELETE", Idempotent: true}, answers{fails(reset)}, 2, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			host := &script{answers: c.answers}
			client := &Client{Base: "https://venue.example/", Transport: host}
			c.request.Path = "/depth"
			resp, err := client.Do(t.Context(), &c.request)
			if len(host.asked) != c.asked {
				t.Errorf("%s: asked %d times, want %d", c.name, len(host.asked), c.asked)
			}
			var status *StatusError
			var transport *TransportError
			switch {
			case c.status == 0 && (err != nil || string(resp.Body) != "ok"):
				t.Errorf("%s: got %v", c.name, err)
			case c.status > 0 && (!errors.As(err, &status) || status.Status != c.status || status.Path != "/depth"):
				t.Errorf("%s: got %v, want status %d", c.name, err, c.status)
			case c.status < 0 && (!errors.As(err, &transport) || !errors.Is(err, reset) && !errors.Is(err, io.ErrUnexpectedEOF)):
				t.Errorf("%s: got %v, want a transport error", c.name, err)
			}
		})
	}
}

func TestDoPausesWithFullJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bounds []time.Duration
		host := &script{}
		for range 10 {
			host.answers = append(host.answers, says(500, ""))
		}
		client := &Client{Base: "https://venue.example", Transport: host, Tries: 9, Rand: func(n int64) int64 {
			bounds = append(bounds, time.Duration(n))
			return n / 2
		}}
		if _, err := client.Do(t.Context(), &Request{}); err == nil {
			t.Error("no error")
		}
		for i, want := range []time.Duration{200, 400, 800, 1600, 3200, 6400, 10000, 10000} {
			want *= time.Millisecond
			if bounds[i] != want {
				t.Errorf("pause %d below %v, want %v", i, bounds[i], want)
			}
			if got := host.asked[i+1].Sub(host.asked[i]); got != want/2 {
				t.Errorf("pause %d took %v, want %v", i, got, want/2)
			}
		}
		for range 1000 {
			if n := client.rand()(10); n < 0 || n >= 10 {
				t.Fatalf("jitter %d", n)
			}
		}
	})
}

func TestRetryAfterStopsAllWhoShare(t *testing.T) {
	l := &Limit{Name: "weight", Max: 6000, Per: time.Minute, Fixed: true}
	for _, c := range []struct {
		name   string
		header []string
		want   time.Duration // of the others' silence
	}{
		{"seconds", []string{"Retry-After", "7"}, 7 * time.Second},
		{"nothing said: the next window", nil, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(30 * time.Second)
			host := &script{answers: answers{says(429, `{"code":-1003}`, c.header...)}}
			var g Governor
			one := &Client{Base: "https://one.example", Transport: host, Governor: &g}
			two := &Client{Base: "https://two.example", Transport: host, Governor: &g}
			ask := func(c *Client) {
				_, err := c.Do(t.Context(), &Request{Path: "/x", Charges: []Charge{{l, 1}}})
				must(t, err)
			}
			start := time.Now()
			var wg sync.WaitGroup
			wg.Go(func() { ask(one) })
			synctest.Wait()
			for range 20 {
				wg.Go(func() { ask(two) })
			}
			wg.Wait()
			if len(host.asked) != 22 {
				t.Errorf("%s: asked %d times", c.name, len(host.asked))
			}
			for _, at := range host.asked[1:] {
				if at.Sub(start) < c.want || at.Sub(start) > c.want+2*time.Second {
					t.Errorf("%s: asked again after %v, want %v", c.name, at.Sub(start), c.want)
				}
			}
		})
	}
}

func TestBanStopsEverythingAndIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &script{answers: answers{says(418, `{"code":-1003,"msg":"banned"}`)}}
		client := &Client{Base: "https://venue.example", Transport: host}
		_, err := client.Do(t.Context(), &Request{Path: "/a", Charges: []Charge{{weight(), 1}}})
		var status *StatusError
		if !errors.As(err, &status) || status.RetryAfter != 2*time.Minute {
			t.Fatalf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var limit *LimitError
		if _, err = client.Do(ctx, &Request{Path: "/b"}); !errors.As(err, &limit) || limit.RetryAfter != 2*time.Minute {
			t.Errorf("while banned: got %v", err)
		}
		start := time.Now()
		if _, err = client.Do(t.Context(), &Request{Path: "/c"}); err != nil || time.Since(start) != 2*time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if len(host.asked) != 2 {
			t.Errorf("asked %d times", len(host.asked))
		}
	})
}

func TestLimitedBeyondTheDeadlineIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &Client{Base: "https://venue.example", Transport: &script{answers: answers{says(429, "{}", "Retry-After", "60")}}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Do(ctx, &Request{Path: "/a", Charges: []Charge{{weight(), 1}}})
		var status *StatusError
		if !errors.As(err, &status) || status.Status != 429 || status.RetryAfter != time.Minute || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestCancelledWhileWaiting(t *testing.T) {
	cause := errors.New("the user has left")
	synctest.Test(t, func(t *testing.T) {
		for name, first := range map[string]func() (*http.Response, error){"in the governor": says(429, "{}", "Retry-After", "60"), "in a pause": says(500, "")} {
			client := &Client{Base: "https://venue.example", Transport: &script{answers: answers{first}}, Rand: func(n int64) int64 { return n - 1 }}
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(100*time.Millisecond, func() { cancel(cause) })
			start := time.Now()
			_, err := client.Do(ctx, &Request{Path: "/a"})
			var status *StatusError
			if !errors.As(err, &status) || !errors.Is(err, cause) || time.Since(start) != 100*time.Millisecond {
				t.Errorf("%s: after %v: %v", name, time.Since(start), err)
			}
		}
	})
}

func TestSilentHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		client := &Client{Base: "https://venue.example", Transport: venue(func(r *http.Request) (*http.Response, error) {
			asked++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		if _, err := client.Do(t.Context(), &Request{}); !errors.Is(err, ErrTimeout) || asked != 4 {
			t.Errorf("asked %d times: %v", asked, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		asked = 0
		if _, err := client.Do(ctx, &Request{}); !errors.Is(err, context.DeadlineExceeded) || asked != 1 {
			t.Errorf("asked %d times: %v", asked, err)
		}
	})
}

func TestBodyIsBounded(t *testing.T) {
	for name, length := range map[string]int64{"announced": 101, "not announced": -1, "a lie": 3} {
		host := &script{answers: answers{func() (*http.Response, error) {
			r := answer(200, strings.Repeat("x", 101))
			r.ContentLength = length
			return r, nil
		}}}
		client := &Client{Base: "https://venue.example", Transport: host, MaxBody: 100}
		if _, err := client.Do(t.Context(), &Request{}); !errors.Is(err, ErrTooLarge) || len(host.asked) != 1 {
			t.Errorf("%s: asked %d times: %v", name, len(host.asked), err)
		}
	}
	client := &Client{Base: "https://venue.example", Transport: &script{answers: answers{says(200, strings.Repeat("x", 100))}}, MaxBody: 100}
	if r, err := client.Do(t.Context(), &Request{}); err != nil || len(r.Body) != 100 {
		t.Errorf("just as long as allowed: %v", err)
	}
}

func TestSignerSignsEachTryAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var queries, headers []string
		var clock Clock
		clock.Measure(time.Now(), time.Now(), time.Now().Add(5*time.Second))
		client := &Client{
			Base: "https://venue.example/prefix", Clock: &clock, UserAgent: "bot",
			Rand: func(n int64) int64 { return n - 1 },
			Signer: func(r *Request, now time.Time) error {
				r.Set("timestamp", fmt.Sprint(now.UnixMilli()))
				r.Header.Set("X-Signature", r.Method+r.Target()+string(r.Body))
				return nil
			},
			Transport: venue(func(r *http.Request) (*http.Response, error) {
				body, _ := io.ReadAll(r.Body)
				queries = append(queries, r.URL.RequestURI()+string(body))
				headers = append(headers, r.Header.Get("X-Signature")+r.Header.Get("User-Agent"))
				if len(queries) == 1 {
					return answer(500, ""), nil
				}
				return answer(200, ""), nil
			}),
		}
		r := &Request{Method: "PUT", Path: "/a%2Fb", Query: []Param{{"symbol", "币"}}, Body: []byte("{}"), Idempotent: true, Signed: true}
		start := time.Now().UnixMilli() + 5000
		_, err := client.Do(t.Context(), r)
		must(t, err)
		if len(r.Query) != 1 || r.Header != nil {
			t.Errorf("the request was changed: %+v", r)
		}
		for i, ms := range []int64{start, start + 199} {
			target := fmt.Sprintf("/a%%2Fb?symbol=%%E5%%B8%%81&timestamp=%d{}", ms)
			if queries[i] != "/prefix"+target || headers[i] != "PUT"+target+"bot" {
				t.Errorf("try %d: %s signed %s, want %s", i, queries[i], headers[i], target)
			}
		}
		client.Signer = func(*Request, time.Time) error { return context.Canceled }
		if _, err := client.Do(t.Context(), r); !errors.Is(err, context.Canceled) {
			t.Errorf("signer's error: got %v", err)
		}
		client.Signer = nil
		if _, err := client.Do(t.Context(), r); !errors.Is(err, ErrNoSigner) || len(queries) != 2 {
			t.Errorf("without a signer: got %v", err)
		}
	})
}

func TestOwnJudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &script{answers: answers{says(200, `{"code":"50011"}`)}}
		client := &Client{Base: "https://venue.example", Transport: host, Judge: func(status int, h http.Header, body []byte) Verdict {
			if bytes.Contains(body, []byte("50011")) {
				return Verdict{Action: Limited}
			}
			return JudgeStatus(status, h, body)
		}}
		l := &Limit{Name: "books", Max: 40, Per: 2 * time.Second}
		start := time.Now()
		if _, err := client.Do(t.Context(), &Request{Charges: []Charge{{l, 1}}}); err != nil || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestBadBaseIsNotTriedAgain(t *testing.T) {
	for _, address := range [][2]string{
		{"https://venue.example:port", "/x"}, {"https://venue.example", "/x?key=secret"}, {"https://venue.example", "/x#secret"},
		{"https://user:secret@venue.example", "/x"}, {"https://venue.example?key=secret", "/x"}, {"://secret", "/x"},
	} {
		host := &script{}
		client := &Client{Base: address[0], Transport: host}
		var transport *TransportError
		_, err := client.Do(t.Context(), &Request{Path: address[1]})
		if err == nil || errors.As(err, &transport) || len(host.asked) != 0 || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: asked %d times, got %v", address, len(host.asked), err)
		}
	}
}

func TestSecretsStayOutOfErrorsAndLogs(t *testing.T) {
	const signature, key = "c671298b4df4423b+/f715dfda7fd6", "Tv1mKqY8sR2dXw5nLb7c"
	var log bytes.Buffer
	client := &Client{
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Signer: func(r *Request, now time.Time) error {
			r.Header.Set("X-Key", key)
			r.Set("signature", signature)
			return nil
		},
	}
	// echo refuses with the whole address and the headers in the body, as firewalls do.
	echo := func(status int) venue {
		return func(r *http.Request) (*http.Response, error) {
			return answer(status, fmt.Sprintf("<html>%s %v %s", r.URL, r.Header, signature), "Retry-After", "1", "Location", r.URL.String()), nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			base      string
			transport http.RoundTripper
		}{
			"url error": {"https://venue.example", venue(func(r *http.Request) (*http.Response, error) {
				return nil, fmt.Errorf("proxy: %w", urlError(r))
			})},
			"bad base":      {"https://venue.example\x7f", echo(200)},
			"bad port":      {"https://venue.example:port", echo(200)},
			"refused":       {"https://venue.example", echo(400)},
			"firewall":      {"https://venue.example", echo(403)},
			"redirect":      {"https://venue.example", echo(301)},
			"limited":       {"https://venue.example", echo(429)},
			"banned":        {"https://venue.example", echo(418)},
			"unavailable":   {"https://venue.example", echo(503)},
			"real dialling": {"https://venue.invalid", &http.Transport{DialContext: refuseDial}},
		} {
			client.Base, client.Transport = c.base, c.transport
			_, err := client.Do(t.Context(), &Request{Path: "/account", Signed: true})
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			texts := []string{err.Error(), fmt.Sprintf("%+v", err), log.String()}
			if status := (*StatusError)(nil); errors.As(err, &status) {
				texts = append(texts, string(status.Body))
				if len(status.Body) > 512 {
					t.Errorf("%s: body of %d bytes", name, len(status.Body))
				}
			}
			for _, text := range texts {
				text = strings.ReplaceAll(text, "signature=[secret]", "")
				for _, secret := range []string{signature, key, "c671298b4df4423b", "f715dfda7fd6", "signature="} {
					if strings.Contains(text, secret) {
						t.Errorf("%s: %q in %s", name, secret, text)
					}
				}
			}
		}
	})
}
