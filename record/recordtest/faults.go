package recordtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
)

// keys checks that a row with a key is stored once, whichever log it is from, and a row without each time.
func keys(t *testing.T, p *Place) {
	s := p.open(t)
	var e record.Encoder
	trades := func(log byte, from uint64) *record.Batch {
		b := new(record.Batch)
		b.Reset(Log(log), from)
		add := func(venue, symbol, id string, seq int64) {
			if err := b.Add(b.To, e.Trade(&exchange.Trade{Stamp: exchange.Stamp{Venue: venue, Symbol: symbol, Received: Begin.Add(time.Duration(b.To)), Seq: seq}, ID: id, Price: decimal.New(1, 0)})); err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range texts { // they are all different, whatever a collation says
			add("okx", "BTC/USDT", id, int64(i))
		}
		if !p.UTF8 {
			for _, id := range scraps {
				add("okx", "BTC/USDT", id, 0)
			}
		}
		for range 3 {
			add("okx", "BTC/USDT", "7", int64(log))
			add("binance", "BTC/USDT", "7", 0)
			add("okx", "BTC/USDT:USDT", "7", 0)
			add("okx", "BTC/USDT", "", 0)
		}
		return b
	}
	var all Rows
	first := trades(1, 10)
	write(t, s, first, &all)
	again(t, s, first)
	all.Check(t, s)
	write(t, s, trades(1, first.To), &all)
	write(t, s, trades(2, 0), &all)
	all.Check(t, s)
	closed(t, s)
	s = p.open(t)
	write(t, s, trades(3, 0), &all)
	again(t, s, trades(2, 0))
	all.Check(t, s)
	if want := first.Len() - 6 + 3*4; all.Len(record.TradeTable) != want {
		t.Errorf("%d rows of the suite's own, want %d", all.Len(record.TradeTable), want)
	}
}

// contextEnds checks that Write ends with its context, and that the batch that comes again is stored once.
func contextEnds(t *testing.T, p *Place) {
	s := p.open(t)
	m := p.maker(6)
	var all Rows
	write(t, s, m.Batch(Log(1), 0, 100), &all)
	b := m.Batch(Log(1), 100, 3000)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Write(over, b); !errors.Is(err, context.Canceled) {
		t.Fatalf("Write with a context that is over: %v, want context.Canceled", err)
	}
	if err := s.Read(over, record.TradeTable, Begin, Begin.Add(time.Hour), nil, func(*record.Rows) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Read with a context that is over: %v, want context.Canceled", err)
	}
	all.Check(t, s)
	b.Again = true
	for wait := 50 * time.Microsecond; ; wait *= 2 { // until one is long enough
		short, cancel := context.WithTimeout(t.Context(), wait)
		err := s.Write(short, b)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Write for %v: %v, want context.DeadlineExceeded", wait, err)
		}
	}
	all.Stored(b)
	all.Check(t, s)
	write(t, s, m.Batch(Log(1), b.To, 10), &all)
	all.Check(t, s)
}

// overlap checks what a Keeper says to a batch of which it has a part.
func overlap(t *testing.T, p *Place) {
	s := p.open(t)
	if _, ok := s.(record.Keeper); !ok {
		t.Skip("not a Keeper")
	}
	m := p.maker(7)
	var all Rows
	b := m.Batch(Log(1), 0, 50)
	write(t, s, b, &all)
	if err := s.Write(t.Context(), m.Batch(Log(1), 40, 50)); !errors.Is(err, record.ErrOverlap) {
		t.Errorf("Write of a half: %v, want ErrOverlap", err)
	}
	if err := s.Write(t.Context(), m.Batch(Log(1), 10, 20)); err != nil { // which is within
		t.Errorf("Write of what is there: %v", err)
	}
	all.Check(t, s)
	cursor(t, s, b, 50)
	write(t, s, m.Batch(Log(1), 50, 5), &all)
	all.Check(t, s)
}

// fenced checks that who opens a Keeper's place takes it over.
func fenced(t *testing.T, p *Place) {
	first := p.open(t)
	k, ok := first.(record.Keeper)
	if !ok {
		t.Skip("not a Keeper")
	}
	m := p.maker(8)
	var all Rows
	write(t, first, m.Batch(Log(1), 0, 100), &all)
	second := p.open(t)
	b := m.Batch(Log(1), 100, 100)
	for range 2 {
		if err := first.Write(t.Context(), b); !errors.Is(err, record.ErrFenced) {
			t.Errorf("Write of the first: %v, want ErrFenced", err)
		}
		if _, err := k.Cursor(t.Context(), b.Log); !errors.Is(err, record.ErrFenced) {
			t.Errorf("Cursor of the first: %v, want ErrFenced", err)
		}
	}
	all.Check(t, second)
	write(t, second, b, &all)
	all.Check(t, second)
	if err := first.Write(t.Context(), b); !errors.Is(err, record.ErrFenced) { // though it is stored
		t.Errorf("Write of the first: %v, want ErrFenced", err)
	}
	closed(t, first)
	write(t, second, m.Batch(Log(1), 200, 10), &all)
	all.Check(t, second)
}

// refused checks that nothing stays of a batch with a row that the store does not take, and that its halves are taken.
func refused(t *testing.T, p *Place) {
	s := p.open(t)
	if p.Refused == nil {
		t.Skip("nothing is known that it refuses")
	}
	m := p.maker(9)
	var e record.Encoder
	var all Rows
	write(t, s, m.Batch(Log(1), 0, 20), &all)
	left, bad, right, whole := m.Batch(Log(1), 20, 200), new(record.Batch), m.Batch(Log(1), 221, 200), new(record.Batch)
	bad.Reset(Log(1), 220)
	if err := bad.Add(220, p.Refused(t, &e)); err != nil {
		t.Fatal(err)
	}
	whole.Reset(Log(1), 20)
	same := p.maker(9)
	same.Batch(Log(1), 0, 20)
	for pos := uint64(20); pos < 421; pos++ {
		row := []byte(nil)
		if pos == 220 {
			row = p.Refused(t, &e)
		} else {
			row = same.Row(record.Tables[same.r.IntN(len(record.Tables))])
		}
		if err := whole.Add(pos, row); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range []*record.Batch{whole, whole} {
		if err := s.Write(t.Context(), b); !errors.Is(err, record.ErrRefused) {
			t.Fatalf("Write of a row that is bad among others: %v, want ErrRefused", err)
		}
		all.Check(t, s)
		cursor(t, s, b, 20)
	}
	write(t, s, left, &all)
	if err := s.Write(t.Context(), bad); !errors.Is(err, record.ErrRefused) {
		t.Fatalf("Write of a row that is bad: %v, want ErrRefused", err)
	}
	empty := new(record.Batch) // the row is in a file by now
	empty.Reset(Log(1), 220)
	empty.To = 221
	write(t, s, empty, &all)
	write(t, s, right, &all)
	all.Check(t, s)
}

func otherVersion(t *testing.T, p *Place) {
	closed(t, p.open(t))
	if p.Other == nil {
		t.Skip("versions are not known there")
	}
	p.Other(t)
	for range 2 {
		if s, err := p.Open(t.Context()); !errors.Is(err, record.ErrSchema) {
			t.Errorf("Open of another version: %v, want ErrSchema", err)
			if err == nil {
				s.Close()
			}
		}
	}
}
