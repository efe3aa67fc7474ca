package record

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// Rows that wait in the log are not missing, and the report has them: those of the time that is verified, while the recorder is at work.
func TestVerifyLog(t *testing.T) {
	dir := t.TempDir()
	log, _, err := wal.Open(filepath.Join(dir, "log"), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s, none := newShelf(), newShelf()
	s.b.Reset(log.ID(), 0)
	put := func(row []byte, stored bool) {
		t.Helper()
		if _, err := log.Append(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		if stored {
			s.add(row)
		}
	}
	var e Encoder
	begin := Gap{Venue: "okx", Symbol: "A", Channel: Trades, Cause: Start, To: day, ToID: "100"}
	put(e.Gap(&begin, day), true)
	for i, symbol := range []string{"A", "A", "A", "A", "A", "B", "A"} {
		v := exchange.Trade{Stamp: exchange.Stamp{Venue: "okx", Symbol: symbol, Received: day.Add(time.Duration(i) * time.Hour)}, ID: strconv.Itoa(100 + i), Price: number("1")}
		if i == 6 {
			v.Received = day.Add(25 * time.Hour)
		}
		put(e.Trade(&v), i < 3)
	}
	if err := log.Sync(); err != nil {
		t.Fatal(err)
	}
	r, err := VerifyLog(t.Context(), s, dir, day, day.Add(24*time.Hour))
	if err != nil || s.err != nil {
		t.Fatal(err, s.err)
	}
	if a, b := r.Series[0], r.Series[1]; len(r.Series) != 2 || a.Rows != 3 || a.Waiting != 2 || a.Present != 3 || len(a.Missing) != 0 || b.Symbol != "B" || b.Rows != 0 || b.Waiting != 1 ||
		r.Waiting != 3 || !r.Accounted() {
		t.Errorf("%+v", r)
	}
	if r, err = VerifyLog(t.Context(), none, dir, day, day.Add(24*time.Hour)); err != nil || r.Waiting != 7 || len(r.Series) != 2 {
		t.Errorf("a store that has nothing: %+v, %v", r, err)
	}
	if r, err = VerifyLog(t.Context(), s, t.TempDir(), day, day.Add(24*time.Hour)); err != nil || r.Waiting != 0 || r.Series[0].Rows != 3 {
		t.Errorf("no log: %+v, %v", r, err)
	}
	if r, err = Verify(t.Context(), s, day, day.Add(24*time.Hour)); err != nil || r.Waiting != 0 || len(r.Series) != 1 {
		t.Errorf("of the store alone: %+v, %v", r, err)
	}
}
