package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
)

// A file that may not grow is told as a full disk, not as a row that is refused; nothing of the batch is there, and all of it, once, when it
// comes again and there is room.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	var conn *sql.Conn // the one that writes, and limits itself
	pages := func(most string) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), "PRAGMA max_page_count = "+most); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), path, Options{begun: func(c *sql.Conn) { conn = c }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := recordtest.NewMaker(1)
	first, second := m.Batch(recordtest.Log(1), 0, 100), m.Batch(recordtest.Log(1), 100, 2000)
	var all recordtest.Rows
	write := func(b *record.Batch) {
		t.Helper()
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		all.Stored(b)
		all.Check(t, s)
	}
	write(first)
	var has int
	if err := conn.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&has); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		pages(fmt.Sprint(has + 3))
		err := s.Write(t.Context(), second)
		if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, record.ErrRefused) || code(err) != full {
			t.Fatalf("full: %v", err)
		}
		second.Again = true
		if at, err := s.Cursor(t.Context(), first.Log); at != 100 || err != nil {
			t.Errorf("full: cursor %d, %v", at, err)
		}
		all.Check(t, s)
	}
	pages("1073741823")
	write(second)
	want(t, path, "PRAGMA integrity_check", "ok")
}
