package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ways are the four ways to read, and how long each takes when nothing comes
// but the clock's end; the first waits for an hour of it.
var ways = []struct {
	name string
	read func(*Queue) ([]byte, State)
	wait time.Duration
	data string // what it returns of "one", "two", "three"
}{
	{"Read", func(q *Queue) ([]byte, State) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		return q.Read(ctx)
	}, time.Hour, "one"},
	{"TryRead", (*Queue).TryRead, 0, "one"},
	{"ReadLatest", (*Queue).ReadLatest, 0, "three"},
	{"ReadTimeout", func(q *Queue) ([]byte, State) { return q.ReadTimeout(2 * time.Second) }, 2 * time.Second, "one"},
}

// reads wants the next read to come to that, after so long.
func reads(t *testing.T, read func() ([]byte, State), msg string, s State, after time.Duration) {
	t.Helper()
	start := time.Now()
	got, state := read()
	if string(got) != msg || state != s || time.Since(start) != after {
		t.Errorf("read = %q, %v after %v; want %q, %v after %v", got, state, time.Since(start), msg, s, after)
	}
}

// eachWay runs one row of the table in a bubble for each way to read.
func eachWay(t *testing.T, row func(t *testing.T, q *Queue, peer Conn, read func() ([]byte, State), wait time.Duration, data string)) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, peer := Pipe()
				q := NewQueue(conn)
				defer q.Close()
				row(t, q, peer, func() ([]byte, State) { return way.read(q) }, way.wait, way.data)
			})
		})
	}
}

func send(t *testing.T, peer Conn, msgs ...string) {
	t.Helper()
	for _, msg := range msgs {
		write(t, peer, msg)
	}
	synctest.Wait() // the queue has them
}

func TestQueueDataWaiting(t *testing.T) {
	eachWay(t, func(t *testing.T, q *Queue, peer Conn, read func() ([]byte, State), wait time.Duration, data string) {
		send(t, peer, "one", "two", "three")
		reads(t, read, data, Message, 0)
		if data == "one" {
			reads(t, read, "two", Message, 0)
			reads(t, read, "three", Message, 0)
		}
		reads(t, read, "", None, wait)
		send(t, peer, "")
		reads(t, read, "", Message, 0) // empty, and no loss
	})
}

func TestQueueNoData(t *testing.T) {
	eachWay(t, func(t *testing.T, q *Queue, peer Conn, read func() ([]byte, State), wait time.Duration, data string) {
		reads(t, read, "", None, wait)
		if wait == 0 {
			return
		}
		time.AfterFunc(wait/2, func() { peer.Write(context.Background(), []byte("late")) })
		reads(t, read, "late", Message, wait/2)
	})
}

func TestQueueConnectionLost(t *testing.T) {
	eachWay(t, func(t *testing.T, q *Queue, peer Conn, read func() ([]byte, State), wait time.Duration, data string) {
		send(t, peer, "one", "two", "three")
		if q.Err() != nil {
			t.Errorf("Err = %v before the loss", q.Err())
		}
		peer.Close()
		synctest.Wait()
		reads(t, read, data, Message, 0) // what came before it is there
		if data == "one" {
			reads(t, read, "two", Message, 0)
			reads(t, read, "three", Message, 0)
		}
		for range 3 {
			reads(t, read, "", Lost, 0)
		}
		if _, ok := errors.AsType[*CloseError](q.Err()); !ok {
			t.Errorf("Err = %v; want the peer's close", q.Err())
		}
		if n := q.Compat().Write("x"); n != 0 {
			t.Errorf("Write = %d; want 0", n)
		}
	})
}

func TestQueueLostWhileWaiting(t *testing.T) {
	eachWay(t, func(t *testing.T, q *Queue, peer Conn, read func() ([]byte, State), wait time.Duration, data string) {
		time.AfterFunc(wait/2, func() { peer.Close() })
		if wait == 0 {
			synctest.Wait()
			time.Sleep(time.Nanosecond) // of the bubble's clock: the peer closes
			synctest.Wait()
		}
		reads(t, read, "", Lost, wait/2)
	})
}

// TestQueueReconnected: the loss is told at once and in its place, the new
// connection when it stands, and the payload is sent again.
func TestQueueReconnected(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			stays := func(c Conn) { c.Read(context.Background()) } // until the client closes
			flakyTest(t, func(t *testing.T, f *flaky, conn Conn) {
				q := NewQueue(conn)
				defer q.Close()
				read := func() ([]byte, State) { return way.read(q) }
				time.Sleep(time.Minute) // "one" has come and the connection is lost; the second attempt fails
				synctest.Wait()
				reads(t, read, "one", Message, 0)
				reads(t, read, "", Lost, 0)
				if q.Err() == nil || q.Compat().Write("x") != 0 {
					t.Errorf("Err = %v and Write works while the connection is lost", q.Err())
				}
				switch way.wait {
				case 0:
					reads(t, read, "", None, 0) // told once
					time.Sleep(5 * time.Second)
					synctest.Wait()
					reads(t, read, "", Lost, 0)
				case time.Hour:
					reads(t, read, "", Lost, 5*time.Second)
				default:
					reads(t, read, "", None, way.wait)
					reads(t, read, "", None, way.wait)
					reads(t, read, "", Lost, 5*time.Second-2*way.wait)
				}
				synctest.Wait()
				if q.Err() != nil {
					t.Errorf("Err = %v after the connection was made anew", q.Err())
				}
				reads(t, read, "two", Message, 0)
			}, says("one", time.Minute), nil, func(c Conn) {
				says("two", 0)(c)
				stays(c)
			})
		})
	}
}

// TestQueueLossInPlace: nobody reads while the connection is lost and made
// anew; ReadLatest drops what is old, and not the loss.
func TestQueueLossInPlace(t *testing.T) {
	type outcome struct {
		msg string
		s   State
	}
	for name, want := range map[string][]outcome{
		"TryRead":    {{"one", Message}, {"", Lost}, {"two", Message}, {"", Lost}, {"", None}},
		"ReadLatest": {{"", Lost}, {"two", Message}, {"", Lost}, {"", None}},
	} {
		flakyTest(t, func(t *testing.T, f *flaky, conn Conn) {
			q := NewQueue(conn)
			defer q.Close()
			time.Sleep(time.Minute)
			synctest.Wait()
			for i, o := range want {
				read := q.TryRead
				if name == "ReadLatest" {
					read = q.ReadLatest
				}
				if msg, s := read(); string(msg) != o.msg || s != o.s {
					t.Errorf("%s %d = %q, %v; want %q, %v", name, i, msg, s, o.msg, o.s)
				}
			}
		}, says("one", 0), says("two", 10*time.Second))
	}
}

// TestQueueFull: 2,000 messages, and the 2,001st pushes the oldest out.
func TestQueueFull(t *testing.T) {
	eachWay(t, func(t *testing.T, q *Queue, peer Conn, read func() ([]byte, State), wait time.Duration, data string) {
		for i := range QueueDepth {
			write(t, peer, fmt.Sprint(i))
		}
		synctest.Wait()
		if n := q.Dropped(); n != 0 {
			t.Errorf("Dropped = %d with 2,000 messages", n)
		}
		send(t, peer, "the 2,001st")
		if n := q.Dropped(); n != 1 {
			t.Errorf("Dropped = %d; want 1", n)
		}
		if data == "three" {
			reads(t, read, "the 2,001st", Message, 0)
			reads(t, read, "", None, 0)
			return
		}
		for i := 1; i < QueueDepth; i++ {
			reads(t, read, fmt.Sprint(i), Message, 0)
		}
		reads(t, read, "the 2,001st", Message, 0)
		reads(t, read, "", None, wait)
	})
}

// TestQueueKeepsLoss: a loss whose messages were all pushed out is still told.
func TestQueueKeepsLoss(t *testing.T) {
	flakyTest(t, func(t *testing.T, f *flaky, conn Conn) {
		q := NewQueue(conn)
		defer q.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		reads(t, q.TryRead, "", Lost, 0)
		reads(t, q.TryRead, "5", Message, 0)
		if n := q.Dropped(); n != 6 { // "one" and 0 to 4
			t.Errorf("Dropped = %d; want 6", n)
		}
	}, says("one", 0), func(c Conn) {
		for i := range QueueDepth + 5 {
			c.Write(context.Background(), []byte(fmt.Sprint(i)))
		}
		c.Read(context.Background())
	})
}

func TestQueueBytes(t *testing.T) {
	q := &Queue{ring: make([]held, QueueDepth), wake: make(chan struct{}, 1), asking: make(chan struct{}, 1)}
	big := make([]byte, queueBytes/4)
	for range 5 {
		q.push(big)
	}
	if q.n != 4 || q.bytes != queueBytes || q.Dropped() != 1 {
		t.Errorf("%d messages, %d bytes, %d dropped; want 4, %d, 1", q.n, q.bytes, q.Dropped(), queueBytes)
	}
	q.ring[q.head].lost = true
	for range 2 { // the second pushes the only message out
		q.push(make([]byte, queueBytes+1))
	}
	if q.n != 1 || q.Dropped() != 6 {
		t.Errorf("%d messages, %d dropped; want the newest and 6", q.n, q.Dropped())
	}
	for _, want := range []State{Lost, Message, None} {
		if _, s := q.TryRead(); s != want {
			t.Errorf("TryRead = %v; want %v", s, want)
		}
	}
}

func TestQueueDamagedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(dialed(t, over(&tape{frames: join(appendFrame(nil, opBinary, true, "junk"), text("fine"))}, Options{Compress: Gzip}), "ws://host"))
		defer q.Close()
		synctest.Wait()
		reads(t, q.TryRead, "fine", Message, 0)
		if n := q.Dropped(); n != 1 {
			t.Errorf("Dropped = %d; want 1", n)
		}
	})
}

// ledger is a Conn of a broker: it counts what was acknowledged.
type ledger struct {
	Conn
	acknowledged, given int
}

func (l *ledger) Acknowledges() bool { return true }

func (l *ledger) Read(ctx context.Context) ([]byte, error) {
	l.acknowledged = l.given
	msg, err := l.Conn.Read(ctx)
	if err == nil {
		l.given++
	}
	return msg, err
}

// TestQueueAcknowledges: what a reader has not asked beyond is not
// acknowledged, however often it asks before something is there.
func TestQueueAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, peer := Pipe()
		l := &ledger{Conn: conn}
		q := NewQueue(l)
		defer q.Close()
		settled := func(acknowledged int) {
			t.Helper()
			synctest.Wait()
			if l.acknowledged != acknowledged {
				t.Errorf("%d messages are acknowledged; want %d", l.acknowledged, acknowledged)
			}
		}
		reads(t, q.TryRead, "", None, 0)
		reads(t, q.TryRead, "", None, 0)
		send(t, peer, "one", "two", "three")
		settled(0)
		reads(t, q.TryRead, "one", Message, 0)
		settled(0)
		reads(t, q.ReadLatest, "", None, 0) // asks; it comes in a moment
		settled(1)
		reads(t, q.ReadLatest, "two", Message, 0)
		settled(1)
		reads(t, func() ([]byte, State) { return q.ReadTimeout(time.Second) }, "three", Message, 0)
		settled(2)
		if n := q.Dropped(); n != 0 {
			t.Errorf("Dropped = %d; want 0", n)
		}
	})
}

func TestQueueManyReaders(t *testing.T) {
	const readers, each = 8, 200
	synctest.Test(t, func(t *testing.T) {
		conn, peer := Pipe()
		q := NewQueue(conn)
		var all sync.WaitGroup
		var mu sync.Mutex
		var got []string
		for range readers {
			all.Go(func() {
				for {
					msg, s := q.Read(t.Context())
					if s == Lost {
						return
					}
					mu.Lock()
					got = append(got, string(msg))
					mu.Unlock()
				}
			})
		}
		for i := range readers * each {
			write(t, peer, fmt.Sprint(i))
		}
		synctest.Wait()
		q.Close() // wakes all of them
		all.Wait()
		slices.Sort(got)
		if n := len(slices.Compact(got)); n != readers*each || len(got) != n {
			t.Errorf("%d messages, %d of them distinct; want %d", len(got), n, readers*each)
		}
		if !errors.Is(q.Err(), ErrClosed) {
			t.Errorf("Err = %v; want %v", q.Err(), ErrClosed)
		}
	})
}

func TestCompat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, peer := Pipe()
		q := NewQueue(conn)
		c := q.Compat()
		expect := func(what string, gotMsg string, gotOK bool, msg string, ok bool) {
			t.Helper()
			if gotMsg != msg || gotOK != ok {
				t.Errorf("%s = %q, %v; want %q, %v", what, gotMsg, gotOK, msg, ok)
			}
		}
		read := func(msg string, ok bool, param ...int) {
			t.Helper()
			gotMsg, gotOK := c.Read(param...)
			expect(fmt.Sprintf("Read(%v)", param), gotMsg, gotOK, msg, ok)
		}
		for _, param := range []int{-1, -2, -3, 0, 2000} {
			read("", false, param)
		}
		send(t, peer, "1", "2", "3", "4", "5")
		read("1", true)
		read("2", true, -1)
		read("3", true, 2000)
		read("5", true, -2)
		if n := c.Write("four"); n != 4 {
			t.Errorf("Write = %d; want 4", n)
		}
		for range pipeDepth - 1 {
			c.Write("x", 1000)
		}
		if n := c.Write("no room", 1000); n != 0 {
			t.Errorf("Write without room = %d; want 0", n)
		}
		peer.Close()
		synctest.Wait()
		for _, param := range []int{-1, -2, 0, 2000} {
			read("", true, param)
		}
		read("", true)
		if n := c.Write("x"); n != 0 {
			t.Errorf("Write to a lost connection = %d; want 0", n)
		}
		c.Close()
	})
}

// TestCompatWritePart: a write that its time ended says how much was sent.
func TestCompatWritePart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(pipeline(t, Options{}, func(c net.Conn) {
			expect(t, c, "ten bytes ")
			time.Sleep(time.Hour)
		}))
		defer q.Close()
		if n := q.Compat().Write("ten bytes and more", 500); n != 10 {
			t.Errorf("Write = %d; want 10", n)
		}
	})
}

func TestStates(t *testing.T) {
	if got := fmt.Sprint(None, Message, Lost, State(9)); got != "none message lost unknown state" {
		t.Errorf("states print as %q", got)
	}
}

func BenchmarkQueue(b *testing.B) {
	frames := strings.Repeat(strings.Repeat("m", 199)+"\n", 5000)
	conn := dialed(b, over(&tape{frames: []byte(frames), loop: true}, Options{Framing: Lines}), "tcp://host:1")
	q := NewQueue(conn)
	defer q.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, s := q.Read(b.Context()); s != Message {
			b.Fatal(s, q.Err())
		}
	}
}
