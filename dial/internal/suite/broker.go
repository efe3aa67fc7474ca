package suite

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/internal/backend"
)

// Broker is what the tests need to know of one kind.
type Broker struct {
	Name     string // of the back end in scripts/services
	Variable string // that has its address
	// Address is where messages of a topic are written and read, by one who
	// goes on where he was: server is what the variable says.
	Address func(server, topic string) string
	// Live is the same for one who sees what comes while he is there. Key is
	// the key of what it writes.
	Live func(server, topic string) string
	Key  func(topic string) string
	// Durable: what was not read waits for the reader of Address. Once: nothing
	// comes twice to one reader, whatever is cut.
	Durable, Once bool
	// Unanswered: the server answers acknowledgements by nothing, so that any number
	// of them may be under way.
	Unanswered bool
	Kills      int // how often the server is killed
	// Forgets: what the server confirmed in the last moment is lost when it is
	// killed, not when it is asked to stop.
	Forgets bool
	// Secure makes TLS of the client's side of a relay.
	Secure func(tls.Certificate) func(client, server net.Conn) (net.Conn, error)
	// Prepare makes what a topic needs on a server.
	Prepare func(t testing.TB, server, topic string)
}

// Run runs all tests.
func (b Broker) Run(t *testing.T) {
	t.Run("round trip", b.roundTrip)
	t.Run("options", b.options)
	t.Run("ten thousand", b.tenThousand)
	t.Run("many at once", b.publishMany)
	if b.Durable {
		t.Run("acknowledged", b.acknowledged)
		t.Run("queue holds", b.queueHolds)
	}
	t.Run("refused", b.refused)
	t.Run("wrong password", b.wrongPassword)
	t.Run("silence", b.silence)
	t.Run("stuck", b.stuck)
	t.Run("keeps nothing", b.keepsNothing)
	t.Run("cut", b.cut)
	t.Run("certificates", b.certificates)
	t.Run("proxy", b.proxied)
	t.Run("queue is told", b.queueTold)
	t.Run("killed", b.killed)
	t.Run("killed with reconnect", func(t *testing.T) { b.restarted(t, (*backend.Server).Kill, !b.Forgets) })
	if b.Forgets {
		t.Run("stopped with reconnect", func(t *testing.T) { b.restarted(t, (*backend.Server).Stop, true) })
	}
}

// Topic is a name that no other test has.
func Topic() string { return fmt.Sprintf("t%d", time.Now().UnixNano()) }

func (b Broker) topic(t testing.TB, server string) string {
	t.Helper()
	topic := Topic()
	if b.Prepare != nil {
		b.Prepare(t, server, topic)
	}
	return topic
}

// dialled dials and closes with the test.
func dialled(t testing.TB, o dial.Options, address string) dial.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := o.Dial(ctx, address)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// within bounds what must not take for ever.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func write(t testing.TB, c dial.Conn, msg string) {
	t.Helper()
	if err := c.Write(within(t, 20*time.Second), []byte(msg)); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func read(t testing.TB, c dial.Conn, want string) {
	t.Helper()
	got, err := c.Read(within(t, 20*time.Second))
	if err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

func (b Broker) roundTrip(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	c := dialled(t, dial.Options{}, b.Live(server, topic))
	for _, msg := range []string{"one", "\x00\xff binary \r\n", strings.Repeat("long ", 20_000), "last"} {
		write(t, c, msg)
		read(t, c, msg)
		if key := c.(dial.Keyed).Key(); key != b.Key(topic) {
			t.Errorf("key %q, want %q", key, b.Key(topic))
		}
		if c.(dial.Repeating).Repeated() {
			t.Errorf("%.10q is repeated, and came once", msg)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if msg, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read %q, %v; want DeadlineExceeded", msg, err)
	}
	write(t, c, "after a read that ended")
	read(t, c, "after a read that ended")
	closing := make(chan error, 1)
	var reading sync.WaitGroup
	defer reading.Wait()
	reading.Go(func() {
		_, err := c.Read(context.Background())
		closing <- err
	})
	c.Close()
	if err := <-closing; !errors.Is(err, dial.ErrClosed) {
		t.Errorf("read over Close: %v; want ErrClosed", err)
	}
	if err := c.Write(t.Context(), nil); !errors.Is(err, dial.ErrClosed) {
		t.Errorf("write after Close: %v; want ErrClosed", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func (b Broker) options(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	address := b.Live(server, topic)
	for _, way := range []dial.Compression{dial.Gzip, dial.GzipRaw, dial.Zlib} {
		c := dialled(t, dial.Options{Compress: way}, address)
		write(t, c, "packed as "+string(way))
		read(t, c, "packed as "+string(way))
		c.Close()
	}
	out := dialled(t, dial.Options{Mode: dial.Send}, address)
	in := dialled(t, dial.Options{}, address+"|mode=recv")
	write(t, out, "one way")
	read(t, in, "one way")
	if _, err := out.Read(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("read of mode=send: %v; want ErrUnsupported", err)
	}
	if err := in.Write(t.Context(), nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("write of mode=recv: %v; want ErrUnsupported", err)
	}
	if _, err := dial.Dial(t.Context(), address+"|framing=lines"); !errors.Is(err, dial.ErrOption) {
		t.Errorf("framing: %v; want ErrOption", err)
	}
	greeted := dialled(t, dial.Options{}, address+"|payload=a=b&c=d")
	read(t, in, "a=b&c=d")
	greeted.Close()
}

// numbered makes the i-th message, of a kilobyte, and numberOf reads it.
func numbered(i int) []byte {
	msg := make([]byte, 1000)
	binary.BigEndian.PutUint64(msg, uint64(i))
	for at := 8; at < len(msg); at += sha256.Size {
		sum := sha256.Sum256(msg[:at])
		copy(msg[at:], sum[:])
	}
	return msg
}

func numberOf(t testing.TB, msg []byte) int {
	if len(msg) != 1000 {
		t.Errorf("message of %d bytes", len(msg))
		return -1
	}
	return int(binary.BigEndian.Uint64(msg))
}

// tenThousand counts and hashes on both ends.
func (b Broker) tenThousand(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	const n, writers = 10_000, 32
	address := b.Address(server, topic)
	in := dialled(t, dial.Options{Mode: dial.Recv}, address)
	out := dialled(t, dial.Options{Mode: dial.Send}, address)
	begun := time.Now()
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := w; i < n; i += writers {
				if err := out.Write(within(t, time.Minute), numbered(i)); err != nil {
					t.Errorf("write %d: %v", i, err)
					return
				}
			}
		})
	}
	var sent, got [sha256.Size]byte // each message's hash, added up: the order of concurrent writes is free
	for i := range n {
		mix(&sent, numbered(i))
	}
	for i := range n {
		msg, err := in.Read(within(t, time.Minute))
		if err != nil {
			t.Fatalf("read %d: %v", i, err)
		}
		mix(&got, msg)
	}
	writing.Wait()
	if got != sent {
		t.Errorf("what was read is not what was written")
	}
	t.Logf("%d messages of 1 kB in %v", n, time.Since(begun).Round(time.Millisecond))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := in.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("message %d: %v; want none", n+1, err)
	}
}

func mix(sum *[sha256.Size]byte, msg []byte) {
	one := sha256.Sum256(msg)
	for i := 0; i < len(sum); i += 8 {
		binary.BigEndian.PutUint64(sum[i:], binary.BigEndian.Uint64(sum[i:])+binary.BigEndian.Uint64(one[i:]))
	}
}

// acknowledged: what was read and acknowledged is not read again, what was not
// is.
func (b Broker) acknowledged(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	address := b.Address(server, topic)
	first := dialled(t, dial.Options{}, address)
	for i := range 10 {
		write(t, first, fmt.Sprint("message ", i))
	}
	for i := range 6 { // the sixth is not acknowledged: nobody asks for a seventh
		read(t, first, fmt.Sprint("message ", i))
	}
	first.Close()
	second := dialled(t, dial.Options{}, address)
	for i := 5; i < 10; i++ {
		read(t, second, fmt.Sprint("message ", i))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if msg, err := second.Read(ctx); err == nil {
		t.Errorf("read %q, want nothing more", msg)
	}
}

// queueHolds: over a broker a Queue drops nothing, and acknowledges when the
// reader asks for the next.
func (b Broker) queueHolds(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	address := b.Address(server, topic)
	q := dial.NewQueue(dialled(t, dial.Options{}, address))
	for i := range 3000 {
		if i < 3 || i%1000 == 0 {
			if err := q.Write(t.Context(), []byte(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range []string{"0", "1"} {
		if msg, s := q.Read(within(t, 20*time.Second)); s != dial.Message || string(msg) != want {
			t.Fatalf("%q, %v; want %s", msg, s, want)
		}
	}
	if q.Dropped() != 0 {
		t.Errorf("%d dropped", q.Dropped())
	}
	q.Close()
	again := dialled(t, dial.Options{}, address)
	for _, want := range []string{"1", "2", "1000", "2000"} {
		read(t, again, want)
	}
}
