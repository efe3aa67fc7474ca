package exchange

import "sync"

// errands are what is fetched for streams: a few workers, who live while there is work, in the order of the requests.
type errands struct {
	work sync.WaitGroup

	mu      sync.Mutex
	queue   []func()
	workers int
	closed  bool
}

const mostWorkers = 8

// do queues an errand. After close it is not done.
func (e *errands) do(errand func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.queue = append(e.queue, errand)
	if e.workers < mostWorkers {
		e.workers++
		e.work.Go(e.run)
	}
}

// close ends the workers and waits for them. Their calls have been cancelled.
func (e *errands) close() {
	e.mu.Lock()
	e.closed, e.queue = true, nil
	e.mu.Unlock()
	e.work.Wait()
}

func (e *errands) run() {
	for {
		e.mu.Lock()
		if len(e.queue) == 0 {
			e.workers--
			e.mu.Unlock()
			return
		}
		errand := e.queue[0]
		e.queue = e.queue[1:]
		e.mu.Unlock()
		errand()
	}
}
