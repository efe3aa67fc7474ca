package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/wire"
)

// bank is a venue with one account, that trades when it is told to: REST, and a private socket.
type bank struct {
	mu     sync.Mutex
	id     int
	orders []*order
	fills  []string // rows
	filled []time.Time
	funds  map[string]int // by asset
	held   map[string]int // by market, below zero short
	moves  []string       // transactions, rows
	moved  []time.Time

	conns  []dial.Conn
	topics map[dial.Conn]map[string]bool
	down   bool          // no connections
	refuse string        // a topic
	lag    time.Duration // that REST knows of fills late
	work   sync.WaitGroup

	asked   []string                        // of REST: path?query
	answer  func(path string) (int, string) // in place of the true one, where the status is not 0
	way     func() time.Duration            // that a request or an answer takes
	markets string
	page    int // rows of an answer, 0: all
}

// order is an order of the bank.
type order struct {
	id, size, filled   int
	market, side, word string
	created, changed   time.Time
}

func newBank() *bank {
	return &bank{funds: make(map[string]int), held: make(map[string]int), topics: make(map[dial.Conn]map[string]bool), markets: "AB CD"}
}

func (o *order) row() string {
	return fmt.Sprintf(`{"s":%q,"i":"%d","c":"c%d","st":%q,"S":%q,"p":"100","q":"%d","z":"%d","C":%d,"t":%d}`,
		o.market, o.id, o.id, o.word, o.side, o.size, o.filled, o.created.UnixMilli(), o.changed.UnixMilli())
}

func (b *bank) balance(asset string) string {
	return fmt.Sprintf(`{"a":%q,"f":"%d","u":"0","t":%d}`, asset, b.funds[asset], time.Now().UnixMilli())
}

func (b *bank) position(market string) string {
	return fmt.Sprintf(`{"s":%q,"q":"%d","t":%d}`, market, b.held[market], time.Now().UnixMilli())
}

func (b *bank) next() int { b.id++; return b.id }

// say pushes a row to all who have the topic.
func (b *bank) say(topic, row string) {
	for _, c := range b.conns {
		if b.topics[c][topic] {
			_ = c.Write(context.Background(), []byte(topic+" "+row))
		}
	}
}

// place makes an order.
func (b *bank) place(market, side string, size int) *order {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := &order{id: b.next(), size: size, market: market, side: side, word: "open", created: time.Now(), changed: time.Now()}
	b.orders = append(b.orders, o)
	b.say("orders", o.row())
	return o
}

// fill trades some of an order.
func (b *bank) fill(o *order, size int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	o.filled, o.changed = o.filled+size, now
	if o.filled == o.size {
		o.word = "closed"
	}
	row := fmt.Sprintf(`{"s":%q,"x":"%d","i":"%d","S":%q,"p":"100","q":"%d","t":%d}`, o.market, b.next(), o.id, o.side, size, now.UnixMilli())
	b.fills, b.filled = append(b.fills, row), append(b.filled, now)
	sign := 1
	if o.side == "sell" {
		sign = -1
	}
	b.held[o.market] += sign * size
	b.funds[o.market[:1]] += sign * size
	b.funds[o.market[1:]] -= sign * size * 100
	b.say("fills", row)
	b.say("orders", o.row())
	b.say("balances", b.balance(o.market[:1]))
	b.say("balances", b.balance(o.market[1:]))
	b.say("positions", b.position(o.market))
}

func (b *bank) cancel(o *order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o.word, o.changed = "canceled", time.Now()
	b.say("orders", o.row())
}

func (b *bank) deposit(asset string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	row := fmt.Sprintf(`{"id":"%d","a":%q,"q":"%d","st":"ok","t":%d}`, b.next(), asset, n, time.Now().UnixMilli())
	b.moves, b.moved = append(b.moves, row), append(b.moved, time.Now())
	b.funds[asset] += n
	b.say("balances", b.balance(asset))
	b.say("deposits", row)
}

// open are the orders that are.
func (b *bank) open() (all []*order) {
	for _, o := range b.orders {
		if o.word == "open" {
			all = append(all, o)
		}
	}
	return all
}

// RoundTrip is the REST side.
func (b *bank) RoundTrip(r *http.Request) (*http.Response, error) {
	b.travel()
	b.mu.Lock()
	b.asked = append(b.asked, strings.TrimSuffix(r.URL.Path+"?"+r.URL.RawQuery, "?"))
	status, body := 0, ""
	if b.answer != nil {
		status, body = b.answer(r.URL.Path)
	}
	if status == 0 {
		status, body = b.reply(r.Method, r.URL.Path, r.URL.Query(), r.Header.Get("Key") != "")
	}
	b.mu.Unlock()
	b.travel()
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (b *bank) travel() {
	if b.way != nil {
		time.Sleep(b.way())
	}
}

func (b *bank) reply(method, path string, q url.Values, signed bool) (int, string) {
	if path == "/markets" {
		return 200, b.markets
	}
	if !signed || method != http.MethodGet && path != "/positions" {
		return 401, ""
	}
	var rows []string
	switch path {
	case "/account":
		return 200, "me"
	case "/balances":
		for asset := range b.funds {
			if b.funds[asset] != 0 {
				rows = append(rows, b.balance(asset))
			}
		}
	case "/savings":
		rows = append(rows, `{"a":"A","f":"7","u":"0"}`)
	case "/open", "/closed", "/order":
		for _, o := range b.orders {
			switch {
			case path == "/order" && q.Get("id") != strconv.Itoa(o.id):
			case path == "/open" && o.word != "open", path == "/closed" && o.word == "open":
			case path == "/closed" && !within(q, o.created), q.Get("s") != "" && q.Get("s") != o.market:
			default:
				rows = append(rows, o.row())
			}
		}
		if path == "/order" && len(rows) == 0 {
			return 400, "order not found"
		}
	case "/fills":
		n := len(b.fills)
		for n > 0 && b.filled[n-1].After(time.Now().Add(-b.lag)) && b.lag > 0 {
			n--
		}
		rows = pick(q, b.fills[:n], b.filled[:n])
	case "/deposits":
		rows = pick(q, b.moves, b.moved)
	case "/positions":
		for m, n := range b.held {
			if n != 0 {
				rows = append(rows, b.position(m))
			}
		}
	}
	if b.page > 0 && len(rows) > b.page && path != "/balances" && path != "/positions" {
		if q.Get("since") != "" {
			rows = rows[:b.page]
		} else {
			rows = rows[len(rows)-b.page:]
		}
	}
	return 200, "[" + strings.Join(rows, ",") + "]"
}

func pick(q url.Values, rows []string, at []time.Time) (some []string) {
	for i, row := range rows {
		if within(q, at[i]) && (q.Get("s") == "" || strings.Contains(row, `"s":"`+q.Get("s"))) {
			some = append(some, row)
		}
	}
	return some
}

func within(q url.Values, at time.Time) bool {
	since, _ := strconv.ParseInt(q.Get("since"), 10, 64)
	until, _ := strconv.ParseInt(q.Get("until"), 10, 64)
	return at.UnixMilli() >= since && (until == 0 || at.UnixMilli() < until)
}

// dial is the socket side: "sub topic" is answered by "ack topic", and what is pushed is "topic row".
func (b *bank) dial(context.Context) (dial.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return nil, errors.New("connection refused")
	}
	ours, theirs := dial.Pipe()
	b.conns, b.topics[ours] = append(b.conns, ours), make(map[string]bool)
	b.work.Go(func() { b.serve(ours) })
	return theirs, nil
}

func (b *bank) serve(conn dial.Conn) {
	defer conn.Close()
	for {
		msg, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		op, topic, _ := strings.Cut(string(msg), " ")
		b.mu.Lock()
		b.topics[conn][topic] = op == "sub"
		if op == "sub" {
			answer := "ack "
			if topic == b.refuse {
				answer = "no "
			}
			err = conn.Write(context.Background(), []byte(answer+topic))
		}
		b.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// cut ends all connections.
func (b *bank) cut() {
	b.mu.Lock()
	conns := b.conns
	b.conns = nil
	b.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// teller is the Dialect of the bank.
type teller struct{}

func (teller) Change(_ time.Time, _, add, drop []string) (all []stream.Request) {
	for _, topic := range drop {
		all = append(all, stream.Request{Frame: []byte("unsub " + topic), Topics: []string{topic}, Drop: true, Mute: true})
	}
	for _, topic := range add {
		all = append(all, stream.Request{Frame: []byte("sub " + topic), ID: topic, Topics: []string{topic}})
	}
	return all
}

func (teller) Route(frame []byte, f *stream.Frame) error {
	word, rest, _ := strings.Cut(string(frame), " ")
	switch {
	case word == "ack":
		f.Acks = append(f.Acks, stream.Ack{ID: []byte(rest)})
	case word == "no":
		f.Acks = append(f.Acks, stream.Ack{ID: []byte(rest), Err: &Error{Kind: ErrPermission, Message: "no"}})
	default:
		f.Topic, f.Data = []byte(word), []byte(rest)
	}
	return nil
}

var bankOrders = Orders(wire.Compile(wire.Format{Words: wire.Words{
	wire.Market: "s", wire.OrderID: "i", wire.ClientID: "c", wire.State: "st", wire.Side: "S", wire.Price: "p", wire.Size: "q",
	wire.Filled: "z", wire.Created: "C", wire.Time: "t",
}}), func(o *Order, _ *wire.Row, _ *Market) {
	switch o.State {
	case "open":
		o.Status = OrderOpen
	case "closed":
		o.Status = OrderClosed
	case "canceled":
		o.Status = OrderCanceled
	}
})

var bankFills = Rows(wire.Compile(wire.Format{Words: wire.Words{
	wire.Market: "s", wire.TradeID: "x", wire.OrderID: "i", wire.Side: "S", wire.Price: "p", wire.Size: "q", wire.Time: "t",
}}), "", func(f *Fill, _ *wire.Row, _ *Market) bool { return f.ID != "" })

func bankBalances(account string) Parser[Balance] {
	return Balances(wire.Compile(wire.Format{Words: wire.Words{wire.Asset: "a", wire.Free: "f", wire.Used: "u", wire.Time: "t"}}), account)
}

var bankPositions = Positions(wire.Compile(wire.Format{Words: wire.Words{wire.Market: "s", wire.Held: "h", wire.Size: "q", wire.Time: "t"}}), nil)

var bankDeposits = Transactions(wire.Compile(wire.Format{Words: wire.Words{
	wire.OrderID: "id", wire.Asset: "a", wire.Size: "q", wire.State: "st", wire.Time: "t",
}}), Deposit, func(v *Transaction) { v.Status = TransactionStatus(v.State) })

func bankMarkets(dst []Market, _ *Scope, b []byte) ([]Market, error) {
	for _, id := range strings.Fields(string(b)) {
		dst = append(dst, Market{ID: id, Symbol: id[:1] + "/" + id[1:], Active: true, Kind: Spot})
	}
	return dst, nil
}

func bankQuery(r *rest.Request, ms []*Market, a Args) error {
	if len(ms) > 0 {
		r.Set("s", ms[0].ID)
	}
	SetMilli(r, "since", a.Range.Since)
	SetMilli(r, "until", a.Range.Until)
	if a.Ref != (Ref{}) {
		r.Set("id", a.Ref.ID)
	}
	if a.Account != "" {
		r.Set("account", a.Account)
	}
	return nil
}

// venue is the bank as data.
func (b *bank) venue() *Venue {
	f := &Family{Name: "f", Base: Endpoint{Name: "rest", URL: "http://venue.test"}, Auth: &Auth{HMAC: true, Sign: func(r *rest.Request, _ *Key, _ string, _ time.Time) error {
		r.Header.Set("Key", "k")
		return nil
	}}}
	f.Refusal = func(status int, body []byte) (code, text string, until time.Time) {
		if status == 400 {
			return string(body), "", until
		}
		return "", "", until
	}
	f.Codes = map[string]error{"order not found": ErrOrderNotFound}
	f.Pull = Pull{
		Markets:      Call[Market]{Path: "/markets", Parse: bankMarkets},
		OpenOrders:   Call[Order]{Path: "/open", Signed: true, Whole: true, Request: bankQuery, Parse: bankOrders},
		ClosedOrders: Call[Order]{Path: "/closed", Signed: true, Whole: true, Request: bankQuery, Parse: bankOrders},
		Order:        Call[Order]{Path: "/order", Signed: true, Whole: true, Request: bankQuery, Parse: bankOrders},
		MyTrades:     Call[Fill]{Path: "/fills", Signed: true, Whole: true, Request: bankQuery, Parse: bankFills},
		Positions:    Call[Position]{Method: http.MethodPost, Path: "/positions", Signed: true, Whole: true, Request: bankQuery, Parse: bankPositions},
		Deposits:     Call[Transaction]{Path: "/deposits", Signed: true, Request: bankQuery, Parse: bankDeposits},
		Balances: []Call[Balance]{
			{Path: "/balances", Signed: true, Request: bankQuery, Parse: bankBalances("spot")},
			{Path: "/savings", Signed: true, Request: bankQuery, Parse: bankBalances("savings")},
		},
	}
	push := func(topic string) func(*Market, Args) string { return func(*Market, Args) string { return topic } }
	f.Push = Push{
		Balances:  AccountChannel[Balance]{Channel: Channel[Balance]{Socket: "private", Topic: push("balances"), Parse: bankBalances("spot")}},
		Orders:    AccountChannel[Order]{Channel: Channel[Order]{Socket: "private", Topic: push("orders"), Parse: bankOrders}},
		MyTrades:  AccountChannel[Fill]{Channel: Channel[Fill]{Socket: "private", Topic: push("fills"), Parse: bankFills}},
		Positions: AccountChannel[Position]{Channel: Channel[Position]{Socket: "private", Topic: push("positions"), Parse: bankPositions}},
		Deposits:  AccountChannel[Transaction]{Channel: Channel[Transaction]{Socket: "private", Topic: push("deposits"), Parse: bankDeposits}},
	}
	f.Sockets = map[string]*Socket{"private": {Endpoint: Endpoint{Name: "private", URL: "ws://venue.test"}}}
	return &Venue{Name: "bank", Families: []*Family{f}}
}

// client is a client of a venue of the bank.
func (b *bank) client(v *Venue) *Client {
	c := New(v, Options{Transport: b, Credentials: Credentials{Key: NewSecret("the-key-name"), Secret: NewSecret("the-s3cret-text")}})
	for _, f := range c.venue.Families {
		for _, s := range f.Sockets {
			c.hubs[s] = stream.NewHub(stream.Config{Name: s.Name, Dial: b.dial, Quiet: time.Hour, Calm: true, Dialect: func() stream.Dialect { return teller{} }})
		}
	}
	return c
}

func (b *bank) paths() (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.asked = nil }()
	return slices.Clone(b.asked)
}
