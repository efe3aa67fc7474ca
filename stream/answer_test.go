package stream

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// TestAnswers has a venue answer requests topic by topic, not always saying which.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name string
		acks []Ack
		want [][]string
		left int // topics of request 1 without an answer
	}{
		{"by name", []Ack{{ID: []byte("1"), Topic: []byte("b")}, {Topic: []byte("a")}}, [][]string{{"b"}, {"a"}}, 2},
		{"of the whole request", []Ack{{ID: []byte("1")}, {ID: []byte("1")}}, [][]string{{"a", "b", "c"}, nil}, 0},
		{"by order", []Ack{one("1", ""), one("1", ""), one("1", ""), one("1", "")}, [][]string{{"a"}, {"b"}, {"c"}, nil}, 0},
		{"by order behind a name", []Ack{{ID: []byte("1"), Topic: []byte("a")}, one("1", ""), {ID: []byte("1"), Topic: []byte("c")}}, [][]string{{"a"}, {"b"}, {"c"}}, 0},
		{"a name that was asked for", []Ack{one("1", "b"), one("1", "")}, [][]string{{"b"}, {"a"}}, 1},
		{"a name that was not", []Ack{one("1", "B"), one("1", "")}, [][]string{{"a"}, {"b"}}, 1},
		{"a name of what is answered", []Ack{one("1", "b"), one("1", "b")}, [][]string{{"b"}, {"a"}}, 1},
		{"of no request", []Ack{one("7", "a"), {ID: []byte("7")}}, [][]string{nil, nil}, 3},
		{"of a request that unsubscribes", []Ack{one("2", ""), {ID: []byte("2"), Topic: []byte("e"), Drop: true}, one("2", "")}, [][]string{nil, nil, nil}, 3},
		{"other names", []Ack{{ID: []byte("1"), Topic: []byte("x")}, {ID: []byte("1"), Topic: []byte("y")}, {ID: []byte("1"), Topic: []byte("z")}}, [][]string{{"x"}, {"y"}, {"z"}}, 0},
	} {
		topics := []string{"a", "b", "c"}
		s := &session{requests: map[string]Request{
			"1": {ID: "1", Topics: topics},
			"2": {ID: "2", Topics: []string{"d", "e"}, Drop: true},
		}}
		for i, a := range c.acks {
			if got := s.named(a); !slices.Equal(got, c.want[i]) {
				t.Errorf("%s, answer %d: %q, want %q", c.name, i, got, c.want[i])
			}
		}
		if q, known := s.requests["1"]; len(q.Topics) != c.left || known != (c.left > 0) || topics[0] != "a" || topics[2] != "c" {
			t.Errorf("%s: left %q of %q, want %d", c.name, q.Topics, topics, c.left)
		}
	}
}

func one(id, topic string) Ack {
	return Ack{ID: []byte(id), Topic: []byte(topic), Err: ErrRefused, One: true}
}

// slowToReturn is a connection whose Write returns after the answer has come.
type slowToReturn struct{ dial.Conn }

func (c slowToReturn) Write(ctx context.Context, msg []byte) error {
	err := c.Conn.Write(ctx, msg)
	time.Sleep(time.Millisecond)
	return err
}

// numbered is the made-up protocol with answers by the number of the request, here always 1.
type numbered struct{ words }

func (d numbered) Change(now time.Time, held, add, drop []string) []Request {
	all := d.words.Change(now, held, add, drop)
	for i := range all {
		all[i].ID = "1"
	}
	return all
}

func (d numbered) Route(frame []byte, f *Frame) error {
	if bytes.HasPrefix(frame, []byte("ack")) {
		f.Acks = append(f.Acks, Ack{ID: []byte("1")})
		return nil
	}
	return d.words.Route(frame, f)
}

// TestAnswersAtOnce: an answer that is there before the request is said to be sent is one.
func TestAnswersAtOnce(t *testing.T) {
	c := Config{Dialect: func() Dialect { return numbered{words{every: 20 * time.Second}} }}
	testHub(t, c, func(v *venue, h *Hub) {
		h.c.Dial = func(ctx context.Context) (dial.Conn, error) {
			conn, err := v.dial(ctx)
			return slowToReturn{conn}, err
		}
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		if a.String() != "up" || h.Health()[0].Topics[0].State != Subscribed {
			t.Errorf("%q, %s", a.String(), h.Health()[0].Topics[0].State)
		}
	})
}

// TestNeverAnswered: requests that nobody answers do not pile up for as long as a connection lives.
func TestNeverAnswered(t *testing.T) {
	k := keeper{session: &session{hub: &Hub{}, requests: make(map[string]Request)}}
	for i := range 3 * mostUnanswered {
		id := strconv.Itoa(i)
		k.note(Request{ID: id, Drop: true}, time.Time{})
		if _, known := k.requests[id]; !known || len(k.requests) > mostUnanswered {
			t.Fatalf("request %s known: %t, %d remembered", id, known, len(k.requests))
		}
	}
}

// asking is words with a question about a topic, answered by data.
type asking struct{ words }

func (asking) Ask(topic string, _, _ time.Time) Request {
	return Request{Frame: []byte("ask " + topic), Topics: []string{topic}}
}

func TestQuestions(t *testing.T) {
	rates := []Rate{{Max: 1, Per: time.Second, Asks: true}}
	testHub(t, Config{Rates: rates, Dialect: func() Dialect { return asking{words{20 * time.Second}} }}, func(v *venue, h *Hub) {
		var a, b notes
		h.Ask("a", time.Time{}, time.Time{}) // nobody wants it: nothing is asked
		h.Add("a", &a)
		h.Add("b", &b)
		pass(100 * time.Millisecond)
		h.Ask("a", time.Time{}, time.Time{})
		h.Ask("b", time.Time{}, time.Time{})
		h.Ask("b", time.Time{}, time.Time{}) // once is enough
		pass(500 * time.Millisecond)
		if got := strings.Join(v.sent(), ";"); got != "sub a b;ask a" && got != "sub a;sub b;ask a" {
			t.Fatalf("sent %q: want the subscriptions, then questions at their pace", got)
		}
		pass(3 * time.Second)
		if sent := v.sent(); sent[len(sent)-1] != "ask b" || slices.Index(sent, "ask b") != len(sent)-1 {
			t.Errorf("sent %q", sent)
		}
		h.Ask("a", time.Time{}, time.Time{})
		h.Remove("a", &a)
		pass(3 * time.Second)
		if sent := v.sent(); slices.Contains(sent[slices.Index(sent, "ask b"):], "ask a") {
			t.Errorf("asked about what nobody wants: %q", sent)
		}
		h.Ask("b", time.Time{}, time.Time{})
		v.cut()
		pass(3 * time.Second)
		if sent := v.sent(); !strings.HasPrefix(sent[len(sent)-1], "sub") {
			t.Errorf("a question outlived its connection: %q", sent)
		}
	})
}
