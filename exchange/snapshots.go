package exchange

import (
	"errors"
	"sync"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// snapshots fetches the snapshots that books wait for: a few workers, who live while
// there is work, in the order of the requests and at the pace of the venue's limits.
type snapshots struct {
	work sync.WaitGroup

	mu      sync.Mutex
	queue   []*keptBook
	workers int
	closed  bool
}

const mostWorkers = 8

// want queues a book.
func (s *snapshots) want(k *keptBook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.queue = append(s.queue, k)
	if s.workers < mostWorkers {
		s.workers++
		s.work.Go(s.run)
	}
}

// wantLater queues a book after a while, if the stream has not stopped meanwhile.
func (s *snapshots) wantLater(k *keptBook, life int, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over || life != k.life {
		return
	}
	if k.late != nil {
		k.late.Stop()
	}
	k.late = time.AfterFunc(wait, func() { s.want(k) })
}

// close ends the workers and waits for them. Their calls have been cancelled.
func (s *snapshots) close() {
	s.mu.Lock()
	s.closed, s.queue = true, nil
	s.mu.Unlock()
	s.work.Wait()
}

func (s *snapshots) run() {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.workers--
			s.mu.Unlock()
			return
		}
		k := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		s.fetch(k)
	}
}

// fetch brings one book its snapshot, or has it asked for again.
func (s *snapshots) fetch(k *keptBook) {
	ctx := k.c.ctx
	life, wanted := k.wants()
	if ctx.Err() != nil || !wanted {
		return
	}
	a := Args{Depth: k.channel.Sync.Window}
	rows, answer, err := ask(ctx, k.c, k.market.family, &k.market.family.Pull.OrderBook, []*Market{k.market}, a, rest.Snapshot)
	if err == nil && len(rows) == 1 {
		u := rows[0]
		u.Snapshot = true
		if again := k.snapshot(&u, life, answer.Received); again > 0 {
			s.wantLater(k, life, again)
		}
		return
	}
	err = k.c.explain(k.market.family, "WatchOrderBook", k.market.Symbol, answered(rows, err))
	if ctx.Err() != nil {
		return
	}
	k.c.o.Log.Warn("snapshot failed", "venue", k.c.venue.Name, "symbol", k.market.Symbol, "why", err)
	if k.channel.Sync.Source == EveryMessage && !Retryable(err) {
		return // the stream may have it all the same
	}
	var e *Error
	wait := k.delay()
	if errors.As(err, &e) && e.RetryAfter > wait {
		wait = e.RetryAfter
	}
	s.wantLater(k, life, wait)
}

// wants reports whether a snapshot is still wanted, and in which life of the stream.
func (k *keptBook) wants() (life int, wanted bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.life, !k.over && k.wanting
}

func (k *keptBook) delay() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.later()
}
