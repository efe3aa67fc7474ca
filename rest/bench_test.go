package rest

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func BenchmarkDo(b *testing.B) {
	client := &Client{Base: "https://venue.example", Transport: venue(func(*http.Request) (*http.Response, error) {
		return answer(200, `{"serverTime":1763776800123}`), nil
	})}
	l := &Limit{Name: "weight", Max: 1 << 50, Per: time.Minute, Fixed: true}
	r := &Request{Path: "/api/v3/time", Query: []Param{{"symbol", "BTCUSDT"}}, Charges: []Charge{{l, 1}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Do(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRawQuery(b *testing.B) {
	r := &Request{Query: []Param{{"symbol", "BTCUSDT"}, {"limit", "1000"}, {"timestamp", "1763776800123"}}}
	b.ReportAllocs()
	for b.Loop() {
		if !strings.HasPrefix(r.RawQuery(), "symbol") {
			b.Fatal("query")
		}
	}
}
