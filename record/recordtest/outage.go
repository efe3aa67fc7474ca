package recordtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
)

// Server is what Outage does to a server: internal/backend has it.
type Server interface {
	Kill()
	Start()
}

// Outage kills the server of a place, between batches and in the middle of them, starts it again, and checks that nothing is lost and
// nothing is there twice. What a sink says meanwhile is no kind of error: the batch comes again.
func Outage(t *testing.T, p *Place, server Server) {
	backend.Leaks(t)
	s := p.open(t)
	m := p.maker(10)
	var all Rows
	write(t, s, m.Batch(Log(1), 0, 100), &all)
	server.Kill()
	b := m.Batch(Log(1), 100, 500)
	for range 2 {
		if err := brief(t, s, b); unlikely(err) {
			t.Fatalf("Write while the server is dead: %v", err)
		}
		b.Again = true
	}
	server.Start()
	comes(t, s, b)
	all.Stored(b)
	all.Check(t, s)
	for round := range 4 {
		b := m.Batch(Log(1), b.To+uint64(round)*3000, 3000)
		var killer sync.WaitGroup
		killer.Go(server.Kill)
		if err := brief(t, s, b); err != nil && unlikely(err) {
			t.Errorf("Write while the server is killed: %v", err)
		}
		killer.Wait()
		server.Start()
		b.Again = true
		comes(t, s, b)
		all.Stored(b)
	}
	all.Check(t, s)
	cursor(t, s, b, b.To+4*3000)
}

// unlikely reports whether an error is none that a dead server explains.
func unlikely(err error) bool {
	return err == nil || errors.Is(err, record.ErrRefused) || errors.Is(err, record.ErrFenced) || errors.Is(err, record.ErrOverlap) || errors.Is(err, record.ErrSchema)
}

func brief(t *testing.T, s record.Store, b *record.Batch) error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return s.Write(ctx, b)
}

// comes writes a batch until it is there: connections that have died are found one by one.
func comes(t *testing.T, s record.Store, b *record.Batch) {
	t.Helper()
	var err error
	for range 5 {
		if err = brief(t, s, b); err == nil {
			return
		}
	}
	t.Fatalf("Write when the server is there again: %v", err)
}
