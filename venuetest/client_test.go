package venuetest

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// socket is a client without any cleverness.
type socket struct {
	t  *testing.T
	ws *websocket.Conn
}

func dial(t *testing.T, s *Server, endpoint, path string) *socket {
	t.Helper()
	d := websocket.Dialer{NetDialContext: s.DialContext}
	ws, resp, err := d.Dial(s.Endpoints()[endpoint]+path, nil)
	if err != nil {
		t.Fatalf("dial %s%s: %v", endpoint, path, err)
	}
	resp.Body.Close()
	t.Cleanup(func() { ws.Close() })
	return &socket{t, ws}
}

func (c *socket) send(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// next returns the next text frame, and fails after 5 s without one.
func (c *socket) next() string {
	c.t.Helper()
	c.ws.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, b, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	c.ws.SetReadDeadline(time.Time{})
	return string(b)
}

// err reads until the connection fails, and returns how.
func (c *socket) err() error {
	c.ws.SetReadDeadline(time.Now().Add(2 * time.Minute))
	for {
		if _, _, err := c.ws.ReadMessage(); err != nil {
			return err
		}
	}
}

// ask sends a request and returns the next frame.
func (c *socket) ask(text string) string {
	c.t.Helper()
	c.send(text)
	return c.next()
}

// get fetches a path and returns status, header and body.
func get(t *testing.T, s *Server, endpoint, path string) (int, http.Header, string) {
	t.Helper()
	resp, err := s.Client().Get(s.Endpoints()[endpoint] + path)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

// shape replaces every number, and text that is one, by how many decimals it
// has, so that what is compared is names, order, types and formats.
func shape(t *testing.T, text string) string {
	t.Helper()
	if !json.Valid([]byte(text)) {
		t.Fatalf("not JSON: %s", text)
	}
	return shapeOf(text)
}

func shapeOf(text string) string {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var out strings.Builder
	var stack []rune
	first, key := true, false
	for {
		tok, err := d.Token()
		if err != nil {
			return out.String()
		}
		if delim, ok := tok.(json.Delim); ok && (delim == '}' || delim == ']') {
			out.WriteRune(rune(delim))
			stack = stack[:len(stack)-1]
			first, key = false, len(stack) > 0 && stack[len(stack)-1] == '{'
			continue
		}
		inObject := len(stack) > 0 && stack[len(stack)-1] == '{'
		if !first && (!inObject || key) {
			out.WriteByte(',')
		}
		first = false
		switch v := tok.(type) {
		case json.Delim:
			out.WriteRune(rune(v))
			stack = append(stack, rune(v))
			first, key = true, v == '{'
			continue
		case string:
			if inObject && key {
				out.WriteString(v + ":")
				key = false
				first = true
				continue
			}
			if _, err := strconv.ParseFloat(v, 64); err == nil {
				_, frac, _ := strings.Cut(v, ".")
				fmt.Fprintf(&out, "%q", strconv.Itoa(len(frac)))
			} else {
				fmt.Fprintf(&out, "%q", v)
			}
		case json.Number:
			out.WriteByte('n')
		default:
			fmt.Fprint(&out, v)
		}
		key = inObject
	}
}

// naive is a book of text prices: a map, sorted when it is looked at.
type naive struct {
	bids, asks map[string]string
	seq        int64
}

func newNaive() *naive { return &naive{make(map[string]string), make(map[string]string), 0} }

func (n *naive) set(bids, asks [][]string) {
	for _, side := range []struct {
		levels map[string]string
		rows   [][]string
	}{{n.bids, bids}, {n.asks, asks}} {
		for _, row := range side.rows {
			px := trimText(row[0])
			if strings.Trim(row[1], "0.") == "" {
				delete(side.levels, px)
			} else {
				side.levels[px] = trimText(row[1])
			}
		}
	}
}

func trimText(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func sorted(levels map[string]string, descending bool) []string {
	keys := slices.Collect(maps.Keys(levels))
	slices.SortFunc(keys, func(a, b string) int {
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		if descending {
			x, y = y, x
		}
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return keys
}

// same fails unless the best depth levels a side equal the oracle's.
func (n *naive) same(t *testing.T, s *Server, id string, depth int) {
	t.Helper()
	want, ok := s.Book(id, n.seq)
	if !ok {
		t.Fatalf("%s: the oracle does not know seq %d (last %d)", id, n.seq, s.Last(id))
	}
	for _, side := range []struct {
		name   string
		want   []Level
		levels map[string]string
		keys   []string
	}{{"bids", want.Bids, n.bids, sorted(n.bids, true)}, {"asks", want.Asks, n.asks, sorted(n.asks, false)}} {
		if got, want := min(len(side.keys), depth), min(len(side.want), depth); got < want {
			t.Fatalf("%s %s at %d: %d levels, want %d", id, side.name, n.seq, got, want)
		}
		for i, l := range side.want[:min(depth, len(side.want))] {
			px := side.keys[i]
			if px != want.Price(l) || side.levels[px] != want.Size(l) {
				t.Fatalf("%s %s at %d, level %d: %s × %s, want %s × %s", id, side.name, n.seq, i, px, side.levels[px], want.Price(l), want.Size(l))
			}
		}
	}
}

// binanceDelta is a depthUpdate, every key that differs only by case declared.
type binanceDelta struct {
	Stream string `json:"stream"`
	Data   struct {
		Event  string     `json:"e"`
		Time   int64      `json:"E"`
		Symbol string     `json:"s"`
		First  int64      `json:"U"`
		Last   int64      `json:"u"`
		Prev   int64      `json:"pu"`
		Bids   [][]string `json:"b"`
		Asks   [][]string `json:"a"`
		// partial
		LastUpdateID int64      `json:"lastUpdateId"`
		FullBids     [][]string `json:"bids"`
		FullAsks     [][]string `json:"asks"`
	} `json:"data"`
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return v
}

// okxBook is a frame of books.
type okxBook struct {
	Arg    struct{ Channel, InstID string }
	Action string
	Data   []struct {
		Asks, Bids       [][]string
		Ts               string
		Checksum         int32
		PrevSeqID, SeqID int64
	}
}

// sum is the checksum of section 5.3, by the book of text.
func (n *naive) sum() int32 {
	bids, asks := sorted(n.bids, true), sorted(n.asks, false)
	var parts []string
	for i := range 25 {
		if i < len(bids) {
			parts = append(parts, bids[i]+":"+n.bids[bids[i]])
		}
		if i < len(asks) {
			parts = append(parts, asks[i]+":"+n.asks[asks[i]])
		}
	}
	return int32(crc32.ChecksumIEEE([]byte(strings.Join(parts, ":"))))
}

func itoa(v int64) string { return strconv.FormatInt(v, 10) }
