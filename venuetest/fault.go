package venuetest

import (
	"bytes"
	"compress/gzip"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is a kind of fault.
type Kind string

// Faults of the order book's deltas. They take the next N deltas of the markets
// and channels that match.
const (
	DropDelta      Kind = "drop delta"      // not sent, its sequence consumed
	DuplicateDelta Kind = "duplicate delta" // sent twice
	SwapDeltas     Kind = "swap deltas"     // sent after its successor
	DelayDelta     Kind = "delay delta"     // sent For later, newer ones before it
	WrongSequence  Kind = "wrong sequence"  // ids moved forward, content as it was
	WrongChecksum  Kind = "wrong checksum"  // OKX: a checksum that is not the book's
	CrossedBook    Kind = "crossed book"    // an ask below the best bid is added
	SequenceReset  Kind = "sequence reset"  // OKX, HTX, Backpack: the market counts anew from a small number, at once
	BookHeartbeat  Kind = "book heartbeat"  // OKX: an update with equal ids and no levels, at once
	SecondSnapshot Kind = "second snapshot" // OKX, HTX contracts: a snapshot in mid-stream, at once
)

// Faults of snapshots. They take the next N snapshots.
const (
	StaleSnapshot Kind = "stale snapshot" // a book from before the deltas that were sent
	SlowSnapshot  Kind = "slow snapshot"  // answered For later; in streams updates come first
	SnapshotNever Kind = "snapshot never" // not answered
)

// Faults of topics and connections. SilentTopic, SilentSocket, DeadSocket and
// NoPong strike what is connected and subscribed now, and with N < 0 also what
// comes until [Server.Heal]; NeverSpeak, NoAck, DelayAck and RefuseSubscribe
// strike the next N; the others act once, at once.
const (
	SilentTopic     Kind = "silent topic"     // subscribed, but nothing comes
	SilentSocket    Kind = "silent socket"    // answers pings and nothing else
	DeadSocket      Kind = "dead socket"      // half open: sends nothing at all, stays connected
	NeverSpeak      Kind = "never speak"      // a handshake, then nothing
	NoPong          Kind = "no pong"          // the client's pings go unanswered
	NoAck           Kind = "no ack"           // a request to subscribe is swallowed
	DelayAck        Kind = "delay ack"        // acknowledged For later, data first
	RefuseSubscribe Kind = "refuse subscribe" // OKX: Code, 0: 60018; HTX: an error; AllTick, with N < 0: 604; Binance, Backpack: silent
	CloseSocket     Kind = "close socket"     // close frame with Code (0: 1001) and Text
	ResetSocket     Kind = "reset socket"     // TCP reset
	CutFrame        Kind = "cut frame"        // the connection ends in the middle of a frame
	Day             Kind = "day"              // the venue's forced end of long connections
	Shutdown        Kind = "shutdown"         // notice (serverShutdown, 64008), then the end, For later (0: 60 s)
	PingFlood       Kind = "ping flood"       // N control pings at once; 0: 100
)

// Faults of frames: the next N frames of the topics that match.
const (
	TruncatedFrame Kind = "truncated frame" // the first half of the frame
	NonUTF8Frame   Kind = "non-UTF-8 frame"
	OversizedFrame Kind = "oversized frame" // 64 MiB
	WrongType      Kind = "wrong type"      // a number where a list or text belongs
	DuplicateKeys  Kind = "duplicate keys"  // the first key is repeated with another value
	UnknownFields  Kind = "unknown fields"  // fields added at the front: to be ignored
	UnknownEvent   Kind = "unknown event"   // an event of a new kind goes before: to be ignored
	Fragmented     Kind = "fragmented"      // one message in many WebSocket frames
	GzipBomb       Kind = "gzip bomb"       // HTX: a frame of 1 MiB that unpacks to 1 GiB goes before
)

// Faults of REST: the next N requests whose path ends in Path ("": all).
const (
	CachedAnswer Kind = "cached answer" // with the Age header of one that lay For in a cache
	HTTPStatus   Kind = "http status"   // Code, with RetryAfter and Body ("": the venue's own for that status; 403 is HTML)
	Maintenance  Kind = "maintenance"   // until Heal: the status endpoint says so, the rest answers 503
	ClockSkew    Kind = "clock skew"    // until Heal: the venue's clock is For ahead (or behind)
)

// Fault describes something to go wrong. What is zero does not restrict.
type Fault struct {
	Kind       Kind
	ID         string        // unified symbol or venue id of the market
	Channel    string        // part of the stream's name, such as "depth" or "books"
	Conn       int           // number of the connection in order of arrival, from 1
	After      int           // let so many that match pass first; of faults that wait for events
	N          int           // how many; 0: one; below 0: until Heal
	For        time.Duration // delay; of faults that last until Heal, how long at most
	Code       int           // close code, error code, or HTTP status
	RetryAfter time.Duration // sent as Retry-After, when not 0
	Path       string        // end of the path of REST requests
	Body       string        // of HTTPStatus
	Text       string        // reason of CloseSocket
}

// armed is a fault that waits for its events.
type armed struct {
	Fault
	skip, left int
	until      time.Time
}

// Fault lets something go wrong, now or with the next that it applies to.
func (s *Server) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Kind == ClockSkew {
		s.skew = f.For
		return
	}
	if s.strike(f) && f.N >= 0 {
		return
	}
	a := &armed{Fault: f, skip: f.After, left: f.N}
	if f.N == 0 {
		a.left = 1
	}
	if f.Kind == Maintenance {
		a.left = -1
	}
	if f.For > 0 && lasts(f.Kind) {
		a.until = time.Now().Add(f.For)
	}
	s.faults = append(s.faults, a)
}

// lasts reports whether For means how long the fault stays.
func lasts(k Kind) bool {
	switch k {
	case SilentTopic, SilentSocket, SilentAccount, DeadSocket, NoPong, Maintenance:
		return true
	}
	return false
}

// Heal ends every fault and Chaos. Sockets that were struck dumb stay so: a
// broken connection does not mend.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.chaos, s.skew = nil, nil, 0
}

// heal drops faults whose time has passed. Under mu.
func (s *Server) heal() {
	now := time.Now()
	s.faults = slices.DeleteFunc(s.faults, func(a *armed) bool {
		return a.over(now)
	})
}

// over reports whether the fault's time has passed.
func (a *armed) over(now time.Time) bool { return !a.until.IsZero() && now.After(a.until) }

// chaos is faults by chance.
type chaos struct {
	rng *rand.Rand
	p   float64
}

// Chaos lets each book delta, with probability p, be dropped, doubled, swapped,
// delayed or given a wrong sequence, and each snapshot be stale, by seed. p of 0
// ends it.
func (s *Server) Chaos(seed uint64, p float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chaos = nil
	if p > 0 {
		s.chaos = &chaos{rand.New(rand.NewPCG(seed, 2)), p}
	}
}

// delta picks what happens to a delta, or "".
func (c *chaos) delta() Kind {
	if c == nil || c.rng.Float64() >= c.p {
		return ""
	}
	return []Kind{DropDelta, DuplicateDelta, SwapDeltas, DelayDelta, WrongSequence}[c.rng.IntN(5)]
}

// stale picks whether a snapshot is stale.
func (c *chaos) stale() bool { return c != nil && c.rng.Float64() < c.p }

// matches reports whether the fault concerns a connection, market and topic.
func (f *Fault) matches(c *conn, m *market, name string) bool {
	return (f.Conn == 0 || c != nil && f.Conn == c.number) &&
		(f.ID == "" || m != nil && (m.Symbol == f.ID || m.ID == f.ID)) &&
		(f.Channel == "" || strings.Contains(name, f.Channel))
}

// hit uses up one of the first armed fault of these kinds that matches. Under mu.
func (s *Server) hit(c *conn, m *market, name string, kinds ...Kind) *Fault {
	return s.hitAt(c, m, name, "", kinds...)
}

// hitPath is hit for faults of requests by their path. Under mu.
func (s *Server) hitPath(m *market, path string, k Kind) *Fault { return s.hitAt(nil, m, "", path, k) }

// hitAt is hit of faults whose Path, where both are known, is the end of path. Under mu.
func (s *Server) hitAt(c *conn, m *market, name, path string, kinds ...Kind) *Fault {
	for i, a := range s.faults {
		if !slices.Contains(kinds, a.Kind) || !a.matches(c, m, name) || path != "" && !strings.HasSuffix(path, a.Path) || a.over(time.Now()) {
			continue
		}
		if a.skip > 0 {
			a.skip--
			continue
		}
		if a.left > 0 {
			if a.left--; a.left == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return &a.Fault
	}
	return nil
}

// lasting reports whether a fault of the kind is in force until Heal. Under mu.
func (s *Server) lasting(k Kind, c *conn, m *market, name string) bool {
	for _, a := range s.faults {
		if a.Kind == k && a.left < 0 && a.matches(c, m, name) && !a.over(time.Now()) {
			return true
		}
	}
	return false
}

// bend finds the fault of a delta and applies what changes its content. Under mu.
func (s *Server) bend(u *sub, d *delta) *Fault {
	f := s.hit(u.c, u.st.m, u.name, DropDelta, DuplicateDelta, SwapDeltas, DelayDelta, WrongSequence, WrongChecksum, CrossedBook)
	if f == nil && !d.snapshot {
		if k := s.chaos.delta(); k != "" {
			f = &Fault{Kind: k}
		}
	}
	if f == nil {
		return nil
	}
	switch f.Kind {
	case WrongSequence:
		d.first, d.last, d.prev = d.first+1000, d.last+1000, d.prev+1000
	case WrongChecksum:
		d.wrongSum = true
	case CrossedBook:
		if best := u.st.m.bids.levels; len(best) > 0 {
			l := level{best[len(best)-1].px - u.st.m.tick, u.st.m.step, 1}
			d.asks = slices.Insert(slices.Clone(d.asks), 0, l)
		}
	}
	return f
}

// greet applies the faults of new connections. Under mu.
func (s *Server) greet(c *conn) {
	c.dead = s.hit(c, nil, "", NeverSpeak) != nil || s.lasting(DeadSocket, c, nil, "")
	c.muted = s.lasting(SilentSocket, c, nil, "")
	c.noPong = s.lasting(NoPong, c, nil, "")
}

// strike applies a fault to what is connected now and reports whether that was
// all of it. Under mu.
func (s *Server) strike(f Fault) bool {
	switch f.Kind {
	case SilentTopic:
		for _, st := range s.order {
			for _, u := range st.subs {
				u.muted = u.muted || f.matches(u.c, st.m, u.name)
			}
		}
		return true
	case SilentAccount:
		s.silence(f)
		return true
	case ExpirePass:
		if v, ok := s.venue.(interface{ expireAll(now time.Time) }); ok {
			v.expireAll(s.now())
		}
		return true
	case SequenceReset, BookHeartbeat, SecondSnapshot:
		s.inject(f)
		return true
	case SilentSocket, DeadSocket, NoPong, CloseSocket, ResetSocket, CutFrame, Day, Shutdown, PingFlood:
		for _, c := range s.conns {
			if f.reaches(c) {
				s.hurt(c, f)
			}
		}
		return true
	}
	return false
}

// reaches reports whether a fault of connections concerns c: by its number, and
// by a topic that it carries.
func (f *Fault) reaches(c *conn) bool {
	if f.ID == "" && f.Channel == "" {
		return f.matches(c, nil, "")
	}
	return slices.ContainsFunc(c.subs, func(u *sub) bool { return f.matches(c, u.st.m, u.name) }) ||
		slices.ContainsFunc(c.ears, func(x *ear) bool { return f.matches(c, nil, x.name) })
}

// hurt applies a fault to one connection. Under mu.
func (s *Server) hurt(c *conn, f Fault) {
	switch f.Kind {
	case SilentSocket:
		c.muted = true
	case DeadSocket:
		c.dead = true
	case NoPong:
		c.noPong = true
	case CloseSocket:
		code := f.Code
		if code == 0 {
			code = 1001
		}
		c.end(code, f.Text)
	case Day:
		c.end(1001, "")
	case ResetSocket:
		c.send(item{kind: itemReset})
	case CutFrame:
		c.send(item{kind: itemCut, data: []byte(`{"this":"frame ends in the middle, as the connection does"}`)})
	case PingFlood:
		n := f.N
		if n <= 0 {
			n = 100
		}
		for i := range n {
			c.send(item{kind: pingFrame, data: strconv.AppendInt(nil, int64(i), 10)})
		}
	case Shutdown:
		wait := f.For
		if wait == 0 {
			wait = time.Minute
		}
		if notice := s.venue.notice(c, s.now()); notice != nil {
			c.text(notice)
		}
		c.after(wait, item{kind: closeFrame, code: 1001})
	}
}

// bomb is a gzip frame of about 1 MiB that unpacks to 1 GiB.
func bomb() []byte {
	var part bytes.Buffer
	z := gzip.NewWriter(&part)
	z.Write(make([]byte, 1<<20)) // into memory: it cannot fail
	z.Close()
	return bytes.Repeat(part.Bytes(), 1<<10)
}

// mangle returns a frame as the fault makes it.
func mangle(k Kind, data []byte) []byte {
	brace := slices.Index(data, '{')
	switch k {
	case TruncatedFrame:
		return data[:len(data)/2]
	case NonUTF8Frame:
		b := slices.Clone(data)
		b[len(b)/2] = 0xff
		return b
	case OversizedFrame:
		return append(data[:len(data):len(data)], make([]byte, 64<<20-len(data))...)
	case WrongType:
		b := []byte(strings.NewReplacer(`[["`, `[[7,{"x":"`, `"s":"`, `"s":7,"_":"`, `"ts":"`, `"ts":{},"_":"`).Replace(string(data)))
		return b
	case DuplicateKeys:
		key, _, ok := strings.Cut(string(data[brace+1:]), ":")
		if ok {
			return slices.Insert(slices.Clone(data), brace+1, []byte(key+`:"duplicate",`)...)
		}
	case UnknownFields:
		return slices.Insert(slices.Clone(data), brace+1, []byte(`"_new":{"a":[1,"]}",null]},"_flag":true,`)...)
	}
	return data
}
