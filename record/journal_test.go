package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// fullDisk is a journal whose log takes nothing while full says so, and what the log has.
func fullDisk(t *testing.T) (j *journal, full *bool, stored func() *store) {
	log, _, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	j, full = newJournal(log, slog.New(slog.DiscardHandler)), new(bool)
	j.append = func(ctx context.Context, row []byte) (uint64, error) {
		if *full {
			return 0, syscall.ENOSPC
		}
		return log.Append(ctx, row)
	}
	return j, full, func() *store {
		s := newStore()
		if err := log.Sync(); err != nil {
			t.Fatal(err)
		}
		var b Batch
		b.Reset(log.ID(), 0)
		in := log.Reader(0)
		defer in.Close()
		for pos := range log.Stats().Next {
			_, row, err := in.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Add(pos, row); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Write(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// What the log does not take is counted, and told before the next value that it takes: how many, since when, between which numbers, and what the
// venue itself had left out among them.
func TestFullDiskIsTold(t *testing.T) {
	j, full, stored := fullDisk(t)
	k := &single[exchange.Trade]{j: j, ch: Trades, stamp: ofTrade, encode: (*Encoder).Trade, counts: make(map[string]*count),
		ids: tradeIDs, numbered: func(string) bool { return true }}
	put := func(n int, hole *exchange.Break, want error) time.Time {
		t.Helper()
		v := trade("A", n)
		v.Break = hole
		if err := k.keep(t.Context(), &v); !errors.Is(err, want) {
			t.Errorf("trade %d: %v", n, err)
		}
		return v.Received
	}
	good := put(1, nil, nil)
	*full = true
	put(2, nil, syscall.ENOSPC)
	put(6, &exchange.Break{Cause: "disconnect", From: good, FromID: "2", ToID: "6", Lost: 3}, syscall.ENOSPC)
	last := put(7, nil, syscall.ENOSPC)
	if j.untold() != 6 {
		t.Errorf("%d are untold", j.untold())
	}
	*full = false
	put(8, nil, nil)
	s := stored()
	told := s.told()
	if len(told) != 1 || told[0].Cause != Unlogged || told[0].Lost != 6 || told[0].FromID != "1" || told[0].ToID != "8" ||
		!told[0].From.Equal(good) || !told[0].To.Equal(last) || !strings.Contains(told[0].Err, "among them: disconnect") {
		t.Errorf("told %+v", told)
	}
	if strings.Join(s.trades, " ") != "1 8" || j.untold() != 0 {
		t.Errorf("trades %v, %d untold", s.trades, j.untold())
	}
}

// After a change that the log did not take, or when the clock was set back, a book is written whole.
func TestBookIsWholeAgain(t *testing.T) {
	j, full, stored := fullDisk(t)
	k := &bookKeeper{j: j, every: time.Minute, kept: make(map[string]*keptBook)}
	at := time.Unix(1000, 0)
	put := func(after time.Duration, size string, want error) {
		t.Helper()
		v := bookAt("A", book.Live, nil, level("1", size), level("2", "1"))
		v.Received = at.Add(after)
		if err := k.keep(t.Context(), &v); !errors.Is(err, want) {
			t.Errorf("after %v: %v", after, err)
		}
	}
	put(0, "1", nil)
	put(1*time.Second, "2", nil)
	*full = true
	put(2*time.Second, "3", syscall.ENOSPC)
	*full = false
	put(3*time.Second, "4", nil)
	put(-3*time.Second, "5", nil)
	put(-2*time.Second, "6", nil)
	put(58*time.Second, "7", nil)
	var states []string
	for _, r := range stored().states {
		states = append(states, r.state)
	}
	if got := strings.Join(states, " "); got != "snapshot delta snapshot snapshot delta snapshot" {
		t.Errorf("written: %s", got)
	}
}

// A row that the log has accepted and cannot bring to the disk yet is no row that is lost: the log has it when there is room again.
func TestUnsyncedIsNotLost(t *testing.T) {
	j, full, stored := fullDisk(t)
	into := j.append
	j.append = func(ctx context.Context, row []byte) (uint64, error) {
		pos, err := into(ctx, row)
		if err == nil {
			err = fmt.Errorf("%w: %w", wal.ErrUnsynced, syscall.ENOSPC)
		}
		return pos, err
	}
	k := newSingle(&Recorder{journal: j}, Trades, false, ofTrade, (*Encoder).Trade)
	for n, want := range []error{nil, syscall.ENOSPC, nil} {
		*full = n == 1
		v := trade("A", n)
		if err := k.keep(t.Context(), &v); !errors.Is(err, want) {
			t.Errorf("trade %d: %v, want %v", n, err, want)
		}
	}
	s := stored()
	if told := s.told(); len(told) != 1 || told[0].Cause != Unlogged || told[0].Lost != 1 || strings.Join(s.trades, " ") != "0 2" || j.untold() != 0 {
		t.Errorf("%v and %+v", s.trades, told)
	}
}

// When the clock is set back nothing is lost, and the log says so, of each series, once; rows that come a little out of order say nothing. What is
// recorded of that time is whole.
func TestClockSetBack(t *testing.T) {
	log, _, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var said strings.Builder
	r := &Recorder{journal: newJournal(log, slog.New(slog.NewTextHandler(&said, nil)))}
	k := newSingle(r, Trades, false, ofTrade, (*Encoder).Trade)
	shelf := newShelf()
	r.journal.append = func(_ context.Context, row []byte) (uint64, error) { shelf.add(row); return 0, nil }
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	n := 0
	put := func(after time.Duration) {
		t.Helper()
		for _, symbol := range []string{"A", "B"} {
			v := trade(symbol, n)
			v.Received = begin.Add(after)
			if err := k.keep(t.Context(), &v); err != nil {
				t.Fatal(err)
			}
		}
		n++
	}
	for _, after := range []time.Duration{0, 2 * time.Hour, 2*time.Hour - 30*time.Second, 10 * time.Minute, 11 * time.Minute, -time.Hour} {
		put(after)
	}
	var told []string
	err = shelf.Read(t.Context(), GapTable, begin.Add(-2*time.Hour), begin.Add(3*time.Hour), nil, func(r *Rows) error {
		for i := range r.Len() {
			at := func(column string) time.Duration { return Time(r.Columns[r.Table.Column(column)].Ints[i]).Sub(begin) }
			if r.Columns[r.Table.Column("cause")].Texts[i] == Clock {
				told = append(told, fmt.Sprint(r.Columns[SymbolColumn].Texts[i], " ", at("from_time"), " ", at("to_time")))
			}
		}
		return nil
	})
	want := "A 1h59m30s 10m0s, B 1h59m30s 10m0s, A 11m0s -1h0m0s, B 11m0s -1h0m0s"
	if got := strings.Join(told, ", "); err != nil || got != want {
		t.Errorf("told %s, %v, want %s", got, err, want)
	}
	if strings.Count(said.String(), "the clock was set back") != 1 || !strings.Contains(said.String(), "by=1h49m30s") {
		t.Errorf("said %s", said.String())
	}
	report, err := Verify(t.Context(), shelf, begin.Add(-2*time.Hour), begin.Add(3*time.Hour))
	if err != nil || len(report.Series) != 2 || !report.Accounted() || !report.Series[0].Whole() || report.Series[0].Rows != 6 {
		t.Errorf("%+v, %v", report, err)
	}
}
