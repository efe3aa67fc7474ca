package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
	"github.com/depthwire/depthwire/record/sqlite"
)

// Who reads disturbs nobody who writes, sees what is written, and writes nothing.
func TestOpenReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?b.db")
	if _, err := sqlite.OpenReader(t.Context(), path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("where nothing is: %v", err)
	}
	sink, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	made := recordtest.NewMaker(1)
	first, second := made.Batch(recordtest.Log(1), 0, 50), made.Batch(recordtest.Log(1), 50, 10)
	if err := sink.Write(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	reader, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(t.Context(), second); err != nil {
		t.Fatalf("the writer was disturbed: %v", err)
	}
	rows := 0
	for _, table := range record.Tables {
		if err := reader.Read(t.Context(), table, time.Unix(0, 0), time.Unix(1<<33, 0), nil, func(r *record.Rows) error { rows += r.Len(); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if want := first.Len() + second.Len(); rows == 0 || rows > want {
		t.Errorf("%d rows read, %d written", rows, want)
	}
	if err := reader.Write(t.Context(), made.Batch(recordtest.Log(1), 60, 10)); !errors.Is(err, record.ErrFenced) {
		t.Errorf("the reader writes: %v", err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("something else, longer than a header of SQLite would be, for certain: it has a hundred bytes and more."), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.OpenReader(t.Context(), other); err == nil {
		t.Error("no recording is opened")
	}
}
