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
	"strings"
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

// tape is a recording, held in memory.
type tape struct {
	venue  string
	begin  int64
	frames []recorded
	topics map[string]int // how many frames
	paths  map[int64]*url.URL
	seen   *sightings
	timed  bool
	speed  float64

	// Under Server.mu.
	answers map[string]*answers // by what was asked
	moved   chan struct{}       // closed when an answer was given
}

// recorded is a frame of a topic.
type recorded struct {
	at    int64  // ns
	topic string // as tape.name makes it of a subscription
	data  []byte // without Binance's combined wrapper
	book  bool
	after string // the answers that a book needs: those that came before the frame go before it again
}

// answers are what was answered to one question, in order.
type answers struct {
	at     []int64
	bodies [][]byte
	given  int
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

func newTape() *tape {
	return &tape{
		topics: make(map[string]int), paths: make(map[int64]*url.URL), seen: newSightings(),
		answers: make(map[string]*answers), moved: make(chan struct{}),
	}
}

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
			err = tp.keep(&l)
		}
		if err != nil {
			return fmt.Errorf("venuetest: recording, line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("venuetest: recording: %w", err)
	}
	if tp.venue == "" || len(tp.frames) == 0 {
		return errors.New("venuetest: recording: of no venue that is simulated, or without data")
	}
	// What was received at the same time on different sockets stands in any order.
	slices.SortStableFunc(tp.frames, func(a, b recorded) int { return cmp.Compare(a.at, b.at) })
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
	if tp.begin == 0 {
		tp.begin = l.Time
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
		tp.answered(question(u), l.Time, text)
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

func (tp *tape) answered(question string, at int64, body []byte) {
	a := tp.answers[question]
	if a == nil {
		a = &answers{}
		tp.answers[question] = a
	}
	a.at, a.bodies = append(a.at, at), append(a.bodies, body)
}

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

// add keeps a frame.
func (tp *tape) add(f recorded) {
	tp.topics[f.topic]++
	tp.frames = append(tp.frames, f)
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
	rec := recorded{at: l.Time, topic: of + "/" + f.Stream, data: f.Data, book: strings.HasPrefix(channel, "depth")}
	if channel == "depth" || strings.HasPrefix(channel, "depth@") {
		rec.after = whole(map[string]string{"spot": "/api/v3/depth", "linear": "/fapi/v1/depth"}[of], id)
	}
	tp.add(rec)
	tp.seen.numbers(of, id, string(text))
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
	tp.add(recorded{at: l.Time, topic: f.Arg.name(), data: text, book: strings.HasPrefix(f.Arg.Channel, "books")})
	tp.seen.numbers("spot", f.Arg.InstID, string(text))
}

func (tp *tape) huobi(l *line, _ *url.URL, text []byte) {
	var f struct{ Ch, Rep, Op, Topic string }
	if json.Unmarshal(text, &f) != nil {
		return
	}
	name := f.Ch
	switch {
	case f.Rep != "":
		tp.answered(f.Rep, l.Time, text)
		return
	case f.Op == "notify":
		name = f.Topic
	}
	if name == "" {
		return
	}
	rec := recorded{at: l.Time, topic: name, data: text}
	parts := strings.SplitN(name, ".", 3)
	if len(parts) == 3 {
		rec.book = strings.HasPrefix(parts[2], "mbp") || strings.HasPrefix(parts[2], "depth")
		tp.seen.numbers("spot", parts[1], string(text))
	}
	if rec.book && strings.HasPrefix(parts[2], "mbp.") && !strings.HasPrefix(parts[2], "mbp.refresh.") {
		rec.after = name
	}
	tp.add(rec)
}

func (tp *tape) backpack(l *line, _ *url.URL, text []byte) {
	var f struct {
		Stream string
		Data   struct {
			Symbol string `json:"s"`
			Side   string `json:"S"` // declared, so that it does not fill Symbol
		}
	}
	if json.Unmarshal(text, &f) != nil || f.Stream == "" {
		return
	}
	rec := recorded{at: l.Time, topic: f.Stream, data: text}
	if rec.book = strings.HasPrefix(f.Stream, "depth."); rec.book {
		rec.after = whole("/api/v1/depth", f.Data.Symbol)
	}
	tp.add(rec)
	tp.seen.numbers("spot", f.Data.Symbol, string(text))
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
	tp.add(recorded{at: l.Time, topic: list[f.Cmd] + f.Data.Code, data: text, book: f.Cmd == 22999})
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

// answer is the next recorded answer, then the last one for ever. Under Server.mu.
func (tp *tape) answer(question string) ([]byte, bool) {
	a := tp.answers[question]
	if a == nil {
		return nil, false
	}
	body := a.bodies[min(a.given, len(a.bodies)-1)]
	a.given++
	close(tp.moved)
	tp.moved = make(chan struct{})
	return body, true
}

// ready reports whether the answers have been given that came before a frame. Under Server.mu.
func (tp *tape) ready(f *recorded) bool {
	a := tp.answers[f.after]
	if a == nil {
		return true
	}
	before, _ := slices.BinarySearch(a.at, f.at)
	return a.given >= before
}

// rewind has the answers that a topic needs be given from the first one again. Under Server.mu.
func (tp *tape) rewind(topic string) {
	for i := range tp.frames {
		if f := &tp.frames[i]; f.topic == topic {
			if a := tp.answers[f.after]; a != nil && f.after != "" {
				a.given = 0
			}
			return
		}
	}
}
