package huobi

import (
	"bytes"
	"cmp"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// private is how HTX talks on a connection that is the account's, sections 6.4 and 8: a dialect that greets, and takes orders.
type private struct {
	dialect
	session *exchange.Session
	login   func(k *exchange.Key, host, path string, now time.Time) ([]byte, error)
	codes   map[string]error
}

// socketCodes are those of /ws/v2 by kind, section 10.5: the same numbers mean other things in answers of REST.
var socketCodes = exchange.Codes(spotCodes, map[error]string{
	exchange.ErrBadRequest:  "400, 404, 2001",
	exchange.ErrAddress:     "2000",
	exchange.ErrAuth:        "2002",
	exchange.ErrUnavailable: "2003",
	exchange.ErrRateLimit:   "4000",
	exchange.ErrNetwork:     "100",
})

// newSpotPrivate talks in action and ch: answers have no id.
func newSpotPrivate(s *exchange.Session) stream.Dialect {
	words := stream.Wording{Form: `{"action":"$op","ch":"$topics"}`, Subscribe: "sub", Unsubscribe: "unsub", Count: 1}
	greet := func(k *exchange.Key, host, path string, now time.Time) ([]byte, error) {
		return login(k, host, path, now), nil
	}
	return &private{dialect{words}, s, greet, socketCodes}
}

// newContractPrivate talks in op and topic.
func newContractPrivate(s *exchange.Session) stream.Dialect {
	words := stream.Wording{FormOf: contractForm, Subscribe: "sub", Unsubscribe: "unsub", Count: 1}
	greet := func(k *exchange.Key, host, path string, now time.Time) ([]byte, error) {
		return loginContracts(k, host, path, "a1", now)
	}
	return &private{dialect{words}, s, greet, contractCodes}
}

func contractForm(topic string) string {
	if topic == "account" {
		return `{"op":"$op","cid":"$id","topic":"$topics"}`
	}
	return `{"op":"$op","cid":"$id","topic":"$topics","contract_code":"*"}`
}

// Greet logs in, by the venue's clock.
func (d *private) Greet(time.Time) (msg []byte, err error) {
	err = d.session.Sign(func(k *exchange.Key) error {
		msg, err = d.login(k, d.session.Host(), d.session.Path(), d.session.Now())
		return err
	})
	return msg, err
}

// pushes are the usual beginnings of what is pushed; trade.clearing is documented without an action.
var pushes = [][]byte{[]byte(`{"action":"push","ch":"`), []byte(`{"op":"notify","topic":"`), []byte(`{"ch":"`)}

// all are the topics of all markets, by what the name of one market's begins with: section 8.1 does not say which of the two is told.
var all = [][2][]byte{{[]byte("orders#"), []byte(ordersTopic)}, {[]byte("trade.clearing#"), []byte(fillsTopic)}}

func topicOf(name []byte) []byte {
	for _, t := range all {
		if bytes.HasPrefix(name, t[0]) {
			return t[1]
		}
	}
	return name
}

// Route reads what a frame is. Data is the whole frame.
func (d *private) Route(frame []byte, f *stream.Frame) error {
	if !utf8.Valid(frame) {
		return errFrame
	}
	for _, head := range pushes {
		name, ok := bytes.CutPrefix(frame, head)
		if n := bytes.IndexAny(name, `"\`); ok && n > 0 && name[n] == '"' {
			f.Topic, f.Data = topicOf(name[:n]), frame
			return nil
		}
	}
	if !gjson.ValidBytes(frame) || !gjson.ParseBytes(frame).IsObject() {
		return errFrame
	}
	op, topic, cid := first(frame, "action", "op"), first(frame, "ch", "topic"), first(frame, "cid")
	code, text := first(frame, "code", "err-code", "err_code"), first(frame, "message", "err-msg", "err_msg")
	switch {
	case op == "auth", op == "req" && topic == "auth":
		d.greeted(code, text, f)
	case op == "push", op == "notify":
		f.Topic, f.Data = topicOf([]byte(topic)), frame
	case (op == "sub" || op == "unsub") && cid == "":
		ack := stream.Ack{Topic: []byte(topic), Drop: op == "unsub"}
		if err := d.refusal(code, text); err != nil {
			ack.Err, ack.Again = err, exchange.Retryable(err)
		}
		f.Acks = append(f.Acks, ack)
	case cid != "" && op != "sub" && op != "unsub":
		f.Answer, f.Data = []byte(cid), frame
	default:
		return d.route(frame, f)
	}
	return nil
}

// greeted reads the answer to Greet. Who comes with a wrong key is told so every time; what passes is asked again.
func (d *private) greeted(code, text string, f *stream.Frame) {
	err := d.refusal(code, text)
	switch f.Greeted = err == nil; {
	case err != nil && exchange.Retryable(err):
		f.Denied = err
	case err != nil:
		f.Denied = fmt.Errorf("%w: %w", stream.ErrDenied, err)
	}
}

// refusal is the error of a code. 2005 says that the connection is known already.
func (d *private) refusal(code, text string) error {
	switch code {
	case "", "0", "200", "2005":
		return nil
	}
	kind := cmp.Or(d.codes[precise(code, text)], exchange.ErrBadRequest)
	if code == "2001" && text == "invalid.symbol" {
		kind = exchange.ErrBadSymbol
	}
	return &exchange.Error{Venue: name, Kind: kind, Code: code, Message: text}
}

// Topics of section 8.1. Balances come as what is free and what there is.
const (
	balancesTopic = "accounts.update#2"
	ordersTopic   = "orders#*"
	fillsTopic    = "trade.clearing#*#0"
)

// follow is the channel of one topic of the account.
func follow[T any](topic string, parse exchange.Parser[T], poll time.Duration, hint func([]byte) bool) exchange.AccountChannel[T] {
	c := exchange.Channel[T]{
		Socket: "account",
		Topic:  func(*exchange.Market, exchange.Args) string { return topic },
		Parse:  parse,
		Shared: true,
		Rare:   true,
	}
	return exchange.AccountChannel[T]{Channel: c, Hint: hint, Poll: poll}
}

// spotPush adds what is pushed of the account of spot, section 8.1. Transfers may not be pushed; of deposits and withdrawals a change of
// the balance is, which is not their only change.
func spotPush(f *exchange.Family) {
	f.Push.Balances = follow(balancesTopic, spotUpdates, time.Minute, nil)
	f.Push.Orders = follow(ordersTopic, spotOrders, 0, nil)
	f.Push.MyTrades = follow(fillsTopic, spotFills, 0, nil)
	f.Push.Deposits = follow(balancesTopic, silent[exchange.Transaction], time.Minute, moved("deposit"))
	f.Push.Withdrawals = follow(balancesTopic, silent[exchange.Transaction], time.Minute, moved("withdraw"))
	f.Sockets["account"] = privateSocket("spot.stream", "wss://api.huobi.pro", "/ws/v2", newSpotPrivate, 60*time.Second)
	f.Sockets["trade"] = privateSocket("spot.stream", "wss://api.huobi.pro", "/ws/trade", newSpotPrivate, 60*time.Second)
}

// linearPush adds what is pushed of the account of contracts, section 8.3. Pushed fills have no fees, and ids that are not those of REST:
// they say only that there is something to be asked for.
func linearPush(f *exchange.Family) {
	f.Push.Balances = follow("account", contractBalances, 0, nil)
	f.Push.Orders = follow("orders", contractOrders, 0, nil)
	f.Push.MyTrades = follow("trade", silent[exchange.Fill], 10*time.Second, func([]byte) bool { return true })
	f.Push.Positions = follow("positions", contractPositions, 0, nil)
	f.Sockets["account"] = privateSocket("contract.stream", "wss://api.hbdm.com", "/ws/v5/notification", newContractPrivate, 15*time.Second)
	f.Sockets["trade"] = privateSocket("contract.stream", "wss://api.hbdm.com", "/linear-swap-trade", newContractPrivate, 15*time.Second)
	for _, s := range []string{"account", "trade"} {
		f.Sockets[s].Compress = "gzip"
	}
}

// privateSocket describes a socket of the account, sections 4.2, 4.4 and 9.3: it may be silent for as long as nothing happens, but for the
// venue's pings.
func privateSocket(endpoint, url, path string, dialect func(*exchange.Session) stream.Dialect, quiet time.Duration) *exchange.Socket {
	return &exchange.Socket{
		Endpoint: exchange.Endpoint{Name: endpoint, URL: url},
		Path:     path,
		Private:  dialect,
		Rates:    []stream.Rate{{Max: 40, Per: time.Second}},
		MaxConns: 10,
		Quiet:    quiet,
		Calm:     true,
	}
}
