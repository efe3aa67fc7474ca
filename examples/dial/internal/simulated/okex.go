package simulated

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// OKEx is a feed of the first protocol of OKEx (OKX, section 13.2): requests
// are text, what is sent is raw DEFLATE in binary frames, and who does not ping
// for 30 s is cut off. Every channel of trades of futures exists, and trades
// once a second.
type OKEx struct {
	server  http.Server
	end     context.CancelFunc
	serving sync.WaitGroup
	err     error // of the server, once it has ended
}

// NewOKEx serves on ln, until Close.
func NewOKEx(ln net.Listener) *OKEx {
	ctx, end := context.WithCancel(context.Background())
	o := &OKEx{end: end}
	o.server.BaseContext = func(net.Listener) context.Context { return ctx }
	o.server.Handler = http.HandlerFunc(o.connect)
	o.serving.Go(func() { o.err = o.server.Serve(ln) })
	return o
}

// Close ends all connections, and says what went wrong before.
func (o *OKEx) Close() error {
	o.end()
	err := o.server.Shutdown(context.Background())
	o.serving.Wait()
	if errors.Is(o.err, http.ErrServerClosed) {
		return err
	}
	return o.err
}

func (o *OKEx) connect(w http.ResponseWriter, r *http.Request) {
	o.serving.Add(1) // before the server forgets the connection
	defer o.serving.Done()
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has been answered
	}
	ctx, cancel := context.WithCancel(r.Context())
	requests := make(chan okexRequest)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(requests)
		receive(ctx, conn, requests)
	})
	defer reading.Wait()
	defer conn.Close()
	defer cancel()
	feed := okexFeed{conn: conn}
	feed.serve(ctx, requests)
}

type okexRequest struct{ Event, Channel string }

// receive passes on what the client sends until it is silent or gone.
func receive(ctx context.Context, conn *websocket.Conn, to chan<- okexRequest) {
	patience := time.Now().Add(30 * time.Second)
	for {
		conn.SetReadDeadline(patience)
		_, msg, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var r okexRequest
		if json.Unmarshal(bytes.ReplaceAll(msg, []byte("'"), []byte(`"`)), &r) != nil { // either quotes will do
			return
		}
		if r.Event == "ping" {
			patience = time.Now().Add(30 * time.Second)
		}
		select {
		case to <- r:
		case <-ctx.Done():
			return
		}
	}
}

// okexFeed is one connection.
type okexFeed struct {
	conn     *websocket.Conn
	channels []string
	trades   int64
	packed   bytes.Buffer
}

func (f *okexFeed) serve(ctx context.Context, requests <-chan okexRequest) {
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case r, ok := <-requests:
			if !ok || f.answer(r) != nil {
				return
			}
		case now := <-clock.C:
			if f.trade(now) != nil {
				return
			}
		}
	}
}

func (f *okexFeed) answer(r okexRequest) error {
	switch {
	case r.Event == "ping":
		return f.send(`{"event":"pong"}`)
	case r.Event == "addChannel" && strings.HasPrefix(r.Channel, "ok_sub_futureusd_") && strings.Contains(r.Channel, "_trade_"):
		f.channels = append(f.channels, r.Channel)
		return f.send(fmt.Sprintf(`[{"binary":1,"channel":"addChannel","data":{"result":true,"channel":"%s"}}]`, r.Channel))
	}
	return f.send(fmt.Sprintf(`[{"binary":1,"channel":%q,"data":{"result":false,"error_msg":"param not match.","error_code":20116}}]`, r.Channel))
}

func (f *okexFeed) trade(now time.Time) error {
	for _, channel := range f.channels {
		f.trades++
		local := now.In(time.FixedZone("UTC+8", 8*60*60)).Format(time.TimeOnly)
		if err := f.send(fmt.Sprintf(`[{"binary":1,"channel":"%s","data":[["%d","4012.5","12","%s","ask","0.2991"]]}]`, channel, 1234567890000+f.trades, local)); err != nil {
			return err
		}
	}
	return nil
}

// send packs each message by itself, and closes the stream: who inflates strictly reads to its end.
func (f *okexFeed) send(text string) error {
	f.packed.Reset()
	z, err := flate.NewWriter(&f.packed, flate.DefaultCompression)
	if err != nil {
		return err
	}
	z.Write([]byte(text)) // into memory: it cannot fail
	z.Close()
	return f.conn.WriteMessage(websocket.BinaryMessage, f.packed.Bytes())
}
