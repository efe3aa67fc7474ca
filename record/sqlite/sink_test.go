package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
)

var (
	_ record.Keeper = (*Sink)(nil)
	_ record.Store  = (*Sink)(nil)
)

func TestConformance(t *testing.T) {
	recordtest.Run(t, func(t *testing.T) *recordtest.Place {
		path := filepath.Join(t.TempDir(), "a b?c%d#e.db")
		return &recordtest.Place{
			Open: func(ctx context.Context) (record.Store, error) {
				s, err := Open(ctx, path, Options{})
				if err != nil {
					return nil, err
				}
				return s, nil
			},
			Refused: func(t *testing.T, e *record.Encoder) []byte {
				execute(t, path, `CREATE TRIGGER IF NOT EXISTS no BEFORE INSERT ON trades_row WHEN NEW.side = 'none' BEGIN SELECT RAISE(ABORT, 'no such side'); END`)
				return e.Trade(&exchange.Trade{Stamp: exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Received: recordtest.Begin}, ID: "bad", Side: "none"})
			},
			Other: func(t *testing.T) { execute(t, path, "UPDATE meta SET schema = 1") },
		}
	})
}

func execute(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open(Driver, address(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestBookAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db, err := sql.Open(Driver, address(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	recordtest.Books(t, s, func(venue, symbol string, at time.Time, depth int) (bids, asks []exchange.Level) {
		rows, err := db.Query(BookAt, venue, symbol, at.UnixNano(), depth)
		if err != nil {
			t.Fatal(err)
		}
		return recordtest.Sides(t, rows)
	})
}
