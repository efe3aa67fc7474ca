package exchangetest

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// closings are the checks of Close, at various moments of the life of subscriptions.
func closings(f *exchange.Family) (cs []check) {
	for _, after := range []time.Duration{0, time.Millisecond, 40 * time.Millisecond, 2 * time.Second, 10 * time.Second} {
		cs = append(cs, check{name: after.String(), count: true, run: func(s *scene) error { return closing(s, after) }})
	}
	return cs
}

// closing has all methods under way at once, on a venue that misbehaves, and closes the client: each call
// ends with ErrClosed and no goroutine is left.
func closing(s *scene, after time.Duration) error {
	var mu sync.Mutex
	var errs []error
	note := func(name string, err error) {
		mu.Lock()
		defer mu.Unlock()
		if !errors.Is(err, exchange.ErrClosed) {
			errs = append(errs, fmt.Errorf("%s ended with %v", name, err))
		}
	}
	var under sync.WaitGroup
	for _, m := range s.h.methods(s.family) {
		if s.h.Without[s.family.Name+" "+m.name] != "" {
			continue
		}
		under.Go(func() { note(m.name, m.untilEnd(s)) })
	}
	s.server.Chaos(1, 0.2)
	for end := time.Now().Add(after); time.Now().Before(end); {
		s.server.Step(3)
		time.Sleep(min(after, 500*time.Millisecond))
	}
	s.server.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
	under.Go(func() { s.client.Close() })
	under.Go(func() { s.client.Close() })
	under.Wait()
	s.client.Close()
	for _, m := range s.h.methods(s.family) {
		if s.h.Without[s.family.Name+" "+m.name] == "" {
			note(m.name+" after Close", m.untilEnd(s))
		}
	}
	s.server.Close()
	synctest.Wait()
	if n := inBubble(); n != s.before {
		errs = append(errs, fmt.Errorf("%d goroutines after Close, %d before", n, s.before))
	}
	return errors.Join(errs...)
}

// untilEnd calls the method until it says that it is over.
func (m *method) untilEnd(s *scene) error {
	if m.fetch != nil {
		for began := time.Now(); time.Since(began) < long; time.Sleep(200 * time.Millisecond) {
			if _, err := m.fetch(s, s.symbols[0]); errors.Is(err, exchange.ErrClosed) {
				return err
			}
		}
		return errors.New("nothing: it goes on")
	}
	t, err := m.watch(s, s.symbols...)
	if err != nil {
		return err
	}
	for {
		if _, err := t.next(s.ctx); err != nil && t.err() != nil {
			return err
		}
	}
}

// inBubble counts the goroutines of the test's own bubble.
func inBubble() int {
	stacks := make([]byte, 1<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("synctest bubble"))
}
