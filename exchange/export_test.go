package exchange

import (
	"context"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/stream"
)

// Line is a book kept by a client whose socket is a list of frames in memory: the
// whole way of a frame but the network.
type Line struct {
	Client   *Client
	Market   Market
	book     *keptBook
	hub      *stream.Hub
	snapshot *book.Update
	*Reel
}

// Reel plays frames, in place of a socket.
type Reel struct {
	next  chan [][]byte
	done  chan struct{}
	batch int
}

// hub makes the hub of a socket of the family whose only connection plays the reel.
func (r *Reel) hub(s *Socket) *stream.Hub {
	if r.next == nil {
		r.next, r.done = make(chan [][]byte), make(chan struct{})
	}
	return stream.NewHub(stream.Config{
		Name:    "reel",
		Dial:    func(context.Context) (dial.Conn, error) { return &tape{reel: r, packed: s.Compress == "gzip"}, nil },
		Dialect: s.Dialect,
		Quiet:   time.Hour,
		Answer:  time.Hour,
	})
}

// Plays returns a client of one market all of whose sockets are one reel, which is read batch frames at a time.
func Plays(v *Venue, family string, m Market, batch int) (*Client, *Reel) {
	c, r := New(v, Options{}), &Reel{batch: batch}
	for _, f := range v.Families {
		if f.Name != family {
			continue
		}
		m.family, m.Family = f, f.Name
		c.markets.parts, c.markets.loaded = map[*Family][]Market{f: {m}}, time.Now()
		c.reindex()
		for _, s := range f.Sockets {
			if c.hubs[s] == nil {
				c.hubs[s] = r.hub(s)
			}
		}
	}
	return c, r
}

// NewLine makes the book of m by one of its channels. fused false takes the channel's Merge
// away. The frames given to Run are read batch at a time.
func NewLine(v *Venue, family string, m Market, channel int, fused bool, batch int) *Line {
	c := New(v, Options{})
	l := &Line{Client: c, Reel: &Reel{batch: batch}}
	for _, f := range v.Families {
		if f.Name == family {
			m.family, m.Family = f, f.Name
		}
	}
	l.Market = m
	ch := m.family.Push.OrderBook[channel]
	if !fused {
		ch.Merge = nil
	}
	a := Args{Depth: ch.Depths[len(ch.Depths)-1], Speed: ch.speed(0)}
	l.hub = l.Reel.hub(m.family.Sockets[ch.Socket])
	l.book = newKeptBook(c, &l.Market, &ch, l.hub, bookKey{keyOf(&l.Market, a), channel}, a)
	return l
}

// View adds a reader of depth levels and starts the line.
func (l *Line) View(ctx context.Context, depth int) *stream.Subscription[OrderBook] {
	v := &bookView{market: &l.Market, depth: depth}
	v.feed = stream.NewState(kind[OrderBook](), v.read)
	v.show = func(dst *OrderBook) { v.book.Load().copy(dst, v.depth) }
	v.book.Store(l.book)
	if l.book.join(v); len(l.book.viewers()) == 1 {
		l.hub.Add(l.book.topic, l.book)
	}
	return stream.Subscribe(ctx, nil, v.feed)
}

// Begin gives the book its snapshot anew: the answer of a REST call, or a frame.
func (l *Line) Begin(snapshot []byte) {
	if l.book.channel.Sync.Source != ByCall {
		l.book.Down(&stream.Break{Cause: stream.Disconnect}) // a book that is live takes no answer to an older question
		l.Play([][]byte{snapshot})
		return
	}
	if l.snapshot == nil { // once: garbage of a cycle would be collected in the next one
		scope := Scope{Market: &l.Market, Args: Args{Depth: 1000}}
		rows, err := l.Market.family.Pull.OrderBook.Parse(nil, &scope, snapshot)
		if err != nil || len(rows) != 1 {
			panic(err)
		}
		rows[0].Snapshot = true
		l.snapshot = &rows[0]
	}
	l.book.turn.Lock()
	l.book.mu.Lock()
	l.book.sync.Reset(book.Syncing)
	l.book.wanting = true // so that nobody fetches one
	l.book.mu.Unlock()
	l.book.turn.Unlock()
	l.book.snapshot(l.snapshot, l.book.life, time.Now())
	l.book.wanting = true
}

// Read makes a reader's copy of the book.
func (l *Line) Read(depth int) (b OrderBook) {
	l.book.read(&b, depth)
	return b
}

// Play brings frames through, and waits until they are.
func (r *Reel) Play(frames [][]byte) {
	r.next <- frames
	<-r.done
}

// Run is Begin and Play.
func (l *Line) Run(snapshot []byte, frames [][]byte) {
	l.Begin(snapshot)
	l.Play(frames)
}

func (l *Line) Close() {
	close(l.next)
	l.hub.Close()
	l.Client.Close()
}

// tape is a connection that reads frames from memory.
type tape struct {
	reel    *Reel
	packed  bool // as gzip
	frames  [][]byte
	at      int
	begun   bool
	inflate dial.Inflater
}

func (t *tape) Read(ctx context.Context) ([]byte, error) {
	for t.at == len(t.frames) {
		if t.begun {
			t.reel.done <- struct{}{}
		}
		select {
		case f, ok := <-t.reel.next:
			if !ok {
				<-ctx.Done()
				return nil, dial.ErrClosed
			}
			t.frames, t.at, t.begun = f, 0, true
		case <-ctx.Done():
			return nil, dial.ErrClosed
		}
	}
	t.at++
	if t.packed {
		return t.inflate.Inflate(dial.Gzip, t.frames[t.at-1])
	}
	return t.frames[t.at-1], nil
}

func (t *tape) Buffered() bool                      { return t.at < len(t.frames) && t.at%t.reel.batch != 0 }
func (t *tape) Write(context.Context, []byte) error { return nil }
func (t *tape) Close() error                        { return nil }
