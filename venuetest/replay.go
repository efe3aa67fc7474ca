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
// or Speed times as fast, else as fast as the client reads. Subscribed to again, it goes on where it was; to whom subscribes beside
// another it comes from the beginning. The changes of a book that has to be asked for wait until it is, and the answer is the first one
// that is no older than they are. What else is asked in the same words is
// answered as it was, one answer after the other, and then the last one again; what was not asked is answered by the simulated
// venue. Where a recording does not list the instruments they are made up from the ids in it: names, ticks and steps fit it, the rest is invented.
// Faults of deltas, sockets and REST work; Step does nothing, and there is no oracle. Server.Played says when it is at its end.
//
// What was said waits in a temporary file until Close; in memory are some 100 bytes of each frame.
func Replay(r io.Reader, o Options) (*Server, error) {
	tp, err := newTape()
	if err != nil {
		return nil, err
	}
	if tp.timed, tp.speed = o.Timed, o.Speed; tp.speed <= 0 {
		tp.speed = 1
	}
	if err := tp.read(r); err != nil {
		tp.spool.close()
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
func (s *Server) replayed(h *host, w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if s.tape == nil || r.Method != http.MethodGet {
		return nil, false
	}
	body, ok := s.tape.answer(question(r.URL))
	if ok && body == nil {
		text, kind := s.venue.refusal(h, http.StatusServiceUnavailable, time.Time{})
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return []byte(text), true
	}
	return body, ok
}

// taped reports whether a name can be subscribed to because there are frames of it. Under mu.
func (s *Server) taped(c *conn, name string) bool { return s.tape != nil && s.tape.has(c, name) }

// play starts the frames of what the connection has newly subscribed to. Under mu.
func (s *Server) play(c *conn) {
	if s.tape == nil || len(c.fresh) == 0 {
		return
	}
	tp := s.tape
	if tp.started.IsZero() {
		tp.started = time.Now()
	}
	p := &player{s: s, c: c, topics: make(map[string]*playing)}
	for _, u := range c.fresh {
		name := tp.name(c, u.name)
		x := &playing{sub: u, from: tp.begin(name, s.plays(u, name))}
		if x.from < len(tp.frames) {
			x.given, _ = tp.given(tp.frames[x.from].whole)
		}
		p.topics[name] = x
	}
	c.fresh = nil
	tp.players++
	c.writers.Go(func() {
		p.run()
		s.mu.Lock()
		defer s.mu.Unlock()
		tp.players--
		s.rest()
	})
}

// still is how long nobody has to ask for more until a recording that was played is over: clients subscribe to one topic after the other.
const still = 2 * time.Second

// Played returns a channel that is closed when a Replay is at its end: all topics that clients are subscribed to were sent to their last frame, and
// for two seconds nobody has subscribed to another. It is nil where there is no recording.
func (s *Server) Played() <-chan struct{} {
	if s.tape == nil {
		return nil
	}
	return s.tape.over
}

// rest waits for the end, when that may be near. Under mu.
func (s *Server) rest() {
	tp := s.tape
	if tp.quiet != nil {
		tp.quiet.Stop()
	}
	if s.spent() {
		tp.quiet = time.AfterFunc(still, s.expire)
	}
}

// spent reports whether all that is subscribed to was played. Under mu.
func (s *Server) spent() bool {
	topics := 0
	for _, c := range s.conns {
		for _, x := range c.subs {
			name := s.tape.name(c, x.name)
			last, ok := s.tape.last[name]
			if !ok || c.ended() {
				continue
			}
			if topics++; s.tape.played[name] <= last {
				return false
			}
		}
	}
	return topics > 0 && s.tape.players == 0 && !s.closed
}

// expire says that the recording is over, unless something has begun, or clients have not been sent all yet.
func (s *Server) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	tp := s.tape
	switch {
	case !s.spent():
	case slices.ContainsFunc(s.conns, func(c *conn) bool { return len(c.out) > 0 }):
		s.rest()
	default:
		select {
		case <-tp.over:
		default:
			close(tp.over)
		}
	}
}

// plays reports whether another than u is subscribed to a topic.
func (s *Server) plays(u *sub, topic string) bool {
	for _, c := range s.conns {
		for _, x := range c.subs {
			if x != u && s.tape.name(c, x.name) == topic && !c.ended() {
				return true
			}
		}
	}
	return false
}

// player plays the tape to the subscriptions of one request.
type player struct {
	s      *Server
	c      *conn
	topics map[string]*playing // by the tape's names
}

// playing is one topic of a player.
type playing struct {
	sub   *sub
	from  int // where in the tape it begins
	begun bool
	holds bool // until the whole book is asked for
	given int  // how often it was, before
	hasty bool // the client does not ask
}

// breath is how long frames that come as fast as the client reads wait for it to begin to read.
const breath = 100 * time.Millisecond

func (p *player) run() {
	if !p.s.tape.timed && !p.rest(breath) {
		return
	}
	for i := range p.s.tape.frames {
		f := &p.s.tape.frames[i]
		x := p.topics[f.topic]
		if x != nil && i >= x.from && !(p.due(f) && p.asked(x, f) && p.room() && p.send(x, i)) {
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
	return p.rest(time.Until(tp.started.Add(time.Duration(float64(f.at-tp.start) / tp.speed))))
}

// rest waits, and reports whether the connection goes on.
func (p *player) rest(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.c.done:
		return false
	}
}

// patience is how long changes of a book wait for the client to ask for the whole. Limits may keep it from asking at once.
const patience = 30 * time.Second

// asked waits, behind the first change of a book and behind one before which something is missing, until the client has asked for the whole:
// else it would have to keep what comes meanwhile. A client that asks for nothing at all is not waited for.
func (p *player) asked(x *playing, f *recorded) bool {
	if f.whole == "" || x.hasty {
		return true
	}
	if x.holds && !p.hold(x, f) {
		return false
	}
	if x.holds = !x.begun || f.prev > f.after; x.holds && x.begun {
		p.s.mu.Lock()
		x.given, _ = p.s.tape.given(f.whole)
		p.s.mu.Unlock()
	}
	x.begun = true
	return true
}

func (p *player) hold(x *playing, f *recorded) bool {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		p.s.mu.Lock()
		given, known := p.s.tape.given(f.whole)
		asks, moved := len(p.s.usage.requests) > 0, p.s.tape.moved
		p.s.mu.Unlock()
		if given > x.given || !known || !asks {
			return true
		}
		select {
		case <-moved:
		case <-p.c.done:
			return false
		case <-late.C:
			x.hasty = true
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
func (p *player) send(x *playing, i int) bool {
	f := &p.s.tape.frames[i]
	data, err := p.s.tape.spool.get(f.data)
	if err != nil {
		p.s.log.Error("the recording cannot be read", "why", err)
		return false
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if slices.Contains(p.c.subs, x.sub) && !p.c.ended() {
		ev := said(data)
		if f.book {
			ev.delta = new(delta)
		}
		p.s.tape.reach(i, x.holds)
		p.s.deliver(x.sub, ev)
	}
	return !p.c.ended()
}

// rep is the recorded answer to a question on a socket of HTX, with the question's id, nil where there is none any
// more. Under mu.
func (s *Server) rep(name, id string) (text []byte, known bool) {
	if s.tape == nil {
		return nil, false
	}
	body, ok := s.tape.answer(name)
	if !ok {
		return nil, false
	}
	before, rest, ok := bytes.Cut(body, []byte(`"id":"`))
	if !ok {
		return body, true
	}
	_, after, _ := bytes.Cut(rest, []byte(`"`))
	return fmt.Appendf(nil, `%s"id":"%s"%s`, before, id, after), true
}
