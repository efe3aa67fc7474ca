package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/depthwire/depthwire/stream"
)

// lines is a channel of trades, one id or a span a line: "7", "7-9".
func lines(numbered bool) *Channel[Trade] {
	ch := &Channel[Trade]{Parse: func(dst []Trade, _ *Scope, b []byte) ([]Trade, error) {
		for line := range bytes.Lines(b) {
			first, last, span := bytes.Cut(bytes.TrimSpace(line), []byte("-"))
			if _, err := strconv.Atoi(string(first)); err != nil {
				return dst, err
			}
			t := Trade{ID: string(first)}
			if span {
				t.First, t.ID = string(first), string(last)
			}
			dst = append(dst, t)
		}
		return dst, nil
	}}
	if numbered {
		ch.Span = func(t *Trade) (first, last int64, ok bool) {
			last, _ = strconv.ParseInt(t.ID, 10, 64)
			first = last
			if t.First != "" {
				first, _ = strconv.ParseInt(t.First, 10, 64)
			}
			return first, last, last > 0
		}
	}
	return ch
}

func TestSeriesTellsWhatIsMissing(t *testing.T) {
	disconnect := func(x *series[Trade, *Trade]) {
		x.Down(&stream.Break{Cause: stream.Disconnect, From: time.Unix(100, 0)})
	}
	for _, c := range []struct {
		name     string
		numbered bool
		steps    []any // text: a message; a function: what happens
		want     string
	}{
		{"in order", true, []any{"1", "2", "3-5", "6"}, "1 2 5 6"},
		{"a jump", true, []any{"1", "4"}, "1 [gap 1→4 lost 2]4"},
		{"twice", true, []any{"1", "2", "2", "1", "3"}, "1 2 3"},
		{"an overlap", true, []any{"1-5", "3-7", "8"}, "5 7 8"},
		{"cut, nothing missed", true, []any{"1", disconnect, "2", "3"}, "1 2 3"},
		{"cut, the last one again", true, []any{"1", "2", disconnect, "2", "3"}, "1 2 3"},
		{"cut, some missed", true, []any{"1", disconnect, "5", "6"}, "1 [disconnect 1→5 lost 3]5 6"},
		{"cut twice, some missed", true, []any{"1", disconnect, disconnect, "5"}, "1 [disconnect 1→5 lost 3]5"},
		{"counting anew", true, []any{"99999999", "1", "2"}, "99999999 [gap 99999999→1 lost 0]1 2"},
		{"without ids", false, []any{"1", "5", disconnect, "9", "10"}, "1 5 [disconnect → lost 0]9 10"},
		{"cut before the first", true, []any{disconnect, "5"}, "5"},
		{"not understood", true, []any{"1", "what", "3"}, "1 [malformed 1→3 lost 1]3"},
		{"not understood, without ids", false, []any{"1", "what", "3"}, "1 [malformed → lost 0]3"},
		{"several in one message", true, []any{"1\n2\n3\n", "4\n7\n"}, "1 2 3 4 [gap 4→7 lost 2]7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := New(&Venue{Name: "test"}, Options{})
			defer cl.Close()
			x := &series[Trade, *Trade]{c: cl, channel: lines(c.numbered), feed: stream.NewEvents(kind[Trade](), 64), events: true}
			x.market = &Market{Symbol: "A/B"}
			x.scope = Scope{Market: x.market}
			sub := stream.Subscribe(t.Context(), nil, x.feed)
			got := ""
			sub.OnEvent(func(v *Trade) {
				if v.Venue != "test" || v.Symbol != "A/B" || v.Source != Stream || v.Received.IsZero() {
					t.Errorf("stamp %+v", v.Stamp)
				}
				if b := v.Break; b != nil {
					got += fmt.Sprintf(" [%s %s→%s lost %d]", b.Cause, b.FromID, b.ToID, b.Lost)
					if b.From.IsZero() || b.To.IsZero() || b.Healed {
						t.Errorf("break %+v", b)
					}
					got += v.ID
					return
				}
				got += " " + v.ID
			})
			for i, step := range c.steps {
				switch step := step.(type) {
				case string:
					err := x.Data([]byte(step), time.Unix(int64(100+i), 0))
					if (step == "what") != (err != nil) {
						t.Errorf("%q: %v", step, err)
					}
				case func(*series[Trade, *Trade]):
					step(x)
				}
			}
			if got != " "+c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestErrorKinds(t *testing.T) {
	for _, c := range []struct {
		err  error
		is   []error
		isnt []error
	}{
		{ErrBanned, []error{ErrBanned, ErrRateLimit, ErrNetwork}, []error{ErrUnavailable, ErrAuth}},
		{ErrMaintenance, []error{ErrUnavailable, ErrNetwork}, []error{ErrRateLimit}},
		{ErrOrderNotFound, []error{ErrInvalidOrder, ErrBadRequest}, []error{ErrBadSymbol}},
		{ErrNonce, []error{ErrAuth}, []error{ErrPermission}},
		{ErrPassphrase, []error{ErrAuth}, []error{ErrPermission, ErrNonce}},
		{ErrAddress, []error{ErrPermission, ErrAuth}, []error{ErrPassphrase}},
		{ErrNotSupported, []error{errors.ErrUnsupported}, []error{ErrBadRequest}},
		{&Error{Venue: "v", Kind: ErrBadSymbol, Err: ErrClosed}, []error{ErrBadSymbol, ErrBadRequest, ErrClosed}, []error{ErrNetwork}},
	} {
		for _, k := range c.is {
			if !errors.Is(c.err, k) {
				t.Errorf("%v is not %v", c.err, k)
			}
		}
		for _, k := range c.isnt {
			if errors.Is(c.err, k) {
				t.Errorf("%v is %v", c.err, k)
			}
		}
	}
	e := &Error{Venue: "okx", Op: "FetchTicker", Symbol: "A/B", Kind: ErrRateLimit, Code: "50011", Message: "Too Many Requests", RetryAfter: 1500 * time.Millisecond}
	if got, want := e.Error(), "okx FetchTicker A/B: rate limit: 50011 Too Many Requests (again in 1.5s)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !Retryable(e) || Retryable(ErrBadSymbol) {
		t.Error("Retryable is wrong")
	}
}

func TestIntervals(t *testing.T) {
	for i, want := range map[Interval]time.Duration{"1m": time.Minute, "12h": 12 * time.Hour, "1w": 168 * time.Hour, "1M": 720 * time.Hour, "": 0, "m": 0, "1x": 0, "1 m": 0, "99999999999999999999m": 0} {
		if got := i.Duration(); got != want {
			t.Errorf("%q: %s, want %s", i, got, want)
		}
	}
}
