package rest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

const (
	backoff         = 200 * time.Millisecond // first pause, doubled with each try
	maxBackoff      = 10 * time.Second
	banPause        = 2 * time.Minute // the shortest ban (Binance, section 9.3)
	limitedPause    = time.Second     // after a 429 without Retry-After in a limit without windows
	maxLimitedPause = time.Minute
)

// Client sends requests to one host of a venue. Its fields are set before the first use; the zero value of each has a
// default, but for Base. It is safe for concurrent use.
type Client struct {
	Base      string            // scheme and host, e.g. "https://api.binance.com"
	Transport http.RoundTripper // nil means http.DefaultTransport
	Governor  *Governor         // nil means one of its own; clients that count against the same limits share one
	Signer    Signer
	Clock     *Clock       // for signatures; nil means the local clock
	Judge     Judge        // nil means JudgeStatus
	UserAgent string       // empty means "depthwire"
	Header    http.Header  // of all requests, where they have none of the name themselves
	Log       *slog.Logger // stops as warnings, repetitions for debugging; nil means silence

	Timeout time.Duration       // of one try, zero means 10 s
	MaxBody int64               // bytes after decompression, zero means 16 MiB
	Tries   int                 // of what may be repeated, zero means 4; 1: never again
	Rand    func(n int64) int64 // for jitter: in [0, n); nil means rand.Int64N

	own Governor
}

// Response is an accepted answer. Body is the caller's.
type Response struct {
	Status         int
	Header         http.Header
	Body           []byte
	Sent, Received time.Time // local: before the request, after the last byte of the answer
}

// Do sends r as soon as its charges allow and returns the accepted answer. What may be repeated is, after a
// transport error, a 408, a 5xx (pauses of full jitter: up to 200 ms, 400 ms, … 10 s) or a 429 (when the stop that it put on
// the limits is over). A pause that would outlast the deadline of ctx is not begun. Errors: *StatusError,
// *LimitError, *TransportError, ErrTooLarge, ErrNoSigner, ErrCharge, what the Signer returned, or the cause of ctx while
// waiting. None holds a query or a header.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	tries := 1
	if r.repeatable() {
		tries = cmp.Or(c.Tries, 4)
	}
	var last error
	for try := 1; ; try++ {
		if err := c.governor().Wait(ctx, r.Priority, r.Charges...); err != nil {
			return nil, unsent(r, err, last)
		}
		resp, v, err := c.try(ctx, r)
		if err == nil {
			return resp, nil
		}
		c.stop(r, v, err, try)
		if try >= tries {
			return nil, err
		}
		pause, again := c.again(ctx, v, try)
		if !again {
			return nil, err
		}
		if cause := sleep(ctx, pause); cause != nil {
			return nil, unsent(r, cause, err)
		}
		last = err
		c.log().DebugContext(ctx, "rest: trying again", "method", r.method(), "path", r.Path, "try", try+1, "err", err)
	}
}

// unsent is the error of a request that the governor did not let go. Why it had to be sent again says more than that it
// could not be.
func unsent(r *Request, err, last error) error {
	var stopped *LimitError
	switch {
	case last == nil:
		return fmt.Errorf("rest: %s %s: %w", r.method(), r.Path, err)
	case errors.As(err, &stopped):
		return last
	}
	return fmt.Errorf("rest: %s %s: %w while waiting to try again after %w", r.method(), r.Path, err, last)
}

// try sends r once. The verdict says what an error means.
func (c *Client) try(ctx context.Context, r *Request) (*Response, Verdict, error) {
	refuse := Verdict{Action: Refuse}
	signed := r.copied()
	var secrets []string
	if r.Signed {
		sign := r.Signer
		if sign == nil {
			sign = c.Signer
		}
		if sign == nil {
			return nil, refuse, fmt.Errorf("%w: %s %s", ErrNoSigner, signed.Method, r.Path)
		}
		if err := sign(signed, c.Clock.Now()); err != nil {
			return nil, refuse, fmt.Errorf("rest: %s %s: sign: %w", signed.Method, r.Path, err)
		}
		secrets = signed.added(r)
	}
	req, err := c.build(ctx, signed)
	if err != nil {
		return nil, refuse, fmt.Errorf("rest: %s: %w", signed.Method, bare(err)) // the path may be what is wrong
	}
	resp, err := c.send(req)
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, refuse, fmt.Errorf("%w: %s %s", ErrTooLarge, signed.Method, r.Path)
	case err != nil:
		return nil, Verdict{Action: Retry}, &TransportError{signed.Method, r.Path, err}
	}
	c.observe(r, resp)
	v := c.judge(resp)
	if v.Action == Accept {
		return resp, v, nil
	}
	failure := &StatusError{Method: signed.Method, Path: r.Path, Status: resp.Status, Body: excerpt(resp.Body, secrets)}
	if v.Until.After(resp.Received) {
		failure.RetryAfter = v.Until.Sub(resp.Received)
	}
	return nil, v, failure
}

func (c *Client) build(ctx context.Context, r *Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, strings.TrimSuffix(c.Base, "/")+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	if u := req.URL; u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("base and path may not hold a query, a fragment or a user")
	}
	req.URL.RawQuery = r.RawQuery()
	req.Header = r.Header
	for name, values := range c.Header {
		if req.Header[name] == nil {
			req.Header[name] = values
		}
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", cmp.Or(c.UserAgent, "depthwire"))
	}
	return req, nil
}

// send is one exchange with the host. The transport is used without an http.Client, which would follow redirects with
// the headers that the Signer made, and print addresses.
func (c *Client) send(req *http.Request) (*Response, error) {
	ctx, cancel := context.WithTimeoutCause(req.Context(), cmp.Or(c.Timeout, 10*time.Second), ErrTimeout)
	defer cancel()
	sent := time.Now()
	answer, err := cmp.Or(c.Transport, http.DefaultTransport).RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, cause(ctx, err)
	}
	defer answer.Body.Close()
	body, err := read(answer, cmp.Or(c.MaxBody, 16<<20))
	if err != nil {
		return nil, cause(ctx, err)
	}
	return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body, Sent: sent, Received: time.Now()}, nil
}

// cause is why an exchange failed: the end of its context, which transports report in various ways, or err.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ErrTooLarge) {
		return context.Cause(ctx)
	}
	return bare(err)
}

func read(answer *http.Response, most int64) ([]byte, error) {
	if answer.ContentLength > most {
		return nil, ErrTooLarge
	}
	var b bytes.Buffer
	// what is announced is not what comes: no more than a guess is reserved for it
	b.Grow(int(min(max(answer.ContentLength, 0), 1<<20)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(answer.Body, most+1))
	if n > most {
		return nil, ErrTooLarge
	}
	return b.Bytes(), err
}

func (c *Client) judge(resp *Response) Verdict {
	if c.Judge == nil {
		return JudgeStatus(resp.Status, resp.Header, resp.Body)
	}
	return c.Judge(resp.Status, resp.Header, resp.Body)
}

func (c *Client) observe(r *Request, resp *Response) {
	for _, charge := range r.Charges {
		if read := charge.Limit.Used; read != nil {
			if used, ok := read(resp.Header); ok {
				c.governor().Observe(charge.Limit, used, resp.Sent)
			}
		}
	}
}

// stop tells the governor of a limit that was hit. A 429 speaks for the limits that the request was charged to, or for
// everything when it was charged to none; a ban for everything.
func (c *Client) stop(r *Request, v Verdict, reason error, try int) {
	var hit []*Limit
	until := v.Until
	switch v.Action {
	case Banned:
		if until.IsZero() {
			until = time.Now().Add(banPause)
		}
	case Limited:
		for _, charge := range r.Charges {
			hit = append(hit, charge.Limit)
		}
		if until.IsZero() {
			until = c.governor().reopens(hit, min(limitedPause<<min(try-1, 10), maxLimitedPause))
		}
	default:
		return
	}
	if e := (*StatusError)(nil); errors.As(reason, &e) {
		e.RetryAfter = max(time.Until(until), 0)
	}
	c.governor().Stop(until, reason, hit...)
	c.log().Warn("rest: stopped by the venue", "until", until, "err", reason)
}

// again reports whether to try again after the verdict, and after what pause.
func (c *Client) again(ctx context.Context, v Verdict, try int) (pause time.Duration, ok bool) {
	switch {
	case ctx.Err() != nil:
		return 0, false
	case v.Action == Limited: // the governor does the waiting
		return 0, true
	case v.Action != Retry:
		return 0, false
	}
	pause = time.Duration(c.rand()(int64(min(backoff<<min(try-1, 10), maxBackoff))))
	pause = max(pause, time.Until(v.Until))
	deadline, bounded := ctx.Deadline()
	// longer than that is the caller's to wait
	return pause, pause <= maxBackoff && !(bounded && time.Until(deadline) <= pause)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var quiet = slog.New(slog.DiscardHandler)

func (c *Client) log() *slog.Logger { return cmp.Or(c.Log, quiet) }

func (c *Client) governor() *Governor { return cmp.Or(c.Governor, &c.own) }

func (c *Client) rand() func(int64) int64 {
	if c.Rand == nil {
		return rand.Int64N
	}
	return c.Rand
}
