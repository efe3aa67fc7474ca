package venuetest_test

import (
	"fmt"
	"io"
	"strings"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/venuetest"
	"github.com/gorilla/websocket"
)

// A bot under test gets the server's endpoints and its way to connect; here the
// standard clients stand for the bot.
func ExampleBinance() {
	s := venuetest.Binance(venuetest.Options{Memory: true})
	defer s.Close()

	resp, err := s.Client().Get(s.Endpoints()["spot.rest"] + "/api/v3/ping")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	fmt.Println(string(body), err, resp.Header.Get("X-MBX-USED-WEIGHT-1M"))
	// Output: {} <nil> 1
}

// A fault is scripted before it is met: the second delta is lost.
func ExampleServer_Fault() {
	s := venuetest.OKX(venuetest.Options{Memory: true})
	defer s.Close()
	d := websocket.Dialer{NetDialContext: s.DialContext}
	ws, _, err := d.Dial(s.Endpoints()["public"], nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ws.Close()
	sub := `{"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"}]}`
	if err := ws.WriteMessage(websocket.TextMessage, []byte(sub)); err != nil {
		fmt.Println(err)
		return
	}
	for range 2 { // the ack and the snapshot
		if _, _, err := ws.ReadMessage(); err != nil {
			fmt.Println(err)
			return
		}
	}

	s.Fault(venuetest.Fault{Kind: venuetest.DropDelta, ID: "BTC/USDT"})
	s.Step(50)
	lost := s.Last("BTC/USDT")
	s.Step(50)
	_, frame, err := ws.ReadMessage()
	fmt.Println(err, strings.Contains(string(frame), fmt.Sprintf(`"prevSeqId":%d`, lost)))
	book, ok := s.Book("BTC/USDT", s.Last("BTC/USDT"))
	fmt.Println(ok, len(book.Bids) > 400)
	// Output:
	// <nil> true
	// true true
}

// An account's orders rest beside the simulated book, and fill at a test's command.
func ExampleServer_NewAccount() {
	s := venuetest.Binance(venuetest.Options{Memory: true})
	defer s.Close()
	a := s.NewAccount(venuetest.AccountOptions{Key: "key", Secret: "s3cret", Balances: map[string]string{"spot/USDT": "1000"}})

	o, err := a.Place(venuetest.Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", Price: decimal.MustParse("50000"), Size: decimal.MustParse("0.01")})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = a.Fill(o.ID, decimal.MustParse("0.004"))
	fmt.Println(a.Fills()[0].Cost, a.OpenOrders()[0].Filled, err)
	for _, b := range a.Balances() {
		fmt.Println(b.Asset, b.Free, b.Used)
	}
	// Output:
	// 200.0000000 0.00400 <nil>
	// BTC 0.00399600 0
	// USDT 500.0000000 300.0000000
}
