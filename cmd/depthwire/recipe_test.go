package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// readText reads a recipe of a file record.yaml.
func readText(t *testing.T, text string) (*recipe, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("record.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"TOKEN": "s3cret", "PASSWORD": "a/b@c d:%", "HOST": "db:9000", "NAME": "ticks", "ZERO": "0"}
	return readRecipe("record.yaml", func(k string) string { return env[k] })
}

func TestReadRecipe(t *testing.T) {
	_, err := readText(t, `
# A comment.
venues:
  okx: {symbols: [BTC/USDT]}
metrics: 9464
`)
	if err == nil || !strings.Contains(err.Error(), "record.yaml:5: metrics: a text is needed, not a number") || strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("got %v", err)
	}
	got, err := readText(t, `
venues:
  okx: &usual
    symbols: [BTC/USDT, ETH/USDT, BTC/USDT]
    channels: [trades, candles]
    intervals: [1m, 1h]
    raw: true
  binance: *usual
  alltick:
    symbols: ["600519.SH"]
    token: ${TOKEN}
    plan: basic
    proxy: socks5://user:${PASSWORD}@${HOST}
    endpoints:
      rest: http://${HOST}/x
sinks:
  - url: memory://user:${PASSWORD}@${HOST}/${NAME}?a=$${b}
  - {url: memory://host, name: second, batch: 100, every: 1s}
  - url: memory://third
log: {sync: never, every: 50ms, segment: 1MiB, budget: 1.5GB, full: oldest}
depth: 50
snapshot: 5m
drain: 1m
metrics: ":9464"
`)
	if err != nil {
		t.Fatal(err)
	}
	usual := venueRecipe{name: "okx", symbols: []string{"BTC/USDT", "ETH/USDT"}, channels: []record.Channel{"trades", "candles"}, intervals: []exchange.Interval{"1m", "1h"}, raw: true}
	second := usual
	second.name = "binance"
	want := &recipe{
		dir: usualDir,
		venues: []venueRecipe{usual, second, {
			name: "alltick", symbols: []string{"600519.SH"}, token: "s3cret", plan: "basic",
			proxy: "socks5://user:a%2Fb%40c%20d%3A%25@db:9000", endpoints: map[string]string{"rest": "http://db:9000/x"},
		}},
		sinks: []sinkRecipe{
			{name: "memory", url: "memory://user:a%2Fb%40c%20d%3A%25@db:9000/ticks?a=${b}"},
			{name: "second", url: "memory://host", batch: 100, every: time.Second},
			{name: "memory-2", url: "memory://third"},
		},
		log:   wal.Options{Sync: wal.Never, Every: 50 * time.Millisecond, Segment: 1 << 20, Budget: 1_500_000_000, Full: wal.DropOldest},
		depth: 50, snapshot: 5 * time.Minute, drain: time.Minute, metrics: "127.0.0.1:9464",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// Every mistake is told with its line, and what may be secret is in no error.
func TestReadRecipeMistakes(t *testing.T) {
	const venues = "venues: {okx: {symbols: [BTC/USDT]}}\n"
	for text, want := range map[string]string{
		"":                                   "record.yaml is empty",
		"# nothing\n":                        "record.yaml is empty",
		"- a":                                "record.yaml:1: the file: keys and values are needed, not a list",
		"dir: x":                             "there are no venues to record",
		"a: [":                               "record.yaml: line 1: did not find",
		"a: b\n---\nc: d":                    "there is a second document",
		venues + "dirr: x":                   `record.yaml:2: no key "dirr"; did you mean dir?`,
		venues + "dir: 5":                    "record.yaml:2: dir: a text is needed, not a number",
		venues + "dir:":                      "record.yaml:2: dir: a text is needed, not nothing",
		venues + "dir: [a]":                  "record.yaml:2: dir: a text is needed, not a list",
		venues + "dir: a\ndir: b":            `record.yaml:3: key "dir" is there already, in line 2`,
		"venues: {okx: {symbls: []}}":        `record.yaml:1: no key "symbls"; did you mean symbols?`,
		"venues:\n  okz:\n    symbols: [A]":  `record.yaml:2: no venue "okz"; did you mean okx?`,
		"venues: {okx: {}}":                  "record.yaml:1: okx has no symbols",
		"venues: {okx: {symbols: BTC/USDT}}": "symbols: a list is needed, such as [BTC/USDT, ETH/USDT]",
		"venues: {okx: {symbols: [600519]}}": "symbols: a text is needed, not a number",
		"venues: {okx: {symbols: [a], channels: [trade]}}":                             `channels: no choice "trade"; did you mean trades?`,
		"venues: {okx: {symbols: [a], intervals: [1m]}}":                               "okx: intervals are for the channel candles",
		"venues: {okx: {symbols: [a], intervals: [1x]}}":                               `intervals: "1x" is none`,
		"venues: {okx: {symbols: [a], raw: yes}}":                                      "raw: true or false is needed, not a text",
		"venues: {okx: {symbols: [a], token: '${NONE}'}}":                              "token: the environment has no NONE",
		"venues: {okx: {symbols: [a], token: '${NONE'}}":                               "token: ${ has no NAME}",
		venues + "sinks: memory://x":                                                   "sinks: a list is needed, such as - url: sqlite://",
		venues + "sinks:\n- name: x":                                                   "record.yaml:3: the sink has no url",
		venues + "sinks:\n- url: memoryy://u:${PASSWORD}@h":                            `no scheme of a sink "memoryy"; did you mean memory?`,
		venues + "sinks:\n- url: 'memory://'":                                          "memory:// says nothing but the scheme",
		venues + "sinks: [{url: 'memory://a', name: a.b}]":                             "name: letters, digits, - and _ are allowed",
		venues + "sinks: [{url: 'memory://a', batch: 0}]":                              "batch: a whole number from 1 to 1000000 is needed",
		venues + "sinks: [{url: 'memory://a', batch: many}]":                           "batch: a whole number from 1 to 1000000 is needed, not a text",
		venues + "sinks: [{url: 'memory://a', every: 100}]":                            "every: a duration above 0, such as 100ms, 10s or 5m, is needed, not a number",
		venues + "sinks: [{url: 'memory://a', every: soon}]":                           "every: a duration above 0",
		venues + "sinks: [{url: 'memory://a', name: A}, {url: 'memory://b', name: a}]": "two sinks are called A",
		venues + "log: {sync: sometimes}":                                              `sync: no choice "sometimes"; there are every, always, never`,
		venues + "log: {segment: big}":                                                 "segment: a size above 0, such as 500MB or 10GiB, is needed",
		venues + "log: {segment: 1kB}":                                                 "log: segment must be 4KiB or more",
		venues + "log: {budget: 100MB}":                                                "log: budget must be two segments or more, 128 MiB",
		venues + "log: {full: newest}":                                                 `full: no choice "newest"`,
		venues + "depth: -1":                                                           "depth: a whole number from 1 to 5000",
		venues + "drain: -1s":                                                          "drain: a duration above 0",
		venues + "metrics: ':x'":                                                       `metrics: ":x" is no address`,
		venues + "<<: {dir: x}":                                                        `no key "<<"`,
		venues + "depth: &a [*a]":                                                      "depth: a whole number",
		"venues: &v {okx: *v}":                                                         `no key "okx"`,
	} {
		_, err := readText(t, text)
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, errUsage) {
			t.Errorf("%q: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "a/b") || strings.Contains(err.Error(), "a%2Fb") {
			t.Errorf("%q: %v has the secret", text, err)
		}
	}
}

func TestExpandURL(t *testing.T) {
	env := map[string]string{"P": "a/b@c", "ALL": "memory://u:p@h/d", "H": "h:1"}
	for text, want := range map[string]string{
		"memory://u:${P}@${H}/d?x=${P}": "memory://u:a%2Fb%40c@h:1/d?x=a/b@c",
		"${ALL}":                        "memory://u:p@h/d",
		"mysql://u:${P}@tcp(${H})/d":    "mysql://u:a/b@c@tcp(h:1)/d",
		"memory://$${P}@h":              "memory://${P}@h",
		"/a/${H}.db":                    "/a/h:1.db",
	} {
		if got, err := expandURL(text, func(k string) string { return env[k] }); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "4096": 4096, "10 GiB": 10 << 30, "1.5kB": 1500, "64MiB": 64 << 20, "2TB": 2e12, "1TiB": 1 << 40, "7B": 7,
		"": 0, "0": 0, "-1": 0, "x": 0, "1e99": 0, "NaN": 0, "Inf": 0, "0.1": 0, "1GiBB": 0, "MB": 0,
	} {
		if got, ok := parseBytes(text); ok != (want > 0) || ok && got != want {
			t.Errorf("parseBytes(%q) = %d, %t; want %d", text, got, ok, want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 128 << 20: "128 MiB", 10<<40 + 1<<39: "10.5 TiB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

// Whatever stands in a file: an error or a recipe, never a panic.
func FuzzReadRecipe(f *testing.F) {
	f.Add("venues: {okx: {symbols: [BTC/USDT]}}\nsinks:\n- url: memory://${A}@b")
	f.Add("venues: &v {okx: *v}")
	f.Add("log: {budget: 9e999}\n--- x")
	f.Add("? [a]\n: b\n")
	file := filepath.Join(f.TempDir(), "record.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		s, r := &settings{file: file, env: func(string) string { return "x" }}, &recipe{}
		if n := s.document([]byte(text)); n != nil {
			r.read(s, n)
		}
		if s.err() == nil && r.finish() == nil && len(r.venues) == 0 {
			t.Error("a recipe without venues")
		}
	})
}
