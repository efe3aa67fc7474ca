package venuetest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// replaying is the status of a market that trades but has no generator.
const replaying = "replaying"

// Replay starts a server that serves a recording as a live venue. r holds JSON lines, gzip or plain: objects with t, when it was
// received or sent, in ns since 1970; kind: open, in and out of a socket, http for the body of an answer; venue; conn, the number of the
// socket; url; and what was said, as text or in base64 as b64. Frames may be compressed as they came. Where there is no venue its
// host names tell which it is.
//
// A topic's frames begin when it is subscribed to, those of one request in the order of the recording; with Options.Timed in its rhythm,
// or Speed times as fast, else as fast as the client reads. A book that begins with an answer of REST, or to a question, waits
// for the client to ask: what came behind the answer comes behind it again. What is asked in the same words is
// answered as it was, one answer after the other, and then the last one again; what was not asked is answered by the simulated
// venue. Where a recording does not list the instruments they are made up from the ids in it: names, ticks and steps fit it, the rest is invented.
// Faults of deltas, sockets and REST work; Step does nothing, and there is no oracle.
func Replay(r io.Reader, o Options) (*Server, error) {
	tp := newTape()
	if tp.timed, tp.speed = o.Timed, o.Speed; tp.speed <= 0 {
		tp.speed = 1
	}
	if err := tp.read(r); err != nil {
		return nil, err
	}
	o.Rate = 0
	o.Markets = tp.seen.markets(tp.venue)
	s := newServer(o.filled([]Market{}))
	s.tape = tp
	switch tp.venue {
	case "binance":
		s.startBinance()
	case "okx":
		s.startOKX()
	case "huobi":
		s.startHuobi()
	case "backpack":
		s.startBackpack()
	case "alltick":
		s.startAllTick()
	}
	return s, nil
}

// Recorded returns how many frames of each topic a Replay has.
func (s *Server) Recorded() map[string]int {
	n := make(map[string]int)
	if s.tape == nil {
		return n
	}
	for _, f := range s.tape.frames {
		n[f.plain(s.tape)]++
	}
	return n
}

// plain is the topic as clients name it.
func (f *recorded) plain(tp *tape) string {
	if tp.venue != "binance" {
		return f.topic
	}
	return f.topic[bytes.IndexByte([]byte(f.topic), '/')+1:]
}

// replayed answers a request from the tape. Under mu.
func (s *Server) replayed(r *http.Request) ([]byte, bool) {
	if s.tape == nil || r.Method != http.MethodGet {
		return nil, false
	}
	return s.tape.answer(question(r.URL))
}

// taped reports whether a name can be subscribed to because there are frames of it. Under mu.
func (s *Server) taped(c *conn, name string) bool { return s.tape != nil && s.tape.has(c, name) }

// play starts the frames of what the connection has newly subscribed to. Under mu.
func (s *Server) play(c *conn) {
	if s.tape == nil || len(c.fresh) == 0 {
		return
	}
	p := &player{s: s, c: c, subs: make(map[string]*sub), begun: time.Now()}
	for _, u := range c.fresh {
		p.subs[s.tape.name(c, u.name)] = u
		s.tape.rewind(s.tape.name(c, u.name))
	}
	c.fresh = nil
	c.writers.Go(p.run)
}

// player plays the tape to the subscriptions of one request.
type player struct {
	s     *Server
	c     *conn
	subs  map[string]*sub // by topic of the tape
	begun time.Time
	hasty map[string]bool // topics whose client does not ask
}

func (p *player) run() {
	for i := range p.s.tape.frames {
		f := &p.s.tape.frames[i]
		if u := p.subs[f.topic]; u != nil && !(p.due(f) && p.asked(f) && p.room() && p.send(u, f)) {
			return
		}
	}
}

// due waits for the time of a frame, where that matters, and reports whether the connection goes on.
func (p *player) due(f *recorded) bool {
	tp := p.s.tape
	if !tp.timed {
		return true
	}
	t := time.NewTimer(time.Until(p.begun.Add(time.Duration(float64(f.at-tp.begin) / tp.speed))))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.c.done:
		return false
	}
}

// patience is how long a book waits for the client to ask for what it begins with. Limits may keep it from asking at once.
const patience = 30 * time.Second

// asked waits until the client has the answers that came before a frame. One that asks for nothing at all is not waited for.
func (p *player) asked(f *recorded) bool {
	if f.after == "" || p.hasty[f.topic] {
		return true
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		p.s.mu.Lock()
		ready, moved := p.s.tape.ready(f) || len(p.s.usage.requests) == 0, p.s.tape.moved
		p.s.mu.Unlock()
		if ready {
			return true
		}
		select {
		case <-moved:
		case <-p.c.done:
			return false
		case <-late.C:
			if p.hasty == nil {
				p.hasty = make(map[string]bool)
			}
			p.hasty[f.topic] = true
			return true
		}
	}
}

// room waits until the connection can take a frame.
func (p *player) room() bool {
	for len(p.c.out) > cap(p.c.out)/2 {
		select {
		case <-p.c.low:
		case <-p.c.done:
			return false
		}
	}
	p.c.hasRoom() // wakes another that waits
	return true
}

// send sends one frame, and reports whether the connection goes on.
func (p *player) send(u *sub, f *recorded) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if slices.Contains(p.c.subs, u) {
		ev := said(f.data)
		if f.book {
			ev.delta = new(delta)
		}
		p.s.deliver(u, ev)
	}
	return !p.c.ended()
}

// rep is the recorded answer to a question on a socket of HTX, with the question's id. Under mu.
func (s *Server) rep(name, id string) []byte {
	if s.tape == nil {
		return nil
	}
	body, ok := s.tape.answer(name)
	if !ok {
		return nil
	}
	before, rest, ok := bytes.Cut(body, []byte(`"id":"`))
	if !ok {
		return body
	}
	_, after, _ := bytes.Cut(rest, []byte(`"`))
	return fmt.Appendf(nil, `%s"id":"%s"%s`, before, id, after)
}
