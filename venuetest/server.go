package venuetest

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is one simulated venue. Its methods may be called from any goroutine.
type Server struct {
	opts  Options
	log   *slog.Logger
	venue venue
	hosts []*host
	names map[string]string // endpoint name → base URL
	start time.Time

	tape    *tape // of Replay
	stop    chan struct{}
	closing sync.Once
	tasks   sync.WaitGroup // the clock and the listeners
	served  sync.WaitGroup // HTTP connections and hijacked sockets
	client  *http.Client

	mu      sync.Mutex // guards everything below, streams and markets included
	markets []*market
	streams map[string]*stream
	order   []*stream // in order of first subscription: pushes are deterministic
	conns   []*conn   // open ones, in order of arrival
	faults  []*armed
	chaos   *chaos
	rng     *rand.Rand // of faults
	usage   usage
	skew    time.Duration
	closed  bool

	rules                                         rules // of accounts
	accounts                                      []*Account
	orderIDs                                      map[int64]int64 // given out, by where they began
	fillID, positionIDs, transactionIDs, versions int64           // given out
}

// venue is what differs between the venues.
type venue interface {
	serve(h *host, w http.ResponseWriter, r *http.Request)                 // REST and upgrades
	push(st *stream, now time.Time, force bool) []event                    // what a stream has to say now; under Server.mu
	key(c *conn, name string) string                                       // key of a stream in Server.streams
	notice(c *conn, now time.Time) []byte                                  // that the connection will be closed; under Server.mu
	late(st *stream, now time.Time)                                        // sends snapshots that were kept back; under Server.mu
	inject(st *stream, k Kind, now time.Time) []event                      // a book event out of turn; under Server.mu
	refusal(h *host, code int, until time.Time) (body, contentType string) // that goes with a status
}

// host is one listener: a host name of the venue.
type host struct {
	name string
	addr string
	ln   net.Listener
	web  *http.Server
}

// Binance starts a simulated Binance: spot and USD-M futures, public data and accounts.
func Binance(o Options) *Server {
	s := newServer(o.filled(BinanceMarkets()))
	s.startBinance()
	return s
}

func (s *Server) startBinance() {
	s.venue = newBinance(s)
	spot, linear := s.listen("spot"), s.listen("linear")
	s.names = map[string]string{
		"spot.rest":     "http://" + spot.addr,
		"spot.stream":   "ws://" + spot.addr,
		"linear.rest":   "http://" + linear.addr,
		"linear.public": "ws://" + linear.addr + "/public",
		"linear.market": "ws://" + linear.addr + "/market",

		"spot.api":       "ws://" + spot.addr,
		"linear.api":     "ws://" + linear.addr,
		"linear.private": "ws://" + linear.addr + "/private",
	}
	s.run()
}

// OKX starts a simulated OKX: spot, swaps and dated futures, public data.
func OKX(o Options) *Server {
	s := newServer(o.filled(OKXMarkets()))
	s.startOKX()
	return s
}

func (s *Server) startOKX() {
	s.venue = newOKX(s)
	h := s.listen("okx")
	s.names = map[string]string{
		"rest":     "http://" + h.addr,
		"public":   "ws://" + h.addr + "/ws/v5/public",
		"business": "ws://" + h.addr + "/ws/v5/business",
		"private":  "ws://" + h.addr + "/ws/v5/private",
	}
	s.run()
}

func newServer(o Options) *Server {
	s := &Server{
		opts: o, log: o.Log, start: time.Now(),
		stop:    make(chan struct{}),
		streams: make(map[string]*stream),
		rng:     rand.New(rand.NewPCG(o.Seed, 1)),
		usage:   newUsage(),
	}
	s.client = &http.Client{Transport: &http.Transport{DialContext: s.DialContext}}
	return s
}

// listen opens the listener of one host. Loopback without a free port is no
// state a test could go on from.
func (s *Server) listen(name string) *host {
	h := &host{name: name, addr: name + ".venue.test:80"}
	if s.opts.Memory {
		h.ln = newListener(h.addr)
	} else {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(fmt.Sprintf("venuetest: no loopback listener: %v", err))
		}
		h.ln, h.addr = ln, ln.Addr().String()
	}
	h.web = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.served.Add(1)
			defer s.served.Done()
			s.venue.serve(h, w, r)
		}),
		// Waiting for handlers is not enough: connections have goroutines of their own.
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.served.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.served.Done()
			}
		},
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.hosts = append(s.hosts, h)
	return h
}

// run starts what Close ends.
func (s *Server) run() {
	var r rules
	if d, ok := s.venue.(dealer); ok {
		r = d.rules()
	}
	s.govern(r)
	for _, h := range s.hosts {
		s.tasks.Go(func() { h.web.Serve(h.ln) }) // returns when Close closes it
	}
	s.tasks.Go(s.clock)
}

// Endpoints returns the base URL of each of the venue's services, by the names
// of exchange.Options.Endpoints.
func (s *Server) Endpoints() map[string]string {
	m := make(map[string]string, len(s.names))
	for name, url := range s.names {
		m[name] = url
	}
	return m
}

// Venue returns the name of the venue that is simulated, as clients call it.
func (s *Server) Venue() string {
	switch s.venue.(type) {
	case *binance:
		return "binance"
	case *okx:
		return "okx"
	case *huobi:
		return "huobi"
	case *backpack:
		return "backpack"
	}
	return "alltick"
}

// DialContext connects to the server, whatever the network; of the address only
// what tells its hosts apart matters.
func (s *Server) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	h := s.hosts[0]
	for _, x := range s.hosts {
		if x.addr == addr || x.name == "linear" && strings.HasPrefix(addr, "f") {
			h = x // fapi, fstream
		}
	}
	if l, ok := h.ln.(*listener); ok {
		return l.dial(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", h.addr)
}

// Client returns an HTTP client over DialContext. Close closes its connections.
func (s *Server) Client() *http.Client { return s.client }

// Close disconnects every client, ends every goroutine of the server and waits
// for them. It may be called again.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.stop)
		s.mu.Lock()
		s.closed = true
		open := slices.Clone(s.conns) // forget changes it as they end
		s.mu.Unlock()
		for _, c := range open {
			c.fail(errClosed)
		}
		for _, h := range s.hosts {
			h.web.Close()
		}
	})
	s.tasks.Wait()
	s.served.Wait()
	s.client.CloseIdleConnections()
	if s.tape != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.tape.quiet != nil {
			s.tape.quiet.Stop()
		}
		s.tape.spool.close()
	}
}

// clock moves the market by Rate and time-driven streams by the time.
func (s *Server) clock() {
	every := time.Second
	if s.opts.Rate > 0 {
		every = 20 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	due := 0.0
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		due += s.opts.Rate * every.Seconds()
		n := int(due)
		due -= float64(n)
		s.mu.Lock()
		s.change(n, s.markets)
		s.flush(false)
		s.mu.Unlock()
	}
}

// Step makes n changes in each of the markets (none named: in all of them) and
// pushes at once what every stream has to say, whatever its rhythm: one delta
// per book stream. Where a client is far behind, it waits for it, up to 10 s.
func (s *Server) Step(n int, ids ...string) {
	for first := true; first || n > 0; first = false {
		now := min(n, s.opts.History/2)
		n -= now
		s.wait(10 * time.Second)
		s.mu.Lock()
		ms := s.markets
		if len(ids) > 0 {
			ms = nil
			for _, id := range ids {
				if m := s.find(id); m != nil {
					ms = append(ms, m)
				}
			}
		}
		s.change(now, ms)
		s.flush(true)
		s.mu.Unlock()
	}
}

// wait gives slow readers time to take what is queued for them.
func (s *Server) wait(d time.Duration) {
	s.mu.Lock()
	open := slices.Clone(s.conns)
	s.mu.Unlock()
	var late *time.Timer
	for _, c := range open {
		for len(c.out) > cap(c.out)/2 {
			if late == nil {
				late = time.NewTimer(d)
				defer late.Stop()
			}
			select {
			case <-c.low:
			case <-c.done:
			case <-late.C:
				return
			}
			if c.ended() {
				break
			}
		}
		c.hasRoom() // another may wait too
	}
}

// change makes n changes in each market, and fills the orders of accounts that they reach. Under mu.
func (s *Server) change(n int, ms []*market) {
	now := time.Now()
	for range n {
		for _, m := range ms {
			from := m.trades.next()
			m.change(now)
			if len(m.resting) > 0 {
				s.meet(m, from)
			}
		}
	}
}

// find returns the market with the unified symbol or else the venue's id.
func (s *Server) find(id string) *market {
	var found *market
	for _, m := range s.markets {
		if m.Symbol == id {
			return m
		}
		if m.ID == id && found == nil {
			found = m
		}
	}
	return found
}

// market returns the market of a family by the venue's id.
func (s *Server) market(family, id string) *market {
	for _, m := range s.markets {
		if m.ID == id && (family == "" || m.Family == family) && !m.Listed {
			return m
		}
	}
	return nil
}

// now is the venue's clock.
func (s *Server) now() time.Time { return time.Now().Add(s.skew) }
