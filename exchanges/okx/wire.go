package okx

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
	"github.com/depthwire/depthwire/stream"
)

// A topic is the arg object of a subscription, as it is sent and as data comes back
// under it (section 4.4).
const (
	argChannel = `{"channel":"`
	argID      = `","instId":"`
	argType    = `","instType":"` // instead of an id, where a channel has all of a type
	argEnd     = `"}`
)

func appendTopic(dst, channel []byte, arg string, id []byte) []byte {
	dst = append(append(dst, argChannel...), channel...)
	dst = append(append(dst, arg...), id...)
	return append(dst, argEnd...)
}

func topic(channel string) func(*exchange.Market, exchange.Args) string {
	return func(m *exchange.Market, _ exchange.Args) string { return argChannel + channel + argID + m.ID + argEnd }
}

func candleTopic(m *exchange.Market, a exchange.Args) string {
	bar := bars[a.Interval]
	if bar == "" {
		return ""
	}
	return topic("candle"+bar)(m, a)
}

func fundingTopic(m *exchange.Market, a exchange.Args) string {
	if !funded(m) {
		return ""
	}
	return topic("funding-rate")(m, a)
}

// Limits of a request (section 4.1): older servers took 4,096 bytes of args.
const (
	requestBytes = 3800
	requestArgs  = 50
)

// beatEvery is how often ping is sent: the venue closes a connection after 30 s
// without one or data (section 4.2).
const beatEvery = 20 * time.Second

// dialect is how OKX talks on one connection (sections 4.2, 4.3, 4.5).
type dialect struct {
	topic []byte // of the last message that was not in the usual form; of Route alone

	mu    sync.Mutex
	asks  int
	asked [32]asked // the last requests, by id: errors of one topic do not name it
}

// asked is what a request asked for and was not answered yet, in order.
type asked struct {
	id     string
	topics []string
}

// Change asks for the topics in as few requests as their size allows.
func (d *dialect) Change(_ time.Time, _, add, drop []string) []stream.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.requests(d.requests(nil, "unsubscribe", drop), "subscribe", add)
}

func (d *dialect) requests(all []stream.Request, op string, topics []string) []stream.Request {
	for _, run := range stream.Split(slices.Sorted(slices.Values(topics)), requestBytes, requestArgs, len(",")) {
		d.asks++
		id := strconv.Itoa(d.asks)
		frame := fmt.Appendf(nil, `{"id":"%s","op":"%s","args":[`, id, op)
		for i, t := range run {
			if i > 0 {
				frame = append(frame, ',')
			}
			frame = append(frame, t...)
		}
		all = append(all, stream.Request{Frame: append(frame, "]}"...), ID: id, Topics: run, Drop: op == "unsubscribe"})
		d.asked[d.asks%len(d.asked)] = asked{id, slices.Clone(run)}
	}
	return all
}

// Beat is the venue's heartbeat: a text frame, answered by one that is no JSON either.
func (d *dialect) Beat(time.Time) ([]byte, time.Duration) { return ping, beatEvery }

var ping = []byte("ping")

// Route reads what a frame is. Data is the whole frame: the envelope says what kind
// of book it is, and is that of REST otherwise.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	if t := usual(frame); t != nil {
		f.Topic, f.Data = t, frame
		return nil
	}
	if string(bytes.TrimSpace(frame)) == "pong" {
		return nil
	}
	return d.route(frame, f)
}

// usual returns the topic of a data frame in the form in which the venue sends it:
// {"arg":{"channel":"…","instId":"…"},"data":…, or "action". It is nil for all others.
func usual(frame []byte) []byte {
	const begin = `{"arg":`
	if len(frame) < len(begin)+len(argChannel) || string(frame[:len(begin)]) != begin {
		return nil
	}
	arg := frame[len(begin):]
	if string(arg[:len(argChannel)]) != argChannel {
		return nil
	}
	i := plain(arg, len(argChannel))
	if len(arg)-i < len(argID) || string(arg[i:i+len(argID)]) != argID {
		return nil
	}
	i = plain(arg, i+len(argID))
	if len(arg)-i < len(argEnd) || string(arg[i:i+len(argEnd)]) != argEnd {
		return nil
	}
	i += len(argEnd)
	if next := arg[i:]; !bytes.HasPrefix(next, []byte(`,"data":`)) && !bytes.HasPrefix(next, []byte(`,"action":`)) {
		return nil
	}
	return arg[:i]
}

// plain returns where the text that begins at i ends, or needs a closer look.
func plain(b []byte, i int) int {
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	return i
}

// message is a frame in any form.
type message struct {
	id, event, code, text []byte
	data                  bool
	hasChannel, hasInst   bool
}

var errFrame = errors.New("okx: frame of unknown kind")

// route is Route of what is not data in its usual form. Keys may come in any order.
func (d *dialect) route(frame []byte, f *stream.Frame) error {
	var m message
	s := scan.New(frame)
	for key := range s.Object() {
		switch string(key) {
		case "arg":
			d.readArg(&s, &m)
		case "event":
			m.event = bytes.Clone(s.Text())
		case "id":
			m.id = bytes.Clone(s.Text())
		case "code":
			m.code = bytes.Clone(s.Text())
		case "msg":
			m.text = bytes.Clone(s.Text())
		case "data":
			m.data = true
		}
	}
	if err := s.End(); err != nil {
		return fmt.Errorf("okx: frame: %w", err)
	}
	named := m.hasChannel && m.hasInst
	switch event := string(m.event); {
	case event == "" && m.data && named:
		f.Topic, f.Data = d.topic, frame
	case event == "":
		return errFrame
	case (event == "subscribe" || event == "unsubscribe") && named:
		d.answered(m.id, d.topic)
		f.Acks = append(f.Acks, stream.Ack{ID: m.id, Topic: d.topic, Drop: event == "unsubscribe"})
	case event == "error":
		return d.refused(&m, f)
	case event == "notice" && string(m.code) == codeUpgrade:
		f.Leave = string(m.code) + " " + string(m.text)
	}
	return nil // events of other kinds are none of ours
}

// readArg keeps the topic in its canonical form: servers have added keys before.
func (d *dialect) readArg(s *scan.Scanner, m *message) {
	var channel, id []byte
	word := argType
	m.hasChannel, m.hasInst = false, false
	if s.Peek() != '{' {
		return // skipped: it is no topic of ours
	}
	for key := range s.Object() {
		switch string(key) {
		case "channel":
			channel, m.hasChannel = bytes.Clone(s.Text()), true
		case "instId":
			id, word, m.hasInst = bytes.Clone(s.Text()), argID, true
		case "instType":
			if word == argType {
				id, m.hasInst = bytes.Clone(s.Text()), true
			}
		}
	}
	d.topic = appendTopic(d.topic[:0], channel, word, id)
}

// answered takes a topic from those that a request waits for. It reports false when
// that request did not ask for it.
func (d *dialect) answered(id, topic []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.waiting(id)
	if a == nil {
		return len(id) == 0
	}
	i := slices.Index(a.topics, string(topic))
	if i >= 0 {
		a.topics = slices.Delete(a.topics, i, i+1)
	}
	return i >= 0
}

// waiting returns the request of that id, nil when it is too long ago.
func (d *dialect) waiting(id []byte) *asked {
	n, err := strconv.Atoi(string(id))
	if err != nil || n <= 0 || d.asked[n%len(d.asked)].id != string(id) {
		return nil
	}
	return &d.asked[n%len(d.asked)]
}

// refused reads an error (section 4.3). It does not carry the arg: 60018 has it in its
// text, the others are matched by the id and the order of the answers.
func (d *dialect) refused(m *message, f *stream.Frame) error {
	code := plainCode(string(m.code))
	err := &exchange.Error{Venue: name, Kind: codes[code], Code: code, Message: string(m.text)}
	if err.Kind == nil {
		err.Kind = exchange.ErrBadRequest
	}
	ack := stream.Ack{ID: m.id, Err: err, Again: errors.Is(err.Kind, exchange.ErrNetwork)}
	switch code {
	case "60012", "60013", "60014", "60019", "60033": // of the whole request
	default:
		ack.Topic = d.accused(m)
	}
	if len(ack.ID) == 0 && len(ack.Topic) == 0 {
		return err
	}
	f.Acks = append(f.Acks, ack)
	return nil
}

// accused returns the topic that an error is about, nil when that cannot be known.
func (d *dialect) accused(m *message) []byte {
	if t := named(m.text); t != nil && d.answered(m.id, t) {
		return t
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.waiting(m.id)
	if a == nil || len(a.topics) == 0 {
		return nil
	}
	t := []byte(a.topics[0])
	a.topics = a.topics[1:]
	return t
}

// named finds the arg in a text like "Wrong URL or channel:candle1m,instId:BTC-USDT
// doesn't exist. …".
func named(text []byte) []byte {
	_, rest, ok := bytes.Cut(text, []byte("channel:"))
	if !ok {
		return nil
	}
	arg := argID
	channel, rest, ok := bytes.Cut(rest, []byte(",instId:"))
	if !ok {
		arg = argType
		if channel, rest, ok = bytes.Cut(channel, []byte(",instType:")); !ok {
			return nil
		}
	}
	if end := bytes.IndexAny(rest, " ,"); end >= 0 {
		rest = rest[:end]
	}
	return appendTopic(nil, channel, arg, rest)
}
