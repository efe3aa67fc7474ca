package huobi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/stream"
)

// recording is a session as it was received: packed frames, and what encoding/json reads in them.
type recording struct {
	frames   [][]byte
	topics   map[string]bool
	pings    int
	answered chan struct{}              // closed with the last pong
	trades   map[string]said            // by id
	books    map[string]map[string]said // by symbol of the venue, and time
}

// said is what a message says of numbers, as text.
type said struct {
	price, size string
	bids, asks  [][2]json.Number
}

func (r *recording) add(t *testing.T, packed []byte) {
	t.Helper()
	z := must[*gzip.Reader](t)(gzip.NewReader(bytes.NewReader(packed)))
	text := must[[]byte](t)(io.ReadAll(z))
	var m struct {
		Ch   string
		TS   json.Number
		Ping json.Number
		Tick struct {
			TS         json.Number
			Bids, Asks [][2]json.Number
			Data       []struct{ ID, Price, Amount json.Number }
		}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	switch {
	case m.Ping != "":
		r.pings++
	case m.Ch == "": // an answer to another's request
		return
	default:
		id := strings.Split(m.Ch, ".")[1]
		r.topics[m.Ch] = true
		for _, row := range m.Tick.Data {
			r.trades[id+" "+row.ID.String()] = said{price: row.Price.String(), size: row.Amount.String()}
		}
		if strings.HasSuffix(m.Ch, ".depth.step0") {
			if r.books[id] == nil {
				r.books[id] = make(map[string]said)
			}
			r.books[id][m.Tick.TS.String()] = said{bids: m.Tick.Bids, asks: m.Tick.Asks}
		}
	}
	r.frames = append(r.frames, packed)
}

func record(t *testing.T, file string) *recording {
	t.Helper()
	r := &recording{answered: make(chan struct{}), topics: map[string]bool{}, trades: map[string]said{}, books: map[string]map[string]said{}}
	folder := os.Getenv("DEPTHWIRE_CAPTURES")
	if folder == "" { // a session made up here
		for _, text := range []string{
			`{"ping":1788081327012}`,
			`{"ch":"market.ethusdt.depth.step0","ts":1788081327503,"tick":{"bids":[[2604.17,3.2],[2604.11,1.5E-4]],"asks":[[2604.31,2.6],[2604.4,7.0]],"version":163200418861,"ts":1788081327500}}`,
			`{"ch":"market.ethusdt.trade.detail","ts":1788081327175,"tick":{"id":163200418861,"ts":1788081327173,"data":[{"id":163200418861359286410323766,"ts":1788081327173,"tradeId":104517381184,"amount":0.506754,"price":2604.31,"direction":"buy"}]}}`,
		} {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := io.WriteString(z, text); err != nil || z.Close() != nil {
				t.Fatal(err)
			}
			r.add(t, b.Bytes())
		}
		return r
	}
	f := must[*os.File](t)(os.Open(filepath.Join(folder, file)))
	defer f.Close()
	lines := bufio.NewScanner(must[*gzip.Reader](t)(gzip.NewReader(f)))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct{ B64 []byte }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.B64 != nil {
			r.add(t, line.B64)
		}
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return r
}

// serve is a venue that plays the recording when all its topics are subscribed, and offers no other books.
func (r *recording) serve() http.HandlerFunc {
	var pongs atomic.Int64
	return func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Upgrade") == "" {
			_, _ = io.WriteString(w, r.rules(req.URL.Path))
			return
		}
		ws, err := (&websocket.Upgrader{}).Upgrade(w, req, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		got := make(map[string]bool)
		for {
			_, text, err := ws.ReadMessage()
			var m struct {
				Sub, ID string
				Pong    json.Number
			}
			if err != nil || json.Unmarshal(text, &m) != nil {
				return
			}
			switch {
			case m.Pong != "":
				if int(pongs.Add(1)) == r.pings {
					close(r.answered)
				}
			case m.Sub != "" && !r.topics[m.Sub]:
				err = ws.WriteMessage(websocket.BinaryMessage, packed(`{"status":"error","ts":1,"id":"`+m.ID+`","err-code":"bad-request","err-msg":"invalid topic"}`))
			case m.Sub != "":
				got[m.Sub] = true
				err = ws.WriteMessage(websocket.BinaryMessage, packed(`{"id":"`+m.ID+`","status":"ok","subbed":"`+m.Sub+`","ts":1}`))
			}
			for i := 0; err == nil && len(got) == len(r.topics) && i < len(r.frames); i++ {
				err = ws.WriteMessage(websocket.BinaryMessage, r.frames[i])
			}
			if err != nil {
				return
			}
			if len(got) == len(r.topics) {
				clear(got) // it is played once
			}
		}
	}
}

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text) // into memory: it cannot fail
	z.Close()
	return b.Bytes()
}

// rules lists the markets of the recording, with increments that fit every number in it.
func (r *recording) rules(path string) string {
	var rows []string
	for topic := range r.topics {
		id := strings.Split(topic, ".")[1]
		base, _, contract := strings.Cut(id, "-")
		switch {
		case !strings.HasSuffix(topic, ".depth.step0"):
		case contract && path == "/swap-api/v1/swap_contract_info":
			rows = append(rows, `{"symbol":"`+base+`","contract_code":"`+id+`","contract_size":10.0,"price_tick":0.0000000001,"delivery_time":"","create_date":"20201021","contract_status":1,"business_type":"swap"}`)
		case !contract && path == "/v1/settings/common/market-symbols":
			rows = append(rows, `{"symbol":"`+id+`","state":"online","bc":"`+id+`","qc":"x","pp":10,"ap":8,"at":"enabled"}`)
		}
	}
	return `{"status":"ok","data":[` + strings.Join(rows, ",") + `],"ts":"1"}`
}

// TestRecordings plays recordings of the venue to a client: every frame is unpacked and understood, every ping
// answered, every trade told once, and every number is that which encoding/json reads.
func TestRecordings(t *testing.T) {
	for _, file := range []string{"huobi-spot.jsonl.gz", "huobi-swap.jsonl.gz"} {
		t.Run(file, func(t *testing.T) {
			r := record(t, file)
			server := httptest.NewServer(r.serve())
			defer server.Close()
			endpoints := map[string]string{"spot.rest": server.URL, "contract.rest": server.URL, "spot.stream": "ws" + server.URL[4:], "contract.stream": "ws" + server.URL[4:]}
			c := huobi.New(exchange.Options{Endpoints: endpoints, Ring: 1 << 16})
			defer c.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			w := r.follow(ctx, t, c)
			for what, done := range map[string]chan struct{}{"trades": w.traded, "books": w.booked, "pings": r.answered} {
				select {
				case <-done:
				case <-ctx.Done():
					t.Errorf("not all %s", what)
				}
			}
			for _, h := range c.Health() {
				if h.Malformed > 0 {
					t.Errorf("%+v", h)
				}
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, text := range w.wrong {
				t.Error(text)
			}
		})
	}
}

// listener compares what a client tells with the recording.
type listener struct {
	r              *recording
	ids            map[string]string // by symbol
	traded, booked chan struct{}     // closed with the last

	mu           sync.Mutex
	trades, last map[string]bool // seen; symbols whose last book was
	wrong        []string
}

// follow watches all markets.
func (r *recording) follow(ctx context.Context, t *testing.T, c *exchange.Client) *listener {
	t.Helper()
	w := &listener{r: r, ids: map[string]string{}, traded: make(chan struct{}), booked: make(chan struct{}), trades: map[string]bool{}, last: map[string]bool{}}
	var whole, traded []string
	for _, m := range must[[]exchange.Market](t)(c.FetchMarkets(ctx)) {
		w.ids[m.Symbol] = m.ID
		if len(r.books[m.ID]) > 0 {
			whole = append(whole, m.Symbol)
		}
		if r.topics["market."+m.ID+".trade.detail"] {
			traded = append(traded, m.Symbol)
		}
	}
	must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(ctx, 150, whole...)).OnEvent(w.book)
	must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(ctx, traded...)).OnEvent(w.trade)
	return w
}

func (w *listener) book(b *exchange.OrderBook) {
	if b.State != book.Live {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	id, at := w.ids[b.Symbol], fmt.Sprint(b.Time.UnixMilli())
	want, ok := w.r.books[id][at]
	if !ok || !sameLevels(b.Bids, want.bids) || !sameLevels(b.Asks, want.asks) {
		w.wrong = append(w.wrong, fmt.Sprintf("%s: book of %s is not the venue's", b.Symbol, b.Time))
	}
	if at == latest(w.r.books[id]) && !w.last[id] {
		if w.last[id] = true; len(w.last) == len(w.r.books) {
			close(w.booked)
		}
	}
}

func (w *listener) trade(v *exchange.Trade) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key, size := w.ids[v.Symbol]+" "+v.ID, v.Size
	if !v.Contracts.Absent() { // the venue counts both sides
		size = v.Contracts.Mul(decimal.New(2, 0))
	}
	want, ok := w.r.trades[key]
	if !ok || w.trades[key] || v.Break != nil || !v.Price.Exact() || !v.Price.Equal(decimal.MustParse(want.price)) || !size.Equal(decimal.MustParse(want.size)) {
		w.wrong = append(w.wrong, fmt.Sprintf("%+v, want %+v", v, want))
		return
	}
	if w.trades[key] = true; len(w.trades) == len(w.r.trades) {
		close(w.traded)
	}
}

func latest(books map[string]said) (last string) {
	for at := range books {
		last = max(last, at)
	}
	return last
}

func sameLevels(got []exchange.Level, want [][2]json.Number) bool {
	for i, l := range got {
		if i >= len(want) || !l.Price.Equal(decimal.MustParse(want[i][0].String())) || !l.Size.Equal(decimal.MustParse(want[i][1].String())) || !l.Price.Exact() || !l.Size.Exact() {
			return false
		}
	}
	return len(got) == min(len(want), 150)
}
