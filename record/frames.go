package record

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
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
	r       *Recorder       // nil: not recording
	ctx     context.Context // of the recording
	writing context.Context
	over    bool             // and not again
	waiting []exchange.Frame // until then
	size    int              // of their data
	missed  map[string]*Gap  // for which there was no room, by venue
}

const (
	mostWaiting = 32 << 20 // bytes of frames that wait for the recording to begin
	frameCost   = 200      // of a frame, beside its data
	mostPart    = 1 << 20  // bytes of a frame in one row: far below wal.MaxRecord, for the sake of stores
)

var errWaiting = errors.New("record: too much came before the recording began")

// Frame is for exchange.Options.Tap. It waits where the log does.
func (t *Tap) Frame(f *exchange.Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.over:
	case t.r != nil:
		t.keep(f)
	case t.size+len(f.Data) <= mostWaiting:
		own := *f
		own.Data = bytes.Clone(f.Data)
		t.waiting = append(t.waiting, own)
		t.size += len(own.Data) + frameCost
	default:
		t.miss(f)
	}
}

// miss notes a frame for which there was no room.
func (t *Tap) miss(f *exchange.Frame) {
	g := t.missed[f.Venue]
	if g == nil {
		g = &Gap{Venue: f.Venue, Channel: Frames, Cause: Unlogged, From: f.Received, Err: errWaiting.Error()}
		if t.missed == nil {
			t.missed = make(map[string]*Gap)
		}
		t.missed[f.Venue] = g
	}
	g.To = f.Received
	g.Lost++
}

// begin has the frames go into the log of r, those that wait first, until ctx or the Tap ends.
func (t *Tap) begin(ctx context.Context, r *Recorder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.r != nil || t.over {
		return
	}
	t.r, t.ctx, t.writing = r, ctx, context.WithoutCancel(ctx)
	if r.o.Log.Budget > 0 { // a log that is full may stay so
		t.writing = ctx
	}
	for i := range t.waiting {
		t.keep(&t.waiting[i])
	}
	for venue, g := range t.missed {
		c := r.journal.count(series{venue: venue, channel: Frames})
		r.journal.change(func() {
			if c.dropped += g.Lost; c.unlogged != nil {
				g.Lost += c.unlogged.Lost
			}
			c.unlogged = g
		})
	}
	t.waiting, t.missed = nil, nil
}

// end is the end of the recording: nothing is written after it.
func (t *Tap) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.r, t.over = nil, true
}

// keep writes the rows of a frame.
func (t *Tap) keep(f *exchange.Frame) {
	if t.ctx.Err() != nil {
		return
	}
	j := t.r.journal
	c := j.count(series{venue: f.Venue, channel: Frames})
	stamp := exchange.Stamp{Venue: f.Venue, Received: f.Received}
	err := j.before(t.writing, &t.e, c, &stamp, false, "")
	for at := 0; err == nil; {
		end := min(at+mostPart, len(f.Data))
		err = j.row(t.writing, c, f.Received, "", t.e.Frame(f, at, f.Data[at:end]))
		if at = end; at == len(f.Data) {
			break
		}
	}
	if err != nil && t.ctx.Err() == nil {
		j.lose(c, &stamp, err)
		t.r.unlogged(err)
	}
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
