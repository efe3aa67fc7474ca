package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/record/sqlite"
	"github.com/depthwire/depthwire/venuetest"
)

func TestRecorder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "recording")
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.OKX(venuetest.Options{Memory: true, Rate: 50})
		defer s.Close()
		c := okx.New(exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := run(ctx, &out, c, dir); err != nil {
			t.Error(err)
		}
	})
	var trades, books, stored int
	if _, err := fmt.Sscanf(out.String(), "%d trades, %d states of 2 books, %d rows stored", &trades, &books, &stored); err != nil || trades == 0 || books == 0 {
		t.Fatalf("%v: %s", err, &out)
	}
	if !strings.HasSuffix(out.String(), "all that is missing is accounted for: true\n") {
		t.Error(out.String())
	}
	db, err := sql.Open(sqlite.Driver, filepath.Join(dir, "ticks.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for table, want := range map[string]int{"trades": trades, "books": books} {
		var got int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d rows, %v; the recorder says %d", table, got, err, want)
		}
	}
}
