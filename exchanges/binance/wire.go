package binance

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
	"github.com/depthwire/depthwire/stream"
)

// topic returns the name of a market's stream of one kind: its id in lower case, section 4.4.
func topic(kind string) func(*exchange.Market, exchange.Args) string {
	return func(m *exchange.Market, _ exchange.Args) string { return strings.ToLower(m.ID) + "@" + kind }
}

// partialTopic is the stream of the best 5, 10 or 20 levels.
func partialTopic(m *exchange.Market, a exchange.Args) string {
	switch a.Depth {
	case 5, 10, 20:
		return strings.ToLower(m.ID) + "@depth" + strconv.Itoa(a.Depth) + "@100ms"
	}
	return ""
}

func candleTopic(m *exchange.Market, a exchange.Args) string {
	return strings.ToLower(m.ID) + "@kline_" + string(a.Interval)
}

// fundingTopic is that of mark prices, which carries the rate. Dated contracts have none.
func fundingTopic(m *exchange.Market, _ exchange.Args) string {
	if m.Kind != exchange.Swap {
		return ""
	}
	return strings.ToLower(m.ID) + "@markPrice@1s"
}

// dialect is the language of one connection, sections 4.1 and 4.2: requests are JSON,
// answers are bare, events are wrapped with the name of their stream.
type dialect struct {
	id    int64        // of the last request: Change's own
	scan  scan.Scanner // the rest is Route's own
	topic []byte
}

func newDialect() stream.Dialect { return &dialect{} }

// maxParams bounds the names of one request: one of more than 4,088 bytes gets neither an
// answer nor a subscription, section 4.2.
const maxParams = 3900

// Change returns the requests, those that unsubscribe first.
func (d *dialect) Change(_ time.Time, _, add, drop []string) []stream.Request {
	return append(d.requests("UNSUBSCRIBE", drop, true), d.requests("SUBSCRIBE", add, false)...)
}

func (d *dialect) requests(method string, topics []string, drop bool) (all []stream.Request) {
	topics = slices.Sorted(slices.Values(topics))
	for _, run := range stream.Split(topics, maxParams, 0, len(`"",`)) {
		d.id++
		id := strconv.FormatInt(d.id, 10)
		frame := []byte(`{"method":"` + method + `","params":["` + strings.Join(run, `","`) + `"],"id":` + id + `}`)
		all = append(all, stream.Request{Frame: frame, ID: id, Topics: run, Drop: drop})
	}
	return all
}

const (
	head   = `{"stream":"`
	middle = `","data":`
)

// Route reads the wrapper. The usual form is cut without looking into the data: when the
// frame ends with two braces and the data has one, the last is the wrapper's.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	if len(frame) <= len(head) || string(frame[:len(head)]) != head {
		return d.routeAny(frame, f)
	}
	name := frame[len(head):]
	n := 0
	for n < len(name) && name[n] != '"' && name[n] != '\\' && name[n] >= ' ' { // predicted: names have few lengths
		n++
	}
	rest := name[n:]
	if len(rest) < len(middle)+3 || string(rest[:len(middle)]) != middle {
		return d.routeAny(frame, f)
	}
	data := rest[len(middle) : len(rest)-1]
	if data[0] != '{' || data[len(data)-1] != '}' || rest[len(rest)-1] != '}' || bytes.IndexByte(data[1:], '{') >= 0 {
		return d.routeAny(frame, f)
	}
	return route(name[:n], data, f)
}

// route tells events of a topic from what the venue says about itself.
func route(topic, data []byte, f *stream.Frame) error {
	if string(topic) == shutdownTopic {
		f.Leave = shutdown
		return nil
	}
	f.Topic, f.Data = topic, data
	return nil
}

// The notice before a maintenance, section 4.3.
const (
	shutdown      = "serverShutdown"
	shutdownTopic = "!" + shutdown
)

var errWrapper = errors.New("binance: message is neither an event nor an answer")

// reply is what a frame without the usual form may hold.
type reply struct {
	data, id, event  []byte
	wrapped, settled bool
	code, text       string
}

// routeAny reads a frame of any form: keys in any order, white space, members unknown.
func (d *dialect) routeAny(frame []byte, f *stream.Frame) error {
	s := &d.scan
	s.Reset(frame)
	var r reply
	for key := range s.Object() {
		switch string(key) {
		case "stream":
			d.topic = append(d.topic[:0], s.Text()...) // what Text returns may not outlive the next key
			r.wrapped = true
		case "data":
			r.data = s.Raw()
		case "e":
			r.event = append(r.event, s.Text()...)
		case "id":
			if !s.Null() {
				r.id = append(r.id, s.Text()...)
			}
		case "result":
			s.Skip()
			r.settled = true
		case "error":
			for key := range s.Object() {
				r.refusal(s, string(key))
			}
		default:
			r.refusal(s, string(key))
		}
	}
	if err := s.End(); err != nil {
		return fmt.Errorf("binance: %w", err)
	}
	switch {
	case r.wrapped && r.data != nil:
		return route(d.topic, r.data, f)
	case string(r.event) == shutdown:
		f.Leave = shutdown
	case r.code != "" && r.id == nil:
		return fmt.Errorf("binance: request refused: %s %s", r.code, r.text)
	case r.code != "":
		err := &exchange.Error{Venue: name, Kind: exchange.ErrBadRequest, Code: r.code, Message: r.text}
		f.Acks = append(f.Acks, stream.Ack{ID: r.id, Err: err})
	case r.settled && r.id != nil:
		f.Acks = append(f.Acks, stream.Ack{ID: r.id})
	default:
		return errWrapper
	}
	return nil
}

// refusal reads a member of an error; both of its forms are in use, section 4.2.
func (r *reply) refusal(s *scan.Scanner, key string) {
	switch key {
	case "code":
		r.code = s.Str()
	case "msg":
		r.text = s.Str()
	}
}
