package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// mergedLine is any JSON of --merged.
type mergedLine struct {
	Kind, State string
	Bid, Ask    *mergedLevel
	Bids, Asks  []mergedLevel
	Complete    [2]int
	Crossed     bool
	Locked      bool
	Venues      []venueRecord
}

func mergedLines(t *testing.T, got outcome) (all []mergedLine) {
	t.Helper()
	if got.code != exitGood || got.err != "" {
		t.Fatalf("exit %d, %s", got.code, got.err)
	}
	for line := range strings.Lines(got.out) {
		var l mergedLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, l)
	}
	return all
}

// The sizes of a level are those of who stands there, who is live; crossed is what the prices say.
func TestMerged(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"bidask", "book"} {
		got := simulate(t, "watch", "--merged", "okx", "binance", "backpack", "BTC/USDT", "--as", "backpack/BTC/USDT=BTC/USDC", "-k", kind, "--depth", "7", "--count", "200", "--json")
		lines := mergedLines(t, got)
		for _, l := range lines {
			if l.Kind != "merged-"+kind || len(l.Venues) != 3 || l.Venues[0].Venue != "okx" || l.Venues[2].Symbol != "BTC/USDC" {
				t.Fatalf("%+v", l)
			}
			if kind == "bidask" && l.State == "live" {
				l.Bids, l.Asks = []mergedLevel{*l.Bid}, []mergedLevel{*l.Ask}
			}
			var live []string
			for _, v := range l.Venues {
				if v.State == "live" {
					live = append(live, v.Venue)
				}
				if v.Since == nil || (v.State == "live") != (v.Error == "") || v.State == "live" && v.Received == nil {
					t.Errorf("%+v", v)
				}
			}
			checkLevels(t, l.Bids, live, -1)
			checkLevels(t, l.Asks, live, 1)
			if (l.State == "live") != (len(live) > 0) {
				t.Errorf("%s with %v live", l.State, live)
			}
			if len(live) == 0 {
				continue
			}
			if cross := l.Bids[0].Price.Cmp(l.Asks[0].Price); l.Crossed != (cross > 0) || l.Locked != (cross == 0) {
				t.Errorf("%s, crossed %t, locked %t: %v, %v", l.State, l.Crossed, l.Locked, l.Bids[0], l.Asks[0])
			}
		}
		last := lines[len(lines)-1]
		if slices.ContainsFunc(last.Venues, func(v venueRecord) bool { return v.State != "live" }) || kind == "book" && (len(last.Bids) != 7 || last.Complete[0] == 0) {
			t.Errorf("at last %+v", last)
		}
	}
}

func checkLevels(t *testing.T, levels []mergedLevel, live []string, dir int) {
	t.Helper()
	for i, l := range levels {
		sum := decimal.New(0, 0)
		for _, v := range l.Venues {
			if sum = sum.Add(v.Size); !slices.Contains(live, v.Venue) {
				t.Errorf("%s stands at %s; live are %v", v.Venue, l.Price, live)
			}
		}
		if len(l.Venues) == 0 || !sum.Equal(l.Size) || i > 0 && dir*l.Price.Cmp(levels[i-1].Price) <= 0 {
			t.Errorf("level %d: %+v after %+v", i, l, levels[max(0, i-1)])
		}
	}
}

// A venue that is left out, or was, is told with its reason; the others go on.
func TestMergedTellsWhoIsLeftOut(t *testing.T) {
	t.Parallel()
	got := simulate(t, "watch", "--merged", "okx", "backpack", "BTC/USDT", "--fault", "after 1s disconnect", "--fault", "after 1s no-ack n=1", "--for", "30s")
	if got.code != exitGood || got.err != "" || strings.Count(got.out, "backpack  BTC/USDT  left out: unknown or inactive symbol\n") != 1 {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
	for _, want := range []string{
		"okx  BTC/USDT  left out: not in sync: syncing after disconnect\n", "okx  BTC/USDT  break: disconnect, healed, between ", "ms, backpack syncing\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in\n%s", want, got.out)
		}
	}
	got = simulate(t, "watch", "--merged", "okx", "binance", "BTC/USTD")
	if got.code != exitFailed || got.err != "depthwire: okx, binance: no symbol \"BTC/USTD\"; did you mean BTC/USDT?\n" {
		t.Errorf("exit %d, %s", got.code, got.err)
	}
	got = simulate(t, "watch", "--merged", "okx", "BTC/USDT", "--fault", "no-ack n=-1", "--fault", "silent-socket n=-1", "--timeout", "1s", "--for", "2s")
	if got.code != exitFailed || !strings.Contains(got.err, "merged BTC/USDT: nothing has come for 1s; still waiting (no venue is live)") || !strings.Contains(got.err, "nothing came within 2s") {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
	}
}

// Below the levels each venue has a row, and below the table each that is left out a line.
func TestMergedTable(t *testing.T) {
	t.Parallel()
	f := &fakeTerminal{width: 160, height: 40, pictures: 20}
	code, failed := onTerminal(t, f, map[string]string{"NO_COLOR": "1"}, "watch", "--merged", "okx", "binance", "backpack", "BTC/USDT", "--kind", "book", "--depth", "2")
	if code != exitGood || failed != "" {
		t.Fatalf("exit %d, %s", code, failed)
	}
	if lines := strings.Count(f.writes[0], "\n"); lines != 6 {
		t.Errorf("%d lines at first, want titles, 2 levels and 3 venues:\n%s", lines, f.writes[0])
	}
	final := strings.Split(strings.ReplaceAll(f.writes[len(f.writes)-2], endOfLine, ""), "\r\n")
	for i, want := range []string{"VENUE", "merged ", "", "okx ", "binance ", "backpack ", "backpack BTC/USDT: syncing since "} {
		if !strings.HasPrefix(strings.TrimPrefix(final[i], hold+noWrap+"\r\x1b[7A"), want) {
			t.Errorf("line %d is %q, want %q first", i, final[i], want)
		}
	}
	if !strings.Contains(final[3], "live") || !strings.Contains(final[3], "ms") || !strings.HasSuffix(final[6], ": unknown or inactive symbol") {
		t.Errorf("got\n%s", strings.Join(final, "\n"))
	}
}

func TestMergedRows(t *testing.T) {
	level := func(price, size string, venues ...exchange.VenueSize) exchange.ConsolidatedLevel {
		l := exchange.ConsolidatedLevel{Price: decimal.MustParse(price), Venues: venues}
		if size != "" {
			l.Size = decimal.MustParse(size)
		}
		return l
	}
	of := func(venue, size string) exchange.VenueSize {
		return exchange.VenueSize{Venue: venue, Size: decimal.MustParse(size)}
	}
	b := exchange.ConsolidatedBook{
		Bids:     []exchange.ConsolidatedLevel{level("10.5", "3", of("okx", "1"), of("binance", "2")), level("10.4", "7", of("okx", "7"))},
		Asks:     []exchange.ConsolidatedLevel{level("10.6", "", exchange.VenueSize{Venue: "alltick"}, of("okx", "4"))},
		KnownBid: decimal.MustParse("10.45"),
	}
	rows := mergedRows(&b, 3)
	var got []string
	for _, r := range rows {
		text := ""
		for _, c := range r {
			text += c.text + "|"
		}
		got = append(got, text)
	}
	want := []string{"okx 1 + binance 2|3|10.5|10.6||alltick + okx 4|", "okx|7|10.4||||", "||||||"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if rows[0][2].style != good || rows[1][2].style != faint || rows[0][3].style != bad {
		t.Error("the level that a venue may lack is not faint, or another is")
	}
	for want, b := range map[string]exchange.ConsolidatedBook{
		"crossed": {Crossed: true}, "locked": {Locked: true}, "syncing": {Venues: make([]exchange.VenueState, 2)},
		"live": {Venues: []exchange.VenueState{{}, {State: book.Live}}},
	} {
		if got := mergedState(&b); got != want {
			t.Errorf("state %s, want %s", got, want)
		}
	}
}

// That venues begin is no news; that they fail, break, heal or come back after a failure is, once.
func TestTurns(t *testing.T) {
	at := exchange.Stamp{Venue: "okx", Symbol: "X/Y"}
	sync := &exchange.Error{Venue: "okx", Op: "WatchOrderBook", Symbol: "X/Y", Kind: exchange.ErrOutOfSync, Message: "not live yet"}
	broken := at
	broken.Break = &exchange.Break{Cause: stream.Disconnect}
	healed := at
	healed.Break = &exchange.Break{Cause: stream.Disconnect, Healed: true}
	begins := exchange.VenueState{Stamp: at, Err: sync}
	live := exchange.VenueState{Stamp: at, State: book.Live}
	down := exchange.VenueState{Stamp: at, Err: errors.New("no route")}
	lost := exchange.VenueState{Stamp: broken, Err: sync}
	back := exchange.VenueState{Stamp: healed, State: book.Live}
	for _, c := range []struct {
		was  []exchange.VenueState
		now  exchange.VenueState
		want string
	}{
		{nil, begins, ""},
		{nil, live, ""},
		{nil, down, "left out: no route"},
		{[]exchange.VenueState{begins}, live, ""},
		{[]exchange.VenueState{begins}, down, "left out: no route"},
		{[]exchange.VenueState{down}, down, ""},
		{[]exchange.VenueState{down}, live, "live"},
		{[]exchange.VenueState{live}, live, ""},
		{[]exchange.VenueState{live}, lost, "left out: not in sync: not live yet"},
		{[]exchange.VenueState{lost}, back, "break: disconnect, healed"},
		{[]exchange.VenueState{live}, back, "break: disconnect, healed"},
		{[]exchange.VenueState{back}, back, ""},
	} {
		got := ""
		for _, n := range turns(c.was, []exchange.VenueState{c.now}) {
			got += n.text
		}
		if got != c.want {
			t.Errorf("from %+v to %+v: %q, want %q", c.was, c.now, got, c.want)
		}
	}
}

// Nothing that happens to venues keeps the table from being drawn: what it shows is in memory.
func TestTableIsDrawnWhateverHappens(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{
		"every 300ms disconnect", "dead-socket n=-1", "never-speak n=-1", "after 2s http-status code=503 n=-1;every 2s disconnect", "slow-snapshot n=-1 for=30s", "every 200ms refuse-subscribe n=-1;every 500ms disconnect", "chaos p=0.2",
	} {
		for _, how := range [][]string{{"--kind", "book"}, {"--merged"}} {
			f := &fakeTerminal{width: 120, height: 40, pictures: 150}
			args := slices.Concat([]string{"watch", "binance", "okx", "huobi", "BTC/USDT", "--log-level", "debug", "--fault", fault}, how)
			if code, failed := onTerminal(t, f, nil, args...); code == exitUsage || len(f.at) < f.pictures {
				t.Errorf("%s, %v: exit %d, %d pictures, %s", fault, how, code, len(f.at), failed)
			}
			for i := 1; i < len(f.at); i++ {
				if gap := f.at[i].Sub(f.at[i-1]); gap > 100*time.Millisecond {
					t.Errorf("%s, %v: nothing was drawn for %v", fault, how, gap)
				}
			}
		}
	}
}
