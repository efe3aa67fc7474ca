package recordtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
)

// Place is where a sink stores. It is empty when it is made, and goes with the test.
type Place struct {
	// Open opens it, the first time and again.
	Open func(ctx context.Context) (record.Store, error)
	// UTF8 says that the store can hold no other text.
	UTF8 bool
	// Refused returns a record of TradeTable that the store does not take, nil function: nothing is known that it refuses. Open was called before.
	Refused func(t *testing.T, e *record.Encoder) []byte
	// Other makes it a place of another version, nil: versions are not known there. It was opened, and closed.
	Other func(t *testing.T)
}

// Run runs all checks, each at a place of its own.
func Run(t *testing.T, at func(t *testing.T) *Place) {
	for _, c := range []struct {
		name  string
		check func(t *testing.T, p *Place)
	}{
		{"RowsComeBack", rowsComeBack},
		{"ReadPart", readPart},
		{"AgainStoresNothingTwice", againStoresNothingTwice},
		{"TwoLogs", twoLogs},
		{"HolesInPositions", holesInPositions},
		{"Keys", keys},
		{"ContextEnds", contextEnds},
		{"Overlap", overlap},
		{"Fenced", fenced},
		{"Refused", refused},
		{"OtherVersion", otherVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			backend.Leaks(t)
			c.check(t, at(t))
		})
	}
}

// open opens the place until the test is over, or the sink is closed.
func (p *Place) open(t *testing.T) record.Store {
	t.Helper()
	s, err := p.Open(t.Context())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (p *Place) maker(seed uint64) *Maker {
	m := NewMaker(seed)
	m.UTF8 = p.UTF8
	return m
}

func closed(t *testing.T, s record.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func write(t *testing.T, s record.Store, b *record.Batch, all *Rows) {
	t.Helper()
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatalf("Write of [%d, %d) of %s: %v", b.From, b.To, b.Log, err)
	}
	all.Stored(b)
}

// again writes what is there.
func again(t *testing.T, s record.Store, b *record.Batch) {
	t.Helper()
	x := *b
	x.Again = true
	if err := s.Write(t.Context(), &x); err != nil {
		t.Fatalf("Write of [%d, %d) of %s again: %v", b.From, b.To, b.Log, err)
	}
}

func cursor(t *testing.T, s record.Store, b *record.Batch, want uint64) {
	t.Helper()
	if k, ok := s.(record.Keeper); ok {
		if at, err := k.Cursor(t.Context(), b.Log); err != nil || at != want {
			t.Errorf("Cursor of %s: %d, %v, want %d", b.Log, at, err, want)
		}
	}
}

// rowsComeBack checks that every value comes back as it was, before and after the place is opened again.
func rowsComeBack(t *testing.T, p *Place) {
	s := p.open(t)
	m := p.maker(1)
	var all Rows
	from := uint64(0)
	for _, n := range []int{1, 30, 1500, 7, 600} {
		b := m.Batch(Log(1), from, n)
		cursor(t, s, b, from)
		write(t, s, b, &all)
		from = b.To
		cursor(t, s, b, from)
	}
	all.Check(t, s)
	closed(t, s)
	s = p.open(t)
	all.Check(t, s)
	write(t, s, m.Batch(Log(1), from, 100), &all)
	all.Check(t, s)
}

// readPart checks the limits of Read: columns, time, and the end that fn wants.
func readPart(t *testing.T, p *Place) {
	s := p.open(t)
	m := p.maker(2)
	var all Rows
	for _, table := range record.Tables {
		all.between(t, s, table, Begin, Begin.Add(time.Hour))
		if err := columnsOnly(t.Context(), s, table, "seq"); err != nil {
			t.Error(err)
		}
	}
	b := m.Batch(Log(1), 0, 2000)
	write(t, s, b, &all)
	stop := errors.New("enough")
	for _, rows := range b.Tables {
		table := rows.Table
		received := rows.Columns[record.ReceivedColumn].Ints
		first, middle, last := record.Time(received[0]), record.Time(received[len(received)/2]), record.Time(received[len(received)-1])
		all.between(t, s, table, first, last)
		all.between(t, s, table, middle, last.Add(1))
		all.between(t, s, table, middle.Add(1), last.Add(1))
		all.between(t, s, table, last.Add(1), last.Add(2))
		all.between(t, s, table, first, first)
		for _, c := range table.Columns {
			if err := columnsOnly(t.Context(), s, table, c.Name, "received"); err != nil {
				t.Errorf("%s: %v", table.Name, err)
			}
		}
		calls := 0
		err := s.Read(t.Context(), table, first, last, nil, func(*record.Rows) error { calls++; return stop })
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("Read of %s whose reader wants no more: %v, after %d calls", table.Name, err, calls)
		}
	}
	if err := s.Read(t.Context(), record.TradeTable, Begin, Begin.Add(1), []string{"nonsense"}, func(*record.Rows) error { return nil }); err == nil {
		t.Error("Read of a column that there is not: no error")
	}
	all.Check(t, s)
}

func againStoresNothingTwice(t *testing.T, p *Place) {
	s := p.open(t)
	m := p.maker(3)
	var all Rows
	first := m.Batch(Log(1), 0, 500)
	write(t, s, first, &all)
	again(t, s, first)
	again(t, s, first)
	all.Check(t, s)
	second := m.Batch(Log(1), first.To, 500)
	write(t, s, second, &all)
	again(t, s, second)
	closed(t, s)
	s = p.open(t)
	again(t, s, second)
	cursor(t, s, second, second.To)
	all.Check(t, s)
	third := m.Batch(Log(1), second.To, 10)
	third.Again = true // and none of it is there
	write(t, s, third, &all)
	again(t, s, third)
	all.Check(t, s)
}

func twoLogs(t *testing.T, p *Place) {
	s := p.open(t)
	m := p.maker(4)
	var all Rows
	from := uint64(0)
	for range 3 {
		a, b := m.Batch(Log(2), from, 100), m.Batch(Log(1), 2*from, 200)
		write(t, s, a, &all)
		write(t, s, b, &all)
		again(t, s, a)
		again(t, s, b)
		cursor(t, s, a, a.To)
		cursor(t, s, b, b.To)
		from = a.To
	}
	all.Check(t, s)
	closed(t, s)
	s = p.open(t)
	a, b := m.Batch(Log(1), 600, 5), m.Batch(Log(2), 300, 5)
	cursor(t, s, a, 600)
	cursor(t, s, b, 300)
	cursor(t, s, m.Batch(Log(3), 0, 1), 0)
	write(t, s, a, &all)
	write(t, s, b, &all)
	all.Check(t, s)
}

// holesInPositions checks batches that have not a row at each position, or none at all.
func holesInPositions(t *testing.T, p *Place) {
	s := p.open(t)
	m := p.maker(5)
	var all Rows
	b := new(record.Batch)
	b.Reset(Log(1), 5)
	for pos := uint64(7); pos < 300; pos += 1 + pos%5 {
		if err := b.Add(pos, m.Row(record.Tables[pos%uint64(len(record.Tables))])); err != nil {
			t.Fatal(err)
		}
	}
	b.To = 400
	write(t, s, b, &all)
	cursor(t, s, b, 400)
	again(t, s, b)
	b.Reset(Log(1), 400)
	b.To = 450
	write(t, s, b, &all)
	cursor(t, s, b, 450)
	write(t, s, m.Batch(Log(1), 1<<40, 3), &all)
	all.Check(t, s)
}
