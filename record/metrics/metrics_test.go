package metrics

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := "text/plain"; !strings.HasPrefix(w.Header().Get("Content-Type"), want) {
		t.Errorf("%s is %q", path, w.Header().Get("Content-Type"))
	}
	return w.Code, string(body)
}

func healthy(now time.Time) record.Stats {
	return record.Stats{
		Series: []record.SeriesStats{
			{Venue: "okx", Symbol: "BTC/USDT", Channel: record.Books, Rows: 5, Last: now},
			{Venue: "okx", Symbol: "BTC/USDT", Channel: record.Trades, Rows: 7, Gaps: 2, Healed: 1, Dropped: 3, Last: now.Add(-time.Hour)},
		},
		Sinks: []record.SinkStats{{Name: "sqlite", Rows: 11, Lag: 1, Behind: time.Second, Batches: 4, Failed: 1, Refused: 2, Bytes: 100}},
		Log:   wal.Stats{Bytes: 1 << 20, Segments: 2, Next: 12, Syncs: 9, Dropped: 4},
		Live:  1, Books: 1,
	}
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for want, change := range map[string]func(*record.Stats){
			"ok\n": func(*record.Stats) {},
			"":     func(s *record.Stats) { s.Series[0].Down = true }, // for an instant: another delta is on its way
			"down: okx BTC/USDT books, for 11s\n": func(s *record.Stats) {
				s.Series[0].Down, s.Series[0].Last = true, now.Add(-11*time.Second)
			},
			"down: okx BTC/USDT books, not live yet\n": func(s *record.Stats) {
				s.Series[0] = record.SeriesStats{Venue: "okx", Symbol: "BTC/USDT", Channel: record.Books, Down: true}
			},
			"starting: okx BTC/USDT tickers, nothing yet\n": func(s *record.Stats) {
				s.Series = append(s.Series, record.SeriesStats{Venue: "okx", Symbol: "BTC/USDT", Channel: record.Tickers})
			},
			"stale: okx BTC/USDT books, nothing for 6m0s\n":                       func(s *record.Stats) { s.Series[0].Last = now.Add(-6 * time.Minute) },
			"ended: okx BTC/USDT trades, nothing more comes\n":                    func(s *record.Stats) { s.Series[1].Ended = true },
			"starting: 2 books of 3\n":                                            func(s *record.Stats) { s.Books = 3 },
			"lags: sqlite, 1m12s behind, 1 rows: it does not\n":                   func(s *record.Stats) { s.Sinks[0].Behind, s.Sinks[0].Err = 72*time.Second, errors.New("it does\nnot") },
			"given up: sqlite: record: another writer has taken the store over\n": func(s *record.Stats) { s.Sinks[0].Over, s.Sinks[0].Err = true, record.ErrFenced },
			"log: no space left on device\n":                                      func(s *record.Stats) { s.Log.Err = errors.New("no space left on device") },
		} {
			s := healthy(now)
			change(&s)
			code, body := get(t, Handler(func() record.Stats { return s }, Options{}), "/healthz")
			if want == "" {
				want = "ok\n"
			}
			if body != want || (code == http.StatusOK) != (want == "ok\n") {
				t.Errorf("%d %q, want %q", code, body, want)
			}
		}
		s := healthy(now)
		s.Series[0].Last = now.Add(-2 * time.Second)
		s.Sinks[0].Behind = 2 * time.Second
		code, body := get(t, Handler(func() record.Stats { return s }, Options{Stale: time.Second, Behind: time.Second}), "/healthz")
		if code != http.StatusServiceUnavailable || strings.Count(body, "\n") != 2 {
			t.Errorf("%d %q with bounds of a second", code, body)
		}
	})
}

// line is what a line of the text format may be.
var line = regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? -?[0-9.]+)$`)

func TestPage(t *testing.T) {
	s := healthy(time.UnixMilli(1_700_000_000_250))
	s.Sinks = append(s.Sinks, record.SinkStats{Name: "a\"b\\c\nd", Err: errors.New("x")})
	code, body := get(t, Handler(func() record.Stats { return s }, Options{}), "/metrics")
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if code != http.StatusOK {
		t.Fatal(code)
	}
	names, samples := make(map[string]bool), 0
	for i, l := range lines {
		if !line.MatchString(l) {
			t.Errorf("line %q", l)
		}
		if name, ok := strings.CutPrefix(l, "# HELP "); ok {
			name, _, _ = strings.Cut(name, " ")
			if names[name] || !strings.HasPrefix(lines[i+1], "# TYPE "+name+" ") {
				t.Errorf("%s is there twice, or has no type", name)
			}
			if names[name] = true; strings.HasSuffix(name, "_total") != strings.HasSuffix(lines[i+1], " counter") {
				t.Errorf("%q: counters end in _total, and nothing else", lines[i+1])
			}
		} else if !strings.HasPrefix(l, "#") {
			samples++
		}
	}
	if most := 6*len(s.Series) + 8*len(s.Sinks) + 9; samples > most {
		t.Errorf("%d samples, at most %d are promised", samples, most)
	}
	for _, want := range []string{
		`depthwire_record_rows_total{venue="okx",symbol="BTC/USDT",channel="trades"} 7`,
		`depthwire_record_dropped_rows_total{venue="okx",symbol="BTC/USDT",channel="trades"} 3`,
		`depthwire_record_last_received_timestamp_seconds{venue="okx",symbol="BTC/USDT",channel="books"} 1700000000.25`,
		`depthwire_record_book_live{venue="okx",symbol="BTC/USDT"} 1`,
		`depthwire_record_sink_lag_seconds{sink="sqlite"} 1`,
		`depthwire_record_sink_up{sink="sqlite"} 1`,
		`depthwire_record_sink_up{sink="a\"b\\c\nd"} 0`,
		`depthwire_record_log_bytes 1048576`,
		`depthwire_record_log_up 1`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %s in\n%s", want, body)
		}
	}
}

// Beyond the bound symbols are summed.
func TestPageOfManySymbols(t *testing.T) {
	s := healthy(time.Unix(1, 0))
	for _, symbol := range []string{"A", "B", "C"} {
		s.Series = append(s.Series, record.SeriesStats{Venue: "okx", Symbol: symbol, Channel: record.Books, Rows: 10, Last: time.Unix(5, 0)})
	}
	_, body := get(t, Handler(func() record.Stats { return s }, Options{Series: 4}), "/metrics")
	for _, want := range []string{
		`depthwire_record_rows_total{venue="okx",symbol="",channel="books"} 35`,
		`depthwire_record_last_received_timestamp_seconds{venue="okx",symbol="",channel="books"} 5`,
		"depthwire_record_series 5",
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("no line %s in\n%s", want, body)
		}
	}
	if strings.Contains(body, "book_live{") || strings.Contains(body, `symbol="A"`) {
		t.Errorf("symbols are there:\n%s", body)
	}
}

func TestOthersAreNotServed(t *testing.T) {
	h := Handler(func() record.Stats { return record.Stats{} }, Options{})
	for _, r := range []*http.Request{httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRequest(http.MethodPost, "/metrics", nil)} {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code < 400 {
			t.Errorf("%s %s: %d", r.Method, r.URL, w.Code)
		}
	}
}
