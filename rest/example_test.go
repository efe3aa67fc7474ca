package rest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// A client of a venue that counts weight in fixed minutes and tells in a header how much of it is used.
func Example() {
	venue := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-MBX-USED-WEIGHT-1M", "1200")
		io.WriteString(w, "the book of "+r.URL.Query().Get("symbol"))
	}))
	defer venue.Close()

	weight := &rest.Limit{Name: "request weight", Max: 6000, Per: time.Minute, Fixed: true, Used: func(h http.Header) (int, bool) {
		used, err := strconv.Atoi(h.Get("X-MBX-USED-WEIGHT-1M"))
		return used, err == nil
	}}
	client := &rest.Client{Base: venue.URL, Governor: &rest.Governor{}}

	r := &rest.Request{Path: "/api/v3/depth", Priority: rest.Snapshot, Charges: []rest.Charge{{Limit: weight, Cost: 50}}}
	r.Set("symbol", "BTCUSDT")
	resp, err := client.Do(context.Background(), r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(resp.Body))
	usage := client.Governor.Usage(weight)
	fmt.Println(usage.Used, "of", usage.Allowed)
	// Output:
	// the book of BTCUSDT
	// 1200 of 5400
}

// A Signer in the way of Binance (section 6.3): a time, then the signature over the query as it is sent.
func ExampleSigner() {
	var sign rest.Signer = func(r *rest.Request, now time.Time) error {
		r.Header.Set("X-MBX-APIKEY", "Tv1mKqY8sR2dXw5nLb7cJf4hGz9pUe3aHo6iVt0yBk1MrDq8SxWl2CgNj5EuZ7Pf")
		r.Set("timestamp", strconv.FormatInt(now.UnixMilli(), 10))
		mac := hmac.New(sha256.New, []byte("zG4vR8tYw2LkQ9hXn6BcD1mJp5sUaF3eVo7iKyTqW0xNrHbZ8CgMlEuPd2SjA4f6"))
		io.WriteString(mac, r.RawQuery()+string(r.Body))
		r.Set("signature", hex.EncodeToString(mac.Sum(nil)))
		return nil
	}
	r := &rest.Request{Path: "/api/v3/account", Header: http.Header{}}
	r.Set("omitZeroBalances", "true")
	r.Set("recvWindow", "5000")
	if err := sign(r, time.UnixMilli(1763776800123)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Value("signature"))
	// Output: 3d8b2d8c70e7e5f1f1c946cf59f47aa4dd510a81c6d959c6ddf78f2a0a5a716a
}

func ExampleGovernor_Wait() {
	books := &rest.Limit{Name: "books", Max: 40, Per: 2 * time.Second, Share: 0.8}
	var g rest.Governor
	if err := g.Wait(context.Background(), rest.Normal, rest.Charge{Limit: books, Cost: 1}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(g.Usage(books).Used, "of", g.Usage(books).Allowed)
	// Output: 1 of 32
}

func ExampleClock() {
	var clock rest.Clock
	sent := time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)
	clock.Measure(sent, sent.Add(40*time.Millisecond), sent.Add(520*time.Millisecond))
	fmt.Println(clock.Offset())
	// Output: 500ms
}
