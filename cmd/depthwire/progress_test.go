package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// On a terminal the picture says what counts, and is written over.
func TestDashboard(t *testing.T) {
	var out strings.Builder
	a := &app{out: &out, env: func(string) string { return "" }}
	r := &recording{app: a, recipe: &recipe{dir: "data", log: wal.Options{Budget: 10 << 30}}}
	d := &dashboard{recording: r, pace: &pace{}, screen: screen{out: &out, size: func() (int, int, error) { return 160, 40, nil }}, notes: make(chan string, 1)}
	now := time.Unix(1_700_000_000, 0)
	s := record.Stats{
		Books: 600, Live: 214,
		Series: []record.SeriesStats{
			{Venue: "okx", Symbol: "BTC/USDT", Channel: record.Books, Rows: 1000, Last: now},
			{Venue: "okx", Symbol: "ETH/USDT", Channel: record.Trades, Rows: 500, Gaps: 3, Healed: 2, Last: now},
		},
		Sinks: []record.SinkStats{
			{Name: "sqlite", Rows: 1400, Lag: 100, Behind: 1500 * time.Millisecond},
			{Name: "clickhouse", Over: true, Lag: 1500, Err: errors.New("no\x1bt ours")},
		},
		Log: wal.Stats{Bytes: 3 << 30},
	}
	for i := range 8 {
		s.Series = append(s.Series, record.SeriesStats{Venue: "okx", Symbol: fmt.Sprint("S", i), Channel: record.Books, Down: true})
	}
	if err := d.show(&s, now); err != nil {
		t.Fatal(err)
	}
	s.Series[0].Rows += 2000
	if n, err := d.Write([]byte("a note\n")); n != 7 || err != nil {
		t.Error(n, err)
	}
	if n, err := d.Write([]byte("one too many\n")); n != 13 || err != nil {
		t.Error("a note that there is no room for", n, err)
	}
	out.Reset()
	if err := d.close(&s, now.Add(4*time.Second)); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(out.String(), endOfLine, "")
	for _, want := range []string{
		"a note\r\n", "4.0s  214 of 600 books live  3,500 rows  500/s  3 gaps, 2 healed", "log in data  3 GiB of 10 GiB",
		"sqlite      ok", "1.5s", "clickhouse  given up", "no\uFFFDt ours", "okx    books          9     1  3,000",
		"not live: okx S0, okx S1, okx S2, okx S3, okx S4, 3 more", showCursor, "\x1b[1", // over the last picture
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "one too many") || strings.Contains(got, "no\x1b") {
		t.Errorf("got %q", got)
	}
}
