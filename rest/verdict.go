package rest

import (
	"net/http"
	"strings"
	"time"
)

// Action is what an answer means for the request.
type Action uint8

const (
	Accept  Action = iota // the answer is the caller's
	Refuse                // the error is the caller's; asking again would not help
	Retry                 // the venue failed; what may be repeated is
	Limited               // too much was asked: all who share the limits wait, then what may be repeated is
	Banned                // everybody stops; nothing is repeated
)

// Verdict is the judgement of one answer.
type Verdict struct {
	Action
	Until time.Time // of Retry, Limited and Banned: when the venue may be asked again; zero: it did not say
}

// Judge classifies an answer. A venue has its own where statuses do not tell everything (a refusal with status 200, a ban
// whose end stands in the body), and falls back to JudgeStatus. It must not keep body.
type Judge func(status int, h http.Header, body []byte) Verdict

// JudgeStatus is the Judge by status alone: 2xx is accepted, 429 limited, 418 banned, 408 and 5xx worth a retry, all others
// refused, redirects among them. Until is taken from Retry-After.
func JudgeStatus(status int, h http.Header, _ []byte) Verdict {
	v := Verdict{Action: Refuse}
	switch {
	case 200 <= status && status < 300:
		return Verdict{}
	case status == http.StatusTooManyRequests:
		v.Action = Limited
	case status == http.StatusTeapot: // Binance, section 9.3: the address is banned
		v.Action = Banned
	case status == http.StatusRequestTimeout, status >= 500:
		v.Action = Retry
	}
	now := time.Now()
	if d := RetryAfter(h, now); d > 0 {
		v.Until = now.Add(d)
	}
	return v
}

// maxRetryAfter bounds what a header can ask for: the longest ban of a venue that we know is three days.
const maxRetryAfter = 72 * time.Hour

// RetryAfter reads the header of that name: seconds, or a date, which is compared with the answer's own Date, or with now
// where it has none. It is zero when the header is absent, unreadable or in the past, and at most three days.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, ok := digits(text); ok {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// Age reads the header of that name: how long the answer lay in a cache before it was sent. It is zero when the header is
// absent or unreadable.
func Age(h http.Header) time.Duration {
	seconds, _ := digits(strings.TrimSpace(h.Get("Age")))
	return time.Duration(seconds) * time.Second
}

// digits reads a number of seconds; from a year on they are all the same.
func digits(s string) (n int64, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int64(c-'0'), 366*24*3600)
	}
	return n, s != ""
}
