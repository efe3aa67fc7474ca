package suite

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
	"github.com/depthwire/depthwire/internal/backend"
)

func (b Broker) refused(t *testing.T) {
	backend.Leaks(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	_, err = dial.Dial(t.Context(), swapHost(b.Live(backend.URL(t, b.Variable), Topic()), ln.Addr().String()))
	if !errors.Is(err, dial.ErrRefused) {
		t.Errorf("nobody listens: %v; want ErrRefused", err)
	}
	silent(t, err)
}

func (b Broker) wrongPassword(t *testing.T) {
	backend.Leaks(t)
	server := strings.ReplaceAll(backend.URL(t, b.Variable), "s3cret", "wr0ng")
	_, err := dial.Dial(t.Context(), b.Live(server, Topic())+"|reconnect=true&interval=10")
	if !errors.Is(err, dial.ErrAuth) {
		t.Errorf("wrong password: %v; want ErrAuth", err)
	}
	if err != nil && (strings.Contains(err.Error(), "test:") || strings.Contains(err.Error(), "wr0ng")) {
		t.Errorf("the error has the user or the password: %v", err)
	}
}

// silence is a peer that says nothing, and a network that stops.
func (b Broker) silence(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	mute := backend.NewRelay(t, "", nil)
	begun := time.Now()
	_, err := dial.Options{HandshakeTimeout: 300 * time.Millisecond}.Dial(t.Context(), swapHost(b.Live(server, topic), mute.Addr()))
	if took := time.Since(begun); !errors.Is(err, dial.ErrTimeout) || took > 5*time.Second {
		t.Errorf("silent peer: %v after %v; want ErrTimeout after 300ms", err, took)
	}
	relay := backend.NewRelay(t, hostOf(server), nil)
	c := dialled(t, dial.Options{DialContext: through(relay)}, b.Live(server, topic))
	write(t, c, "before")
	read(t, c, "before")
	relay.Delay(20 * time.Millisecond)
	begun = time.Now()
	write(t, c, "slowly")
	read(t, c, "slowly")
	if took := time.Since(begun); took < 40*time.Millisecond {
		t.Errorf("a round trip took %v over a network that takes 20ms each way", took)
	}
	relay.Delay(0)
	waiting := b.topic(t, server)
	quiet := dialled(t, dial.Options{DialContext: through(relay)}, b.Address(server, waiting))
	relay.Freeze()
	for range 2 { // the first asks the broker for messages
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		begun = time.Now()
		if _, err := quiet.Read(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
			t.Errorf("read in the silence: %v after %v; want DeadlineExceeded after 300ms", err, time.Since(begun))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun = time.Now()
	err = c.Write(ctx, []byte("into the silence"))
	if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
		t.Errorf("silent network: %v after %v; want DeadlineExceeded after 300ms", err, took)
	}
	relay.Thaw()
	write(t, quiet, "heard")
	read(t, quiet, "heard")
}

// stuck is a network that takes nothing any more: neither those who write nor
// Close wait for it longer than a write may be stuck.
func (b Broker) stuck(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	relay := backend.NewRelay(t, hostOf(server), nil)
	c := dialled(t, dial.Options{DialContext: through(relay), Mode: dial.Send}, b.Address(server, topic))
	write(t, c, "before")
	relay.Freeze()
	const limit = broker.WriteLimit + 30*time.Second // where much else runs all takes longer; nobody who waits for the network ends in that time
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	var writing sync.WaitGroup
	for range 64 { // more than the buffers between take
		writing.Go(func() {
			if err := c.Write(ctx, make([]byte, 900<<10)); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, dial.ErrLost) {
				t.Errorf("write: %v; want DeadlineExceeded or ErrLost", err)
			}
		})
	}
	writing.Wait()
	if took := time.Since(begun); took > limit {
		t.Errorf("writes of 500ms took %v", took)
	}
	begun = time.Now()
	c.Close()
	if took := time.Since(begun); took > limit {
		t.Errorf("Close took %v", took)
	}
	relay.Thaw()
}

// through dials the relay, whatever the address: a broker names itself to its
// clients.
func through(relay *backend.Relay) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, relay.Addr())
	}
}

// cut breaks the network under a connection: told to the reader once, and
// nothing that was confirmed is lost.
func (b Broker) cut(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	relay := backend.NewRelay(t, hostOf(server), nil)
	o := dial.Options{DialContext: through(relay), Reconnect: true, Interval: 10 * time.Millisecond}
	c := dialled(t, o, b.Address(server, topic))
	write(t, c, "before")
	read(t, c, "before")
	relay.Cut()
	if b.Durable {
		write(t, c, "between") // waits for the new connection
	}
	_, err := c.Read(within(t, 20*time.Second))
	if !errors.Is(err, dial.ErrReconnected) {
		t.Fatalf("read over a cut: %v; want ErrReconnected", err)
	}
	if !b.Durable {
		write(t, c, "between")
	}
	got, err := c.Read(within(t, 20*time.Second))
	if string(got) == "before" && !b.Once && c.(dial.Repeating).Repeated() {
		got, err = c.Read(within(t, 20*time.Second)) // its acknowledgement was cut off
	}
	if err != nil || string(got) != "between" {
		t.Fatalf("read %q, %v; want what was written after the cut", got, err)
	}
	write(t, c, "after")
	read(t, c, "after")
}

func (b Broker) proxied(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	for _, way := range []func(*backend.Proxy) string{(*backend.Proxy).URL, (*backend.Proxy).SOCKS} {
		proxy := backend.NewProxy(t)
		address := way(proxy)
		c := dialled(t, dial.Options{Proxy: address}, b.Live(server, b.topic(t, server)))
		write(t, c, "through")
		read(t, c, "through")
		if proxy.Tunnels() == 0 {
			t.Errorf("%.6s: the proxy was not asked", address)
		}
		_, err := dial.Dial(t.Context(), b.Live(server, Topic())+"|proxy="+strings.Replace(address, "s3cret", "wr0ng", 1))
		if !errors.Is(err, dial.ErrProxy) {
			t.Errorf("%.6s: wrong password: %v; want ErrProxy", address, err)
		}
		silent(t, err)
	}
}

// keepsNothing: what a Write was given is the caller's again when it returns,
// also when nobody knows whether it will arrive.
func (b Broker) keepsNothing(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	relay := backend.NewRelay(t, hostOf(server), nil)
	o := dial.Options{DialContext: through(relay), Reconnect: true, Interval: 10 * time.Millisecond}
	address := b.Address(server, b.topic(t, server))
	out, in := dialled(t, o, address+"|mode=send"), dialled(t, dial.Options{}, address+"|mode=recv")
	write(t, out, "before")
	read(t, in, "before")
	relay.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	msg := []byte("as it was")
	if err := out.Write(ctx, msg); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("write into the silence: %v; want DeadlineExceeded", err)
	}
	copy(msg, "scribbled")
	relay.Cut()
	relay.Thaw()
	write(t, out, "after")
	for {
		got, err := in.Read(within(t, 20*time.Second))
		if err != nil || string(got) != "as it was" && string(got) != "after" {
			t.Errorf("read %q, %v; want what was written", got, err)
		}
		if err != nil || string(got) == "after" {
			return
		}
	}
}

// queueTold: a Queue is told of a cut when it happens and when it is over, or
// of both as one.
func (b Broker) queueTold(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	relay := backend.NewRelay(t, hostOf(server), nil)
	o := dial.Options{DialContext: through(relay), Reconnect: true, Interval: 10 * time.Millisecond}
	q := dial.NewQueue(dialled(t, o, b.Address(server, b.topic(t, server))))
	defer q.Close()
	ask := func() (string, dial.State) {
		msg, s := q.Read(within(t, 20*time.Second))
		return string(msg), s
	}
	say := func(msg string) {
		if err := q.Write(within(t, 20*time.Second), []byte(msg)); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	say("before")
	if msg, s := ask(); s != dial.Message || msg != "before" {
		t.Fatalf("%q, %v; want before", msg, s)
	}
	relay.Cut()
	told := 0
	for {
		msg, s := ask()
		if s == dial.Lost && told < 2 {
			if told++; told == 1 {
				say("after") // waits for the new connection
			}
			continue
		}
		switch {
		case s == dial.Message && msg == "before" && !b.Once: // its acknowledgement was cut off
			continue
		case s == dial.Message && msg == "after" && told > 0:
		case s == dial.None && !b.Durable: // it was written before the new connection had subscribed
		default:
			t.Errorf("%q, %v after %d losses: %v; want what was written after the cut", msg, s, told, q.Err())
		}
		return
	}
}

func (b Broker) certificates(t *testing.T) {
	backend.Leaks(t)
	authority := backend.NewAuthority(t)
	server := backend.URL(t, b.Variable)
	topic := b.topic(t, server)
	for name, c := range map[string]struct {
		end    time.Time
		client *tls.Config
		good   bool
	}{
		"good":     {time.Now().Add(time.Hour), authority.Client(), true},
		"expired":  {time.Now().Add(-time.Hour), authority.Client(), false},
		"stranger": {time.Now().Add(time.Hour), backend.NewAuthority(t).Client(), false},
	} {
		relay := backend.NewRelay(t, hostOf(server), b.Secure(authority.Issue(c.end)))
		conn, err := dial.Options{TLS: c.client, DialContext: through(relay)}.Dial(within(t, 20*time.Second), b.Live(server, topic))
		switch {
		case c.good && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.good:
			write(t, conn, "secret")
			read(t, conn, "secret")
		case !errors.Is(err, dial.ErrCertificate):
			t.Errorf("%s: %v; want ErrCertificate", name, err)
		}
		if conn != nil {
			conn.Close()
		}
	}
}

// killed: without reconnect a typed error comes in time, for readers and
// writers.
func (b Broker) killed(t *testing.T) {
	backend.Leaks(t)
	own := backend.Start(t, b.Name, b.Variable)
	server := own.URL(b.Variable)
	topic := b.topic(t, server)
	c := dialled(t, dial.Options{}, b.Live(server, topic))
	write(t, c, "x")
	read(t, c, "x")
	failed := make(chan error, 1)
	var reading sync.WaitGroup
	defer reading.Wait()
	reading.Go(func() {
		_, err := c.Read(context.Background())
		failed <- err
	})
	own.Kill()
	select {
	case err := <-failed:
		if !errors.Is(err, dial.ErrLost) {
			t.Errorf("read: %v; want ErrLost", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the reader was not told")
	}
	if err := c.Write(within(t, 20*time.Second), []byte("y")); !errors.Is(err, dial.ErrLost) {
		t.Errorf("write: %v; want ErrLost", err)
	}
}

// restarted ends the server and starts it again while messages go through. A
// server that keeps what it confirms is held to it.
func (b Broker) restarted(t *testing.T, end func(*backend.Server), keeps bool) {
	backend.Leaks(t)
	own := backend.Start(t, b.Name, b.Variable)
	server := own.URL(b.Variable)
	topic := b.topic(t, server)
	address := b.Address(server, topic) + "|reconnect=true&interval=50"
	mode := dial.Recv
	if b.Unanswered {
		mode = dial.Dual
	}
	in, out := dialled(t, dial.Options{Mode: mode}, address), dialled(t, dial.Options{Mode: dial.Send}, address)

	const writers = 8
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	var confirmed []int
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := w; ctx.Err() == nil; i += writers {
				if err := out.Write(t.Context(), numbered(i)); err != nil {
					t.Errorf("write %d: %v", i, err)
					return
				}
				mu.Lock()
				confirmed = append(confirmed, i)
				mu.Unlock()
			}
		})
	}
	seen := make(map[int]int)
	told, repeated := 0, 0
	next := func(d time.Duration) bool {
		msg, err := in.Read(within(t, d))
		switch {
		case err == nil:
			i := numberOf(t, msg)
			if seen[i]++; seen[i] > 1 {
				repeated++
			}
		case errors.Is(err, dial.ErrReconnected):
			told++
			t.Log(err)
		default:
			return false
		}
		return true
	}
	kills := b.Kills
	for range kills {
		for range 200 {
			if !next(time.Minute) {
				t.Fatal("no messages")
			}
		}
		if b.Unanswered { // a broker under load may have read none of 200 yet: it reads in order
			if err := in.(dial.Keyed).WriteKey(within(t, time.Minute), topic+"-settled", []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		end(own)
		own.Start()
	}
	for range 200 {
		next(time.Minute)
	}
	stop()
	writing.Wait()
	missing := func() (n int) {
		for _, i := range confirmed {
			if seen[i] == 0 {
				n++
			}
		}
		return n
	}
	for (told == 0 || b.Durable && missing() > 0) && next(map[bool]time.Duration{true: 15 * time.Second, false: time.Second}[keeps]) {
	}
	if b.Durable && keeps {
		if n := missing(); n > 0 {
			t.Errorf("%d of %d confirmed messages are lost", n, len(confirmed))
		}
	}
	if told < 1 || told > kills { // two losses may be one to a reader who has much to read yet
		t.Errorf("the reader was told of %d reconnections, want 1 to %d", told, kills)
	}
	if most := kills * (writers + 1); keeps && (repeated > most || b.Once && repeated > 0) {
		t.Errorf("%d messages came again, of %d that were on their way at most", repeated, most)
	}
	t.Logf("%d confirmed, %d missing, %d repeated", len(confirmed), missing(), repeated)
}
