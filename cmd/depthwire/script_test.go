package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/venuetest"
)

func TestParseScript(t *testing.T) {
	for text, want := range map[string]step{
		"drop-delta":                   {fault: venuetest.Fault{Kind: venuetest.DropDelta}},
		"after 5s drop-delta BTC/USDT": {after: 5 * time.Second, fault: venuetest.Fault{Kind: venuetest.DropDelta, ID: "BTC/USDT"}},
		"every 10s disconnect":         {after: 10 * time.Second, every: 10 * time.Second, fault: venuetest.Fault{Kind: venuetest.CloseSocket}},
		"\t every 1m30s  delay-delta BTC/USDT for=200ms n=3 skip=2 conn=1 channel=depth # late": {after: 90 * time.Second, every: 90 * time.Second,
			fault: venuetest.Fault{Kind: venuetest.DelayDelta, ID: "BTC/USDT", For: 200 * time.Millisecond, N: 3, After: 2, Conn: 1, Channel: "depth"}},
		`http-status code=429 retry-after=30s path=/depth body="a b # \"c\""`: {
			fault: venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 429, RetryAfter: 30 * time.Second, Path: "/depth"}},
		"silent-topic BTC/USDT n=-1 for=5s": {fault: venuetest.Fault{Kind: venuetest.SilentTopic, ID: "BTC/USDT", N: -1, For: 5 * time.Second}},
		"clock-skew for=-5s":                {fault: venuetest.Fault{Kind: venuetest.ClockSkew, For: -5 * time.Second}},
		"chaos p=0.25 seed=9":               {fault: venuetest.Fault{Kind: chaos}, p: 0.25, seed: 9},
		"chaos":                             {fault: venuetest.Fault{Kind: chaos}, p: 0.01},
		"after 1h heal":                     {after: time.Hour, fault: venuetest.Fault{Kind: healing}},
	} {
		got, err := parseScript(text, venuetest.BinanceMarkets())
		want.what = want.fault.Kind
		if len(got) == 1 {
			got[0].text = ""
			if got[0].fault.Body == `a b # "c"` {
				got[0].fault.Body = ""
			}
		}
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestParseScriptRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"\n\ndrop-dleta":               `line 3: no fault "drop-dleta"; did you mean drop-delta?`,
		"after drop-delta":             "line 1: \"after\" is followed by a duration and a fault",
		"every 0s drop-delta":          "a time of 0s is not above 0",
		"after -1s drop-delta":         "a time of -1s is not above 0",
		"every 5 drop-delta":           `"5" is no duration`,
		"drop-delta BTC/USTD":          `no market "BTC/USTD"; did you mean BTC/USDT?`,
		"drop-delta BTC/USDT ETH/USDT": "symbol is given twice",
		"drop-delta n=1 n=2":           "n is given twice",
		"drop-delta for=1s":            `drop-delta does not take "for"; it takes symbol, channel, conn, skip, n`,
		"drop-delta symbol=BTC/USDT":   `does not take "symbol"`,
		"drop-delta n=-2":              "n is a whole number from -1",
		"drop-delta n=x":               `not "x"`,
		"drop-delta n=":                `not ""`,
		"heal BTC/USDT":                `heal takes no market: "BTC/USDT"`,
		"chaos p=NaN":                  "p is a probability",
		"chaos p=1.5":                  "p is a probability",
		`disconnect text="open`:        "a quote is not closed",
		`disconnect text="a"b`:         "text: not a quoted text",
		"every 1s":                     "is followed by",
	} {
		got, err := parseScript(text, venuetest.BinanceMarkets())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", text, got, err, want)
		}
	}
}

func TestLoadScripts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "faults")
	if err := os.WriteFile(file, []byte("heal;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := loadScripts([]string{"heal; day", "@" + file, "@-"}, strings.NewReader("no-pong"))
	want := []namedScript{{"--fault", "heal\n day"}, {file, "heal;\n"}, {"-", "no-pong"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := loadScripts([]string{"@-"}, strings.NewReader(strings.Repeat("#", mostScript+1))); err == nil {
		t.Error("a script without bound was read")
	}
}

// Every fault is known to the simulator by the words that the help gives.
func TestFaultKinds(t *testing.T) {
	for _, k := range faultKinds {
		if _, err := parseScript(k.name, nil); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		for _, key := range strings.Fields(k.keys) {
			value := map[string]string{"for": "1s", "retry-after": "1s"}[key]
			word := key + "=" + max(value, "1")
			if key == "symbol" {
				word = "BTC/USDT"
			}
			if _, err := parseScript(k.name+" "+word, venuetest.OKXMarkets()); err != nil {
				t.Errorf("%s %s: %v", k.name, word, err)
			}
		}
	}
}

func TestScriptRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := parseScript("after 5s drop-delta\nevery 2s disconnect\nheal\nafter 1h day", nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		begin := time.Now()
		var got []string
		s.run(ctx, func(x *step) { got = append(got, fmt.Sprint(time.Since(begin).Seconds(), x.what)) })
		want := []string{"0heal", "2close socket", "4close socket", "5drop delta", "6close socket"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func FuzzParseScript(f *testing.F) {
	for _, seed := range []string{
		"after 5s drop-delta BTC/USDT", "every 10s disconnect code=1001 text=\"a b\"", "# nothing", "chaos p=0.5 seed=1\nheal", "http-status body=\"\\u00e9\"", "every 1s \"", "\x00",
	} {
		f.Add(seed)
	}
	markets := venuetest.BinanceMarkets()
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseScript(text, markets)
		if err != nil && (s != nil || !strings.HasPrefix(err.Error(), "line ")) {
			t.Fatalf("%v, %v", s, err)
		}
		for _, x := range s {
			again, err := parseScript(x.text, markets)
			if err != nil || len(again) != 1 || again[0] != x {
				t.Fatalf("%q is not what %+v says: %+v, %v", x.text, x, again, err)
			}
			if x.every < 0 || x.after < 0 || x.fault.N < -1 || !(x.p >= 0 && x.p <= 1) {
				t.Fatalf("%+v", x)
			}
		}
	})
}
