package recordtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
	"github.com/depthwire/depthwire/record/wal"
)

// memory is a store as simple as it can be, which does one thing wrong if it is told to.
type memory struct {
	mu      sync.Mutex
	epoch   int
	other   bool
	cursors map[wal.ID]uint64
	rows    map[*record.Table][]*kept
	keys    map[string]bool
	defect  string
}

// kept is a row, with the log that it is from.
type kept struct {
	log wal.ID
	one *record.Rows
}

type sink struct {
	*memory
	mine int
}

func (m *memory) open(context.Context) (record.Store, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.other && m.defect != "version" {
		return nil, record.ErrSchema
	}
	if m.cursors == nil {
		m.cursors, m.rows, m.keys = make(map[wal.ID]uint64), make(map[*record.Table][]*kept), make(map[string]bool)
	}
	if m.epoch++; m.defect == "leak" {
		go func() { <-context.Background().Done() }()
	}
	return &sink{m, m.epoch}, nil
}

func (s *sink) Close() error { return nil }

func (s *sink) Cursor(_ context.Context, log wal.ID) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mine != s.epoch && s.defect != "fence" {
		return 0, record.ErrFenced
	}
	return s.cursors[log], nil
}

func (s *sink) Write(ctx context.Context, b *record.Batch) error {
	at, err := s.Cursor(ctx, b.Log)
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil && s.defect != "context":
		return ctx.Err()
	case b.To <= at && s.defect != "twice":
		return nil
	case b.From < at && s.defect != "overlap" && s.defect != "twice":
		return record.ErrOverlap
	}
	if s.defect != "refuse" && s.defect != "half" && s.refuses(b) {
		return record.ErrRefused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rows := range b.Tables {
		for i := range rows.Len() {
			if s.isNew(rows, i) {
				s.rows[rows.Table] = append(s.rows[rows.Table], &kept{b.Log, s.copyOf(rows, i)})
			}
		}
	}
	if s.defect != "cursor" {
		s.cursors[b.Log] = b.To
	}
	if s.defect == "half" && s.refuses(b) {
		return record.ErrRefused
	}
	return nil
}

const refusedSide = "the store takes no such side"

func (s *sink) refuses(b *record.Batch) bool {
	rows := b.Of(record.TradeTable)
	return rows != nil && slices.Contains(rows.Columns[record.TradeTable.Column("side")].Texts, refusedSide)
}

func (s *sink) isNew(rows *record.Rows, i int) bool {
	at := rows.Table.Column(rows.Table.Key)
	if at < 0 || rows.Columns[at].Texts[i] == "" && s.defect != "nameless" {
		return true
	}
	id := rows.Columns[at].Texts[i]
	if s.defect == "collation" {
		id = strings.ToLower(id)
	}
	key := fmt.Sprintf("%q %q %q", rows.Columns[0].Texts[i], rows.Columns[1].Texts[i], id)
	defer func() { s.keys[key] = true }()
	return !s.keys[key] || s.defect == "keys"
}

func (s *sink) copyOf(rows *record.Rows, i int) *record.Rows {
	one := record.NewRows(rows.Table)
	one.Pos = []uint64{rows.Pos[i]}
	for at := range rows.Columns {
		from, to := &rows.Columns[at], &one.Columns[at]
		switch rows.Table.Columns[at].Kind {
		case record.Text, record.Name:
			to.Texts = []string{from.Texts[i]}
			if s.defect == "nul" {
				to.Texts[0], _, _ = strings.Cut(from.Texts[i], "\x00")
			}
		case record.Number:
			to.Numbers = []decimal.Decimal{from.Numbers[i]}
			if s.defect == "zeros" {
				to.Numbers[0] = from.Numbers[i].Reduce()
			}
		case record.Levels:
			to.Levels = [][]exchange.Level{slices.Clone(from.Levels[i])}
		default:
			to.Ints = []int64{from.Ints[i]}
			if s.defect == "micro" && rows.Table.Columns[at].Kind == record.Moment {
				to.Ints[0] = from.Ints[i] / 1000 * 1000
			}
		}
	}
	return one
}

func (s *sink) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, c := range columns {
		if t.Column(c) < 0 {
			return fmt.Errorf("no column %s", c)
		}
	}
	rows := slices.Clone(s.rows[t])
	slices.SortStableFunc(rows, func(a, b *kept) int {
		c := slices.Compare(
			[]string{a.one.Columns[0].Texts[0], a.one.Columns[1].Texts[0], string(a.log[:])},
			[]string{b.one.Columns[0].Texts[0], b.one.Columns[1].Texts[0], string(b.log[:])})
		if c == 0 && s.defect != "order" {
			c = int(a.one.Pos[0]) - int(b.one.Pos[0])
		}
		return c
	})
	if s.defect == "order" {
		slices.Reverse(rows)
	}
	for _, x := range rows {
		if at := x.one.Columns[record.ReceivedColumn].Ints[0]; at < from.UnixNano() || at >= to.UnixNano() {
			continue
		}
		part := &record.Rows{Table: t, Log: x.log, Pos: x.one.Pos, Columns: make([]record.Values, len(t.Columns))}
		if s.defect == "log" {
			part.Log = wal.ID{}
		}
		for i, c := range t.Columns {
			if len(columns) == 0 || slices.Contains(columns, c.Name) || s.defect == "columns" {
				part.Columns[i] = x.one.Columns[i]
			}
		}
		if err := fn(part); err != nil {
			return err
		}
	}
	return nil
}

func run(t *testing.T, defect string) {
	recordtest.Run(t, func(*testing.T) *recordtest.Place {
		m := &memory{defect: defect}
		return &recordtest.Place{
			Open: m.open,
			Refused: func(_ *testing.T, e *record.Encoder) []byte {
				return e.Trade(&exchange.Trade{Stamp: exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Received: recordtest.Begin}, ID: "bad", Side: refusedSide})
			},
			Other: func(*testing.T) { m.other = true },
		}
	})
}

func TestGoodStorePasses(t *testing.T) { run(t, "") }

// Each defect is one that the suite finds.
func TestDefectsAreFound(t *testing.T) {
	const name = "DEPTHWIRE_TEST_DEFECT"
	if defect := os.Getenv(name); defect != "" {
		run(t, defect)
		return
	}
	for defect, check := range map[string]string{
		"version": "OtherVersion", "leak": "TwoLogs", "fence": "Fenced", "context": "ContextEnds", "twice": "AgainStoresNothingTwice", "overlap": "Overlap",
		"refuse": "Refused", "half": "Refused", "cursor": "RowsComeBack", "nameless": "Keys", "collation": "Keys", "keys": "Keys", "nul": "RowsComeBack",
		"zeros": "RowsComeBack", "micro": "RowsComeBack", "order": "RowsComeBack", "log": "TwoLogs", "columns": "ReadPart",
	} {
		t.Run(defect, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDefectsAreFound$/^"+check+"$")
			child.Env = append(os.Environ(), name+"="+defect)
			out, err := child.CombinedOutput()
			if _, failed := errors.AsType[*exec.ExitError](err); !failed || !bytes.Contains(out, []byte("--- FAIL: TestDefectsAreFound/"+check)) || bytes.Contains(out, []byte("panic:")) {
				t.Errorf("not found: %v\n%s", err, out)
			}
		})
	}
}

func TestMakersOfOneSeedAreOne(t *testing.T) {
	a, b := recordtest.NewMaker(5).Batch(recordtest.Log(1), 0, 3000), recordtest.NewMaker(5).Batch(recordtest.Log(1), 0, 3000)
	other := recordtest.NewMaker(6).Batch(recordtest.Log(1), 0, 3000)
	if len(a.Tables) != len(record.Tables) || a.Len() != 3000 {
		t.Fatalf("%d rows of %d tables", a.Len(), len(a.Tables))
	}
	same := 0
	for _, table := range record.Tables {
		x, y, z := a.Of(table), b.Of(table), other.Of(table)
		for i := range x.Len() {
			if recordtest.Text(x, i) != recordtest.Text(y, i) {
				t.Fatalf("%s, row %d\n%s\n%s", table.Name, i, recordtest.Text(x, i), recordtest.Text(y, i))
			}
			if i < z.Len() && recordtest.Text(x, i) == recordtest.Text(z, i) {
				same++
			}
		}
	}
	if same > 0 {
		t.Errorf("%d rows of another seed are the same", same)
	}
}
