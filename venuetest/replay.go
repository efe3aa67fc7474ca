package venuetest

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// replaying is the status of a market that trades but has no generator.
const replaying = "replaying"

// maxLine bounds a line of a recording.
const maxLine = 16 << 20

// line is one line of a recording: one JSON object with t (receive time in ns),
// kind ("open", "out", "in" or "http"), url, and text. Binary frames (b64) are
// of venues that are not simulated yet.
type line struct {
	Time int64  `json:"t"`
	Kind string `json:"kind"`
	URL  string `json:"url"`
	Text string `json:"text"`
}

// tape is a recording, held in memory.
type tape struct {
	begin   int64
	frames  []recorded
	answers map[string][]string // bodies of REST by path and market, in order
	served  map[string]int
	timed   bool
}

// recorded is a frame of a topic.
type recorded struct {
	at    int64 // ns
	topic string
	data  []byte // without Binance's combined wrapper
	book  bool
}

// Replay starts a server that serves a recording as a live venue. r holds JSON
// lines, gzip or plain: objects with t, kind ("open", "out", "in", "http"), url
// and text. The venue is told by its host names: Binance spot or OKX.
//
// A topic's frames begin when it is subscribed to, those of one request in the
// order of the recording; with Options.Timed in its rhythm, else as fast as the
// client reads. The n-th order book asked for over REST is the n-th recorded, and
// then the last. Instruments are made up from the ids in the recording: names,
// ticks and steps fit it, the rest is invented. Faults of deltas, sockets and
// REST work; Step does nothing, and there is no oracle.
func Replay(r io.Reader, o Options) (*Server, error) {
	tp := &tape{answers: make(map[string][]string), served: make(map[string]int), timed: o.Timed}
	names, venue, err := tp.read(r)
	if err != nil {
		return nil, err
	}
	o.Rate = 0
	o.Markets = names.markets(venue)
	s := newServer(o.filled(nil))
	s.tape = tp
	if venue == "okx" {
		s.startOKX()
	} else {
		s.startBinance()
	}
	return s, nil
}

// Recorded returns how many frames of each topic a Replay has.
func (s *Server) Recorded() map[string]int {
	n := make(map[string]int)
	if s.tape == nil {
		return n
	}
	for _, f := range s.tape.frames {
		n[f.topic]++
	}
	return n
}

// read fills the tape, and returns what it learned of the markets.
func (tp *tape) read(r io.Reader) (*sightings, string, error) {
	in := bufio.NewReader(r)
	if magic, err := in.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, "", fmt.Errorf("venuetest: recording: %w", err)
		}
		in = bufio.NewReader(z)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	seen, venue := newSightings(), ""
	for n := 1; lines.Scan(); n++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, "", fmt.Errorf("venuetest: recording, line %d: %w", n, err)
		}
		if tp.begin == 0 {
			tp.begin = l.Time
		}
		if u, err := url.Parse(l.URL); err == nil && venue == "" {
			switch {
			case strings.Contains(u.Host, "binance"):
				venue = "binance"
			case strings.Contains(u.Host, "okx"):
				venue = "okx"
			}
		}
		if err := tp.keep(l, seen); err != nil {
			return nil, "", fmt.Errorf("venuetest: recording, line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, "", fmt.Errorf("venuetest: recording: %w", err)
	}
	if venue == "" || len(tp.frames) == 0 {
		return nil, "", errors.New("venuetest: recording: neither a Binance spot nor an OKX stream")
	}
	return seen, venue, nil
}

// keep sorts one line in.
func (tp *tape) keep(l line, seen *sightings) error {
	switch l.Kind {
	case "http":
		u, err := url.Parse(l.URL)
		if err != nil {
			return err
		}
		id := u.Query().Get("symbol") + u.Query().Get("instId")
		key := u.Path + " " + id
		tp.answers[key] = append(tp.answers[key], l.Text)
		seen.numbers(id, l.Text)
	case "in":
		var f struct {
			Stream string
			Data   json.RawMessage
			Arg    okxArg
			Event  string
		}
		if json.Unmarshal([]byte(l.Text), &f) != nil || f.Data == nil {
			return nil // an answer, or a pong
		}
		rec := recorded{at: l.Time, topic: f.Stream, data: f.Data}
		id, _, _ := strings.Cut(f.Stream, "@")
		if f.Stream == "" {
			rec.topic, rec.data, id = f.Arg.name(), []byte(l.Text), f.Arg.InstID
		}
		rec.book = strings.Contains(rec.topic, "depth") || strings.HasPrefix(rec.topic, "books")
		tp.frames = append(tp.frames, rec)
		seen.numbers(strings.ToUpper(id), l.Text)
	}
	return nil
}

// answer is the next recorded body for a request.
func (tp *tape) answer(r *url.URL) (string, bool) {
	key := r.Path + " " + r.Query().Get("symbol") + r.Query().Get("instId")
	bodies := tp.answers[key]
	if len(bodies) == 0 {
		return "", false
	}
	i := min(tp.served[key], len(bodies)-1)
	tp.served[key]++
	return bodies[i], true
}

// replayed answers a request from the tape. Under mu.
func (s *Server) replayed(r *http.Request) ([]byte, bool) {
	if s.tape == nil {
		return nil, false
	}
	body, ok := s.tape.answer(r.URL)
	return []byte(body), ok
}

// play starts the frames of what the connection has newly subscribed to. Under mu.
func (s *Server) play(c *conn) {
	if s.tape == nil || len(c.fresh) == 0 {
		return
	}
	fresh, begun := c.fresh, time.Now()
	c.fresh = nil
	c.writers.Go(func() {
		for _, f := range s.tape.frames {
			for _, u := range fresh {
				if u.name == f.topic && !s.playOne(u, f, begun) {
					return
				}
			}
		}
	})
}

// playOne sends one frame when it is due and there is room, and reports whether
// the connection goes on.
func (s *Server) playOne(u *sub, f recorded, begun time.Time) bool {
	c := u.c
	if s.tape.timed {
		t := time.NewTimer(time.Until(begun.Add(time.Duration(f.at - s.tape.begin))))
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.done:
			return false
		}
	}
	for len(c.out) > cap(c.out)/2 {
		select {
		case <-c.low:
		case <-c.done:
			return false
		}
	}
	c.hasRoom() // wakes another that waits
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(c.subs, u) {
		ev := said(f.data)
		if f.book {
			ev.delta = new(delta)
		}
		s.deliver(u, ev)
	}
	return !c.ended()
}

// sightings is what a recording shows of its markets: ids, and how many digits
// their numbers have after the point.
type sightings struct {
	ids    []string
	digits map[string]int
}

func newSightings() *sightings { return &sightings{digits: make(map[string]int)} }

// numbers looks at every quoted number in a frame of a market.
func (g *sightings) numbers(id, text string) {
	if id == "" {
		return
	}
	if _, ok := g.digits[id]; !ok {
		g.ids = append(g.ids, id)
	}
	most := g.digits[id]
	for _, part := range strings.Split(text, `"`) {
		if strings.Trim(part, "0123456789.") != "" {
			continue
		}
		if _, frac, ok := strings.Cut(part, "."); ok {
			most = max(most, len(strings.TrimRight(frac, "0")))
		}
	}
	g.digits[id] = min(most, 12)
}

// markets makes up the instruments.
func (g *sightings) markets(venue string) []Market {
	var ms []Market
	for _, id := range g.ids {
		step := "1"
		if n := g.digits[id]; n > 0 {
			step = "0." + strings.Repeat("0", n-1) + "1"
		}
		m := Market{ID: id, Family: "spot", Kind: "spot", Status: replaying, Tick: step, Step: step}
		if venue == "okx" {
			m.okx()
		} else {
			m.Base, m.Quote = splitID(id)
			m.Symbol = m.Base + "/" + m.Quote
		}
		ms = append(ms, m)
	}
	return ms
}

// okx fills in what the id of an instrument tells.
func (m *Market) okx() {
	parts := strings.Split(m.ID, "-")
	if len(parts) < 2 {
		return
	}
	m.Base, m.Quote = parts[0], parts[1]
	m.Symbol = m.Base + "/" + m.Quote
	if len(parts) == 2 {
		return
	}
	m.Family, m.Kind, m.Settle, m.ContractSize, m.ContractUnit = "linear", "swap", m.Quote, "1", m.Base
	if m.Quote == "USD" {
		m.Family, m.Settle, m.ContractSize, m.ContractUnit = "inverse", m.Base, "10", "USD"
	}
	m.Symbol += ":" + m.Settle
	if day, err := time.Parse("060102", parts[2]); err == nil {
		m.Kind, m.Expiry = "future", day.Add(8*time.Hour)
		m.Symbol += "-" + parts[2]
	}
}

// splitID splits a Binance id at a well-known quote.
func splitID(id string) (base, quote string) {
	for _, q := range []string{"USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USD", "EUR", "TRY", "BTC", "ETH", "BNB"} {
		if b, ok := strings.CutSuffix(id, q); ok && b != "" {
			return b, q
		}
	}
	return id, ""
}
