package exchange

import (
	"errors"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// snapshots fetches the snapshots that books wait for: a few workers, who live while
// there is work, in the order of the requests and at the pace of the venue's limits.
type snapshots struct{ errands }

// want queues a book.
func (s *snapshots) want(k *keptBook) { s.do(func() { s.fetch(k) }) }

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
