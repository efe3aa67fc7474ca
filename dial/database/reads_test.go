package database

import (
	"strings"
	"testing"
)

func TestReads(t *testing.T) {
	for query, want := range map[string]bool{
		"SELECT 1": true,
		"  -- SELECT\n/* x */ insert into t values (1)": false,
		"(select 1)":                               true,
		"show tables":                              true,
		"pragma journal_mode":                      true,
		"CREATE TABLE t AS SELECT 1":               false,
		"INSERT INTO t VALUES ('returning')":       false,
		"INSERT INTO t (\"returning\") VALUES (1)": false,
		"INSERT INTO t VALUES (1) RETURNING id":    true,
		"DELETE FROM t returning *":                true,
		"WITH x AS (SELECT 1) SELECT * FROM x":     true,
		"WITH x AS (INSERT INTO t VALUES (1) RETURNING id) SELECT * FROM x": true,
		"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x":                false,
		"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x RETURNING id":   true,
		"UPDATE t SET a = $tag$ RETURNING $tag$":                            false,
		"UPDATE t SET a = $1":                                               false,
		"UPDATE t SET a = 'it''s RETURNING'":                                false,
		"":                                                                  false,
	} {
		if got := IsQuery(query); got != want {
			t.Errorf("%q is a query: %v, want %v", query, got, want)
		}
	}
}

// The end of a statement is the end, wherever it comes.
func FuzzReads(f *testing.F) {
	for _, seed := range []string{"SELECT 'a", "/*", "$a$", "(((", "WITH x AS (", "`\\", "--"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if IsQuery(query) != IsQuery("\n"+query) {
			t.Error("a line before it makes a difference")
		}
		for word := range words(query) {
			if word == "" || word != strings.ToUpper(word) {
				t.Errorf("word %q", word)
			}
		}
	})
}
