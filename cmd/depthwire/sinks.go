package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// opener is how sinks of a scheme are opened.
type opener struct {
	form   string                     // of the address, for help
	keeper bool                       // what it opens is a record.Keeper
	batch  int                        // rows, where nothing is said; 0: as package record has it
	every  time.Duration              // the same
	check  func(address string) error // what can be seen without opening it; nil: nothing
	open   func(ctx context.Context, address string) (record.Sink, error)
	read   func(ctx context.Context, address string) (record.Store, error) // disturbing nobody who writes; nil: it cannot be read
}

// openStore opens a store for reading.
func openStore(ctx context.Context, address string, timeout time.Duration) (record.Store, error) {
	o := openers[schemeOf(address)]
	if o.read == nil {
		return nil, usagef("%s:// cannot be read", schemeOf(address))
	}
	limited, cancel := context.WithTimeoutCause(ctx, timeout, errNoAnswer)
	defer cancel()
	return o.read(limited, address)
}

// schemes returns what addresses of sinks may begin with.
func schemes() []string { return slices.Sorted(maps.Keys(openers)) }

// schemeOf returns the scheme of an address. What has none is a file: of SQLite by its ending, else a directory.
func schemeOf(address string) string {
	scheme, _, ok := strings.Cut(address, "://")
	if ok {
		return strings.ToLower(scheme)
	}
	path, _, _ := strings.Cut(address, "?")
	switch filepath.Ext(path) {
	case ".db", ".sqlite", ".sqlite3":
		return "sqlite"
	}
	return "file"
}

// pathOf returns the path of an address that is a file's, and its options.
func pathOf(address string) (path, query string) {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	path, query, _ = strings.Cut(address, "?")
	return path, query
}

func checkSink(address string) error {
	scheme := schemeOf(address)
	if _, ok := openers[scheme]; !ok {
		return usageError(unknown("scheme of a sink", scheme, schemes()))
	}
	if path, _ := pathOf(address); path == "" {
		return usagef("%s:// says nothing but the scheme", scheme)
	}
	if check := openers[scheme].check; check != nil {
		if err := check(address); err != nil {
			return usageError(err.Error())
		}
	}
	return nil
}

// usualSink is where rows go when nobody says.
func usualSink(dir string) string { return filepath.Join(dir, "recording.db") }

// openSink opens a sink. One whose server does not answer is opened later: until then its rows are in the log. tell is told so.
func openSink(ctx context.Context, x *sinkRecipe, timeout time.Duration, tell func(error)) (record.Sink, error) {
	limited, cancel := context.WithTimeoutCause(ctx, timeout, errNoAnswer)
	defer cancel()
	o := openers[schemeOf(x.url)]
	sink, err := o.open(limited, x.url)
	if err == nil || !unreachable(err) {
		return sink, err
	}
	tell(err)
	l := &late{open: func(ctx context.Context) (record.Sink, error) { return o.open(ctx, x.url) }}
	if o.keeper {
		return lateKeeper{l}, nil
	}
	return l, nil
}

var errNoAnswer = errors.New("no answer")

// unreachable says that an error is of the way to a server, not of what it thinks of us.
func unreachable(err error) bool {
	_, op := errors.AsType[*net.OpError](err)
	_, dns := errors.AsType[*net.DNSError](err)
	return op || dns || errors.Is(err, errNoAnswer) || errors.Is(err, context.DeadlineExceeded)
}

// late is a sink that is opened when it is first needed, and its server is there.
type late struct {
	open func(ctx context.Context) (record.Sink, error)

	mu   sync.Mutex // held while it is opened: Close waits for that
	sink record.Sink
}

func (l *late) opened(ctx context.Context) (record.Sink, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sink == nil {
		sink, err := l.open(ctx)
		if err != nil {
			return nil, err
		}
		l.sink = sink
	}
	return l.sink, nil
}

// Write opens the sink, if that has not been done, and writes.
func (l *late) Write(ctx context.Context, b *record.Batch) error {
	sink, err := l.opened(ctx)
	if err != nil {
		return err
	}
	return sink.Write(ctx, b)
}

// Close closes what was opened.
func (l *late) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sink == nil {
		return nil
	}
	return l.sink.Close()
}

// lateKeeper is a late record.Keeper.
type lateKeeper struct{ *late }

// Cursor opens the sink, if that has not been done, and asks it.
func (l lateKeeper) Cursor(ctx context.Context, log wal.ID) (uint64, error) {
	sink, err := l.opened(ctx)
	if err != nil {
		return 0, err
	}
	keeper, ok := sink.(record.Keeper)
	if !ok {
		return 0, fmt.Errorf("%T keeps no cursor", sink)
	}
	return keeper.Cursor(ctx, log)
}
