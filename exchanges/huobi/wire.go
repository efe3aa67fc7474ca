package huobi

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// topic returns what makes the topics of a channel, by a pattern: $id, $period and $depth stand for what is asked for.
func topic(pattern string) func(*exchange.Market, exchange.Args) string {
	return func(m *exchange.Market, a exchange.Args) string {
		period := periods[a.Interval]
		if strings.Contains(pattern, "$period") && period == "" || strings.HasSuffix(pattern, "funding_rate") && m.Kind != exchange.Swap {
			return ""
		}
		return strings.NewReplacer("$id", m.ID, "$period", period, "$depth", strconv.Itoa(a.Depth)).Replace(pattern)
	}
}

// dialect is how HTX talks on a connection (sections 4.2, 4.3, 4.7).
type dialect struct{ asks int } // requests made: of Change and Ask alone

// Change asks topic by topic: answers to lists are not documented.
func (d *dialect) Change(_ time.Time, _, add, drop []string) (all []stream.Request) {
	for _, t := range slices.Sorted(slices.Values(drop)) {
		all = append(all, d.request("unsub", t))
	}
	for _, t := range slices.Sorted(slices.Values(add)) {
		all = append(all, d.request("sub", t))
	}
	return all
}

// Ask asks for the snapshot of a book (section 5.2).
func (d *dialect) Ask(topic string) stream.Request { return d.request("req", topic) }

func (d *dialect) request(op, topic string) stream.Request {
	d.asks++
	id, form := strconv.Itoa(d.asks), `{"%s":"%s","id":"%s"}`
	switch {
	case strings.HasPrefix(topic, "public."): // a socket that talks in op and topic (section 4.7)
		form = `{"op":"%s","topic":"%s","cid":"%s"}`
	case strings.HasSuffix(topic, ".high_freq"): // books come whole unless changes are asked for
		form = `{"%s":"%s","data_type":"incremental","id":"%s"}`
	}
	return stream.Request{Frame: fmt.Appendf(nil, form, op, topic, id), ID: id, Topics: []string{topic}, Drop: op == "unsub"}
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
	op, ping, topic := field(frame, "op", "action"), m.Get("ping"), field(frame, "ch", "topic", "rep", "subbed", "unsubbed")
	ack := stream.Ack{ID: []byte(field(frame, "id", "cid"))}
	if len(ack.ID) == 0 {
		ack.Topic = []byte(topic)
	}
	if code := field(frame, "err-code", "err_code"); m.Get("status").String() == "error" || (code != "" && code != "0") {
		return refused(code, field(frame, "err-msg", "err_msg"), ack, f)
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

// refused reads an error (sections 4.3, 4.7, 10.5): the codes of markets say nothing, their texts do.
func refused(code, text string, ack stream.Ack, f *stream.Frame) error {
	err := &exchange.Error{Venue: name, Kind: byText(text), Code: code, Message: text}
	if kind := contractCodes[code]; kind != nil && err.Kind == exchange.ErrBadRequest {
		err.Kind = kind
	}
	if len(ack.ID)+len(ack.Topic) == 0 {
		return err
	}
	if code != "2014" { // it is subscribed already
		ack.Err, ack.Again = err, exchange.Retryable(err)
	}
	f.Acks = append(f.Acks, ack)
	return nil
}

const codeMaintain = "maintain" // stands for the answer that has no code (section 3.12)

// refusal reads the error of an answer (section 10.1), whatever the status. A code whose text decides what it means has a word of that behind it.
func refusal(status int, body []byte) (code, text string, until time.Time) {
	if status == http.StatusOK && bytes.Contains(body[:min(len(body), 96)], []byte(`"status":"ok"`)) || !gjson.ValidBytes(body) {
		return "", "", until
	}
	state := field(body, "status")
	code, text = field(body, "err-code", "err_code", "code"), field(body, "err-msg", "err_msg", "message", "msg")
	switch {
	case state == codeMaintain:
		return codeMaintain, text, until
	case state == "ok", code == "0", state == "" && code == "200":
		return "", "", until
	}
	if kind := byText(text); (code == "invalid-parameter" || code == "bad-request") && kind != exchange.ErrBadRequest {
		code += textual[kind]
	}
	return code, text, until
}

// field returns the first of some fields that is there, as text.
func field(b []byte, names ...string) (text string) {
	for _, r := range gjson.GetManyBytes(b, names...) {
		text = cmp.Or(text, r.String())
	}
	return text
}

var textual = map[error]string{exchange.ErrBadSymbol: ": symbol", exchange.ErrRateLimit: ": limit", exchange.ErrNetwork: ": timeout"}

// byText is what a text says of the kind of an error (sections 4.3, 9.1, 10.3).
func byText(text string) error {
	switch has := func(word string) bool { return strings.Contains(strings.ToLower(text), word) }; {
	case has("429"), has("too many request"), has("request limit"):
		return exchange.ErrRateLimit
	case has("timeout"):
		return exchange.ErrNetwork
	case has("symbol"), has("coin pair"), has("contract doesn't exist"):
		return exchange.ErrBadSymbol
	}
	return exchange.ErrBadRequest
}

// spotCodes is the table of section 10.3, as far as it is not about orders. What a signature lacks is told by its text.
var spotCodes = table(map[error]string{
	exchange.ErrAuth:        "api-signature-not-valid api-signature-check-failed login-required 1003",
	exchange.ErrUnavailable: "gateway-internal-error base-system-error system-busy 500",
	exchange.ErrMaintenance: "system-maintenance " + codeMaintain,
	exchange.ErrNetwork:     "timeout gateway-timeout",
	exchange.ErrRateLimit:   "too-many-requests base-request-exceed-frequency-limit 510 40403 429",
	exchange.ErrBadSymbol:   "base-symbol-error base-symbol-trade-disabled order-disabled cancel-disabled symbol-not-support forbidden-trade-for-open-protect",
	exchange.ErrBadRequest: `invalid-parameter bad-request base-argument-unsupported validation-constraints-required validation-format-error parameter-required method-not-allowed
		order-date-limit-error invalid-start-date invalid-end-date invalid-start-time invalid-end-time invalid-interval account-get-accounts-inexistent-error
		account-account-id-inexistent api-not-support-temp-addr Invaild-Address 2002 2003`,
	exchange.ErrPermission: "base-operation-forbidden operation-forbidden-for-lock-account-state operation-forbidden-for-fl-account-state 1002 sub-user-auth-required",
})

// contractCodes is the table of section 10.4, likewise, and that of notices of section 10.5.
var contractCodes = table(map[error]string{
	exchange.ErrAuth:        "403 512 513 1253 12002 12003 12007 12008 12004 1010 1011 1012 1018",
	exchange.ErrNonce:       "12001 12006",
	exchange.ErrPermission:  "12005 12009 1205 1220 1228 1100 1101 1102 1103 1104 1105 1109 1110 1111 1112 1113 1114 1115 1227 4002 4003 4004 4005 4006 4007 1510 1083 1097 6002",
	exchange.ErrUnavailable: "1000 1001 1002 1003 1046 1108 1004",
	exchange.ErrNetwork:     "1005",
	exchange.ErrBadSymbol:   "1013 1014 1332 1057 1058 1060 1095 1320 2010 2011",
	exchange.ErrBadRequest:  "1030 1031 1033 1034 1035 1036 1065 1066 1067 1347 502 504 1303 invalid-parameter bad-request",
	exchange.ErrRateLimit:   "1032 2004 2030 429 1084",
	exchange.ErrMaintenance: "1006 1056 1059 1077 1078 1079 1080 1411 1431 " + codeMaintain,
})

// table turns lists of codes by kind into kinds by code.
func table(byKind map[error]string) map[string]error {
	kinds := make(map[string]error)
	for kind, word := range textual {
		kinds["invalid-parameter"+word], kinds["bad-request"+word] = kind, kind
	}
	for kind, codes := range byKind {
		for _, code := range strings.Fields(codes) {
			kinds[code] = kind
		}
	}
	return kinds
}
