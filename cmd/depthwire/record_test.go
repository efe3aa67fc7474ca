package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// memory is a sink that counts.
type memory struct {
	mu      sync.Mutex
	refuses int           // times that it cannot be reached, from the first on
	slow    time.Duration // that it takes to be opened
	tables  map[string]int
	closed  int
}

// memories are those of addresses memory://name.
var memories sync.Map

func init() {
	openers["memory"] = opener{form: "memory://NAME", open: func(ctx context.Context, address string) (record.Sink, error) {
		found, ok := memories.Load(address)
		if !ok {
			return nil, errors.New("memory: permission denied")
		}
		m := found.(*memory)
		if m.slow > 0 {
			select {
			case <-time.After(m.slow):
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		return m, m.reach()
	}}
}

func (m *memory) reach() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuses--; m.refuses >= 0 {
		return &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	return nil
}

func (m *memory) Write(_ context.Context, b *record.Batch) error {
	if err := m.reach(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range b.Tables {
		m.tables[r.Table.Name] += r.Len()
	}
	return nil
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed++
	return nil
}

// remember returns the sink of an address of this test's own.
func remember(t *testing.T) (address string, m *memory) { return rememberAs(t, t.Name()) }

func rememberAs(t *testing.T, name string) (address string, m *memory) {
	address, m = "memory://"+name, &memory{tables: make(map[string]int)}
	memories.Store(address, m)
	t.Cleanup(func() { memories.Delete(address) })
	return address, m
}

func TestRecord(t *testing.T) {
	t.Parallel()
	address, m := remember(t)
	got := simulate(t, "record", "-venues", "okx,binance", "-symbols", "BTC/USDT,ETH/USDT", "-channels=trades,books,tickers", "--for", "25s", "--dir", t.TempDir(), "-to", address)
	if got.code != exitGood || got.err != "" {
		t.Fatalf("exit %d, %s", got.code, got.err)
	}
	if m.tables["trades"] == 0 || m.tables["books"] == 0 || m.tables["tickers"] == 0 || m.tables["gaps"] == 0 || m.closed != 1 {
		t.Errorf("rows %v, closed %d times", m.tables, m.closed)
	}
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if len(lines) != 3 { // after 10 s, 20 s and at the end
		t.Fatalf("%d lines:\n%s", len(lines), got.out)
	}
	for _, l := range lines {
		if !strings.Contains(l, "4 of 4 books live") || !strings.Contains(l, "memory lag ") {
			t.Errorf("line %q", l)
		}
	}
	if !strings.HasSuffix(lines[2], "memory lag 0") {
		t.Errorf("last line %q", lines[2])
	}
}

func TestRecordJSON(t *testing.T) {
	t.Parallel()
	address, m := remember(t)
	got := simulate(t, "record", "--venues", "okx", "--symbols", "BTC/USDT", "--for", "15s", "--dir", t.TempDir(), "--to", address, "--json")
	if got.code != exitGood || strings.Count(got.out, "\n") != 2 {
		t.Fatalf("exit %d, %s%s", got.code, got.out, got.err)
	}
	var last progressRecord
	if err := json.Unmarshal([]byte(strings.Split(got.out, "\n")[1]), &last); err != nil {
		t.Fatal(err)
	}
	rows := uint64(m.tables["trades"] + m.tables["books"] + m.tables["gaps"])
	if last.Kind != "progress" || last.Books != 1 || last.Sinks[0].Rows != rows || last.Sinks[0].Lag != 0 || last.Log.Next != rows {
		t.Errorf("got %+v, want %d rows", last, rows)
	}
}

// A store that cannot be reached at the start holds nobody up, and gets its rows when it can be.
func TestRecordOpensLate(t *testing.T) {
	t.Parallel()
	address, m := remember(t)
	m.refuses = 3
	got := simulate(t, "record", "--venues", "okx", "--symbols", "BTC/USDT", "--for", "30s", "--dir", t.TempDir(), "--to", address, "--log-level", "off")
	if got.code != exitGood || !strings.HasPrefix(got.err, "depthwire: memory: dial: connection refused; its rows wait in the log\n") {
		t.Errorf("exit %d, %s", got.code, got.err)
	}
	if m.tables["trades"] == 0 || m.tables["books"] == 0 || m.closed != 1 {
		t.Errorf("rows %v, closed %d times", m.tables, m.closed)
	}
}

// Stores that take their time to answer do so at the same time: until then nothing is recorded.
func TestRecordOpensAtOnce(t *testing.T) {
	t.Parallel()
	args := []string{"record", "--venues", "okx", "--symbols", "BTC/USDT", "--for", "10s", "--dir", t.TempDir(), "--json", "--log-level", "off"}
	for _, name := range []string{"a", "b", "c"} {
		address, m := rememberAs(t, t.Name()+name)
		m.slow = 15 * time.Second
		args = append(args, "--to", address)
	}
	got := simulate(t, args...)
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	var last progressRecord
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || got.code != exitGood || got.err != "" {
		t.Fatalf("exit %d, %v, %s%s", got.code, err, got.out, got.err)
	}
	if begun := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); last.Time.Sub(begun) > 30*time.Second {
		t.Errorf("10 s of recording end %v after the start", last.Time.Sub(begun))
	}
}

// A symbol that a venue does not have is a mistake where a recording begins, and costs itself only where it goes on: the ledger tells of it.
func TestRecordGoesOnWithout(t *testing.T) {
	t.Parallel()
	address, m := remember(t)
	dir := t.TempDir()
	symbols := "BTC/USDT,OLD/USDT"
	if got := simulate(t, "record", "--venues", "okx", "--symbols", symbols, "--for", "5s", "--dir", dir, "--to", address); got.code != exitFailed || len(m.tables) > 0 {
		t.Errorf("at the start: exit %d, %s, rows %v", got.code, got.err, m.tables)
	}
	if got := simulate(t, "record", "--venues", "okx", "--symbols", "BTC/USDT", "--for", "5s", "--dir", dir, "--to", address); got.code != exitGood {
		t.Fatalf("exit %d, %s", got.code, got.err)
	}
	before := m.tables["trades"]
	got := simulate(t, "record", "--venues", "okx", "--symbols", symbols, "--channels", "trades", "--for", "15s", "--dir", dir, "--to", address, "--log-level", "off")
	if got.code != exitGood || !strings.HasPrefix(got.err, `depthwire: okx: no symbol "OLD/USDT"`) || !strings.HasSuffix(got.err, "; the others are recorded\n") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("later: exit %d, %s", got.code, got.err)
	}
	if m.tables["trades"] <= before {
		t.Errorf("%d trades, %d before", m.tables["trades"], before)
	}
}

// Each mistake is told, of the file and of the symbols.
func TestRecordTellsAllMistakes(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "record.yaml")
	if err := os.WriteFile(file, []byte("dirr: x\nvenues:\n  okx: {symbls: [A]}\nlog: {sync: evry}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		args []string
		say  []string
	}{
		{exitUsage, []string{"--config", file}, []string{`:1: no key "dirr"; did you mean dir?`, `:3: no key "symbls"; did you mean symbols?`, `:4: sync: no choice "evry"; did you mean every?`, "Run 'depthwire help'"}},
		{exitFailed, []string{"--simulated", "--venues", "okx", "--symbols", "BTC/USDT,BTC/USTD,ETH/USTD", "--dir", t.TempDir()}, []string{`no symbol "BTC/USTD"`, `no symbol "ETH/USTD"`}},
	} {
		got := execute(t.Context(), nil, append([]string{"record"}, c.args...)...)
		lines := strings.Split(strings.TrimSpace(got.err), "\n")
		if got.code != c.code || len(lines) != len(c.say) {
			t.Errorf("exit %d, want %d and %d lines:\n%s", got.code, c.code, len(c.say), got.err)
			continue
		}
		for i := range lines {
			if !strings.Contains(lines[i], c.say[i]) {
				t.Errorf("line %q, want %q in it", lines[i], c.say[i])
			}
		}
	}
}

// What is not written at the end is told, costs exit code 3, and is written by the next run.
func TestRecordLeavesRows(t *testing.T) {
	t.Parallel()
	address, m := remember(t)
	m.refuses = 1 << 30
	args := []string{"record", "--venues", "okx", "--symbols", "BTC/USDT", "--for", "10s", "--dir", t.TempDir(), "--to", address, "--log-level", "off"}
	got := simulate(t, args...)
	if got.code != exitLeft || !strings.Contains(got.err, "depthwire: not written yet: memory ") || !strings.Contains(got.err, "the next run writes them") {
		t.Fatalf("exit %d, %s", got.code, got.err)
	}
	m.refuses = 0
	got = simulate(t, append(args, "--json")...)
	var last progressRecord
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || got.code != exitGood {
		t.Fatalf("exit %d, %v, %s", got.code, err, got.err)
	}
	sum := 0
	for _, n := range m.tables {
		sum += n
	}
	if uint64(sum) != last.Log.Next || last.Sinks[0].Lag != 0 {
		t.Errorf("%d rows of %d, %+v", sum, last.Log.Next, last.Sinks[0])
	}
}

// Ctrl-C drains: nothing is left.
func TestRecordInterrupted(t *testing.T) {
	t.Parallel()
	address, m := remember(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		got := execute(ctx, nil, "record", "--venues", "okx", "--symbols", "BTC/USDT", "--dir", dir, "--to", address, "--simulated", "--json")
		var last progressRecord
		if err := json.Unmarshal([]byte(got.out), &last); err != nil || got.code != exitGood {
			t.Fatalf("exit %d, %v, %s%s", got.code, err, got.out, got.err)
		}
		if last.Sinks[0].Lag != 0 || last.Sinks[0].Rows == 0 || m.closed != 1 {
			t.Errorf("got %+v", last.Sinks[0])
		}
	})
}

func TestRecordFromFile(t *testing.T) {
	t.Parallel()
	address, m := remember(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "record.yaml")
	text := `
dir: ` + dir + `/data
venues:
  okx:
    - {symbols: [BTC/USDT, ETH/USDT], channels: [trades, books]}
    - {symbols: ["BTC/USDT:USDT"], channels: [funding]}
  binance:
    symbols: [BTC/USDT]
    channels: [candles]
    intervals: [1m]
    endpoints: {rest: "${REST}"}
sinks:
  - {url: "${WHERE}", name: counted, batch: 100, every: 50ms}
log: {sync: always, segment: 1MiB, budget: 10MB, full: oldest}
depth: 5
snapshot: 10s
drain: 5s
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		env := map[string]string{"WHERE": address, "REST": "http://localhost:1"}
		got := execute(t.Context(), env, "record", "-config", file, "--simulated", "--for", "70s", "--every", "1h")
		if got.code != exitGood || !strings.Contains(got.out, "2 of 2 books live") || !strings.Contains(got.out, "counted lag 0") {
			t.Fatalf("exit %d, %s%s", got.code, got.out, got.err)
		}
	})
	for _, table := range []string{"trades", "books", "funding", "candles"} {
		if m.tables[table] == 0 {
			t.Errorf("no %s: %v", table, m.tables)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "log")); err != nil {
		t.Error(err)
	}
}

func TestRecordMistakes(t *testing.T) {
	t.Parallel()
	address, _ := remember(t)
	dir := t.TempDir()
	log, _, err := wal.Open(filepath.Join(dir, "held", "log"), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := []string{"record", "--venues", "okx", "--symbols", "BTC/USDT", "--to", address, "--dir", filepath.Join(dir, "new")}
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, `there are no venues to record`, []string{"record"}},
		{exitUsage, `no command "verfy"; did you mean verify?`, []string{"record", "verfy"}},
		{exitUsage, `no venue "okz"; did you mean okx?`, []string{"record", "--venues", "okz"}},
		{exitUsage, `name symbols too`, []string{"record", "--venues", "okx"}},
		{exitUsage, `no channel "trade"; did you mean trades?`, append(good, "--channels", "trade")},
		{exitUsage, `--intervals is for --channels candles`, append(good, "--intervals", "1m")},
		{exitUsage, `no scheme of a sink "clikhouse"; did you mean clickhouse?`, append(good, "--to", "clikhouse://x")},
		{exitUsage, `--to: the environment has no PASSWORD`, append(good, "--to", "memory://x:${PASSWORD}@localhost")},
		{exitUsage, `is no address; write :9464`, append(good, "--metrics", "here")},
		{exitUsage, `--config and --dir exclude each other`, append(good, "--config", "x.yaml")},
		{exitUsage, `--every must be above 0`, append(good, "--every", "0s")},
		{exitFailed, `no such file`, []string{"record", "--config", filepath.Join(dir, "none.yaml")}},
		{exitFailed, `okx: no symbol "BTC/USTD"; did you mean BTC/USDT?`, append(good, "--symbols", "BTC/USTD", "--simulated")},
		{exitFailed, `okx: BTC/USDT has no funding`, append(good, "--channels", "funding", "--simulated")},
		{exitFailed, `memory-2: memory: permission denied`, append(good, "--to", "memory://unknown", "--simulated")},
		{exitUsage, `file: no option "compres"; did you mean compress?`, append(good, "--to", dir+"/x?compres=zstd", "--simulated")},
		{exitUsage, `file: no compression "zst"; did you mean zstd?`, append(good, "--to", "file://"+dir+"/x?compress=zst", "--simulated")},
		{exitUsage, `sqlite: an address has no options`, append(good, "--to", "x.db?mode=ro", "--simulated")},
		{exitFailed, `another writer has the log open`, append(good, "--dir", filepath.Join(dir, "held"), "--simulated")},
		{exitFailed, `not a directory`, append(good, "--dir", filepath.Join(dir, "file"), "--simulated")},
		{exitFailed, `metrics: listen tcp`, append(good, "--metrics", "192.0.2.1:1", "--simulated")},
	} {
		got := execute(t.Context(), nil, c.args...)
		first, _, _ := strings.Cut(got.err, "\n")
		if got.code != c.code || !strings.HasPrefix(first, "depthwire: ") || !strings.Contains(first, c.say) {
			t.Errorf("%v: exit %d, %q; want %d, %q", c.args, got.code, got.err, c.code, c.say)
		}
	}
}

func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	a := &app{err: &told}
	stop, err := a.serveMetrics("127.0.0.1:0", func() record.Stats { return record.Stats{Live: 1, Books: 2} })
	if err != nil {
		t.Fatal(err)
	}
	address, _, _ := strings.Cut(strings.TrimPrefix(told.String(), "depthwire: "), "/metrics")
	for path, want := range map[string]string{"/metrics": "depthwire_record_books 2\n", "/healthz": "starting: 1 books of 2\n"} {
		resp, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %v, %s", path, err, body)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(address + "/healthz"); err == nil {
		t.Error("it goes on serving")
	}
}
