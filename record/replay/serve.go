package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// Options of a replay.
type Options struct {
	Venue    string    // whose frames are served. Empty: the recording is of one
	From, To time.Time // only what was received in [From, To). Zero: from the beginning, to the end

	// Speed is 1 in the rhythm of the recording, N for N times as fast, 0 as fast as the client reads.
	Speed  float64
	Memory bool // no sockets: clients connect through the server's DialContext only
	Log    *slog.Logger
}

// ErrVenues is the kind of error of a recording of several venues, none of which was named.
var ErrVenues = errors.New("replay: recording of several venues")

// Open serves a recording as a simulated venue: path is the directory of a log or a file of JSON lines. The caller closes the server.
// Its Venue says whose it is.
func Open(ctx context.Context, path string, o Options) (*venuetest.Server, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("replay: %w", err)
	case info.IsDir():
		return Serve(ctx, Log(path), o)
	}
	return Serve(ctx, File(path), o)
}

// Serve serves a recording as a simulated venue, whose Played says when it is at its end. It is copied into a temporary file, of which some 100 bytes a
// frame are in memory. ctx bounds the reading.
func Serve(ctx context.Context, frames Frames, o Options) (*venuetest.Server, error) {
	r, w := io.Pipe()
	var reading sync.WaitGroup
	defer reading.Wait()
	defer r.Close()
	reading.Go(func() {
		_, err := Write(ctx, w, o.cut(frames))
		w.CloseWithError(err) // nil is io.EOF
	})
	return venuetest.Replay(r, venuetest.Options{Memory: o.Memory, Log: o.Log, Timed: o.Speed > 0, Speed: o.Speed})
}

// cut leaves what the options ask for.
func (o *Options) cut(frames Frames) Frames {
	venue := o.Venue
	return func(ctx context.Context, fn func(*exchange.Frame) error) error {
		return frames(ctx, func(f *exchange.Frame) error {
			switch {
			case f.Received.Before(o.From) || !o.To.IsZero() && !f.Received.Before(o.To):
				return nil
			case o.Venue != "" && f.Venue != "" && f.Venue != o.Venue:
				return nil
			case venue != "" && f.Venue != "" && f.Venue != venue:
				return fmt.Errorf("%w: %s and %s, name one", ErrVenues, venue, f.Venue)
			}
			if venue == "" {
				venue = f.Venue
			}
			return fn(f)
		})
	}
}
