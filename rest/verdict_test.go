package rest

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := at(0)
	date := func(s float64) string { return at(s).Format(http.TimeFormat) }
	for _, c := range []struct {
		header, date string
		want         time.Duration
	}{
		{"", "", 0}, {"37", "", 37 * time.Second}, {" 2 ", "", 2 * time.Second}, {"0", "", 0}, {"-5", "", 0}, {"soon", "", 0}, {"1.5", "", 0},
		{"99999999999999999999999999", "", maxRetryAfter},
		{date(90), "", 90 * time.Second}, {date(-90), "", 0}, {date(1e7), "", maxRetryAfter},
		{date(90), date(60), 30 * time.Second}, // our clock does not matter where the answer has its own
	} {
		h := http.Header{}
		h.Set("Retry-After", c.header)
		h.Set("Date", c.date)
		if got := RetryAfter(h, now); got != c.want {
			t.Errorf("Retry-After %q, Date %q: got %v, want %v", c.header, c.date, got, c.want)
		}
	}
}

func TestJudgeStatus(t *testing.T) {
	for status, want := range map[int]Action{
		200: Accept, 204: Accept, 301: Refuse, 302: Refuse, 304: Refuse, 400: Refuse, 401: Refuse, 403: Refuse, 404: Refuse,
		408: Retry, 418: Banned, 429: Limited, 451: Refuse, 500: Retry, 503: Retry, 599: Retry, 0: Refuse,
	} {
		if got := JudgeStatus(status, nil, nil).Action; got != want {
			t.Errorf("%d: got %v, want %v", status, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"37", "0", "-1", "Mon, 14 Sep 2026 12:01:30 GMT", "99999999999999999999", "Monday, 14-Sep-26 12:01:30 GMT", "\x00", "+5"} {
		f.Add(s, "")
		f.Add("60", s)
	}
	f.Fuzz(func(t *testing.T, after, date string) {
		h := http.Header{"Retry-After": {after}, "Date": {date}}
		if d := RetryAfter(h, at(0)); d < 0 || d > maxRetryAfter {
			t.Errorf("%q, %q: %v", after, date, d)
		}
	})
}

func TestAge(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "0": 0, "59": 59 * time.Second, " 3600 ": time.Hour, "-1": 0, "soon": 0, "1.5": 0, "99999999999999999999": 366 * 24 * time.Hour} {
		if got := Age(http.Header{"Age": {text}}); got != want {
			t.Errorf("Age: %s is %v, want %v", text, got, want)
		}
	}
	if Age(nil) != 0 {
		t.Error("an answer without headers has an age")
	}
}
