package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

func TestScreenFollowsItsSize(t *testing.T) {
	var out strings.Builder
	width, height := 80, 5
	s := screen{out: &out, size: func() (int, int, error) { return width, height, nil }}
	draw := func(notes, lines []string) string {
		t.Helper()
		out.Reset()
		if err := s.draw(notes, lines); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := draw(nil, []string{"a", "b"}); !strings.Contains(got, hideCursor) || strings.Contains(got, clear) {
		t.Errorf("first picture %q", got)
	}
	if got, want := draw([]string{"note"}, []string{"a"}), hold+noWrap+"\r\x1b[2A"+"note"+endOfLine+"\r\n"+"a"+endOfLine+"\r\n"+below+wrap+release; got != want {
		t.Errorf("second picture %q, want %q", got, want)
	}
	if got := draw(nil, strings.Split("abcdefgh", "")); !strings.Contains(got, "\x1b[1A") || strings.Count(got, "\n") != 4 || !strings.Contains(got, "… 5 more lines") {
		t.Errorf("picture that is too high %q", got)
	}
	width = 60
	if got := draw(nil, []string{"a"}); !strings.Contains(got, clear) {
		t.Errorf("picture after a change of size %q", got)
	}
	s.size = func() (int, int, error) { return 0, 0, errors.New("no size") }
	if draw(nil, []string{"a"}); s.width != 80 || s.height != 24 {
		t.Errorf("size %d × %d where there is none", s.width, s.height)
	}
	out.Reset()
	if s.close(); out.String() != wrap+showCursor {
		t.Errorf("close wrote %q", out.String())
	}
	if s.close(); out.String() != wrap+showCursor {
		t.Error("close wrote twice")
	}
}

func TestTableAligns(t *testing.T) {
	tab := newTable(palette{}, column{title: "NAME"}, column{title: "PRICE", align: point}, column{title: "AGE", align: right, spare: 1}, column{title: "SIZE", align: point, spare: 2})
	got := strings.Join(tab.lines([][]cell{tab.titles(), row("币安", "12.5", "3ms", "1000"), row("b", "-0.00125", "", "7.25"), row("c", "", "12ms", "")}, 0), "\n")
	want := strings.Join([]string{
		"NAME     PRICE   AGE     SIZE",
		"币安  12.5       3ms  1000",
		"b     -0.00125           7.25",
		"c               12ms",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	narrow := tab.lines([][]cell{tab.titles()}, 20)[0]
	if narrow != "NAME     PRICE   AGE" {
		t.Errorf("within 20: %q", narrow)
	}
	if narrow = tab.lines([][]cell{tab.titles()}, 14)[0]; narrow != "NAME     PRICE" {
		t.Errorf("within 14: %q", narrow)
	}
	if narrow = tab.lines([][]cell{tab.titles()}, 11)[0]; narrow != "NAME     PR" {
		t.Errorf("within 11: %q", narrow)
	}
}

// Names come from venues: a terminal must not obey them.
func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"BTC/USDT": "BTC/USDT", "a\x1b[2Jb": "a\uFFFD[2Jb", "a\nb": "a\uFFFDb", "\u202Eevil": "\uFFFDevil", "币安人生": "币安人生",
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %q, want %q", text, got, want)
		}
	}
	if got := cut("币安人生", 5); got != "币安" {
		t.Errorf("cut = %q", got)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0ms", 1500 * time.Microsecond: "1.5ms", -3 * time.Millisecond: "-3.0ms", 250 * time.Millisecond: "250ms",
		12300 * time.Millisecond: "12.3s", 95 * time.Second: "1m35s", 3*time.Hour + 4*time.Minute: "3h04m",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestBreakText(t *testing.T) {
	at := time.Unix(100, 0)
	for want, b := range map[string]exchange.Break{
		"gap, 3 missing, between 5 and 9, 20.0s": {Cause: stream.Gap, Lost: 3, FromID: "5", ToID: "9", From: at, To: at.Add(20 * time.Second)},
		"disconnect, out of sync, after 5: a�b":  {Cause: stream.Disconnect, FromID: "5", From: at, Err: errors.New("a\x1bb")},
		"overrun, healed, before 9":              {Cause: stream.Overrun, ToID: "9", Healed: true},
		"silence, values missing, 1.0s":          {Cause: stream.Silence, From: at, To: at.Add(time.Second)},
	} {
		if got := breakText(&b); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	symbols := []string{"BTC/USDT", "BTC/USDT:USDT", "ETH/USDT", "SHIB/USDT", "BTC/USD:BTC"}
	for name, want := range map[string]string{
		"BTC/USTD": "BTC/USDT", "btcusdt": "BTC/USDT", "BTC-USDT": "BTC/USDT", "BTCUSDTUSDT": "BTC/USDT:USDT", "EHT/USDT": "ETH/USDT", "DOGE/EUR": "", "": "",
		strings.Repeat("x", 1<<16): "",
	} {
		got := nearest(name, symbols)
		if (want == "") != (len(got) == 0) || len(got) > 0 && got[0] != want {
			t.Errorf("nearest(%.20q) = %v, want %q first", name, got, want)
		}
	}
}

func TestStateOf(t *testing.T) {
	for _, c := range []struct {
		h     exchange.StreamHealth
		heard bool
		want  string
	}{
		{exchange.StreamHealth{Connected: true, State: stream.Subscribed}, true, "live"},
		{exchange.StreamHealth{Connected: true, State: stream.Subscribed}, false, "syncing"},
		{exchange.StreamHealth{Connected: true, State: stream.Asked}, true, "syncing"},
		{exchange.StreamHealth{Connected: true, State: stream.Silent}, true, "stale"},
		{exchange.StreamHealth{State: stream.Waiting}, true, "stale"},
		{exchange.StreamHealth{State: stream.Waiting}, false, "syncing"},
	} {
		if got := stateOf(&c.h, c.heard); got != c.want {
			t.Errorf("stateOf(%+v, %t) = %s, want %s", c.h, c.heard, got, c.want)
		}
	}
}
