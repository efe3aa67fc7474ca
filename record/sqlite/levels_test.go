package sqlite

import (
	"encoding/json"
	"testing"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// Whatever number a venue sends, the JSON of a book is JSON, and holds it as it was.
func FuzzLevels(f *testing.F) {
	for i, n := range numbers {
		f.Add(n, numbers[len(numbers)-1-i])
	}
	f.Add("", "1")
	f.Fuzz(func(t *testing.T, price, size string) {
		p, err := decimal.ParseString(price)
		if err != nil {
			return
		}
		z, err := decimal.ParseString(size)
		if err != nil {
			return
		}
		var s Sink
		text := s.levels([]exchange.Level{{Price: p, Size: z}, {Price: z, Size: p}})
		var got [][2]string
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if len(got) != 2 || got[0] != [2]string{p.String(), z.String()} || got[1] != [2]string{z.String(), p.String()} {
			t.Errorf("%s, want %s and %s", text, p, z)
		}
	})
}
