package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	_ "github.com/depthwire/depthwire/dial/sqlite"
)

func subject(t testing.TB) suite.Database {
	file := filepath.Join(t.TempDir(), "test.db")
	return suite.Database{
		Address:  func(string) string { return "sqlite3://file:" + file + "?_txlock=immediate" },
		Integer:  "INTEGER",
		Text:     "TEXT",
		Mark:     func(int) string { return "?" },
		Numbers:  "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i+1 FROM n WHERE i+1 < %d) SELECT i FROM n",
		Slow:     "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i+1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n",
		Affected: true,
	}
}

func TestDatabase(t *testing.T) { subject(t).Run(t) }

func BenchmarkDatabase(b *testing.B) { subject(b).Bench(b) }

// A database in memory is one, whatever the pool does, in all forms of its
// address.
func TestMemory(t *testing.T) {
	for _, address := range []string{"sqlite3://:memory:", "sqlite3://file:shared?cache=shared&mode=memory", "sqlite3://file::memory:"} {
		c := suite.Open(t, address)
		suite.Exec(t, c, "CREATE TABLE t (x TEXT)")
		done := make(chan error, 8)
		for i := range 8 {
			go func() {
				_, err := c.Exec(t.Context(), "INSERT INTO t VALUES (?)", fmt.Sprint(i))
				done <- err
			}()
		}
		for range 8 {
			if err := <-done; err != nil {
				t.Errorf("%s: %v", address, err)
			}
		}
		if got := fmt.Sprint(suite.Exec(t, c, "SELECT count(*) FROM t").Rows); got != "[[8]]" {
			t.Errorf("%s: %s rows, want 8", address, got)
		}
		c.Close()
	}
}

// A name without file: is a file, as in the original system.
func TestPlainName(t *testing.T) {
	t.Chdir(t.TempDir())
	c := suite.Open(t, "sqlite3://test1.db")
	r := suite.Exec(t, c, "SELECT name FROM sqlite_master WHERE type='table'")
	if fmt.Sprint(r.Columns, r.Rows) != "[name] []" {
		t.Errorf("%v %v; want no tables", r.Columns, r.Rows)
	}
	suite.Exec(t, c, "CREATE TABLE t (x)")
	c.Close()
	again := suite.Open(t, "sqlite3://file:test1.db?mode=ro")
	suite.Exec(t, again, "SELECT x FROM t")
}

func TestRefusedAddresses(t *testing.T) {
	suite.Refused(t, dial.ErrOption, "sqlite3://x|proxy=socks5://127.0.0.1:1")
	suite.Refused(t, nil, "sqlite3://file:/nowhere/at/all.db") // what SQLite says
}

// A parameter that is mistyped, or of file:… where there is none, is not passed over.
func TestUnknownParameters(t *testing.T) {
	t.Chdir(t.TempDir())
	suite.Refused(t, dial.ErrAddress, "sqlite3://file:x.db?_busy_timeot=s3cret", "sqlite3://file:x.db?mod=s3cret", "sqlite3://x.db?mode=ro", "sqlite3://file:x.db?%zz=s3cret")
}

func TestReturning(t *testing.T) {
	c := suite.Open(t, "sqlite3://:memory:")
	suite.Exec(t, c, "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT, b BLOB)")
	r := suite.Exec(t, c, "INSERT INTO t (x, b) VALUES ('returning', ?) RETURNING id, x, b", []byte{0, 1})
	if got := fmt.Sprint(r.Columns, r.Rows); got != "[id x b] [[1 returning [0 1]]]" {
		t.Errorf("returning: %s", got)
	}
	if r := suite.Exec(t, c, "WITH n(i) AS (VALUES(1),(2)) INSERT INTO t (x) SELECT i FROM n"); r.Affected != 2 {
		t.Errorf("with … insert: %+v; want 2 rows affected", r)
	}
}
