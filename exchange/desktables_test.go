package exchange

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

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
