package okx

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

func arg(channel, id string) string { return `{"channel":"` + channel + `","instId":"` + id + `"}` }

func TestChange(t *testing.T) {
	d := newDialect()
	got := d.Change(time.Time{}, nil, []string{arg("trades", "BTC-USDT"), arg("books", "BTC-USDT")}, []string{arg("tickers", "ETH-USDT")})
	want := []struct{ frame, id string }{
		{`{"id":"1","op":"unsubscribe","args":[{"channel":"tickers","instId":"ETH-USDT"}]}`, "1"},
		{`{"id":"2","op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"},{"channel":"trades","instId":"BTC-USDT"}]}`, "2"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d requests, want %d", len(got), len(want))
	}
	for i, w := range want {
		if string(got[i].Frame) != w.frame || got[i].ID != w.id || got[i].Drop != (i == 0) {
			t.Errorf("request %d: %s id %s drop %v, want %s", i, got[i].Frame, got[i].ID, got[i].Drop, w.frame)
		}
	}
	if len(got[1].Topics) != 2 || got[1].Topics[0] != arg("books", "BTC-USDT") {
		t.Errorf("topics %q", got[1].Topics)
	}
}

func TestChangeSplits(t *testing.T) {
	var many []string
	for i := range 300 {
		many = append(many, arg("candle12Hutc", fmt.Sprintf("VERYLONGNAME%03d-USDT-SWAP", i)))
	}
	total := 0
	for _, r := range newDialect().Change(time.Time{}, nil, many, nil) {
		if len(r.Frame) >= 4096 || len(r.Topics) > 50 {
			t.Errorf("request of %d bytes, %d topics", len(r.Frame), len(r.Topics))
		}
		total += len(r.Topics)
	}
	if total != len(many) {
		t.Errorf("%d topics asked for, want %d", total, len(many))
	}
}

func TestRouteData(t *testing.T) {
	canonical := arg("books", "BTC-USDT")
	for _, frame := range []string{
		`{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[]}`,
		`{"arg":{"instId":"BTC-USDT","channel":"books"},"data":[]}`,
		`{"data":[],"arg":{"channel":"books","instId":"BTC-USDT"}}`,
		`{ "arg" : { "channel" : "books" , "instId" : "BTC-USDT" } , "data" : [] }`,
		`{"arg":{"channel":"books","instId":"BTC-USDT","uid":"77"},"data":[]}`,
		`{"connId":"1","arg":{"channel":"books","instType":"SPOT","instId":"BTC-USDT"},"data":[]}`,
		`{"arg":{"channel":"bo\u006fks","instId":"BTC-USDT"},"data":[]}`,
		`{"arg":"duplicate","arg":{"channel":"books","instId":"BTC-USDT"},"data":[]}`,
	} {
		var f stream.Frame
		if err := newDialect().Route([]byte(frame), &f); err != nil || string(f.Topic) != canonical || string(f.Data) != frame || len(f.Acks) != 0 {
			t.Errorf("%s: topic %s, data %s, %v", frame, f.Topic, f.Data, err)
		}
	}
}

func TestRouteNothing(t *testing.T) {
	for _, frame := range []string{
		"pong", "pong\n",
		`{"event":"channel-conn-count","channel":"orders","connCount":"2","connId":"7c1e90b2"}`,
		`{"event":"of a new kind"}`,
		`{"arg":{"channel":"books","instId":"BTC-USDT"},"event":"of a new kind"}`,
		`{"event":"notice","code":"1","msg":"nothing much"}`,
		`{"event":"subscribe","arg":{}}`,
	} {
		var f stream.Frame
		if err := newDialect().Route([]byte(frame), &f); err != nil || f.Topic != nil || len(f.Acks) != 0 || f.Leave != "" || f.Reply != nil {
			t.Errorf("%s: %+v, %v", frame, f, err)
		}
	}
}

func TestRouteRefusesNonsense(t *testing.T) {
	for _, frame := range []string{"", "x", "ping", "{", `{}`, `[]`, `"text"`, `{"arg":{"channel":"books","instId":"BTC-USDT"}}`,
		`{"arg":{"channel":"books","instId":"BTC-USDT"}`, `{"event":"error","code":"60012","msg":"Invalid request"}`, `{"arg":7,"data":[]}`, `{"arg":{},"data":[]}`} {
		var f stream.Frame
		if err := newDialect().Route([]byte(frame), &f); err == nil {
			t.Errorf("%s: routed to %+v", frame, f)
		}
	}
}

func TestRouteLeave(t *testing.T) {
	var f stream.Frame
	err := newDialect().Route([]byte(`{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"7c1e90b2"}`), &f)
	if err != nil || !strings.HasPrefix(f.Leave, "64008 The connection will soon be closed") {
		t.Errorf("leave %q, %v", f.Leave, err)
	}
}

func TestRouteAcks(t *testing.T) {
	books, ticker := arg("books", "BTC-USDT"), arg("tickers", "BTC-USDT")
	type want struct {
		topic, code      string
		kind             error
		drop, one, again bool
	}
	for _, c := range []struct {
		name   string
		frames []string
		want   []want
	}{
		{"acknowledged", []string{
			`{"id":"1","event":"subscribe","arg":` + books + `,"connId":"7c1e90b2"}`,
			`{"event":"unsubscribe","arg":{"instId":"BTC-USDT","channel":"tickers"},"id":"1"}`,
		}, []want{{topic: books}, {topic: ticker, drop: true}}},
		{"60018 names its arg", []string{
			`{"id":"1","event":"error","code":"60018","msg":"Wrong URL or channel:tickers,instId:BTC-USDT doesn't exist. Please use the correct URL.","connId":"7c1e90b2"}`,
			`{"event":"error","code":"60018","msg":"Wrong URL or channel:books,instId:BTC-USDT doesn't exist."}`,
		}, []want{{topic: ticker, code: "60018", kind: exchange.ErrBadSymbol, one: true}, {topic: books, code: "60018", kind: exchange.ErrBadSymbol}}},
		{"others by order", []string{
			`{"id":"1","event":"error","code":"64003","msg":"Your trading fee tier doesn't meet the requirement to access this channel"}`,
			`{"id":"1","event":"error","code":"60011","msg":"Please log in"}`,
			`{"id":"1","event":"error","code":60029,"msg":""}`,
		}, []want{{code: "64003", kind: exchange.ErrPermission, one: true}, {code: "60011", kind: exchange.ErrAuth, one: true}, {code: "60029", kind: exchange.ErrPermission, one: true}}},
		{"of the whole request", []string{
			`{"id":"1","event":"error","code":"60014","msg":"Requests too frequent"}`,
			`{"id":"1","event":"error","code":"60012","msg":"Invalid request: {\"op\": \"subscribe\"}"}`,
			`{"id":"1","event":"error","code":"63999","msg":"Internal system error"}`,
		}, []want{{code: "60014", kind: exchange.ErrRateLimit, again: true}, {code: "60012", kind: exchange.ErrBadRequest},
			{code: "63999", kind: exchange.ErrUnavailable, one: true, again: true}}},
		{"code of no table", []string{`{"id":"1","event":"error","code":"99999","msg":"?"}`}, []want{{code: "99999", kind: exchange.ErrBadRequest, one: true}}},
	} {
		d := newDialect()
		for i, frame := range c.frames {
			var f stream.Frame
			if err := d.Route([]byte(frame), &f); err != nil || len(f.Acks) != 1 {
				t.Errorf("%s: %s: %+v, %v", c.name, frame, f, err)
				continue
			}
			a, w := f.Acks[0], c.want[i]
			if string(a.Topic) != w.topic || a.Drop != w.drop || a.One != w.one || a.Again != w.again {
				t.Errorf("%s: %s: %s drop %v one %v again %v", c.name, frame, a.Topic, a.Drop, a.One, a.Again)
			}
			var e *exchange.Error
			switch {
			case w.code == "" && a.Err != nil:
				t.Errorf("%s: %s: %v", c.name, frame, a.Err)
			case w.code != "" && (!errors.As(a.Err, &e) || e.Code != w.code || !errors.Is(a.Err, w.kind)):
				t.Errorf("%s: %s: %v, want %s %v", c.name, frame, a.Err, w.code, w.kind)
			}
		}
	}
}

func TestRouteDoesNotAllocate(t *testing.T) {
	frame := []byte(`{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[]}`)
	d := newDialect()
	var f stream.Frame
	if n := testing.AllocsPerRun(100, func() { _ = d.Route(frame, &f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	pong := []byte("pong")
	if n := testing.AllocsPerRun(100, func() { _ = d.Route(pong, &f) }); n != 0 {
		t.Errorf("pong: %v allocations", n)
	}
}

func TestBeat(t *testing.T) {
	if msg, every := new(dialect).Beat(time.Time{}); string(msg) != "ping" || every >= 30*time.Second {
		t.Errorf("%s every %s", msg, every)
	}
}

func TestTopics(t *testing.T) {
	v := Venue()
	spot, swap, future := v.Families[0], v.Families[1], v.Families[2]
	btc := &exchange.Market{ID: "BTC-USDT", Kind: exchange.Spot}
	perp := &exchange.Market{ID: "BTC-USDT-SWAP", Kind: exchange.Swap}
	dated := &exchange.Market{ID: "BTC-USD_UM-261225", Kind: exchange.Future}
	five := &exchange.Market{ID: "BTC-USD_UM_XPERP-310404", Kind: exchange.Future}
	for _, c := range []struct{ got, want string }{
		{spot.Push.Ticker.Topic(btc, exchange.Args{}), arg("tickers", "BTC-USDT")},
		{spot.Push.Candles.Topic(btc, exchange.Args{Interval: "6h"}), arg("candle6Hutc", "BTC-USDT")},
		{spot.Push.Candles.Topic(btc, exchange.Args{Interval: "7h"}), ""},
		{swap.Push.Funding.Topic(perp, exchange.Args{}), arg("funding-rate", "BTC-USDT-SWAP")},
		{future.Push.Funding.Topic(five, exchange.Args{}), arg("funding-rate", "BTC-USD_UM_XPERP-310404")},
	} {
		if c.got != c.want {
			t.Errorf("topic %q, want %q", c.got, c.want)
		}
	}
	if has := future.Push.Funding.For; has(dated) || !has(five) {
		t.Error("of the dated contracts those of five years alone have funding")
	}
}
