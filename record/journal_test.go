package record

import (
	"context"
	"errors"
	"fmt"
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
	j, full = newJournal(log), new(bool)
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
