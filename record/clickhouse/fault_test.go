package clickhouse

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
)

var kills = flag.Int("kills", 6, "how often the server is killed")

// network is one that breaks when so much has been sent.
type network struct {
	mu     sync.Mutex
	left   int64
	answer bool          // it breaks with the next answer, and what is sent gets through
	broken chan struct{} // closed when it does
}

// breaks has it break after n bytes. The channel is closed then.
func (n *network) breaks(after int64, answer bool) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left, n.answer, n.broken = after, answer, make(chan struct{})
	return n.broken
}

// heals has it not break.
func (n *network) heals() { n.breaks(1<<60, false) }

func (n *network) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &line{conn, n}, nil
}

// spend takes bytes, and returns how many there were left.
func (n *network) spend(bytes int) (left int64, answer bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	left = n.left
	if n.left -= int64(bytes); n.left < 0 && left >= 0 {
		close(n.broken)
	}
	return max(left, 0), n.answer
}

type line struct {
	net.Conn
	of *network
}

var errBroken = errors.New("the network is broken")

func (l *line) Write(b []byte) (int, error) {
	left, answer := l.of.spend(len(b))
	if answer || int64(len(b)) <= left {
		return l.Conn.Write(b)
	}
	n, _ := l.Conn.Write(b[:left])
	l.Conn.Close()
	return n, errBroken
}

func (l *line) Read(b []byte) (int, error) {
	if left, answer := l.of.spend(0); answer && left == 0 {
		l.Conn.Close()
		return 0, io.EOF
	}
	return l.Conn.Read(b)
}

// The network breaks somewhere in a batch, and before the answer to it; then the batch comes again, on a network that is as bad
// the first time.
func TestNetworkBreaksInMidInsert(t *testing.T) {
	for name, variable := range protocols {
		t.Run(name, func(t *testing.T) {
			address := backend.URL(t, variable)
			backend.Leaks(t)
			p := newPlace(t, address)
			var n network
			n.heals()
			s, err := Open(t.Context(), p.address, Options{Dial: n.dial})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			p.counted(1000)
			const size, rounds = 3000, 30 // of which each has 128,000 bytes
			failed := 0
			for round := range rounds {
				b := batch(1, round*size, size, time.Millisecond)
				n.breaks(rand.Int64N(120_000), round%2 == 0)
				for err = s.Write(t.Context(), b); err != nil; err = s.Write(t.Context(), b) {
					if failed++; errors.Is(err, record.ErrRefused) {
						t.Fatal(err)
					}
					if b.Again {
						n.heals()
					} else {
						n.breaks(rand.Int64N(120_000), round%3 == 0)
					}
					b.Again = true
				}
			}
			p.once(1, rounds*size)
			p.want("SELECT toString(sum(trades)) FROM counted", fmt.Sprint(rounds*size/3))
			if failed < rounds {
				t.Errorf("only %d writes have failed", failed)
			}
		})
	}
}

// The server is killed in the middle of batches, and comes back with what it has.
func TestServerKilledInMidInsert(t *testing.T) {
	server := backend.Start(t, "clickhouse", protocols["native"])
	p := &place{t: t, address: server.URL(protocols["native"])}
	var n network
	n.heals()
	s, err := Open(t.Context(), p.address, Options{Dial: n.dial})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const size = 60_000
	failed := 0
	for round := range *kills {
		b := batch(1, round*size, size, 3*time.Millisecond)
		done := make(chan error, 1)
		far := n.breaks(rand.Int64N(1_500_000), true)
		var run sync.WaitGroup
		run.Go(func() { done <- s.Write(t.Context(), b) })
		select {
		case <-far:
		case err := <-done:
			done <- err
		}
		server.Kill()
		err := <-done
		run.Wait()
		server.Start()
		n.heals()
		for tries := 0; err != nil; tries++ {
			if failed++; tries > 20 {
				t.Fatal(err)
			}
			b.Again = true
			err = s.Write(t.Context(), b)
		}
	}
	p.conn = connect(t, p.address)
	defer p.conn.Close()
	p.once(1, *kills*size)
	if failed == 0 {
		t.Error("no write has failed")
	}
	t.Logf("%d writes failed in %d kills", failed, *kills)
}
