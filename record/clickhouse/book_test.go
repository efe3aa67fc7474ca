package clickhouse

import (
	"fmt"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record/recordtest"
)

// at asks the view.
func (p *place) at(venue, symbol string, at time.Time, depth int) (bids, asks []exchange.Level) {
	p.t.Helper()
	rows, err := p.conn.Query(p.t.Context(), fmt.Sprintf("SELECT side, level, price_text, size_text, toString(price), toString(size) FROM book_at(venue = '%s', symbol = '%s', t = '%s', n = %d)",
		venue, symbol, at.UTC().Format("2006-01-02 15:04:05.000000000"), depth))
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var side, price, size, priceNumber, sizeNumber string
		var level uint32
		if err := rows.Scan(&side, &level, &price, &size, &priceNumber, &sizeNumber); err != nil {
			p.t.Fatal(err)
		}
		l := exchange.Level{Price: decimal.MustParse(price), Size: decimal.MustParse(size)}
		if !l.Price.Equal(decimal.MustParse(priceNumber)) || !l.Size.Equal(decimal.MustParse(sizeNumber)) {
			p.t.Errorf("%s and %s are the numbers %s and %s", price, size, priceNumber, sizeNumber)
		}
		to := &bids
		if side == "ask" {
			to = &asks
		}
		if *to = append(*to, l); int(level) != len(*to) {
			p.t.Errorf("level %d of %s comes as %d", level, side, len(*to))
		}
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return bids, asks
}

// Random books of two recorders, at random instants, are what a slow oracle has of them.
func TestBooksAtAnyInstant(t *testing.T) {
	p := newPlace(t, backend.URL(t, protocols["native"]))
	recordtest.Books(t, p.open(), p.at)
}
