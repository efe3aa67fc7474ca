package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/depthwire/depthwire/exchanges"
)

var update = flag.Bool("update", false, "write the golden files")

// outcome is what a run of the program left.
type outcome struct {
	code     int
	out, err string
}

// execute runs the program with an environment.
func execute(ctx context.Context, env map[string]string, args ...string) outcome {
	var out, err bytes.Buffer
	code := run(ctx, args, strings.NewReader(""), &out, &err, func(k string) string { return env[k] })
	return outcome{code, out.String(), err.String()}
}

// simulate runs the program in a bubble, whose time passes by itself: for what is simulated in memory.
func simulate(t *testing.T, args ...string) (got outcome) {
	synctest.Test(t, func(t *testing.T) { got = execute(t.Context(), nil, append(args, "--simulated")...) })
	return got
}

// changing matches what differs from run to run.
var changing = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d\.\d{6}`), "HH:MM:SS.uuuuuu"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "HOST"},
	{regexp.MustCompile(` +-?[\d.]+m?s\b`), " SPAN"},
}

// golden compares with a file, without what differs from run to run.
func golden(t *testing.T, name, got string) {
	t.Helper()
	for _, c := range changing {
		got = c.what.ReplaceAllString(got, c.with)
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, want)
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"venues":      {"venues"},
		"venues-json": {"venues", "okx", "--json"},
		"venue":       {"venue", "alltick", "--for", "1ms", "--markets", "EUR/USD,AAPL/USD", "--seed", "7", "--fault", "after 1h heal;every 1h disconnect"},
		"venue-json":  {"venue", "okx", "--for", "1ms", "--markets", "BTC/USDT", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers(t, name, args, execute(t.Context(), nil, args...))
		})
	}
}

func TestSimulatedOutputs(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"markets":      {"markets", "okx"},
		"markets-json": {"markets", "binance", "--json", "--kind", "future"},
		"search":       {"markets", "huobi", "BTC-USDT", "--quote", "usdt", "--active"},
		"halted":       {"markets", "binance", "--active=false"},
		"status":       {"status"},
		"status-json":  {"status", "okx", "alltick", "--json"},
		"watch-book":   {"watch", "okx", "BTC/USDT", "--rate", "0", "--seed", "1", "--kind", "book", "--depth", "3", "--count", "1"},
		"watch-json":   {"watch", "huobi", "BTC/USDT", "--rate", "0", "--seed", "1", "--kind", "book", "--depth", "2", "--count", "1", "--json"},
		"merged-book":  {"watch", "--merged", "okx", "BTC/USDT", "--rate", "0", "--seed", "1", "--kind", "book", "--depth", "3", "--count", "1"},
		"merged-json":  {"watch", "--merged", "backpack", "BTC/USDT", "--as", "backpack/BTC/USDT=BTC/USDC", "--rate", "0", "--seed", "1", "--count", "1", "--json"},
		"watch-mark":   {"watch", "backpack", "SOL/USDC:USDC", "--rate", "0", "--kind", "mark", "--count", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers(t, name, args, simulate(t, args...))
		})
	}
}

// answers checks what a run that went well wrote.
func answers(t *testing.T, name string, args []string, got outcome) {
	t.Helper()
	if got.code != exitGood || got.err != "" {
		t.Fatalf("%v: exit %d, %s", args, got.code, got.err)
	}
	if strings.Contains(got.out, "\x1b") {
		t.Error("escape sequences where there is no terminal")
	}
	golden(t, name, got.out)
}

// A venue in maintenance, and one that does not answer, are told and cost the exit code.
func TestStatus(t *testing.T) {
	t.Parallel()
	got := simulate(t, "status", "okx", "alltick", "binance", "--fault", "maintenance")
	if got.code != exitFailed || strings.Count(got.out, "  maintenance  ") != 2 || !strings.Contains(got.out, "system_maintenance") || !strings.Contains(got.out, "alltick  unknown\n") || got.err != "" {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
	args := []string{"status", "okx", "--endpoint", "rest=http://127.0.0.1:1", "--timeout", "50ms"}
	got = execute(t.Context(), nil, args...)
	if got.code != exitFailed || !strings.Contains(got.out, "okx    failed ") || got.err != "" {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
	got = execute(t.Context(), nil, append(args, "--json")...)
	if got.code != exitFailed || !strings.Contains(got.out, `"state":"failed"`) || strings.Count(got.err, "\n") != 1 {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	damaged := filepath.Join(dir, "damaged.gz")
	if err := os.WriteFile(damaged, []byte("\x1f\x8bnot gzip"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, `no command "wach"; did you mean watch?`, []string{"wach"}},
		{exitUsage, `no venue "binanse"; did you mean binance?`, []string{"watch", "binanse", "BTC/USDT"}},
		{exitUsage, `name a venue and a symbol`, []string{"watch"}},
		{exitUsage, `name a symbol too`, []string{"watch", "okx"}},
		{exitUsage, `no kind "trade"; did you mean trades?`, []string{"watch", "okx", "BTC/USDT", "-k", "trade"}},
		{exitUsage, `unknown flag: --deep`, []string{"watch", "okx", "BTC/USDT", "--deep", "5"}},
		{exitUsage, `--merged is for the kinds bidask and book: trades are not merged`, []string{"watch", "okx", "BTC/USDT", "--merged", "-k", "trades"}},
		{exitUsage, `no kind "boko"; did you mean book?`, []string{"watch", "okx", "BTC/USDT", "--merged", "-k", "boko"}},
		{exitUsage, `--as is for --merged`, []string{"watch", "okx", "BTC/USDT", "--as", "okx/BTC/USDT=BTC/USDC"}},
		{exitUsage, `is not written VENUE/SYMBOL=THEIRS`, []string{"watch", "okx", "BTC/USDT", "--merged", "--as", "okx=BTC/USDC"}},
		{exitUsage, `is not written VENUE/SYMBOL=THEIRS`, []string{"watch", "okx", "BTC/USDT", "--merged", "--as", "okx/BTC/USDT"}},
		{exitUsage, `no venue "okz"; did you mean okx?`, []string{"watch", "okx", "BTC/USDT", "--merged", "--as", "okz/BTC/USDT=BTC/USDC"}},
		{exitUsage, `binance is not among the venues to merge`, []string{"watch", "okx", "BTC/USDT", "--merged", "--as", "binance/BTC/USDT=BTC/USDC"}},
		{exitUsage, `ETH/USDT is not among the symbols to watch`, []string{"watch", "okx", "BTC/USDT", "--merged", "--as", "okx/ETH/USDT=ETH/USDC"}},
		{exitUsage, `okx/BTC/USDT is given twice`, []string{"watch", "okx", "BTC/USDT", "--merged", "--as", "okx/BTC/USDT=A/B", "--as", "okx/BTC/USDT=BTC/USDC"}},
		{exitUsage, `no venue "okz"; did you mean okx?`, []string{"status", "okz"}},
		{exitUsage, `--interval "1x" is none`, []string{"watch", "okx", "BTC/USDT", "--interval", "1x"}},
		{exitUsage, `--seed, --rate and --fault are for --simulated`, []string{"watch", "okx", "BTC/USDT", "--seed", "5"}},
		{exitUsage, `--token-file is for one venue`, []string{"watch", "okx", "binance", "BTC/USDT", "--token-file", "x"}},
		{exitUsage, `of which venue? write okx/rest=`, []string{"watch", "okx", "binance", "BTC/USDT", "--endpoint", "rest=http://localhost"}},
		{exitUsage, `is not written [venue/]name=url`, []string{"markets", "okx", "--endpoint", "rest"}},
		{exitUsage, `no venue "okz"; did you mean okx?`, []string{"markets", "okx", "--endpoint", "okz/rest=http://localhost"}},
		{exitFailed, `no endpoint "resst"`, []string{"markets", "okx", "--endpoint", "resst=http://localhost"}},
		{exitFailed, `okx: no symbol "BTC/USTD"; did you mean BTC/USDT?`, []string{"watch", "okx", "BTC/USTD", "--simulated"}},
		{exitFailed, `did you mean the venue binance?`, []string{"watch", "okx", "binanc", "--simulated"}},
		{exitFailed, `unsupported operation`, []string{"watch", "okx", "BTC/USDT", "--simulated", "-k", "funding"}},
		{exitFailed, `none of 10 markets fits; did you mean BTC/USDT?`, []string{"markets", "okx", "btcusdx", "--simulated"}},
		{exitUsage, `no kind "swop"; did you mean swap?`, []string{"markets", "okx", "--kind", "swop"}},
		{exitUsage, `line 1: no fault "drop-dleta"; did you mean drop-delta?`, []string{"venue", "okx", "--fault", "every 5s drop-dleta"}},
		{exitUsage, `no market "BTC/USTD"; did you mean BTC/USDT?`, []string{"venue", "okx", "--markets", "BTC/USTD"}},
		{exitFailed, `no such file`, []string{"venue", "okx", "--capture", filepath.Join(dir, "none")}},
		{exitFailed, `damaged.gz`, []string{"venue", "okx", "--capture", damaged}},
		{exitUsage, `--log-level "loud"`, []string{"venues", "--log-level", "loud"}},
		{exitFailed, `connection refused`, []string{"markets", "backpack", "--endpoint", "rest=http://127.0.0.1:1"}},
	} {
		got := execute(t.Context(), nil, c.args...)
		first, _, _ := strings.Cut(got.err, "\n")
		if got.code != c.code || !strings.HasPrefix(first, "depthwire: ") || !strings.Contains(first, c.say) {
			t.Errorf("%v: exit %d, %q; want %d, %q", c.args, got.code, got.err, c.code, c.say)
		}
		if lines := strings.Count(got.err, "\n"); c.code == exitFailed && lines != 1 {
			t.Errorf("%v: %d lines of errors, want one:\n%s", c.args, lines, got.err)
		}
	}
}

// A token is read from the environment or a file, and stands in no output.
func TestTokenStaysSecret(t *testing.T) {
	t.Parallel()
	const inEnv, inFile = "nobody-0123456789abcdef", "nobody-fedcba9876543210" // a venue counts connections by token
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(inFile+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := simulators["alltick"].start(optionsOf(0))
	defer s.Close()
	args := []string{"watch", "alltick", "EUR/USD", "--count", "1", "--for", "9s", "--log-level", "debug"}
	endpoints := map[string]string{endpointsEnv: assignments("alltick", s.Endpoints())}
	withToken := maps.Clone(endpoints)
	withToken["DEPTHWIRE_ALLTICK_TOKEN"] = inEnv
	for _, got := range []outcome{
		execute(t.Context(), withToken, args...),
		execute(t.Context(), endpoints, append(args, "--token-file", file)...),
	} {
		if got.code != exitFailed || !strings.Contains(got.err, "authentication failed") {
			t.Errorf("exit %d, %s; want an error of authentication", got.code, got.err)
		}
		if strings.Contains(got.out+got.err, inEnv) || strings.Contains(got.out+got.err, inFile) {
			t.Errorf("the token is told:\n%s%s", got.out, got.err)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := execute(t.Context(), nil, "completion", shell); got.code != exitGood || len(got.out) < 1000 {
			t.Errorf("completion %s: exit %d, %d bytes", shell, got.code, len(got.out))
		}
	}
	for _, c := range []struct {
		args []string
		want []string
		not  string
	}{
		{[]string{"watch", ""}, []string{"okx", "binance"}, "BTC/USDT"},
		{[]string{"watch", "--simulated", "okx", ""}, []string{"binance", "BTC/USDT", "BTC/USD:BTC"}, "okx"},
		{[]string{"watch", "--simulated", "okx", "BTC/USDT", ""}, []string{"ETH/USDT"}, "binance"},
		{[]string{"watch", "--kind", ""}, kindNames(), "okx"},
		{[]string{"markets", "--simulated", "huobi", ""}, []string{"FLO/USDT"}, "huobi"},
		{[]string{"markets", "--kind", ""}, marketKinds, "okx"},
		{[]string{"venue", ""}, exchanges.Names(), "BTC/USDT"},
		{[]string{"venue", "okx", "--markets", ""}, []string{"SHIB/USDT"}, "DOGE/USDT"},
		{[]string{"venue", "okx", "--fault", ""}, []string{"drop-delta", "heal"}, "okx"},
		{[]string{"venues", "okx", ""}, []string{"binance"}, "okx"},
		{[]string{"dial", ""}, []string{"tcp://", "sqlite3://", "kafka://"}, "okx"},
	} {
		got := execute(t.Context(), nil, append([]string{"__complete"}, c.args...)...)
		words := strings.Fields(got.out)
		for _, w := range c.want {
			if !slices.Contains(words, w) {
				t.Errorf("%v: no %q in %v", c.args, w, words)
			}
		}
		if slices.Contains(words, c.not) {
			t.Errorf("%v: %q in %v", c.args, c.not, words)
		}
	}
}

func TestHelpNamesEverything(t *testing.T) {
	got := execute(t.Context(), nil, "venue", "--help")
	for _, f := range faultKinds {
		if !strings.Contains(got.out, "\n  "+f.name) {
			t.Errorf("help of venue does not name %s", f.name)
		}
	}
	for _, args := range [][]string{nil, {"watch", "-h"}, {"markets", "-h"}, {"venues", "-h"}, {"status", "-h"}, {"dial", "-h"}} {
		if got := execute(t.Context(), nil, args...); got.code != exitGood || !strings.Contains(got.out, "Examples:") {
			t.Errorf("%v: exit %d, no examples in\n%s", args, got.code, got.out)
		}
	}
}

func TestEveryVenueHasASimulator(t *testing.T) {
	if got := slices.Sorted(maps.Keys(simulators)); !slices.Equal(got, exchanges.Names()) {
		t.Errorf("simulators of %v, venues %v", got, exchanges.Names())
	}
}

// Ctrl-C is how these commands end, and no failure; the signal is the cause of the context then.
func TestCtrlCIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"venue", "okx", "--fault", "every 20ms heal"}, {"watch", "okx", "BTC/USDT", "--simulated"}, {"watch", "okx", "BTC/USDT", "--simulated", "--json"},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		out := &interrupting{after: 3, interrupt: func() { cancel(errors.New("interrupt signal received")) }}
		var err bytes.Buffer
		code := run(ctx, args, strings.NewReader(""), out, &err, func(string) string { return "" })
		if code != exitGood || err.Len() > 0 {
			t.Errorf("%v: exit %d, %s", args, code, &err)
		}
	}
}

// interrupting is an output that interrupts the program after some writes.
type interrupting struct {
	writes, after int
	interrupt     func()
}

func (i *interrupting) Write(b []byte) (int, error) {
	if i.writes++; i.writes == i.after {
		i.interrupt()
	}
	return len(b), nil
}

func TestCaptures(t *testing.T) {
	capture := filepath.Join(t.TempDir(), "okx.jsonl")
	const recorded = `{"t":1,"kind":"open","url":"wss://ws.okx.com:8443/ws/v5/public"}
{"t":2,"kind":"in","url":"wss://ws.okx.com:8443/ws/v5/public","text":"{\"arg\":{\"channel\":\"trades\",\"instId\":\"BTC-USDT\"},\"data\":[{\"instId\":\"BTC-USDT\",\"tradeId\":\"7\",\"px\":\"30236.10\",\"sz\":\"0.0002\",\"side\":\"buy\",\"ts\":\"1653637961000\"}]}"}
`
	if err := os.WriteFile(capture, []byte(recorded), 0o600); err != nil {
		t.Fatal(err)
	}
	got := execute(t.Context(), nil, "venue", "okx", "--capture", capture, "--for", "1ms")
	if got.code != exitGood || !strings.Contains(got.out, "# recorded: trades:BTC-USDT (1)") || !strings.Contains(got.out, "depthwire watch okx BTC/USDT\n") {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
	got = execute(t.Context(), nil, "venue", "binance", "--capture", capture, "--for", "1ms")
	if got.code != exitFailed || !strings.Contains(got.err, "is not a recording of binance") {
		t.Errorf("exit %d, %s", got.code, got.err)
	}
}
