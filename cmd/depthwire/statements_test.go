package main

import (
	"slices"
	"strings"
	"testing"
)

func TestStatements(t *testing.T) {
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
	s := &statements{scheme: scheme}
	var done []statement
	for line := range strings.SplitSeq(text, "\n") {
		more, err := s.add(line)
		if err != nil {
			return nil, err
		}
		done = append(done, more...)
	}
	more, err := s.rest()
	for _, x := range append(done, more...) {
		all = append(all, x.text)
	}
	return all, err
}

// Nothing but semicolons, blanks and comments gets lost, whatever the text.
func FuzzStatements(f *testing.F) {
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
		}
	})
}
