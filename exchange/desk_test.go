package exchange

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// desk is a made-up venue with an account: orders by REST and over a socket, after a login. All that comes between a request and
// its answer is the test's to decide.
type desk struct {
	t      testing.TB
	work   sync.WaitGroup // of connections and of what is late
	cancel chan struct{}

	mu      sync.Mutex
	key     string // that the venue takes
	skew    time.Duration
	refusal string // of logins and of signed requests: "code text"
	orders  []*deskOrder
	conns   []dial.Conn
	asked   []string // what requests have reached the venue, by REST and by socket
	logins  int
	passes  int
	dials   []string      // targets and headers of sockets
	noKeep  bool          // passes are not kept alive
	lag     time.Duration // of the copy that questions are answered from
	acks    bool          // answers name ids alone
	fault   func(op string) fault
	headers []http.Header
}

type deskOrder struct {
	ID      string          `json:"id"`
	Client  string          `json:"client"`
	Symbol  string          `json:"symbol"`
	Side    string          `json:"side,omitempty"`
	Type    string          `json:"type,omitempty"`
	Price   decimal.Decimal `json:"price,omitzero"`
	Size    decimal.Decimal `json:"size,omitzero"`
	Status  string          `json:"status,omitempty"`
	Created int64           `json:"created,omitempty"`
	seen    time.Time       // when the copy has it
}

// fault is what happens to one request.
type fault struct {
	heard  bool          // the venue acts on it
	late   time.Duration // it acts so much later
	answer bool          // the answer arrives
	mute   bool          // without one the connection stands
	code   string        // what is answered in place of the truth
	dial   bool          // there is no connection
}

var fine = fault{heard: true, answer: true}

// window is how long a signature of the venue is good.
const deskWindow = 5 * time.Second

var desks sync.Map // by host

func init() {
	dial.Register("desk", func(_ context.Context, rest string, o dial.Options) (dial.Conn, error) {
		host, target, _ := strings.Cut(rest, "/")
		d, ok := desks.Load(host)
		if !ok {
			return nil, errors.New("no such desk")
		}
		return d.(*desk).open("/"+target, o.Header)
	})
}

func newDesk(t testing.TB) *desk {
	d := &desk{t: t, key: "the-key-name", cancel: make(chan struct{})}
	desks.Store(d.host(), d)
	return d
}

func (d *desk) host() string { return fmt.Sprintf("%p", d) }

func (d *desk) close() {
	d.cut()
	close(d.cancel)
	d.work.Wait()
	desks.Delete(d.host())
}

// cut ends all connections.
func (d *desk) cut() {
	d.mu.Lock()
	conns := d.conns
	d.conns = nil
	d.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// line makes a pipe as much as a socket.
type deskConn struct{ dial.Conn }

func (c deskConn) Buffered() bool                     { return c.Conn.(dial.Batched).Buffered() }
func (c deskConn) Ping(context.Context, []byte) error { return nil }
func (c deskConn) LastHeard() time.Time               { return time.Now() }

func (d *desk) open(target string, h http.Header) (dial.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dials = append(d.dials, target+" "+h.Get("X-Demo"))
	if d.fault != nil && d.fault("open").dial {
		return nil, &dial.Error{Op: "dial", Err: dial.ErrRefused}
	}
	ours, theirs := dial.Pipe()
	d.conns = append(d.conns, ours)
	d.work.Go(func() { d.serve(ours) })
	return deskConn{theirs}, nil
}

// deskRequest is what is asked, over either way.
type deskRequest struct {
	ID, Op, Topic, Key, Phrase, Sig string
	Time                            int64
	Order                           deskOrder
}

func (r *deskRequest) sign(k *Key, now time.Time) {
	r.Key, r.Phrase, r.Time = k.Name(), k.Passphrase(), now.UnixMilli()
	r.Sig = hex.EncodeToString(k.Sign(r.Op + strconv.FormatInt(r.Time, 10)))
}

func (d *desk) serve(conn dial.Conn) {
	defer conn.Close()
	in := false
	for {
		msg, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		var r deskRequest
		if err := json.Unmarshal(msg, &r); err != nil {
			d.t.Errorf("the venue was sent %s", msg)
			return
		}
		var answer string
		switch {
		case r.Op == "sub":
			answer = fmt.Sprintf(`{"ack":%q}`, r.Topic)
			if !in {
				answer = `{"code":"auth","text":"not logged in"}`
			}
		case r.Op == "login":
			d.mu.Lock()
			d.logins++
			code := d.refused(&r)
			d.mu.Unlock()
			if in = code == ""; !in {
				answer = fmt.Sprintf(`{"login":false,"code":%q,"text":"you said %s and %s"}`, code, r.Sig, r.Key)
			} else {
				answer = `{"login":true}`
			}
		default:
			body, there := d.take(&r)
			if there == gone {
				return
			}
			if there == silent {
				continue
			}
			answer = fmt.Sprintf(`{"id":%q,%s`, r.ID, strings.TrimPrefix(body, "{"))
		}
		if conn.Write(context.Background(), []byte(answer)) != nil {
			return
		}
	}
}

// refused returns the code with which a signature is refused.
func (d *desk) refused(r *deskRequest) string {
	age := time.Now().Add(d.skew).Sub(time.UnixMilli(r.Time))
	switch {
	case d.refusal != "":
		return d.refusal
	case r.Key != d.key:
		return "auth"
	case age > deskWindow || age < -time.Second:
		return "time"
	}
	return ""
}

type presence int

const (
	here presence = iota
	silent
	gone
)

// take is a request that has reached the venue, or should have.
func (d *desk) take(r *deskRequest) (body string, there presence) {
	f := fine
	d.mu.Lock()
	if d.fault != nil {
		f = d.fault(r.Op)
	}
	d.mu.Unlock()
	switch {
	case f.heard && f.late > 0:
		own := *r
		d.work.Go(func() {
			select {
			case <-time.After(f.late):
				d.act(&own)
			case <-d.cancel:
			}
		})
	case f.heard:
		body = d.act(r)
	}
	switch {
	case f.code != "":
		return fmt.Sprintf(`{"code":%q,"text":"so"}`, f.code), here
	case f.answer:
		return body, here
	case f.mute:
		return "", silent
	}
	return "", gone
}

// act does what is asked.
func (d *desk) act(r *deskRequest) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if code := d.refused(r); code != "" {
		return fmt.Sprintf(`{"code":%q,"text":"you said %s and %s"}`, code, r.Sig, r.Key)
	}
	d.asked = append(d.asked, r.Op)
	now := time.Now()
	var all []*deskOrder
	switch r.Op {
	case "create":
		o := r.Order
		o.ID, o.Status, o.Created, o.seen = strconv.Itoa(len(d.orders)+1), "open", now.Add(d.skew).UnixMilli(), now.Add(d.lag)
		d.orders = append(d.orders, &o)
		all = []*deskOrder{&o}
	case "cancel", "edit":
		o := d.find(&r.Order, now)
		if o == nil || o.Status != "open" {
			return `{"code":"gone","text":"no such order"}`
		}
		if r.Op == "cancel" {
			o.Status = "canceled"
		} else {
			o.Price, o.Size = r.Order.Price, r.Order.Size
		}
		all = []*deskOrder{o}
	case "cancelall", "open":
		for _, o := range d.orders {
			if o.Status == "open" && o.Symbol == cmp.Or(r.Order.Symbol, o.Symbol) {
				all = append(all, o)
				if r.Op == "cancelall" {
					o.Status = "canceled"
				}
			}
		}
	case "order":
		o := d.find(&r.Order, now.Add(-d.lag))
		if o == nil || now.Before(o.seen) {
			return `{"code":"gone","text":"no such order"}`
		}
		all = []*deskOrder{o}
	}
	return d.show(r.Op, all)
}

func (d *desk) find(ref *deskOrder, _ time.Time) *deskOrder {
	for _, o := range d.orders {
		if ref.ID != "" && o.ID == ref.ID || ref.ID == "" && o.Client == ref.Client {
			return o
		}
	}
	return nil
}

func (d *desk) show(op string, all []*deskOrder) string {
	shown := []deskOrder{}
	for _, o := range all {
		if s := *o; d.acks && op != "order" && op != "open" {
			shown = append(shown, deskOrder{ID: s.ID, Client: s.Client, Symbol: s.Symbol})
		} else {
			shown = append(shown, s)
		}
	}
	b, err := json.Marshal(shown)
	if err != nil {
		d.t.Error(err)
	}
	return `{"data":` + string(b) + `}`
}

// RoundTrip is REST.
func (d *desk) RoundTrip(q *http.Request) (*http.Response, error) {
	var r deskRequest
	if q.Body != nil {
		b, _ := io.ReadAll(q.Body)
		_ = json.Unmarshal(b, &r)
	}
	r.Op, r.Key, r.Phrase, r.Sig = strings.TrimPrefix(q.URL.Path, "/"), q.Header.Get("X-Key"), q.Header.Get("X-Phrase"), q.Header.Get("X-Sig")
	r.Time, _ = strconv.ParseInt(q.Header.Get("X-Time"), 10, 64)
	d.mu.Lock()
	d.headers = append(d.headers, q.Header.Clone())
	if d.fault != nil && d.fault("open").dial {
		d.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	}
	d.mu.Unlock()
	body, status := "", http.StatusOK
	switch r.Op {
	case "time":
		d.mu.Lock()
		body = strconv.FormatInt(time.Now().Add(d.skew).UnixMilli(), 10)
		d.mu.Unlock()
	case "pass":
		body, status = d.pass(q.Method, &r)
	default:
		var there presence
		if body, there = d.take(&r); there == silent {
			<-q.Context().Done()
			return nil, q.Context().Err()
		} else if there == gone {
			return nil, io.ErrUnexpectedEOF
		}
	}
	if strings.HasPrefix(body, `{"code"`) {
		if status = http.StatusBadRequest; strings.Contains(body, `"busy"`) {
			status = http.StatusServiceUnavailable
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: q}, nil
}

func (d *desk) pass(method string, r *deskRequest) (string, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case r.Key != d.key:
		return `{"code":"auth","text":"you said ` + r.Key + `"}`, http.StatusBadRequest
	case method == http.MethodPut && d.noKeep:
		return `{"code":"gone","text":"no such pass"}`, http.StatusBadRequest
	case method == http.MethodPost:
		d.passes++
	}
	d.asked = append(d.asked, method+" pass")
	return fmt.Sprintf("s3cret-pass-%d", d.passes), http.StatusOK
}

func (d *desk) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// client is the side of the desk that the tables make.
func (d *desk) client(o Options) *Client {
	o.Transport = d
	if o.Vault == nil && o.Credentials.IsZero() {
		o.Credentials = deskKey("the-key-name")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return New(d.venue(), o)
}

func deskKey(name string) Credentials {
	return Credentials{Key: NewSecret(name), Secret: NewSecret("hmac-s3cret"), Passphrase: NewSecret("s3cret-phrase")}
}

// speech is the dialect of the desk's private socket.
type speech struct{ s *Session }

func (x speech) Greet(time.Time) (msg []byte, err error) {
	r := deskRequest{Op: "login"}
	err = x.s.Sign(func(k *Key) error {
		r.sign(k, x.s.Now())
		msg, err = json.Marshal(r)
		return err
	})
	return msg, err
}

func (x speech) Change(_ time.Time, _, add, drop []string) (all []stream.Request) {
	for _, topic := range add {
		b, _ := json.Marshal(deskRequest{Op: "sub", Topic: topic})
		all = append(all, stream.Request{Frame: b, Topics: []string{topic}})
	}
	if len(drop) > 0 {
		all = append(all, stream.Request{Topics: drop, Drop: true, Mute: true})
	}
	return all
}

func (x speech) Route(frame []byte, f *stream.Frame) error {
	var r struct {
		Login                            *bool
		Ack, Topic, ID, Code, Text, News string
	}
	if err := json.Unmarshal(frame, &r); err != nil {
		return err
	}
	switch {
	case r.ID != "":
		f.Answer, f.Data = []byte(r.ID), frame
	case r.Ack != "":
		f.Acks = append(f.Acks, stream.Ack{Topic: []byte(r.Ack)})
	case r.News != "":
		f.Topic, f.Data = []byte(r.Topic), []byte(r.News)
	case r.Login != nil && *r.Login:
		f.Greeted = true
	default:
		f.Denied = x.s.Refusal(r.Code, r.Text)
	}
	return nil
}

// deskAction is an action with one word for REST and for the socket.
func deskAction(op string, batch int) Action {
	body := func(ins []*Instruction) deskRequest {
		in := ins[0]
		r := deskRequest{Op: op, Order: deskOrder{ID: in.Ref.ID, Client: cmp.Or(in.Ref.ClientID, in.ClientID), Symbol: in.Symbol, Side: string(in.Side), Type: string(in.Type), Price: in.Price, Size: in.Amount}}
		if in.Market != nil {
			r.Order.Symbol = in.Market.ID
		}
		return r
	}
	return Action{
		Method: "POST", Path: "/" + op, Batch: batch, Parse: deskOrders, Socket: "private",
		Request: func(r *rest.Request, ins []*Instruction) (err error) {
			r.Body, err = json.Marshal(body(ins))
			return err
		},
		Frame: func(s *Session, id string, ins []*Instruction) (frame []byte, err error) {
			r := body(ins)
			r.ID = id
			err = s.Sign(func(k *Key) error {
				r.sign(k, s.Now())
				frame, err = json.Marshal(r)
				return err
			})
			return frame, err
		},
	}
}

func deskOrders(dst []Order, in *Scope, b []byte) ([]Order, error) {
	var got struct{ Data []deskOrder }
	if err := json.Unmarshal(b, &got); err != nil || got.Data == nil {
		return dst, fmt.Errorf("%q: %w", b, err)
	}
	for _, x := range got.Data {
		m := in.At([]byte(x.Symbol))
		if m == nil {
			continue
		}
		o := Order{ID: x.ID, ClientID: x.Client, Side: Side(x.Side), Type: OrderType(x.Type), Price: x.Price, Status: OrderStatus(x.Status)}
		o.Symbol = m.Symbol
		o.Size, o.Contracts = m.Sized(x.Size, x.Price)
		if x.Created > 0 {
			o.Created = time.UnixMilli(x.Created)
		}
		dst = append(dst, o)
	}
	return dst, nil
}

func deskCall(op string) Call[Order] {
	return Call[Order]{Path: "/" + op, Method: "POST", Signed: true, Whole: true, Parse: deskOrders, Request: func(r *rest.Request, ms []*Market, a Args) (err error) {
		q := deskRequest{Order: deskOrder{ID: a.Ref.ID, Client: a.Ref.ClientID}}
		if len(ms) > 0 {
			q.Order.Symbol = ms[0].ID
		}
		r.Body, err = json.Marshal(q)
		return err
	}}
}

func (d *desk) sign(r *rest.Request, k *Key, _ string, now time.Time) error {
	var q deskRequest
	q.Op = r.Path
	q.sign(k, now)
	r.Header.Set("X-Key", q.Key)
	r.Header.Set("X-Phrase", q.Phrase)
	r.Header.Set("X-Time", strconv.FormatInt(q.Time, 10))
	r.Header.Set("X-Sig", q.Sig)
	return nil
}

func (d *desk) venue() *Venue {
	num := decimal.MustParse
	spot := Market{ID: "BTCUSDT", Symbol: "BTC/USDT", Kind: Spot, Base: "BTC", Quote: "USDT", Active: true,
		TickSize: num("0.01"), StepSize: num("0.001"), MinSize: num("0.002"), MaxSize: num("100"), MinCost: num("5"), MaxCost: num("1000000"), MinPrice: num("0.01"), MaxPrice: num("500000")}
	swap := Market{ID: "BTCSWAP", Symbol: "BTC/USDT:USDT", Kind: Swap, Base: "BTC", Quote: "USDT", Settle: "USDT", Active: true, Contract: num("0.01"), TickSize: num("0.1"), StepSize: num("1"), MinSize: num("2")}
	inverse := Market{ID: "BTCUSD", Symbol: "BTC/USD:BTC", Kind: Swap, Base: "BTC", Quote: "USD", Settle: "BTC", Active: true, Inverse: true, Contract: num("100"), TickSize: num("0.1"), StepSize: num("1")}
	closed := Market{ID: "OLDUSDT", Symbol: "OLD/USDT", Kind: Spot, Base: "OLD", Quote: "USDT", Status: "halted"}
	hash := func(random uint64) string {
		s := sha256.Sum256(fmt.Append(nil, random))
		return hex.EncodeToString(s[:8])
	}
	cancel := deskAction("cancel", 0)
	return &Venue{
		Name: "desk",
		Families: []*Family{{
			Name: "all", Base: Endpoint{"rest", "http://" + d.host()}, Listed: []Market{spot, swap, inverse, closed},
			Auth: &Auth{HMAC: true, Passphrase: true, Sign: d.sign},
			Pull: Pull{
				Time: Call[time.Time]{Path: "/time", Parse: func(dst []time.Time, _ *Scope, b []byte) ([]time.Time, error) {
					n, err := strconv.ParseInt(string(b), 10, 64)
					return append(dst, time.UnixMilli(n)), err
				}},
				Order: deskCall("order"), OpenOrders: deskCall("open"),
			},
			Trade: Trading{
				Create: deskAction("create", 0), Cancel: cancel, Edit: deskAction("edit", 0), CancelAll: deskAction("cancelall", 0),
				ClientID: hash, Own: func(id string) bool { return len(id) <= 20 && !strings.Contains(id, " ") }, Expires: deskWindow,
			},
			Sockets: map[string]*Socket{
				"private": {Endpoint: Endpoint{"private", "desk://" + d.host()}, Path: "/private", Quiet: 24 * time.Hour, Private: func(s *Session) stream.Dialect { return speech{s} }},
				"passed": {Endpoint: Endpoint{"passed", "desk://" + d.host()}, Path: "/passed", Quiet: 24 * time.Hour, Private: func(s *Session) stream.Dialect { return speech{s} },
					Pass: &Pass{
						Method: "POST", Path: "/pass", Read: func(b []byte) (string, error) { return string(b), nil }, Address: func(pass string) string { return "?pass=" + url.QueryEscape(pass) },
						Keep: 30 * time.Minute, KeepMethod: "PUT",
						Sign: func(r *rest.Request, k *Key, _ string, _ time.Time) error {
							r.Header.Set("X-Key", k.Name())
							return nil
						},
					}},
			},
			Refusal: func(_ int, b []byte) (code, text string, until time.Time) {
				var r struct{ Code, Text string }
				if !bytes.HasPrefix(b, []byte("{")) || json.Unmarshal(b, &r) != nil {
					return "", "", time.Time{}
				}
				return r.Code, r.Text, time.Time{}
			},
			Codes: map[string]error{"auth": ErrAuth, "phrase": ErrPassphrase, "time": ErrNonce, "ip": ErrAddress, "perm": ErrPermission, "funds": ErrFunds, "gone": ErrOrderNotFound, "slow": ErrRateLimit, "busy": ErrUnavailable},
		}},
		Environments: map[string]Environment{
			"demo":  {Endpoints: map[string]string{"rest": "http://demo." + d.host(), "private": "desk://" + d.host() + "/demo"}, Header: map[string]string{"X-Demo": "1"}},
			"empty": {Endpoints: map[string]string{"private": "desk://" + d.host()}},
		},
	}
}

// inBubble runs a test with a desk in virtual time.
func inBubble(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		defer d.close()
		test(t, d)
	})
}

// news is what has reached the venue so far.
func (d *desk) news() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}
