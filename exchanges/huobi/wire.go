package huobi

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// dialect is how HTX talks on a connection, sections 4.2, 4.3 and 4.7.
type dialect struct{ stream.Wording }

// newDialect asks topic by topic: answers to lists are not documented.
func newDialect() stream.Dialect {
	return &dialect{stream.Wording{FormOf: form, Subscribe: "sub", Unsubscribe: "unsub", Count: 1}}
}

func form(topic string) string {
	switch {
	case strings.HasPrefix(topic, "public."): // a socket that talks in op and topic, section 4.7
		return `{"op":"$op","topic":"$topics","cid":"$id"}`
	case strings.HasSuffix(topic, ".high_freq"): // books come whole unless changes are asked for
		return `{"$op":"$topics","data_type":"incremental","id":"$id"}`
	}
	return `{"$op":"$topics","id":"$id"}`
}

// Ask asks for the snapshot of a book, section 5.2, or for candles, sections 4.5.7 and 4.6.1: a refusal of those is none of the topic.
func (d *dialect) Ask(topic string, from, to time.Time) stream.Request {
	q := d.Request("req", false, topic)
	if !from.IsZero() {
		q.Topics, q.Frame = nil, fmt.Appendf(q.Frame[:len(q.Frame)-1], `,"from":%d,"to":%d}`, from.Unix(), to.Unix())
	}
	return q
}

// Route reads what a frame is. Data is the whole frame.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	if !utf8.Valid(frame) { // or a key of which one letter is broken would be one that nobody knows
		return errFrame
	}
	if channel, ok := bytes.CutPrefix(frame, []byte(`{"ch":"`)); ok {
		if n := bytes.IndexAny(channel, `"\`); n > 0 && channel[n] == '"' {
			f.Topic, f.Data = channel[:n], frame
			return nil
		}
	}
	return d.route(frame, f)
}

var errFrame = errors.New("huobi: frame of unknown kind")

// route is Route of what is not data in its usual form. Heartbeats of all three kinds are answered with the value as it was written.
func (d *dialect) route(frame []byte, f *stream.Frame) error {
	m := gjson.ParseBytes(frame)
	if !gjson.ValidBytes(frame) || !m.IsObject() {
		return errFrame
	}
	op, ping, topic := first(frame, "op", "action"), m.Get("ping"), first(frame, "ch", "topic", "rep", "subbed", "unsubbed")
	ack := stream.Ack{ID: []byte(first(frame, "id", "cid"))}
	if len(ack.ID) == 0 {
		ack.Topic = []byte(topic)
	}
	if code := first(frame, "err-code", "err_code"); m.Get("status").String() == "error" || (code != "" && code != "0") {
		return refused(code, first(frame, "err-msg", "err_msg"), ack, f)
	}
	switch {
	case ping.Exists():
		f.Reply = fmt.Appendf(nil, `{"pong":%s}`, ping.Raw)
	case op == "ping" && m.Get("data").Exists():
		f.Reply = fmt.Appendf(nil, `{"action":"pong","data":%s}`, m.Get("data").Raw)
	case op == "ping":
		f.Reply = fmt.Appendf(nil, `{"op":"pong","ts":%s}`, m.Get("ts").Raw)
	case op == "close":
		f.Leave = op
	case topic != "" && (op == "notify" || m.Get("ch").Exists() || m.Get("rep").Exists()):
		f.Topic, f.Data = []byte(topic), frame
		if len(ack.ID) > 0 { // of a question
			f.Acks = append(f.Acks, ack)
		}
	case topic != "":
		ack.Drop = op == "unsub" || m.Get("unsubbed").Exists()
		f.Acks = append(f.Acks, ack)
	case op == "error" || !m.Get("pong").Exists():
		return errFrame
	}
	return nil
}

// refused reads an error, sections 4.3, 4.7 and 10.5: the codes of markets say nothing, their texts do.
func refused(code, text string, ack stream.Ack, f *stream.Frame) error {
	err := &exchange.Error{Venue: name, Kind: cmp.Or(contractCodes[precise(code, text)], exchange.ErrBadRequest), Code: code, Message: text}
	if len(ack.ID)+len(ack.Topic) == 0 {
		return err
	}
	if code != "2014" { // it is subscribed already
		ack.Err, ack.Again = err, exchange.Retryable(err)
	}
	f.Acks = append(f.Acks, ack)
	return nil
}

// refusal reads the error of an answer, section 10.1, whatever the status. One without a code, section 3.12, has its status for it.
func refusal(status int, body []byte) (code, text string, until time.Time) {
	if status == http.StatusOK && bytes.Contains(body[:min(len(body), 96)], []byte(`"status":"ok"`)) || !gjson.ValidBytes(body) {
		return "", "", until
	}
	state := first(body, "status")
	code, text = first(body, "err-code", "err_code", "code"), first(body, "err-msg", "err_msg", "message", "msg")
	switch {
	case state == "maintain":
		return state, text, until
	case state == "ok", code == "0", state == "" && code == "200":
		return "", "", until
	}
	if code = precise(code, text); over[first(body, "order-state")] { // section 10.3
		code += ": ended"
	}
	return code, text, until
}

// first returns the first of some members that says something, as text.
func first(b []byte, names ...string) (text string) {
	for _, r := range gjson.GetManyBytes(b, names...) {
		text = cmp.Or(text, r.String())
	}
	return text
}

// precise puts a word behind a code whose text decides what it means, sections 4.3, 9.1 and 10.3.
func precise(code, text string) string {
	has := func(word string) bool { return strings.Contains(strings.ToLower(text), word) }
	switch signed := code == "api-signature-not-valid"; {
	case !signed && code != "invalid-parameter" && code != "bad-request":
		return code
	case signed && has("ip address"):
		return code + ": address"
	case signed && (has("submission time") || has("timestamp")):
		return code + ": time"
	case signed && has("permission"):
		return code + ": permission"
	case signed:
		return code
	case has("429"), has("too many request"), has("request limit"):
		return code + ": limit"
	case has("timeout"):
		return code + ": timeout"
	case has("symbol"), has("coin pair"), has("contract doesn't exist"):
		return code + ": symbol"
	}
	return code
}

// Codes by kind, sections 10.3 to 10.5, those of public data; the others are in private.go.
var commonCodes = exchange.Codes(nil, map[error]string{
	exchange.ErrBadRequest:  "invalid-parameter, bad-request",
	exchange.ErrBadSymbol:   "invalid-parameter: symbol, bad-request: symbol",
	exchange.ErrRateLimit:   "invalid-parameter: limit, bad-request: limit, 429",
	exchange.ErrNetwork:     "invalid-parameter: timeout, bad-request: timeout",
	exchange.ErrMaintenance: "maintain",
})

var spotCodes = exchange.Codes(exchange.Codes(commonCodes, privateSpot), map[error]string{
	exchange.ErrUnavailable: "gateway-internal-error, base-system-error, system-busy, 500",
	exchange.ErrMaintenance: "system-maintenance",
	exchange.ErrNetwork:     "timeout, gateway-timeout",
	exchange.ErrRateLimit:   "too-many-requests, base-request-exceed-frequency-limit, 510, 40403",
	exchange.ErrBadSymbol:   "base-symbol-error, base-symbol-trade-disabled, symbol-not-support, forbidden-trade-for-open-protect",
	exchange.ErrBadRequest: "base-argument-unsupported, validation-constraints-required, validation-format-error, parameter-required, " +
		"method-not-allowed, order-date-limit-error, invalid-start-date, invalid-end-date, invalid-start-time, invalid-end-time, invalid-interval, 2002, 2003",
})

var contractCodes = exchange.Codes(exchange.Codes(commonCodes, privateContracts), map[error]string{
	exchange.ErrUnavailable: "1000, 1001, 1002, 1003, 1046, 1108, 1004",
	exchange.ErrNetwork:     "1005",
	exchange.ErrBadSymbol:   "1013, 1014, 1332, 1057, 1058, 1060, 1095, 1320, 2010, 2011",
	exchange.ErrBadRequest:  "1030, 1031, 1033, 1034, 1035, 1036, 1065, 1066, 1067, 1347, 502, 504, 1303",
	exchange.ErrRateLimit:   "1032, 2004, 2030, 1084",
	exchange.ErrMaintenance: "1006, 1056, 1059, 1077, 1078, 1079, 1080, 1411, 1431",
})
