package backpack

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
	"github.com/depthwire/depthwire/stream"
)

// topic returns the name of a market's stream of one kind, section 4. Case counts.
func topic(kind string) func(*exchange.Market, exchange.Args) string {
	return func(m *exchange.Market, _ exchange.Args) string { return kind + "." + m.ID }
}

func candleTopic(m *exchange.Market, a exchange.Args) string {
	return "kline." + intervals[a.Interval] + "." + m.ID
}

// dialect is the language of one connection, sections 4.1 and 4.2. The venue answers a
// request with data or, when it is wrong, often with nothing at all: what never speaks is
// found by its silence. Errors do not name the request that they are about.
type dialect struct {
	topic []byte // of the last message that was not in the usual form; of Route alone
}

// Change returns the requests, those that unsubscribe first.
func (d *dialect) Change(_ time.Time, _, add, drop []string) []stream.Request {
	return append(requests("UNSUBSCRIBE", drop), requests("SUBSCRIBE", add)...)
}

func requests(method string, topics []string) (all []stream.Request) {
	const most = 8000 // bytes of names; the venue has served more in one request
	for _, run := range stream.Split(slices.Sorted(slices.Values(topics)), most, 0, len(`"",`)) {
		frame := []byte(`{"method":"` + method + `","params":["` + strings.Join(run, `","`) + `"]}`)
		all = append(all, stream.Request{Frame: frame, Topics: run, Drop: method == "UNSUBSCRIBE", Mute: true})
	}
	return all
}

// Route reads the envelope, {"data":{…},"stream":"…"}. The usual form is cut from its end
// without looking into the data; data that have objects inside are left to the tolerant way,
// for the brace before the name may then be another one's.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	const head, middle = `{"data":`, `,"stream":"`
	end := len(frame) - len(`"}`)
	if end < len(head)+len(`{}`)+len(middle) || string(frame[end:]) != `"}` || string(frame[:len(head)]) != head {
		return d.route(frame, f)
	}
	name := bytes.LastIndexByte(frame[:end], '"') + 1
	cut := name - len(middle)
	if cut <= len(head) || string(frame[cut:name]) != middle {
		return d.route(frame, f)
	}
	data := frame[len(head):cut]
	if data[0] != '{' || data[len(data)-1] != '}' || bytes.IndexByte(data[1:], '{') >= 0 || bytes.IndexByte(frame[name:end], '\\') >= 0 {
		return d.route(frame, f)
	}
	f.Topic, f.Data = frame[name:end], data
	return nil
}

var errEnvelope = errors.New("backpack: message is neither data nor an error")

// route reads a frame of any form: keys in any order, white space, members unknown.
func (d *dialect) route(frame []byte, f *stream.Frame) error {
	var data []byte
	var code, text string
	d.topic = d.topic[:0]
	s := scan.New(frame)
	for key := range s.Object() {
		switch string(key) {
		case "stream":
			d.topic = append(d.topic[:0], s.Text()...)
		case "data":
			data = s.Raw()
		case "error":
			code, text, _ = refusal(http.StatusBadRequest, s.Raw())
		}
	}
	switch err := s.End(); {
	case err != nil:
		return fmt.Errorf("backpack: frame: %w", err)
	case code != "":
		return &exchange.Error{Venue: name, Kind: codes[code], Code: code, Message: text}
	case len(d.topic) == 0 || data == nil:
		return errEnvelope
	}
	f.Topic, f.Data = d.topic, data
	return nil
}

// refusal reads {"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}, section
// 10. Errors of parsing are plain text, those of the network in front HTML: their status tells.
func refusal(status int, body []byte) (code, text string, until time.Time) {
	s := scan.New(body)
	if status/100 == 2 || s.Peek() != '{' {
		return "", "", until
	}
	for key := range s.Object() {
		switch string(key) {
		case "code":
			code = s.Str()
		case "message":
			text = s.Str()
		}
	}
	if s.End() != nil {
		return "", "", until
	}
	return code, text, until
}

// codes by kind, sections 4.1 and 10. INVALID_CLIENT_REQUEST says everything: its text tells.
var codes = exchange.Codes(nil, map[error]string{
	exchange.ErrAuth:          "INVALID_SIGNATURE, UNAUTHORIZED, INVALID_CLIENT_REQUEST Invalid signature, 4003",
	exchange.ErrPermission:    "FORBIDDEN, INVALID_TWO_FACTOR_CODE, ACCOUNT_DEACTIVATED, ACCOUNT_LIQUIDATING",
	exchange.ErrBadSymbol:     "INVALID_SYMBOL, INVALID_MARKET, INVALID_ASSET, RESOURCE_NOT_FOUND, INVALID_CLIENT_REQUEST Invalid market symbol, INVALID_CLIENT_REQUEST Symbol not found",
	exchange.ErrOrderNotFound: "INVALID_CLIENT_REQUEST Order not found",
	exchange.ErrInvalidOrder:  "INVALID_ORDER, INVALID_PRICE, INVALID_QUANTITY, MAX_LEVERAGE_REACHED, POSITION_LIMIT, ORDER_LIMIT",
	exchange.ErrBadRequest:    "INVALID_CLIENT_REQUEST, INVALID_RANGE, INVALID_POSITION_ID, INVALID_SOURCE, PRECONDITION_FAILED, NOT_IMPLEMENTED, 4002, 4006, 4008",
	exchange.ErrFunds:         "INSUFFICIENT_FUNDS, INSUFFICIENT_MARGIN, INSUFFICIENT_SUPPLY, BORROW_LIMIT, LEND_LIMIT, BORROW_REQUIRES_LEND_REDEEM, LEND_REQUIRES_BORROW_REPAY",
	exchange.ErrRateLimit:     "TOO_MANY_REQUESTS, TOO_EARLY",
	exchange.ErrUnavailable:   "TRADING_PAUSED, SERVER_ERROR",
	exchange.ErrMaintenance:   "MAINTENANCE",
	exchange.ErrNetwork:       "TIMEOUT",
})
