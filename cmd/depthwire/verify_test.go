package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/sqlite"
)

// recorded makes a recording of simulated venues, beginning on 2000-01-01.
func recorded(t *testing.T, more ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	args := append([]string{"record", "--venues", "okx,binance", "--symbols", "BTC/USDT", "--dir", dir, "--for", "20s", "--every", "1h", "--seed", "3", "--log-level", "off"}, more...)
	if got := simulate(t, args...); got.code != exitGood || got.err != "" {
		t.Fatalf("exit %d, %s", got.code, got.err)
	}
	return dir
}

func TestVerify(t *testing.T) {
	t.Parallel()
	dir := recorded(t)
	got := execute(t.Context(), nil, "record", "verify", "2000-01-01", "--dir", dir)
	if got.code != exitGood || got.err != "" || strings.Count(got.out, "  whole ") != 4 || strings.Contains(got.out, "told") {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
	db, err := sql.Open(sqlite.Driver, filepath.Join(dir, "recording.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("DELETE FROM trades_row WHERE pos IN (SELECT pos FROM trades_row ORDER BY pos LIMIT 1 OFFSET 20)"); err != nil {
		t.Fatal(err)
	}
	got = execute(t.Context(), nil, "record", "verify", "2000-01-01", "--dir", dir)
	if got.code != exitLeft || got.err != "" || strings.Count(got.out, "  NOT TOLD ") != 1 || !strings.Contains(got.out, "BTC/USDT trades: ") || !strings.Contains(got.out, "have no row, 1 NOT TOLD\n") {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
	got = execute(t.Context(), nil, "record", "verify", "--from", "2000-01-01", "--to", "2000-01-01T00:01:00Z", "--sink", filepath.Join(dir, "recording.db"), "--json")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	var end verdict
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || got.code != exitLeft || len(lines) != 6 || end.Accounted || end.Kind != "verdict" {
		t.Errorf("exit %d, %v, %s%s", got.code, err, got.out, got.err)
	}
}

// Rows that the store does not have yet, and the log has, are said to wait.
func TestVerifyWaiting(t *testing.T) {
	t.Parallel()
	dir := recorded(t)
	path := filepath.Join(dir, "recording.db")
	db, err := sql.Open(sqlite.Driver, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range record.Tables {
		if _, err := db.Exec("DELETE FROM " + table.Name + "_row WHERE pos >= 100"); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		waits bool
		args  []string
	}{{true, []string{"--dir", dir}}, {true, []string{"--dir", dir, "--sink", path}}, {false, []string{"--sink", path}}} {
		got := execute(t.Context(), nil, append([]string{"record", "verify", "2000-01-01"}, c.args...)...)
		if got.code != exitGood || got.err != "" || strings.Contains(got.out, " rows wait in the log") != c.waits {
			t.Errorf("%v: exit %d, %s%s", c.args, got.code, got.out, got.err)
		}
		got = execute(t.Context(), nil, append([]string{"record", "verify", "2000-01-01", "--json"}, c.args...)...)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		var end verdict
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || !end.Accounted || end.Waiting > 0 != c.waits {
			t.Errorf("%v: %v, %s%s", c.args, err, got.out, got.err)
		}
	}
}

// A gap that was told is accounted for.
func TestVerifyTold(t *testing.T) {
	t.Parallel()
	dir := recorded(t, "--fault", "after 10s disconnect")
	got := execute(t.Context(), nil, "record", "verify", "2000-01-01", "--dir", dir)
	if got.code != exitGood || strings.Contains(got.out, "NOT TOLD") {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
}

// A store is verified while it is written, and its writer goes on.
func TestVerifyWhileRecording(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var at outcome
		go func() {
			time.Sleep(10 * time.Second) // of the bubble
			at = execute(t.Context(), nil, "record", "verify", "2000-01-01", "--dir", dir)
		}()
		got := execute(t.Context(), nil, "record", "--simulated", "--venues", "okx", "--symbols", "BTC/USDT", "--dir", dir, "--for", "20s", "--json")
		synctest.Wait()
		var last progressRecord
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || got.code != exitGood || last.Sinks[0].Failed > 0 || last.Sinks[0].Lag > 0 {
			t.Errorf("recorder: exit %d, %v, %+v %s", got.code, err, last, got.err)
		}
		if at.code != exitGood {
			t.Errorf("verify: exit %d, %s%s", at.code, at.out, at.err)
		}
	})
}

func TestVerifyMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.db")
	sink, err := sqlite.Open(t.Context(), empty, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sink.Close()
	other := filepath.Join(dir, "other.db")
	if err := os.WriteFile(other, []byte(strings.Repeat("no database at all ", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "record.yaml")
	if err := os.WriteFile(file, []byte("venues: {okx: {symbols: [A]}}\nsinks: [{url: 'memory://a', name: a}, {url: '"+empty+"', name: ticks}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, `"someday" is no day and no time`, []string{"someday"}},
		{exitUsage, `DAY and --from, --to exclude each other`, []string{"today", "--from", "yesterday"}},
		{exitUsage, `nothing lies between`, []string{"--from", "today", "--to", "yesterday"}},
		{exitUsage, `name one day`, []string{"today", "yesterday"}},
		{exitUsage, `memory:// cannot be read`, []string{"--sink", "memory://x"}},
		{exitUsage, `no store "tick"; did you mean ticks?`, []string{"--config", file, "--sink", "tick"}},
		{exitUsage, `no scheme of a sink "sqlit"; did you mean sqlite?`, []string{"--sink", "sqlit://x"}},
		{exitFailed, `no such file`, []string{"--dir", filepath.Join(dir, "none")}},
		{exitFailed, `file is not a database`, []string{"--sink", other}},
		{exitLeft, `nothing was recorded from 2020-01-01T00:00:00Z to 2020-01-02T00:00:00Z`, []string{"2020-01-01", "--sink", empty}},
		{exitLeft, `nothing was recorded`, []string{"--config", file}},
	} {
		got := execute(t.Context(), nil, append([]string{"record", "verify"}, c.args...)...)
		first, _, _ := strings.Cut(got.err, "\n")
		if got.code != c.code || !strings.HasPrefix(first, "depthwire: ") || !strings.Contains(first, c.say) {
			t.Errorf("%v: exit %d, %q; want %d, %q", c.args, got.code, got.err, c.code, c.say)
		}
	}
}
