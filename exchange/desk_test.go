package exchange

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/dial"
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
	if d.fault != nil && d.fault("dial").dial {
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
	if d.fault != nil && d.fault("dial").dial {
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

// inBubble runs a test with a desk in virtual time.
func inBubble(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		defer d.close()
		test(t, d)
	})
}

// sights are what the venue has seen of its customers.
type sights struct {
	logins, passes int
	dials          []string
	headers        []http.Header
}

func (d *desk) seen() sights {
	d.mu.Lock()
	defer d.mu.Unlock()
	return sights{d.logins, d.passes, slices.Clone(d.dials), slices.Clone(d.headers)}
}

// placed are the orders that the venue has.
func (d *desk) placed() (all []deskOrder) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.orders {
		all = append(all, *o)
	}
	return all
}

// news is what has reached the venue so far.
func (d *desk) news() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}
