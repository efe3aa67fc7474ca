package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
)

var (
	_ record.Keeper = (*Sink)(nil)
	_ record.Store  = (*Sink)(nil)
)

var schemas atomic.Int64

// place makes a schema of a test's own, and returns an address that leads to it.
func place(t testing.TB) (address string) {
	t.Helper()
	url := backend.URL(t, "TEST_POSTGRES_DSN")
	name := fmt.Sprintf("record_%d_%d", time.Now().UnixNano(), schemas.Add(1))
	execute(t, url, "CREATE SCHEMA "+name)
	t.Cleanup(func() { execute(t, url, "DROP SCHEMA "+name+" CASCADE") })
	sign := "?"
	if strings.Contains(url, "?") {
		sign = "&"
	}
	return url + sign + "search_path=" + name
}

func connect(t testing.TB, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t testing.TB, address, text string) {
	t.Helper()
	db, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func open(t testing.TB, address string) *Sink {
	t.Helper()
	s, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	recordtest.Run(t, func(t *testing.T) *recordtest.Place {
		address := place(t)
		return &recordtest.Place{
			Open: func(ctx context.Context) (record.Store, error) {
				s, err := Open(ctx, address)
				if err != nil {
					return nil, err
				}
				return s, nil
			},
			Refused: func(_ *testing.T, e *record.Encoder) []byte { // an id that is too long for an index
				var id strings.Builder
				for i := range 10_000 {
					fmt.Fprint(&id, i*i, " ")
				}
				return e.Trade(&exchange.Trade{Stamp: exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Received: recordtest.Begin}, ID: id.String()})
			},
			Other: func(t *testing.T) { execute(t, address, "UPDATE meta SET schema = 3") },
		}
	})
}

func TestBookAt(t *testing.T) {
	address := place(t)
	s, db := open(t, address), connect(t, address)
	recordtest.Books(t, s, func(venue, symbol string, at time.Time, depth int) (bids, asks []exchange.Level) {
		rows, err := db.Query(BookAt, venue, symbol, at.UnixNano(), depth)
		if err != nil {
			t.Fatal(err)
		}
		return recordtest.Sides(t, rows)
	})
}
