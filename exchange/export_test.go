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
	next     chan [][]byte
	done     chan struct{}
}

// NewLine makes the book of m by one of its channels. fused false takes the channel's Merge
// away. The frames given to Run are read batch at a time.
func NewLine(v *Venue, family string, m Market, channel int, fused bool, batch int) *Line {
	c := New(v, Options{})
	l := &Line{Client: c, next: make(chan [][]byte), done: make(chan struct{})}
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
	a := Args{Depth: ch.Depths[len(ch.Depths)-1]}
	socket := m.family.Sockets[ch.Socket]
	l.hub = stream.NewHub(stream.Config{
		Name:    "line",
		Dial:    func(context.Context) (dial.Conn, error) { return &tape{line: l, batch: batch}, nil },
		Dialect: socket.Dialect,
		Quiet:   time.Hour,
		Answer:  time.Hour,
	})
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
func (l *Line) Play(frames [][]byte) {
	l.next <- frames
	<-l.done
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
	line   *Line
	frames [][]byte
	at     int
	batch  int
	begun  bool
}

func (t *tape) Read(ctx context.Context) ([]byte, error) {
	for t.at == len(t.frames) {
		if t.begun {
			t.line.done <- struct{}{}
		}
		select {
		case f, ok := <-t.line.next:
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
	return t.frames[t.at-1], nil
}

func (t *tape) Buffered() bool                      { return t.at < len(t.frames) && t.at%t.batch != 0 }
func (t *tape) Write(context.Context, []byte) error { return nil }
func (t *tape) Close() error                        { return nil }
