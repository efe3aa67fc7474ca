package rest

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func urlError(r *http.Request) error {
	return &url.Error{Op: "Get", URL: r.URL.String(), Err: &url.Error{Op: "Get", URL: r.URL.String(), Err: io.EOF}}
}

func refuseDial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("connection refused")
}

// pipes is a listener in memory, for the real HTTP server and transport.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p <- theirs
	return ours, nil
}

// The real server and transport in memory. The bubble ends only when every goroutine of the transport has.
func TestOverTheWire(t *testing.T) {
	big := strings.Repeat("0123456789", 100_000)
	redirected := 0
	torn := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		io.WriteString(z, big)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { redirected++ })
	mux.HandleFunc("/torn", func(w http.ResponseWriter, r *http.Request) {
		if torn++; torn > 1 {
			io.WriteString(w, "whole")
			return
		}
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RequestURI) })

	synctest.Test(t, func(t *testing.T) {
		listener := make(pipes)
		server := &http.Server{Handler: mux}
		var wg sync.WaitGroup
		wg.Go(func() { _ = server.Serve(listener) })
		transport := &http.Transport{DialContext: listener.dial}
		defer wg.Wait()
		defer server.Close()
		defer transport.CloseIdleConnections()

		client := &Client{Base: "http://venue.example", Transport: transport}
		get := func(path string, query ...Param) (*Response, error) {
			return client.Do(t.Context(), &Request{Path: path, Query: query})
		}
		if r, err := get("/gzip"); err != nil || string(r.Body) != big {
			t.Errorf("gzip: %v", err)
		}
		client.MaxBody = int64(len(big)) - 1
		if _, err := get("/gzip"); !errors.Is(err, ErrTooLarge) {
			t.Errorf("too large only after decompression: %v", err)
		}
		var status *StatusError
		if _, err := get("/moved"); !errors.As(err, &status) || status.Status != 302 || redirected != 0 {
			t.Errorf("redirect: %v, followed %d times", err, redirected)
		}
		if r, err := get("/torn"); err != nil || string(r.Body) != "whole" || torn != 2 {
			t.Errorf("torn body: %v after %d tries", err, torn)
		}
		if r, err := get("/echo", Param{"a", " +;,"}, Param{"b", ""}); err != nil || string(r.Body) != "/echo?a=%20%2B%3B%2C&b=" {
			t.Errorf("the query was not sent as it is signed: %v", r)
		}
	})
}

// weigher is a venue that counts weight in the fixed minutes of its own clock, when a request arrives.
type weigher struct {
	ahead   time.Duration // its clock against ours
	mu      sync.Mutex
	rnd     *rand.Rand
	minutes map[int64]int
	refused int
	foreign int // weight that others behind the address use at the start of each minute
}

func (w *weigher) latency() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(5+w.rnd.IntN(300)) * time.Millisecond
}

func (w *weigher) RoundTrip(r *http.Request) (*http.Response, error) {
	cost, _ := strconv.Atoi(r.URL.Query().Get("weight"))
	time.Sleep(w.latency())
	w.mu.Lock()
	now := time.Now().Add(w.ahead)
	minute := now.Unix() / 60
	if _, ok := w.minutes[minute]; !ok {
		w.minutes[minute] = w.foreign
	}
	w.minutes[minute] += cost
	used := w.minutes[minute]
	if used > 6000 {
		w.refused++
	}
	w.mu.Unlock()
	time.Sleep(w.latency())
	if used > 6000 {
		return answer(429, `{"code":-1003}`, "Retry-After", strconv.Itoa(60-now.Second())), nil
	}
	return answer(200, "{}", "X-Mbx-Used-Weight-1m", strconv.Itoa(used)), nil
}

// 600 snapshots of weight 50 are asked for by many goroutines, while orders and polls go on: no minute of the venue's clock
// may hold more than 90 % of the limit, wherever in the minute it begins and however wrong the local clock is.
func TestNoMinuteHoldsMoreThanItsShare(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			host := &weigher{ahead: time.Duration(rnd.IntN(4000)-2000) * time.Millisecond, rnd: rand.New(rand.NewPCG(seed, 8)), minutes: map[int64]int{}}
			time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute - 100*time.Millisecond*time.Duration(seed) - host.ahead)))
			l := weight()
			l.Used = func(h http.Header) (int, bool) {
				n, err := strconv.Atoi(h.Get("X-MBX-USED-WEIGHT-1M"))
				return n, err == nil
			}
			var clock Clock
			sent := time.Now()
			time.Sleep(host.latency())
			server := sent.Add(time.Since(sent) + host.ahead)
			time.Sleep(host.latency())
			clock.Measure(sent, time.Now(), server)
			client := &Client{Base: "https://venue.example", Transport: host, Governor: &Governor{Clock: &clock}}
			ask := func(p Priority, cost int) {
				_, err := client.Do(t.Context(), &Request{Path: "/depth", Query: []Param{{"weight", strconv.Itoa(cost)}}, Priority: p, Charges: []Charge{{l, cost}}})
				must(t, err)
			}
			start := time.Now()
			var wg sync.WaitGroup
			for range 600 {
				wg.Go(func() { ask(Snapshot, 50) })
			}
			for range 100 {
				time.Sleep(time.Duration(rnd.IntN(5000)) * time.Millisecond)
				wg.Go(func() { ask(Order, 1) })
			}
			wg.Wait()
			total := 0
			for minute, used := range host.minutes {
				total += used
				if used > 5400 {
					t.Errorf("seed %d: minute %d holds %d", seed, minute, used)
				}
			}
			if total != 600*50+100 || host.refused != 0 {
				t.Errorf("seed %d: total %d, refused %d", seed, total, host.refused)
			}
			if d := time.Since(start); d > 6*time.Minute+10*time.Second {
				t.Errorf("seed %d: took %v", seed, d)
			}
		})
	}
}

// Others use the same address: the venue's header tells, and hardly anything is refused.
func TestHeaderTellsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &weigher{rnd: rand.New(rand.NewPCG(1, 1)), minutes: map[int64]int{}, foreign: 3000}
		l := weight()
		l.Used = func(h http.Header) (int, bool) {
			n, err := strconv.Atoi(h.Get("X-MBX-USED-WEIGHT-1M"))
			return n, err == nil
		}
		client := &Client{Base: "https://venue.example", Transport: host}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 60 {
					_, err := client.Do(t.Context(), &Request{Query: []Param{{"weight", "50"}}, Charges: []Charge{{l, 50}}})
					must(t, err)
				}
			})
		}
		wg.Wait()
		if host.refused != 0 || len(host.minutes) != 5 && len(host.minutes) != 6 {
			t.Errorf("refused %d in %d minutes", host.refused, len(host.minutes))
		}
	})
}
