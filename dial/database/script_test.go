package database

import (
	"slices"
	"strings"
	"testing"
)

func TestScript(t *testing.T) {
	for _, c := range []struct {
		scheme, text string
		want         []string
	}{
		{"sqlite3", "SELECT 1; SELECT 2;\n\n;-- none;\n SELECT\n3", []string{"SELECT 1", "SELECT 2", "SELECT\n3"}},
		{"mysql", "/*!40101 SET a = ';' */;\n/* no */;", []string{"/*!40101 SET a = ';' */"}},
		{"sqlite3", "SELECT ';', \";\", `;`, 'it''s;' /* ; \n ; */ -- ;\n, 4;", []string{"SELECT ';', \";\", `;`, 'it''s;' /* ; \n ; */ -- ;\n, 4"}},
		{"sqlite3", `SELECT '\'; SELECT 2`, []string{`SELECT '\'`, "SELECT 2"}},
		{"mysql", `SELECT '\';' # ;`, []string{`SELECT '\';' # ;`}},
		{"mysql", "SELECT 5--1; SELECT 2 -- ;", []string{"SELECT 5--1", "SELECT 2 -- ;"}},
		{"clickhouse", `SELECT '\';', $x$;$x$; SELECT 2`, []string{`SELECT '\';', $x$;$x$`, "SELECT 2"}},
		{"postgres", `SELECT E'\';', '\'; SELECT $1; DO $$ a; $b$ ; $$; SELECT a$b$; SELECT 3`, []string{`SELECT E'\';', '\'`, "SELECT $1", "DO $$ a; $b$ ; $$", "SELECT a$b$", "SELECT 3"}},
		{"postgres", `SELECT '{}'::json #> ';' ; SELECT 2`, []string{`SELECT '{}'::json #> ';'`, "SELECT 2"}},
		{"sqlite3", "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2; END; SELECT 3", []string{"CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2; END", "SELECT 3"}},
		{"clickhouse", "SELECT 1 # ;\n; SELECT 2", []string{"SELECT 1 # ;", "SELECT 2"}},
		{"sqlite3", " -- nothing\n/* at all */ ;;", nil},
	} {
		got, err := cutAll(c.scheme, c.text)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q: got %q, %v, want %q", c.scheme, c.text, got, err, c.want)
		}
	}
	if got, err := cutAll("sqlite3", "SELECT 1; DELETE FROM a WHERE b = 'x"); err == nil || len(got) != 1 {
		t.Errorf("a cut literal: %q, %v", got, err)
	}
}

func cutAll(scheme, text string) (all []string, err error) {
	s := &Script{Scheme: scheme}
	var done []Statement
	for line := range strings.SplitSeq(text, "\n") {
		more, err := s.Add(line)
		if err != nil {
			return nil, err
		}
		done = append(done, more...)
	}
	more, err := s.Rest()
	for _, x := range append(done, more...) {
		all = append(all, x.Text)
	}
	return all, err
}

// Nothing but semicolons, blanks and comments gets lost, whatever the text.
func FuzzScript(f *testing.F) {
	for _, text := range []string{"SELECT 1; 'a", "--\n;#;", "$$;$a$;$$", "E'\\';", "/*;", "CREATE TRIGGER a; END;"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, scheme := range []string{"sqlite3", "postgres", "mysql", "clickhouse"} {
			all, _ := cutAll(scheme, text)
			at := 0
			for _, s := range all {
				i := strings.Index(text[at:], s)
				if i < 0 {
					t.Fatalf("%s: %q of %q", scheme, s, text)
				}
				at += i + len(s)
			}
			if isQuery(scheme, text) != isQuery(scheme, "\n"+text) {
				t.Errorf("%s: a line before %q makes a difference", scheme, text)
			}
		}
	})
}

func TestIsQuery(t *testing.T) {
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
		"UPDATE t SET a = $1":                false,
		"UPDATE t SET a = 'it''s RETURNING'": false,
		"":                                   false,
	} {
		for _, scheme := range []string{"sqlite3", "postgres", "mysql", "clickhouse"} {
			if got := isQuery(scheme, query); got != want {
				t.Errorf("%s: %q is a query: %v, want %v", scheme, query, got, want)
			}
		}
	}
	for _, c := range []struct {
		scheme, query string
		want          bool
	}{
		{"postgres", "UPDATE t SET a = j #>> '{x}' RETURNING a", true},
		{"postgres", `INSERT INTO t VALUES ('\') RETURNING id`, true},
		{"sqlite3", `INSERT INTO t VALUES ('\') RETURNING id`, true},
		{"mysql", `INSERT INTO t VALUES ('\') RETURNING id')`, false},
		{"mysql", "INSERT INTO t VALUES (1) # RETURNING id", false},
		{"postgres", "UPDATE t SET a = $tag$ RETURNING $tag$", false},
		{"clickhouse", "INSERT INTO t VALUES ($$ RETURNING $$)", false},
	} {
		if got := isQuery(c.scheme, c.query); got != c.want {
			t.Errorf("%s: %q is a query: %v, want %v", c.scheme, c.query, got, c.want)
		}
	}
}
