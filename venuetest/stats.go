package venuetest

import (
	"maps"
	"slices"
	"time"
)

// Stats tells what clients did.
type Stats struct {
	Requests    map[string]int // REST requests by path, refused ones included
	Weight      map[string]int // Binance: weight used in the present minute by host ("spot", "linear")
	Connections int            // sockets accepted since the start
	Conns       []ConnStats    // in order of arrival; of closed ones the last 1,000
}

// ConnStats is the life of one socket.
type ConnStats struct {
	Number   int    // from 1, in order of arrival
	Path     string // of the upgrade, with its query
	Received int    // messages from the client; on Binance control frames count too
	Busiest  int    // most of them in one second
	Requests int    // to subscribe and unsubscribe
	Sent     int    // data frames
	Topics   []string
	Open     bool
}

// usage counts. Under Server.mu.
type usage struct {
	requests map[string]int
	windows  map[string]*quota
	accepted int
	past     []ConnStats
}

func newUsage() usage {
	return usage{requests: make(map[string]int), windows: make(map[string]*quota)}
}

// quota is the use of one limit in its present fixed window.
type quota struct {
	window time.Time
	used   int
	over   int       // requests since it was used up
	banned time.Time // until
}

// quota returns the named counter in the window that now lies in.
func (u *usage) quota(name string, now time.Time, every time.Duration) *quota {
	q := u.windows[name]
	if q == nil {
		q = new(quota)
		u.windows[name] = q
	}
	return q.in(now, every)
}

// in moves the quota to the window that now lies in.
func (q *quota) in(now time.Time, every time.Duration) *quota {
	if w := now.Truncate(every); !w.Equal(q.window) {
		q.window, q.used, q.over = w, 0, 0
	}
	return q
}

// Stats returns what clients did up to now.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{
		Requests:    maps.Clone(s.usage.requests),
		Weight:      make(map[string]int),
		Connections: s.usage.accepted,
		Conns:       slices.Clone(s.usage.past),
	}
	for _, h := range s.hosts {
		st.Weight[h.name] = s.usage.quota("weight "+h.name, s.now(), time.Minute).used
	}
	for _, c := range s.conns {
		st.Conns = append(st.Conns, c.stats())
	}
	slices.SortFunc(st.Conns, func(a, b ConnStats) int { return a.Number - b.Number })
	return st
}

// Subscriptions returns the topics subscribed now, sorted, once for each
// connection that has it.
func (s *Server) Subscriptions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var topics []string
	for _, c := range s.conns {
		topics = append(topics, c.topics()...)
	}
	slices.Sort(topics)
	return topics
}

// topics returns the names subscribed, those of accounts last. Under Server.mu.
func (c *conn) topics() []string {
	names := make([]string, len(c.subs), len(c.subs)+len(c.ears))
	for i, u := range c.subs {
		names[i] = u.name
	}
	for _, x := range c.ears {
		names = append(names, x.name)
	}
	return names
}

// stats is the life of the connection. Under Server.mu.
func (c *conn) stats() ConnStats {
	path := c.path
	if c.query != "" {
		path += "?" + c.query
	}
	return ConnStats{c.number, path, c.received, c.busiest, c.requests, c.sent, c.topics(), !c.ended()}
}
