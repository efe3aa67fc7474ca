package venuetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

var (
	errClosed = errors.New("venuetest: server closed")
	errSlow   = errors.New("venuetest: the client reads too slowly")
)

// item is something to be written to a socket.
type item struct {
	kind   int // a WebSocket message type, or one of the kinds below
	data   []byte
	frag   bool
	code   int
	reason string
}

const (
	textFrame  = websocket.TextMessage
	pingFrame  = websocket.PingMessage
	pongFrame  = websocket.PongMessage
	closeFrame = websocket.CloseMessage
	itemReset  = -1 // a TCP reset
	itemCut    = -2 // half a frame, then the end
)

// conn is one WebSocket of a client. Its reader runs in the handler's goroutine,
// its writer is the only other one.
type conn struct {
	s       *Server
	d       dialect
	ws      *websocket.Conn
	host    *host
	number  int
	path    string // path of the upgrade
	query   string
	id      string // OKX connId
	out     chan item
	low     chan struct{} // says that out has emptied to a half
	beat    chan string   // payloads of the client's pongs
	done    chan struct{}
	once    sync.Once
	closing atomic.Bool // a close frame is sent
	began   time.Time
	pushed  chan struct{} // something was read or pushed: OKX's 30 s timer
	writers sync.WaitGroup

	// Under Server.mu.
	subs             []*sub
	fresh            []*sub // Replay: subscribed, not yet begun
	combined, micros bool   // Binance
	packed           bool   // data frames go out as gzip, in binary
	received         int
	busiest          int
	second, hour     quota
	requests         int // to subscribe and unsubscribe
	sent             int
	muted, dead      bool // SilentSocket; DeadSocket and NeverSpeak
	noPong           bool
	alive            time.Time // AllTick: when the client's heartbeat came last
	later            []delayed
	account          *Account // whose connection it is, once it is logged in
	ears             []*ear
}

// delayed is an item that waits for its time. The writer sends it.
type delayed struct {
	at time.Time
	item
}

// sub is one connection's subscription to a stream.
type sub struct {
	c     *conn
	st    *stream
	name  string // as the client wrote it
	muted bool   // SilentTopic
	held  []held
	snap  time.Time // SlowSnapshot in the stream: when the snapshot is due
	slow  []byte    // HTX: the answer
}

// held is a delta that is sent after others of its topic.
type held struct {
	after int // that many
	data  []byte
}

// dialect is what a connection asks of its venue.
type dialect interface {
	message(c *conn, text []byte) // one text frame; under Server.mu
	control(c *conn) bool         // a ping or pong came; under Server.mu; false: too many
	beat() (every, patience time.Duration)
	life() time.Duration
	idle() time.Duration
	slow() (code int, reason string) // how a reader that is too slow is told; 0: not at all
}

// pinger is a dialect whose heartbeats are messages. Its pongs come as messages too, and go to
// conn.beat.
type pinger interface {
	ping(c *conn, now time.Time) []byte
	unheard() (code int, reason string) // how a client is told that does not answer
}

var upgrader = websocket.Upgrader{
	ReadBufferSize: 4096, WriteBufferSize: 4096,
	CheckOrigin: func(*http.Request) bool { return true },
}

// socket upgrades a request and serves the socket until it ends.
func (s *Server) socket(h *host, d dialect, w http.ResponseWriter, r *http.Request, opened func(*conn)) {
	// Locked before the client hears that it is connected: what happens after its
	// handshake happens after its subscriptions.
	s.mu.Lock()
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.mu.Unlock()
		return // Upgrade has answered
	}
	ws.SetReadLimit(1 << 20)
	c := &conn{
		s: s, d: d, ws: ws, host: h, path: r.URL.Path, query: r.URL.RawQuery, began: time.Now(),
		out: make(chan item, s.opts.Queue), low: make(chan struct{}, 1), done: make(chan struct{}),
		beat: make(chan string, 16), pushed: make(chan struct{}, 1),
	}
	ws.SetPingHandler(func(p string) error { return c.ping(d, p) })
	ws.SetPongHandler(func(p string) error { return c.pong(d, p) })
	ws.SetCloseHandler(func(code int, text string) error {
		// Written here and not by the writer, which ends with the reader.
		ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
		return nil
	})
	if s.closed {
		s.mu.Unlock()
		ws.Close()
		return
	}
	s.usage.accepted++
	c.number = s.usage.accepted
	c.id = fmt.Sprintf("%08x", uint32(c.number)*2654435761)
	s.conns = append(s.conns, c)
	s.greet(c)
	opened(c)
	c.writers.Go(func() { c.write(d) })
	s.play(c)
	s.mu.Unlock()

	c.read(d)
	c.writers.Wait()
	s.mu.Lock()
	s.forget(c)
	s.mu.Unlock()
	ws.Close()
}

// read takes the client's messages until the socket ends.
func (c *conn) read(d dialect) {
	for {
		kind, text, err := c.ws.ReadMessage()
		if err != nil {
			c.fail(err)
			return
		}
		c.stir()
		c.s.mu.Lock()
		if kind == textFrame && !c.ended() {
			d.message(c, text)
			c.s.play(c)
		}
		c.s.mu.Unlock()
	}
}

func (c *conn) ping(d dialect, payload string) error {
	c.stir()
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if d.control(c) && !c.noPong && !c.dead {
		c.send(item{kind: pongFrame, data: []byte(payload)})
	}
	return nil
}

func (c *conn) pong(d dialect, payload string) error {
	c.stir()
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	d.control(c)
	select {
	case c.beat <- payload:
	default:
	}
	return nil
}

// hasRoom wakes one who waits for room in the queue.
func (c *conn) hasRoom() {
	select {
	case c.low <- struct{}{}:
	default:
	}
}

// stir restarts the idle timer.
func (c *conn) stir() {
	select {
	case c.pushed <- struct{}{}:
	default:
	}
}

// count counts a message of the client and tells how many came in this second.
func (c *conn) count() int {
	c.received++
	c.second.in(time.Now(), time.Second).used++
	c.busiest = max(c.busiest, c.second.used)
	return c.second.used
}

// write sends what is queued, pings, and ends the socket when its time has come.
func (c *conn) write(d dialect) {
	every, patience := d.beat()
	beat, life, idle, late := timer(every), timer(d.life()), timer(d.idle()), timer(0)
	for _, t := range []*time.Timer{beat, life, idle, late} {
		defer t.Stop()
	}
	var asked time.Time // the oldest ping without a pong
	var waiting []delayed
	for {
		if c.closing.Load() {
			<-c.done
			return
		}
		select {
		case <-c.done:
			return
		case it := <-c.out:
			c.put(it)
			if len(c.out) <= cap(c.out)/2 {
				c.hasRoom()
			}
			if it.kind == textFrame && d.idle() > 0 {
				idle.Reset(d.idle())
			}
		case <-c.pushed:
			if d.idle() > 0 {
				idle.Reset(d.idle())
			}
			waiting = append(waiting, c.delayed()...)
			if len(waiting) > 0 {
				late.Reset(0)
			}
		case <-late.C:
			now, left := time.Now(), waiting[:0]
			for _, w := range waiting {
				if w.at.After(now) {
					left = append(left, w)
				} else {
					c.put(w.item)
				}
			}
			if waiting = left; len(waiting) > 0 {
				next := slices.MinFunc(waiting, func(a, b delayed) int { return a.at.Compare(b.at) })
				late.Reset(time.Until(next.at))
			}
		case <-c.beat:
			asked = time.Time{}
		case now := <-beat.C:
			beat.Reset(every)
			if c.isDead() {
				continue
			}
			if asked.IsZero() {
				asked = now
			} else if now.Sub(asked) >= patience {
				late := item{kind: closeFrame, code: 1008, reason: "Pong timeout"}
				if p, ok := d.(pinger); ok {
					late.code, late.reason = p.unheard()
				}
				c.put(late)
				continue
			}
			if p, ok := d.(pinger); ok {
				c.put(item{kind: textFrame, data: p.ping(c, now)})
				continue
			}
			c.put(item{kind: pingFrame, data: strconv.AppendInt(nil, now.UnixMilli(), 10)})
		case <-idle.C:
			if c.isDead() {
				continue
			}
			c.put(item{kind: closeFrame, code: 4004, reason: "No data received in 30s"})
		case <-life.C:
			c.put(item{kind: closeFrame, code: 1001, reason: ""})
		}
	}
}

// timer returns a timer that fires after d, and never when d is 0.
func timer(d time.Duration) *time.Timer {
	if d > 0 {
		return time.NewTimer(d)
	}
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// put writes one item. Only the writer calls it.
func (c *conn) put(it item) {
	c.ws.SetWriteDeadline(time.Now().Add(time.Minute))
	var err error
	if c.packed && it.kind == textFrame {
		it.kind, it.data = websocket.BinaryMessage, gzipped(it.data)
	}
	switch {
	case it.kind == itemReset:
		reset(c.ws.NetConn())
		err = errors.New("venuetest: reset")
	case it.kind == itemCut:
		frame := appendFrame(nil, textFrame, true, it.data)
		c.ws.NetConn().Write(frame[:len(frame)/2])
		err = errors.New("venuetest: cut")
	case it.kind == closeFrame:
		msg := []byte{}
		if it.code != 0 && it.code != websocket.CloseNoStatusReceived {
			msg = websocket.FormatCloseMessage(it.code, it.reason)
		}
		// The reader ends when the client has answered, or soon without it:
		// closed at once, a socket with unread input would be reset and the
		// frame lost.
		c.closing.Store(true)
		err = c.ws.WriteMessage(closeFrame, msg)
		c.ws.NetConn().SetReadDeadline(time.Now().Add(2 * time.Second))
	case it.frag:
		var frames []byte
		kind := it.kind
		for data := it.data; len(data) > 0; kind = 0 {
			n := min(len(data), 50)
			frames = appendFrame(frames, kind, n == len(data), data[:n])
			data = data[n:]
		}
		_, err = c.ws.NetConn().Write(frames)
	default:
		err = c.ws.WriteMessage(it.kind, it.data)
	}
	if err != nil {
		c.fail(err)
	}
}

// appendFrame appends an unmasked WebSocket frame.
func appendFrame(b []byte, kind int, fin bool, data []byte) []byte {
	first := byte(kind)
	if fin {
		first |= 0x80
	}
	b = append(b, first)
	switch n := len(data); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, data...)
}

// reset ends a connection without a word.
func reset(nc net.Conn) {
	switch nc := nc.(type) {
	case *memConn:
		nc.reset()
	case *net.TCPConn:
		nc.SetLinger(0)
		nc.Close()
	}
}

// send queues an item. A reader that is too slow is disconnected.
func (c *conn) send(it item) {
	select {
	case c.out <- it:
		return
	default:
	}
	code, reason := c.d.slow()
	if code == 0 {
		c.fail(errSlow)
		return
	}
	for len(c.out) > 0 { // what waits is lost, so that the reason comes next
		select {
		case <-c.out:
		default:
		}
	}
	select {
	case c.out <- item{kind: closeFrame, code: code, reason: reason}:
	default:
		c.fail(errSlow)
	}
}

// text queues a text frame.
func (c *conn) text(data []byte) { c.send(item{kind: textFrame, data: data}) }

// end queues the end of the connection.
func (c *conn) end(code int, reason string) {
	c.send(item{kind: closeFrame, code: code, reason: reason})
}

// after has an item sent d later. Under Server.mu.
func (c *conn) after(d time.Duration, it item) {
	c.later = append(c.later, delayed{time.Now().Add(d), it})
	c.stir()
}

// delayed takes what waits for its time.
func (c *conn) delayed() []delayed {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	l := c.later
	c.later = nil
	return l
}

func (c *conn) isDead() bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.dead
}

// fail ends the connection; the first reason is logged.
func (c *conn) fail(err error) {
	c.once.Do(func() {
		c.s.log.Debug("socket ended", "conn", c.number, "err", err)
		close(c.done)
		c.ws.NetConn().Close() // wakes the reader, and a writer whom nobody reads
	})
}

func (c *conn) ended() bool {
	if c.closing.Load() {
		return true
	}
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// forget removes an ended connection. Under mu.
func (s *Server) forget(c *conn) {
	past := c.stats()
	past.Open = false
	for len(c.subs) > 0 {
		s.unsubscribe(c, c.subs[0].name)
	}
	for len(c.ears) > 0 {
		s.unfollow(c, c.ears[0].name)
	}
	if s.usage.past = append(s.usage.past, past); len(s.usage.past) > 1000 {
		s.usage.past = s.usage.past[1:]
	}
	s.conns = slices.DeleteFunc(s.conns, func(x *conn) bool { return x == c })
}
