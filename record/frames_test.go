package record

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// rows of frames in a batch: of each frame those that Tap makes.
func frameRows(t *testing.T, frames []exchange.Frame) *Batch {
	t.Helper()
	b := &Batch{}
	b.Reset(wal.ID{1}, 0)
	var e Encoder
	pos := uint64(0)
	for i := range frames {
		f := &frames[i]
		for at := 0; ; {
			end := min(at+mostPart, len(f.Data))
			if err := b.Add(pos, e.Frame(f, at, f.Data[at:end])); err != nil {
				t.Fatal(err)
			}
			pos++
			if at = end; at == len(f.Data) {
				break
			}
		}
	}
	return b
}

func readFrames(t *testing.T, x *FrameReader, r *Rows) (all []exchange.Frame) {
	t.Helper()
	if err := x.Read(r, func(f *exchange.Frame) error { all = append(all, *f); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// A frame comes back as it was: text, bytes that are none, halves of letters, nothing, and what is larger than a row.
func TestFramesComeBack(t *testing.T) {
	at := time.Unix(1, 2).UTC()
	var frames []exchange.Frame
	for i, data := range []string{"", "{}", "{\x00}", "\xff\xfe", strings.Repeat("é", mostPart/2+3), "x" + strings.Repeat("é", mostPart), strings.Repeat("z", mostPart), strings.Repeat("\x00", 3*mostPart+1)} {
		frames = append(frames, exchange.Frame{Venue: "okx", Kind: exchange.FrameIn, Conn: int64(i), URL: "wss://x", Data: []byte(data), Received: at})
	}
	rows := frameRows(t, frames).Of(FrameTable)
	for i, text := range rows.Columns[frameData].Texts {
		if strings.ContainsRune(text, 0) || !slices.Contains([]string{"", inBase64}, rows.Columns[frameEncoding].Texts[i]) {
			t.Errorf("row %d is no text", i)
		}
	}
	var x FrameReader
	got := readFrames(t, &x, rows)
	if len(got) != len(frames) {
		t.Fatalf("%d frames, want %d", len(got), len(frames))
	}
	for i := range got {
		want := frames[i]
		if !bytes.Equal(got[i].Data, want.Data) {
			t.Errorf("frame %d: %d bytes, want %d", i, len(got[i].Data), len(want.Data))
		}
		if got[i].Data, want.Data = nil, nil; fmt.Sprint(got[i]) != fmt.Sprint(want) {
			t.Errorf("frame %d: %+v, want %+v", i, got[i], want)
		}
	}
}

// A frame of which a row is missing is no frame, and hurts none of the others.
func TestFrameWithoutARow(t *testing.T) {
	large := exchange.Frame{Venue: "okx", Kind: exchange.FrameHTTP, URL: "https://x/", Data: bytes.Repeat([]byte("abc"), mostPart)}
	small := exchange.Frame{Venue: "okx", Kind: exchange.FrameHTTP, URL: "https://x/", Data: []byte("small")}
	whole := frameRows(t, []exchange.Frame{large, small, large}).Of(FrameTable)
	for missing := range whole.Len() {
		left := NewRows(FrameTable)
		for i := range whole.Len() {
			if i == missing {
				continue
			}
			left.Pos = append(left.Pos, whole.Pos[i])
			for c := range left.Columns {
				if texts := whole.Columns[c].Texts; texts != nil {
					left.Columns[c].Texts = append(left.Columns[c].Texts, texts[i])
				} else {
					left.Columns[c].Ints = append(left.Columns[c].Ints, whole.Columns[c].Ints[i])
				}
			}
		}
		var x FrameReader
		got := readFrames(t, &x, left)
		if len(got) != 2 {
			t.Errorf("without row %d: %d frames, want the two others", missing, len(got))
		}
		for _, f := range got {
			if !bytes.Equal(f.Data, large.Data) && string(f.Data) != "small" {
				t.Errorf("without row %d: a frame of %d bytes that never was", missing, len(f.Data))
			}
		}
	}
}

// What comes before the recording begins is recorded too, as far as there is room; the rest is in the ledger. What comes after is not.
func TestTapBeforeAndAfter(t *testing.T) {
	l, _, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := &Recorder{o: Config{}.filled(), journal: newJournal(l, slog.New(slog.DiscardHandler))}
	var tap Tap
	big := bytes.Repeat([]byte("b"), mostWaiting/4)
	frame := func(n int64, data []byte) {
		tap.Frame(&exchange.Frame{Venue: "okx", Kind: exchange.FrameIn, Conn: n, URL: "wss://x", Data: data, Received: time.Unix(n, 0)})
	}
	for n := range int64(5) {
		frame(n+1, big) // the last ones find no room
	}
	tap.begin(t.Context(), r)
	frame(6, []byte("live"))
	tap.end()
	frame(7, []byte("late"))
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	var b Batch
	b.Reset(l.ID(), 0)
	next := l.Stats().Next
	for reader := l.Reader(0); b.To < next; {
		pos, row, err := reader.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(pos, row); err != nil {
			t.Fatal(err)
		}
	}
	var x FrameReader
	var conns []int64
	for _, f := range readFrames(t, &x, b.Of(FrameTable)) {
		conns = append(conns, f.Conn)
		if f.Conn < 6 && !bytes.Equal(f.Data, big) {
			t.Errorf("frame %d has changed", f.Conn)
		}
	}
	if !slices.Equal(conns, []int64{1, 2, 3, 6}) {
		t.Errorf("frames %v", conns)
	}
	gaps := b.Of(GapTable)
	causes := gaps.Columns[GapTable.Column("cause")].Texts
	lost := gaps.Columns[GapTable.Column("lost")].Ints
	if i := slices.Index(causes, Unlogged); i < 0 || lost[i] != 2 || !slices.Contains(causes, Start) {
		t.Errorf("gaps %v, lost %v", causes, lost)
	}
	if n := r.journal.untold(); n != 0 {
		t.Errorf("%d are untold", n)
	}
}

// Two taps of one venue would write one series at the same time.
func TestTapsOfOneVenue(t *testing.T) {
	c := exchange.New(&exchange.Venue{Name: "okx"}, exchange.Options{})
	defer c.Close()
	one, two := &Tap{}, &Tap{}
	config := func(a, b *Tap) *Config {
		x := Config{Dir: t.TempDir(), Sources: []Source{{Client: c, Symbols: []string{"A/B"}, Raw: a}, {Client: c, Symbols: []string{"C/D"}, Raw: b}}}.filled()
		return &x
	}
	if err := config(one, two).check(); !errors.Is(err, ErrConfig) {
		t.Errorf("two taps: %v", err)
	}
	for _, second := range []*Tap{one, nil} {
		if err := config(one, second).check(); err != nil {
			t.Errorf("one tap: %v", err)
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("{}"), uint16(1))
	f.Add([]byte("\x00\xff"), uint16(2))
	f.Fuzz(func(t *testing.T, data []byte, cut uint16) {
		frame := exchange.Frame{Venue: "okx", Kind: exchange.FrameIn, Conn: 1, URL: "wss://x", Data: data}
		at := min(int(cut), len(data))
		var e Encoder
		var b Batch
		b.Reset(wal.ID{}, 0)
		if at > 0 && at < len(data) {
			if err := b.Add(0, e.Frame(&frame, 0, data[:at])); err != nil {
				t.Fatal(err)
			}
		} else {
			at = 0
		}
		if err := b.Add(1, e.Frame(&frame, at, data[at:])); err != nil {
			t.Fatal(err)
		}
		var x FrameReader
		if got := readFrames(t, &x, b.Of(FrameTable)); len(got) != 1 || !bytes.Equal(got[0].Data, data) {
			t.Errorf("%q came back as %v", data, got)
		}
	})
}

func BenchmarkEncodeFrame(b *testing.B) {
	f := exchange.Frame{Venue: "okx", Kind: exchange.FrameIn, Conn: 1, URL: "wss://ws.okx.com:8443/ws/v5/public", Data: bytes.Repeat([]byte("0123456789"), 60)}
	var e Encoder
	b.SetBytes(int64(len(f.Data)))
	b.ReportAllocs()
	for b.Loop() {
		e.Frame(&f, 0, f.Data)
	}
}
