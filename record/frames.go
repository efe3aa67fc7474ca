package record

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/depthwire/depthwire/exchange"
)

// Tap is how a Recorder hears the frames of a client. The zero value is ready. It is given to both:
//
//	var raw record.Tap
//	client := okx.New(exchange.Options{Tap: raw.Frame})
//	source := record.Source{Client: client, Symbols: symbols, Raw: &raw}
//
// What comes before the recording begins waits in memory, lists of markets among it, without which a replay would not know the sizes
// of contracts. One Tap may be of several clients; it is used by one Recorder.
type Tap struct {
	mu      sync.Mutex // one frame after the other: the rows of a large one stand together
	e       Encoder
	ctx     context.Context // of the recording
	to      journal         // nil: not recording
	over    bool            // and not again
	waiting [][]byte
	size    int // of waiting
	lost    Gap
}

// journal takes rows into the log. It keeps nothing of row.
type journal interface {
	append(ctx context.Context, row []byte) error
}

const (
	mostWaiting = 32 << 20 // bytes of frames that wait for the recording to begin
	mostPart    = 1 << 20  // bytes of a frame in one row: far below wal.MaxRecord, for the sake of stores
)

// Frame is for exchange.Options.Tap. It waits where the log does.
func (t *Tap) Frame(f *exchange.Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	if t.lost.Lost > 0 {
		g := t.lost
		g.To = f.Received
		if !t.take(t.e.Gap(&g, f.Received)) {
			t.miss(f)
			return
		}
		t.lost = Gap{}
	}
	for at := 0; ; {
		end := min(at+mostPart, len(f.Data))
		if !t.take(t.e.Frame(f, at, f.Data[at:end])) {
			t.miss(f)
			return
		}
		if at = end; at == len(f.Data) {
			return
		}
	}
}

// take puts a row into the log, or aside until there is one.
func (t *Tap) take(row []byte) bool {
	if t.to != nil {
		return t.to.append(t.ctx, row) == nil
	}
	if t.size+len(row) > mostWaiting {
		return false
	}
	t.waiting = append(t.waiting, append([]byte(nil), row...))
	t.size += len(row)
	return true
}

// miss notes that a frame is not recorded: the next one that is brings the gap.
func (t *Tap) miss(f *exchange.Frame) {
	if t.lost.Lost == 0 {
		t.lost = Gap{Venue: f.Venue, Channel: Frames, Cause: Unlogged, From: f.Received}
	}
	t.lost.Lost++
}

// begin has the frames go into a journal, those that wait first, until ctx ends or end is called.
func (t *Tap) begin(ctx context.Context, to journal) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, row := range t.waiting {
		if err := to.append(ctx, row); err != nil {
			t.waiting = t.waiting[i:]
			return err
		}
	}
	t.ctx, t.to, t.waiting, t.size = ctx, to, nil, 0
	return nil
}

// end is the end of the recording: no journal is called after it has returned. What is lost and not told yet is returned.
func (t *Tap) end() (lost Gap, any bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lost, t.to, t.over, t.waiting, t.size = t.lost, nil, true, nil, 0
	return lost, lost.Lost > 0
}

// inBase64 is the encoding of rows of FrameTable whose data is no text.
const inBase64 = "base64"

// Places of the columns of FrameTable.
const (
	frameKind = SeqColumn + 1 + iota
	frameConn
	frameURL
	frameData
	frameEncoding
	frameAt
	frameBytes
)

// Frame makes a row of FrameTable: of a part of f.Data, which begins at a byte of it.
func (e *Encoder) Frame(f *exchange.Frame, at int, part []byte) []byte {
	e.begin(FrameTable, &exchange.Stamp{Venue: f.Venue, Received: f.Received})
	e.text(string(f.Kind))
	e.count(f.Conn)
	e.text(f.URL)
	encoding := ""
	if isText(part) {
		e.b = binary.AppendUvarint(e.b, uint64(len(part)))
		e.b = append(e.b, part...)
	} else {
		encoding = inBase64
		e.b = binary.AppendUvarint(e.b, uint64(base64.StdEncoding.EncodedLen(len(part))))
		e.b = base64.StdEncoding.AppendEncode(e.b, part)
	}
	e.text(encoding)
	e.count(int64(at))
	e.count(int64(len(f.Data)))
	return e.b
}

// isText reports whether all stores take data as text: PostgreSQL does not take NUL.
func isText(data []byte) bool { return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 }

// FrameReader makes frames of rows of FrameTable, in which they are in order. The zero value is ready.
type FrameReader struct{ begun map[frameName]*exchange.Frame }

// frameName is what the rows of one large frame have in common, and no other frame at the same time.
type frameName struct {
	venue, url string
	kind       exchange.FrameKind
	conn, size int64
}

// Read calls fn with the frames that end in r. A frame of which rows are missing is left out. What fn is given is its own. An
// error of fn ends the reading.
func (x *FrameReader) Read(r *Rows, fn func(*exchange.Frame) error) error {
	for i := range r.Len() {
		f, err := x.row(r, i)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}

// row returns the frame that ends with a row, nil where none does.
func (x *FrameReader) row(r *Rows, i int) (*exchange.Frame, error) {
	text := func(column int) string { return r.Columns[column].Texts[i] }
	count := func(column int) int64 { return r.Columns[column].Ints[i] }
	data := []byte(text(frameData))
	if text(frameEncoding) == inBase64 {
		raw, err := base64.StdEncoding.AppendDecode(nil, data)
		if err != nil {
			return nil, fmt.Errorf("%w: data of a frame at %d: %w", ErrRow, r.Pos[i], err)
		}
		data = raw
	}
	name := frameName{text(VenueColumn), text(frameURL), exchange.FrameKind(text(frameKind)), count(frameConn), count(frameBytes)}
	f := x.begun[name]
	delete(x.begun, name)
	switch at := count(frameAt); {
	case at == 0:
		f = &exchange.Frame{Venue: name.venue, Kind: name.kind, Conn: name.conn, URL: name.url, Data: data, Received: Time(count(ReceivedColumn))}
	case f == nil || at != int64(len(f.Data)):
		return nil, nil
	default:
		f.Data = append(f.Data, data...)
	}
	if int64(len(f.Data)) >= name.size {
		return f, nil
	}
	if x.begun == nil {
		x.begun = make(map[frameName]*exchange.Frame)
	}
	if len(x.begun) == mostBegun { // rows of which the rest never came
		clear(x.begun)
	}
	x.begun[name] = f
	return nil, nil
}

// mostBegun is how many frames may wait for more rows: they come at once, of as many clients at the same time.
const mostBegun = 64
