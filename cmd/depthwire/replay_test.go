package main

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/record/replay"
	"github.com/depthwire/depthwire/record/sqlite"
)

// What was recorded raw comes back: from the store, through a client, and as a venue.
func TestReplay(t *testing.T) {
	t.Parallel()
	lines, store := filepath.Join(t.TempDir(), "lines"), filepath.Join(t.TempDir(), "ticks.db")
	dir := recorded(t, "--raw", "--to", store, "--to", lines)
	run := func(args ...string) (got outcome) {
		synctest.Test(t, func(t *testing.T) { got = execute(t.Context(), nil, append([]string{"replay"}, args...)...) })
		return got
	}
	for _, kind := range []string{"trades", "book"} {
		for _, venue := range []string{"okx", "binance"} {
			got := run(store, "BTC/USDT", "--venue", venue, "-k", kind, "--depth", "400", "--speed", "10", "--count", "10", "--for", "30s", "--json")
			if got.code != exitGood || strings.Count(got.out, "\n") != 10 || !strings.Contains(got.out, `"venue":"`+venue+`"`) {
				t.Errorf("%s of %s: exit %d, %s%s", kind, venue, got.code, got.out, got.err)
			}
		}
	}
	for _, from := range []string{store, lines, dir, filepath.Join(dir, "log")} { // books whole, as they were recorded
		got := run(from, "BTC/USDT", "--venue", "okx", "-k", "book", "--speed", "10", "--count", "5", "--for", "30s", "--json")
		if got.code != exitGood || strings.Count(got.out, "\n") != 5 {
			t.Errorf("%s: exit %d, %s%s", from, got.code, got.out, got.err)
		}
	}
	quiet := run(store, "BTC/USDT", "--venue", "binance", "-k", "ticker", "--speed", "10", "--for", "30s")
	if !strings.Contains(quiet.err, "binance BTC/USDT: nothing came within 30s (") || !strings.Contains(quiet.err, "; recorded: btcusdt@depth") {
		t.Errorf("what was not recorded: exit %d, %s%s", quiet.code, quiet.out, quiet.err)
	}
	for _, speed := range []string{"100", "fast"} { // it ends by itself, with all that was recorded
		got := run(store, "BTC/USDT", "--venue", "okx", "-k", "trades", "--speed", speed, "--json")
		if n := trades(t, store); got.code != exitGood || got.err != "" || strings.Count(got.out, "\n") != n || n == 0 {
			t.Errorf("to its end at %s: exit %d, %d trades of %d, %s", speed, got.code, strings.Count(got.out, "\n"), n, got.err)
		}
	}
	got := execute(t.Context(), nil, "replay", store, "--venue", "okx", "--for", "1ms")
	if got.code != exitGood || !strings.HasPrefix(got.out, "# okx, replayed from "+store) || !strings.Contains(got.out, "export DEPTHWIRE_ENDPOINTS='okx/") {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, "recording of several venues", []string{store}},
		{exitUsage, "name a recording", nil},
		{exitUsage, `no venue "okz"`, []string{store, "--venue", "okz"}},
		{exitUsage, `--speed "slow" is none`, []string{store, "--speed", "slow"}},
		{exitUsage, `"x" is no day and no time`, []string{store, "--from", "x"}},
		{exitUsage, `memory:// cannot be read`, []string{"memory://x"}},
		{exitFailed, "recorded with --raw", []string{store, "--venue", "huobi"}},
		{exitFailed, "recorded with --raw", []string{store, "--venue", "okx", "--from", "2001-01-01"}},
		{exitFailed, "no such file", []string{filepath.Join(dir, "none")}},
		{exitFailed, "no such file", []string{filepath.Join(dir, "none.db")}},
	} {
		got := execute(t.Context(), nil, append([]string{"replay"}, c.args...)...)
		first, _, _ := strings.Cut(got.err, "\n")
		if got.code != c.code || !strings.HasPrefix(first, "depthwire: ") || !strings.Contains(first, c.say) {
			t.Errorf("%v: exit %d, %q; want %d, %q", c.args, got.code, got.err, c.code, c.say)
		}
	}
}

// trades counts those that were recorded of OKX.
func trades(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := sql.Open(sqlite.Driver, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM trades WHERE venue = 'okx'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A recording that is served says when it was played to its end.
func TestReplayServedSaysItsEnd(t *testing.T) {
	t.Parallel()
	dir := recorded(t, "--raw")
	for _, c := range []struct {
		say  string
		args []string
	}{{"the recording was played to its end", nil}, {`"event":"played"`, []string{"--json"}}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out := &until{text: c.say, found: cancel}
		server, err := replay.Open(ctx, dir, replay.Options{Venue: "okx", Memory: true})
		if err != nil {
			t.Fatal(err)
		}
		a := &app{out: out, err: io.Discard, env: func(string) string { return "" }}
		a.json = c.args != nil
		client, err := exchanges.Open("okx", exchange.Options{Endpoints: server.Endpoints(), DialContext: server.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := client.WatchTrades(ctx, "BTC/USDT"); err != nil {
			t.Fatal(err)
		}
		if err := (&serving{app: a}).serve(ctx, "okx", &served{server: server}); err != nil || !strings.Contains(out.all.String(), c.say) {
			t.Errorf("%v: %v, %s", c.args, err, out.all.String())
		}
	}
}

// until is an output that says when a text was written.
type until struct {
	all   bytes.Buffer
	text  string
	found func()
}

func (u *until) Write(b []byte) (int, error) {
	n, err := u.all.Write(b)
	if strings.Contains(u.all.String(), u.text) {
		u.found()
	}
	return n, err
}
