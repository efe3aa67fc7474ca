package alltick

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// A topic is a list of a connection and a code on it: "depth:700.HK" (section 4.4).
const (
	depths = "depth:"
	trades = "trade:"
)

// subscribe are the commands for the lists, whose numbers count from 1 in cancel. Who asks for more levels than there are
// gets what there is.
var subscribe = []struct {
	list, more string
	cmd        int
}{
	{depths, fmt.Sprintf(`,"depth_level":%d`, levels), 22002},
	{trades, "", 22004},
}

// Other commands (section 4.2). An answer has the number of its request plus one.
const (
	beat      = 22000
	cancel    = 22006
	pushTrade = 22998
	pushDepth = 22999
)

// beatEvery is how often the venue must hear beat: 30 s without one and the connection ends (section 4.3).
const beatEvery = 10 * time.Second

// dialect is how AllTick talks on one connection (section 4).
type dialect struct {
	seq   int    // of the goroutine that changes and beats
	topic []byte // of the last message: of Route alone

	mu      sync.Mutex
	waiting []asked         // not answered yet, the oldest first
	good    map[string]bool // topics that the venue has taken
	doubt   bool            // one of those that are asked for again is bad: they go one by one
}

// asked is a request that waits for its answer: its id, and the whole list that it sent.
type asked struct {
	id   string
	list []string
}

// Change sends the whole list of each kind that changes: a list replaces the one before (section 4.4).
func (d *dialect) Change(_ time.Time, held, add, drop []string) (all []stream.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.good == nil {
		d.good = make(map[string]bool)
	}
	for _, t := range slices.Concat(add, drop) {
		delete(d.good, t)
	}
	for i, kind := range subscribe {
		news, gone := pick(kind.list, add), pick(kind.list, drop)
		symbols := func(topics []string) []byte {
			return codeList("symbol_list", len(topics), func(i int) string { return topics[i][len(kind.list):] }, kind.more)
		}
		list := slices.DeleteFunc(pick(kind.list, held), func(t string) bool { return slices.Contains(gone, t) })
		size := max(len(news), 1)
		if d.doubt {
			size = 1
		}
		for group := range slices.Chunk(news, size) {
			list = append(slices.Clip(list), group...)
			all = append(all, d.request(kind.cmd, symbols(list), stream.Request{Topics: group}))
			d.waiting = append(d.waiting, asked{all[len(all)-1].ID, list})
		}
		switch {
		case len(news) > 0 || len(gone) == 0:
		case len(list) > 0:
			all = append(all, d.request(kind.cmd, symbols(list), stream.Request{Topics: gone, Drop: true}))
		default: // an empty list is not documented
			all = append(all, d.request(cancel, fmt.Appendf(nil, `{"cancel_type":%d}`, i+1), stream.Request{Topics: gone, Drop: true}))
		}
	}
	d.doubt = false
	return all
}

// pick returns the topics of a list, sorted.
func pick(list string, topics []string) []string {
	return slices.DeleteFunc(slices.Sorted(slices.Values(topics)), func(t string) bool { return !strings.HasPrefix(t, list) })
}

func (d *dialect) request(cmd int, data []byte, q stream.Request) stream.Request {
	d.seq++
	q.ID = strconv.Itoa(d.seq)
	q.Frame = fmt.Appendf(nil, `{"cmd_id":%d,"seq_id":%d,"trace":"%s","data":%s}`, cmd, d.seq, rand.Text(), data)
	return q
}

// Beat is the venue's heartbeat. Nothing else counts as one.
func (d *dialect) Beat(time.Time) ([]byte, time.Duration) {
	return d.request(beat, []byte("{}"), stream.Request{}).Frame, beatEvery
}

// Route reads what a frame is. Data is the whole frame.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	const begin, code = `{"cmd_id":2299`, `{"cmd_id":22999,"data":{"code":"`
	if len(frame) > len(code) && string(frame[:len(begin)]) == begin && string(frame[len(begin)+1:len(code)]) == code[len(begin)+1:] {
		text, cmd := frame[len(code):], pushDepth-'9'+int(frame[len(begin)])
		if end := bytes.IndexAny(text, `"\`); end > 0 && text[end] == '"' && cmd >= pushTrade && cmd <= pushDepth {
			d.push(cmd, text[:end], frame, f)
			return nil
		}
	}
	return d.route(frame, f)
}

func (d *dialect) push(cmd int, code, frame []byte, f *stream.Frame) {
	list := depths
	if cmd == pushTrade {
		list = trades
	}
	d.topic = append(append(d.topic[:0], list...), code...)
	f.Topic, f.Data = d.topic, frame
}

var errFrame = errors.New("alltick: frame of unknown kind")

// route is Route of what is no push as the venue writes it. Commands that are not known are none of ours.
func (d *dialect) route(frame []byte, f *stream.Frame) error {
	m := gjson.ParseBytes(frame)
	number, code, ret, text := m.Get("cmd_id"), m.Get("data.code"), int(m.Get("ret").Int()), m.Get("msg").String()
	switch cmd := int(number.Int()); {
	case !gjson.ValidBytes(frame) || number.Type != gjson.Number || cmd < 0:
		return errFrame
	case cmd == pushDepth || cmd == pushTrade:
		if code.String() == "" {
			return errFrame
		}
		d.push(cmd, []byte(code.String()), frame, f)
	case ret == 606:
		f.Leave = "606 " + text
	case ret == 0, ret == 200 && cmd == beat+1:
	default:
		return d.answered(cmd, m.Get("seq_id").String(), ret, text, f)
	}
	return nil
}

// answered matches an answer with its request: the oldest where the venue could not read which it was (section 4.2).
func (d *dialect) answered(cmd int, seq string, ret int, text string, f *stream.Frame) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.waiting, func(a asked) bool { return cmd == 0 || a.id == seq })
	switch {
	case i < 0 && ret == 200: // a list got shorter
		return nil
	case i < 0:
		return refused(ret, text)
	}
	a := d.waiting[i]
	d.waiting = slices.Delete(d.waiting, i, i+1)
	ack := stream.Ack{ID: []byte(a.id)}
	if ret == 200 {
		for _, t := range a.list {
			d.good[t] = true
		}
	} else {
		err := refused(ret, text)
		ack.Err, ack.Again = err, errors.Is(err.Kind, exchange.ErrNetwork)
	}
	if ret == 600 || ret == 604 { // for one code, which the venue does not tell
		suspects := slices.DeleteFunc(slices.Clone(a.list), func(t string) bool { return d.good[t] })
		if ack.Again = len(suspects) != 1; ack.Again {
			d.doubt = true
		} else {
			ack.Topic = []byte(suspects[0])
		}
	}
	f.Acks = append(f.Acks, ack)
	return nil
}

// refused is the error of an answer.
func refused(ret int, text string) *exchange.Error {
	code := strconv.Itoa(ret)
	return &exchange.Error{Venue: name, Kind: cmp.Or(codes[code], exchange.ErrBadRequest), Code: code, Message: text}
}
