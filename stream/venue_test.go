package stream

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// venue is a server of a made-up protocol: "sub a b", "unsub a" are answered by "ack a"
// for each topic, or "no a"; "data a xyz" is data; "ping" is answered by "pong".
type venue struct {
	t  *testing.T
	mu sync.Mutex

	conns    []dial.Conn
	live     map[string]dial.Conn // who carries the topic now
	log      []string             // what clients sent
	dials    []time.Time
	refuse   map[string]bool
	mute     map[string]bool // subscriptions that are swallowed
	down     bool            // connections are refused
	silent   bool            // says nothing at all
	work     sync.WaitGroup
	notAcked bool
	reply    func(msg string) []string // to what is none of the above; nil: nothing is
}

func newVenue(t *testing.T) *venue {
	return &venue{t: t, live: map[string]dial.Conn{}, refuse: map[string]bool{}, mute: map[string]bool{}}
}

func (v *venue) dial(ctx context.Context) (dial.Conn, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dials = append(v.dials, time.Now())
	if v.down {
		return nil, errors.New("connection refused")
	}
	ours, theirs := dial.Pipe()
	v.conns = append(v.conns, ours)
	v.work.Go(func() { v.serve(ours) })
	return theirs, nil
}

func (v *venue) serve(conn dial.Conn) {
	defer conn.Close()
	for {
		msg, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		for _, answer := range v.answer(conn, string(msg)) {
			if conn.Write(context.Background(), []byte(answer)) != nil {
				return
			}
		}
	}
}

func (v *venue) answer(conn dial.Conn, msg string) (out []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.log = append(v.log, msg)
	op, topics, _ := strings.Cut(msg, " ")
	if v.silent {
		return nil
	}
	if v.reply != nil && op != "ping" && op != "sub" && op != "unsub" {
		return v.reply(msg)
	}
	if op == "ping" {
		return []string{"pong"}
	}
	for _, topic := range strings.Fields(topics) {
		switch {
		case v.mute[topic]:
		case op == "unsub":
			if v.live[topic] == conn {
				delete(v.live, topic)
			}
		case v.refuse[topic]:
			out = append(out, "no "+topic)
		default:
			v.live[topic] = conn
			if !v.notAcked {
				out = append(out, "ack "+topic)
			}
		}
	}
	return out
}

// say sends data on a topic that is subscribed.
func (v *venue) say(topic, what string) {
	v.mu.Lock()
	conn := v.live[topic]
	v.mu.Unlock()
	if conn != nil {
		_ = conn.Write(context.Background(), []byte("data "+topic+" "+what))
	}
	synctest.Wait()
}

// cut ends all connections.
func (v *venue) cut() {
	v.mu.Lock()
	conns := v.conns
	v.conns, v.live = nil, map[string]dial.Conn{}
	v.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
	synctest.Wait()
}

func (v *venue) sent() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.log)
}

func (v *venue) dialled() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.dials)
}

func (v *venue) set(change func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change()
}

// words is the Dialect of the made-up protocol.
type words struct{ every time.Duration }

func (d words) Change(_ time.Time, _, add, drop []string) (out []Request) {
	slices.Sort(add)
	slices.Sort(drop)
	if len(drop) > 0 {
		out = append(out, Request{Frame: []byte("unsub " + strings.Join(drop, " ")), Topics: drop, Drop: true})
	}
	for _, run := range Split(add, 40, 0, 1) {
		out = append(out, Request{Frame: []byte("sub " + strings.Join(run, " ")), Topics: run})
	}
	return out
}

func (d words) Route(frame []byte, f *Frame) error {
	op, rest, _ := bytes.Cut(frame, []byte(" "))
	switch string(op) {
	case "pong":
	case "ack":
		f.Acks = append(f.Acks, Ack{Topic: rest})
	case "no":
		f.Acks = append(f.Acks, Ack{Topic: rest, Err: ErrRefused})
	case "data":
		f.Topic, f.Data, _ = bytes.Cut(rest, []byte(" "))
	case "bye":
		f.Leave = "maintenance"
	default:
		return errors.New("what?")
	}
	return nil
}

func (d words) Beat(time.Time) ([]byte, time.Duration) { return []byte("ping"), d.every }

// notes is a Sink that writes down what happens to it.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) add(s string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, s)
}

func (n *notes) Data(data []byte, _ time.Time) error {
	n.add(string(data))
	if string(data) == "bad" {
		return errors.New("bad data")
	}
	return nil
}
func (n *notes) Flush()          { n.add("|") }
func (n *notes) Down(b *Break)   { n.add("down:" + string(b.Cause)) }
func (n *notes) Up()             { n.add("up") }
func (n *notes) Refused(_ error) { n.add("refused") }

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.all, " ")
}

func testHub(t *testing.T, c Config, test func(v *venue, h *Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := newVenue(t)
		c.Dial = v.dial
		if c.Dialect == nil {
			c.Dialect = func() Dialect { return words{every: 20 * time.Second} }
		}
		h := NewHub(c)
		test(v, h)
		h.Close()
		v.cut()
		v.work.Wait()
	})
}

func pass(d time.Duration) { time.Sleep(d); synctest.Wait() } // virtual time
