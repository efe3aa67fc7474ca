package venuetest

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mostLine bounds a line of a recording: an answer of 64 MiB in base64, and what stands around it.
const mostLine = 100 << 20

// line is one line of a recording.
type line struct {
	Time  int64  `json:"t"` // when it was received or sent, ns since 1970
	Kind  string `json:"kind"`
	Venue string `json:"venue"` // older recordings do not say it
	Conn  int64  `json:"conn"`  // nor this
	URL   string `json:"url"`
	Text  string `json:"text"`
	Bytes []byte `json:"b64"`
}

// tape is a recording: what was said is on a spool, what it was about in memory.
type tape struct {
	venue  string
	start  int64
	spool  *spool
	frames []recorded
	topics map[string]int    // how many frames
	last   map[string]int    // by topic: where in frames its last one is
	names  map[string]string // each once: of topics, and of questions
	paths  map[int64]*url.URL
	seen   *sightings
	timed  bool
	speed  float64

	// Under Server.mu.
	answers map[string]*answers // by what was asked
	moved   chan struct{}       // closed when an answer was given
	played  map[string]int      // by topic: where in frames the next one of it is
	started time.Time           // when the first frame was waited for
	players int                 // that are at work
	quiet   *time.Timer         // runs when all that is subscribed to was played
	over    chan struct{}       // closed by it
}

// recorded is a frame of a topic.
type recorded struct {
	at    int64  // ns
	topic string // as tape.name makes it of a subscription
	data  place  // without Binance's combined wrapper
	book  bool
	whole string // the question for the whole book, where that is not in the frames
	link         // of such a frame
	after int64  // the last number of the frame before: where this one begins later something is missing
}

// link is what a change of a book goes on from, and where it leads.
type link struct{ prev, last int64 }

// answers are what was answered to one question, in order.
type answers struct {
	bodies  []place
	numbers []int64 // of whole books
	given   int
	reached int64 // of whole books: what the client has must not be older
	resumed bool  // and it does not have what came before
}

// taped says how frames of a venue are read.
var taped = map[string]struct {
	hosts string // a part of its host names
	read  func(tp *tape, l *line, u *url.URL, text []byte)
}{
	"binance":  {"binance", (*tape).binance},
	"okx":      {"okx", (*tape).okx},
	"huobi":    {"h", (*tape).huobi},
	"backpack": {"backpack", (*tape).backpack},
	"alltick":  {"alltick", (*tape).allTick},
}

// newTape returns an empty one. It is closed by whoever has it.
func newTape() (*tape, error) {
	spool, err := newSpool()
	if err != nil {
		return nil, fmt.Errorf("venuetest: recording: %w", err)
	}
	return &tape{
		spool: spool, last: make(map[string]int), names: make(map[string]string), over: make(chan struct{}),
		topics: make(map[string]int), paths: make(map[int64]*url.URL), seen: newSightings(),
		answers: make(map[string]*answers), moved: make(chan struct{}), played: make(map[string]int),
	}, nil
}

// ErrNoRecording is the kind of error of a recording of which nothing can be served.
var ErrNoRecording = errors.New("venuetest: recording of no venue that is simulated, or without data")

// read fills the tape.
func (tp *tape) read(r io.Reader) error {
	in := bufio.NewReader(r)
	if magic, err := in.Peek(2); err == nil && zipped(magic) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("venuetest: recording: %w", err)
		}
		in = bufio.NewReader(z)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, mostLine)
	for n := 1; lines.Scan(); n++ {
		var l line
		err := json.Unmarshal(lines.Bytes(), &l)
		if err == nil {
			err = errors.Join(tp.keep(&l), tp.spool.err)
		}
		if err != nil {
			return fmt.Errorf("venuetest: recording, line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("venuetest: recording: %w", err)
	}
	if err := tp.spool.flush(); err != nil {
		return fmt.Errorf("venuetest: recording: %w", err)
	}
	if tp.venue == "" || len(tp.frames) == 0 {
		return ErrNoRecording
	}
	// What was received at the same time on different sockets stands in any order.
	slices.SortStableFunc(tp.frames, func(a, b recorded) int { return cmp.Compare(a.at, b.at) })
	reached := make(map[string]int64)
	for i := range tp.frames {
		f := &tp.frames[i]
		if tp.last[f.topic] = i; f.whole != "" {
			f.after = reached[f.topic]
			reached[f.topic] = max(f.after, f.last)
		}
	}
	return nil
}

func zipped(b []byte) bool { return len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b }

// whose is the venue of a line, empty where that does not say.
func (l *line) whose(u *url.URL) string {
	if _, ok := taped[l.Venue]; ok {
		return l.Venue
	}
	switch host := u.Hostname(); {
	case strings.Contains(host, "huobi"), strings.Contains(host, "hbdm"), strings.Contains(host, "htx"):
		return "huobi"
	default:
		for name, v := range taped {
			if name != "huobi" && strings.Contains(host, v.hosts) {
				return name
			}
		}
	}
	return ""
}

// keep sorts one line in.
func (tp *tape) keep(l *line) error {
	if tp.start == 0 {
		tp.start = l.Time
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		return err
	}
	if tp.venue == "" {
		tp.venue = l.whose(u)
	}
	if l.URL != "" && l.Kind != "http" {
		tp.paths[l.Conn] = u
	}
	if at := tp.paths[l.Conn]; l.Kind == "in" && at != nil {
		u = at
	}
	text, err := l.text()
	if err != nil {
		return err
	}
	switch {
	case l.Kind == "http":
		tp.answered(question(u), text)
		q := u.Query()
		tp.seen.numbers(familyOf(u), q.Get("symbol")+q.Get("instId")+q.Get("contract_code"), string(text))
	case l.Kind == "in" && tp.venue != "":
		taped[tp.venue].read(tp, l, u, text)
	}
	return nil
}

// text is what a line says, unpacked.
func (l *line) text() ([]byte, error) {
	switch {
	case l.Bytes == nil:
		return []byte(l.Text), nil
	case !zipped(l.Bytes):
		return l.Bytes, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(l.Bytes))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(z, mostLine))
	return text, err
}

func (tp *tape) answered(question string, body []byte) {
	a := tp.answers[question]
	if a == nil {
		a = &answers{}
		tp.answers[question] = a
	}
	a.bodies, a.numbers = append(a.bodies, tp.spool.put(body)), append(a.numbers, numberOf(body))
}

// number is a whole number, which may be quoted.
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	if err == nil { // what is none means nothing here
		*n = number(v)
	}
	return nil
}

// numberOf is the number of a whole book, 0 where there is none.
func numberOf(body []byte) int64 {
	var b struct {
		Last number `json:"lastUpdateId"`
		Data json.RawMessage
	}
	var tick struct {
		Seq number `json:"seqNum"`
	}
	if len(body) > mostBook || json.Unmarshal(body, &b) != nil {
		return 0
	}
	if b.Last == 0 && json.Unmarshal(b.Data, &tick) != nil {
		return 0
	}
	return int64(max(b.Last, tick.Seq))
}

// mostBook is what a whole book may have; lists of markets have more.
const mostBook = 4 << 20

// question is what a request asks for. Books are asked for in many depths, and AllTick's questions have a number each.
func question(u *url.URL) string {
	q := u.Query()
	if strings.HasSuffix(u.Path, "/depth") || strings.HasSuffix(u.Path, "/books") {
		return whole(u.Path, q.Get("symbol")+q.Get("instId")+q.Get("contract_code"))
	}
	var asked struct {
		Data json.RawMessage `json:"data"`
	}
	if text := q.Get("query"); text != "" && json.Unmarshal([]byte(text), &asked) == nil {
		return u.Path + " " + string(asked.Data)
	}
	q.Del("token")
	return u.Path + "?" + q.Encode()
}

// whole is the question for a whole book.
func whole(path, id string) string { return path + " " + id }

// familyOf is that of Binance where a request or a socket is of futures.
func familyOf(u *url.URL) string {
	if strings.HasPrefix(u.Host, "f") && strings.Contains(u.Host, "binance") || strings.HasPrefix(u.Path, "/fapi/") ||
		strings.HasPrefix(u.Path, "/public/") || strings.HasPrefix(u.Path, "/market/") && strings.HasSuffix(u.Path, "/stream") {
		return "linear"
	}
	return "spot"
}

func (tp *tape) binance(l *line, u *url.URL, text []byte) {
	var f struct {
		Stream string
		Data   json.RawMessage
	}
	if json.Unmarshal(text, &f) != nil || f.Data == nil || f.Stream == "" {
		return // an answer
	}
	id, channel, _ := strings.Cut(f.Stream, "@")
	id, of := strings.ToUpper(id), familyOf(u)
	rec := recorded{at: l.Time, topic: of + "/" + f.Stream, book: strings.HasPrefix(channel, "depth")}
	if channel == "depth" || strings.HasPrefix(channel, "depth@") {
		rec.whole = whole(map[string]string{"spot": "/api/v3/depth", "linear": "/fapi/v1/depth"}[of], id)
		rec.link = linkOf(f.Data)
	}
	tp.add(rec, f.Data)
	tp.seen.numbers(of, id, string(text))
}

// linkOf reads the numbers of a change as Binance and Backpack write them.
func linkOf(data []byte) link {
	var d struct {
		First number  `json:"U"`
		Last  number  `json:"u"`
		Prev  *number `json:"pu"` // futures
	}
	if json.Unmarshal(data, &d) != nil {
		return link{}
	}
	if d.Prev != nil {
		return link{int64(*d.Prev), int64(d.Last)}
	}
	return link{int64(d.First) - 1, int64(d.Last)}
}

func (tp *tape) okx(l *line, _ *url.URL, text []byte) {
	var f struct {
		Data  json.RawMessage
		Arg   okxArg
		Event string
	}
	if json.Unmarshal(text, &f) != nil || f.Data == nil {
		return // an answer, or a pong
	}
	tp.add(recorded{at: l.Time, topic: f.Arg.name(), book: strings.HasPrefix(f.Arg.Channel, "books")}, text)
	tp.seen.numbers("spot", f.Arg.InstID, string(text))
}

func (tp *tape) huobi(l *line, _ *url.URL, text []byte) {
	var f struct {
		Ch, Rep, Op, Topic string
		Tick               struct {
			Prev number `json:"prevSeqNum"`
			Seq  number `json:"seqNum"`
		}
	}
	if json.Unmarshal(text, &f) != nil {
		return
	}
	name := f.Ch
	switch {
	case f.Rep != "":
		tp.answered(f.Rep, text)
		return
	case f.Op == "notify":
		name = f.Topic
	}
	if name == "" {
		return
	}
	rec := recorded{at: l.Time, topic: name}
	parts := strings.SplitN(name, ".", 3)
	if len(parts) == 3 {
		rec.book = strings.HasPrefix(parts[2], "mbp") || strings.HasPrefix(parts[2], "depth")
		tp.seen.numbers("spot", parts[1], string(text))
	}
	if rec.book && strings.HasPrefix(parts[2], "mbp.") && !strings.HasPrefix(parts[2], "mbp.refresh.") {
		rec.whole, rec.link = name, link{int64(f.Tick.Prev), int64(f.Tick.Seq)}
	}
	tp.add(rec, text)
}

func (tp *tape) backpack(l *line, _ *url.URL, text []byte) {
	var f struct {
		Stream string
		Data   json.RawMessage
	}
	var of struct {
		Symbol string `json:"s"`
		Side   string `json:"S"` // declared, so that it does not fill Symbol
	}
	if json.Unmarshal(text, &f) != nil || f.Stream == "" || json.Unmarshal(f.Data, &of) != nil {
		return
	}
	rec := recorded{at: l.Time, topic: f.Stream}
	if rec.book = strings.HasPrefix(f.Stream, "depth."); rec.book {
		rec.whole, rec.link = whole("/api/v1/depth", of.Symbol), linkOf(f.Data)
	}
	tp.add(rec, text)
	tp.seen.numbers("spot", of.Symbol, string(text))
}

func (tp *tape) allTick(l *line, _ *url.URL, text []byte) {
	var f struct {
		Cmd  int `json:"cmd_id"`
		Data struct {
			Code string `json:"code"`
		}
	}
	list := map[int]string{22998: "trade:", 22999: "depth:"}
	if json.Unmarshal(text, &f) != nil || list[f.Cmd] == "" {
		return
	}
	tp.add(recorded{at: l.Time, topic: list[f.Cmd] + f.Data.Code, book: f.Cmd == 22999}, text)
	tp.seen.numbers("spot", f.Data.Code, string(text))
}

// name is how the tape calls what is subscribed to.
func (tp *tape) name(c *conn, name string) string {
	if tp.venue == "binance" { // the same names on both
		return c.host.name + "/" + name
	}
	return name
}

// has reports whether there are frames of a topic, or answers to its question.
func (tp *tape) has(c *conn, name string) bool {
	name = tp.name(c, name)
	return tp.topics[name] > 0 || tp.answers[name] != nil
}

// answer is the next recorded answer, then the last one for ever. A whole book is the first one that is no older than what was sent of its
// changes; where there is none, and the client has not had them all, there is no answer, which is not nil. Under Server.mu.
func (tp *tape) answer(question string) (body []byte, ok bool) {
	a := tp.answers[question]
	if a == nil {
		return nil, false
	}
	i := a.given
	if a.reached > 0 {
		i = slices.IndexFunc(a.numbers, func(n int64) bool { return n >= a.reached })
	}
	a.given++
	if i < 0 && a.resumed {
		return nil, true
	}
	if last := len(a.bodies) - 1; i < 0 || i > last {
		i = last
	}
	close(tp.moved)
	tp.moved = make(chan struct{})
	body, err := tp.spool.get(a.bodies[i])
	if err != nil { // as if there were none
		return nil, true
	}
	return body, true
}

// given is how many answers there were to a question; false where none are recorded. Under Server.mu.
func (tp *tape) given(question string) (int, bool) {
	a := tp.answers[question]
	if a == nil {
		return 0, false
	}
	return a.given, true
}

// reach notes what has been sent. Under Server.mu.
func (tp *tape) reach(i int, holds bool) {
	f := &tp.frames[i]
	tp.played[f.topic] = i + 1
	a := tp.answers[f.whole]
	switch {
	case f.whole == "" || a == nil:
	case holds: // the client has kept this one
		a.reached = f.prev
	default:
		a.reached = f.last
	}
}

// begin returns where a topic goes on, or begins. Under Server.mu.
func (tp *tape) begin(topic string, anew bool) int {
	first := slices.IndexFunc(tp.frames, func(f recorded) bool { return f.topic == topic })
	if first < 0 {
		return 0
	}
	at, begun := tp.played[topic]
	if anew = anew || !begun; anew {
		at = first
		tp.played[topic] = first
	}
	if f := &tp.frames[first]; f.whole != "" && tp.answers[f.whole] != nil {
		a := tp.answers[f.whole]
		if a.resumed = !anew; anew {
			a.reached = f.prev
		}
	}
	return at
}
