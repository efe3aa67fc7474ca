package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
)

func TestOutage(t *testing.T) {
	server := backend.Start(t, "postgres", "TEST_POSTGRES_DSN")
	recordtest.Outage(t, &recordtest.Place{Open: func(ctx context.Context) (record.Store, error) {
		s, err := Open(ctx, server.URL("TEST_POSTGRES_DSN"))
		if err != nil {
			return nil, err
		}
		return s, nil
	}}, server)
}

// wall is a way to a server that can fall silent.
type wall struct {
	ln     net.Listener
	work   sync.WaitGroup
	mu     sync.Mutex
	silent bool
	conns  []net.Conn
}

func newWall(t *testing.T, to string) *wall {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wall{ln: ln}
	w.work.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, in, out)
			w.mu.Unlock()
			w.work.Go(func() { w.carry(in, out) })
			w.work.Go(func() { w.carry(out, in) })
		}
	})
	t.Cleanup(w.close)
	return w
}

func (w *wall) close() {
	w.ln.Close()
	w.mu.Lock()
	for _, c := range w.conns {
		c.Close()
	}
	w.mu.Unlock()
	w.work.Wait()
}

func (w *wall) carry(from, to net.Conn) {
	defer to.Close()
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		w.mu.Lock()
		silent := w.silent
		w.mu.Unlock()
		if !silent {
			if _, failed := to.Write(b[:n]); failed != nil {
				return
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || err != nil {
			return
		}
	}
}

func (w *wall) fall(silent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = silent
}

// A server that does not answer any more holds neither Write nor Cursor, Read or Open longer than their contexts, and a grace.
func TestSilentServer(t *testing.T) {
	backend.Leaks(t)
	address, err := url.Parse(place(t))
	if err != nil {
		t.Fatal(err)
	}
	w := newWall(t, address.Host)
	address.Host = w.ln.Addr().String()
	s := open(t, address.String())
	m := recordtest.NewMaker(1)
	first, second := m.Batch(recordtest.Log(1), 0, 100), m.Batch(recordtest.Log(1), 100, 5000)
	if err := s.Write(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	w.fall(true)
	for name, do := range map[string]func(ctx context.Context) error{
		"Write":  func(ctx context.Context) error { return s.Write(ctx, second) },
		"Cursor": func(ctx context.Context) error { _, err := s.Cursor(ctx, first.Log); return err },
		"Read": func(ctx context.Context) error {
			return s.Read(ctx, record.TradeTable, recordtest.Begin, recordtest.Begin.Add(time.Hour), nil, func(*record.Rows) error { return nil })
		},
		"Open": func(ctx context.Context) error { _, err := Open(ctx, address.String()); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		began := time.Now()
		if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want context.DeadlineExceeded", name, err)
		}
		if took := time.Since(began); took > 200*time.Millisecond+10*grace {
			t.Errorf("%s took %v", name, took)
		}
		cancel()
	}
	w.fall(false)
	if err := s.Write(t.Context(), second); err != nil {
		t.Errorf("Write when the server is there again: %v", err)
	}
	if at, err := s.Cursor(t.Context(), first.Log); err != nil || at != second.To {
		t.Errorf("Cursor: %d, %v, want %d", at, err, second.To)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, address := range []string{"postgres://user:s3cret@host:port/x", "postgres://%zz:s3cret@", "host"} {
		s, err := Open(t.Context(), address)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, ErrAddress) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want ErrAddress", address, err)
		}
	}
	taken := place(t)
	execute(t, taken, "CREATE TABLE market (name TEXT)")
	another := place(t)
	execute(t, another, "CREATE TABLE meta (name TEXT)")
	for _, address := range []string{taken, another} {
		for range 2 {
			if s, err := Open(t.Context(), address); !errors.Is(err, record.ErrSchema) {
				t.Errorf("where others have tables of these names: %v, want ErrSchema", err)
				if err == nil {
					s.Close()
				}
			}
		}
	}
	beside := place(t)
	execute(t, beside, "CREATE TABLE accounts (name TEXT)")
	open(t, beside)
	form := "user=test password=s3cret dbname=test sslmode=disable"
	if u, err := url.Parse(beside); err == nil {
		form += " host=" + u.Hostname() + " port=" + u.Port() + " search_path=" + u.Query().Get("search_path")
	}
	open(t, "postgres://"+form)
}

// The views give numbers to calculate with, and moments to look at.
func TestViews(t *testing.T) {
	address := place(t)
	s, db := open(t, address), connect(t, address)
	recordtest.Known(t, s)
	for question, want := range map[string]string{
		`SELECT price::text || ' ' || coalesce(forms, '-') || ' ' || (price * 2)::text FROM trades WHERE id = '1'`:  "68250.10 - 136500.20",
		`SELECT price::text || ' ' || forms FROM trades WHERE id = '2'`:                                             "0.0000001 price=1e-7 size=-0.0",
		`SELECT venue || ' ' || symbol || ' ' || (received_at AT TIME ZONE 'UTC')::text FROM trades WHERE id = '1'`: "okx BTC/USDT 2026-11-22 03:00:00.123456",
		`SELECT string_agg(concat_ws(' ', side, level, price, size), ', ' ORDER BY side DESC, level) FROM levels`:   "bid 1 10.50 1E-7, bid 2 10.40 2, ask 1 11 0",
		`SELECT string_agg(healed::text, ' ' ORDER BY received) FROM gaps`:                                          "1 0",
		`SELECT count(*)::text FROM gaps_row`:                                                                       "3",
	} {
		var got string
		if err := db.QueryRow(question).Scan(&got); err != nil || got != want {
			t.Errorf("%s\n got %q, %v\nwant %q", question, got, err, want)
		}
	}
}
