package main

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/internal/backend"
)

const ticks = `CREATE TABLE ticks (symbol TEXT, price TEXT, size REAL, n INTEGER, raw BLOB, note TEXT);
INSERT INTO ticks VALUES ('BTC/USDT', '68224.10', 0.5, 1, x'00ff', 'two
lines; and'), ('ÄÖ/漢', '2', 12.25, 1000, NULL, 'x');
INSERT INTO ticks (symbol) VALUES ('none') RETURNING symbol;
UPDATE ticks SET n = 3 WHERE n = 1;
SELECT *, n AS n FROM ticks ORDER BY size;
SELECT * FROM ticks WHERE n = -1; -- nothing
DROP TABLE ticks`

func TestDialDatabase(t *testing.T) {
	t.Parallel()
	golden(t, "dial-sql", answered(t, ticks, "sqlite3://:memory:").out)
	golden(t, "dial-sql-json", answered(t, ticks, "sqlite3://file:"+filepath.Join(t.TempDir(), "a.db"), "--json").out)
}

// answered runs statements, which must go well.
func answered(t *testing.T, in string, args ...string) outcome {
	t.Helper()
	got := typing(t, strings.NewReader(in), append([]string{"dial"}, args...)...)
	if got.code != exitGood || got.err != "" {
		t.Errorf("%s: exit %d, %s", in, got.code, got.err)
	}
	return got
}

// The statements of a run have one session, and end with the first error.
func TestDialDatabaseStops(t *testing.T) {
	t.Parallel()
	address := "sqlite3://" + filepath.Join(t.TempDir(), "a.db")
	got := typing(t, strings.NewReader("CREATE TABLE a (b); BEGIN; INSERT INTO a VALUES (1); SELEKT; COMMIT;"), "dial", address)
	if got.code != exitFailed || got.out != "done\ndone\n1 row changed\n" || !strings.Contains(got.err, "syntax error") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
	if got := answered(t, "SELECT count(*) AS n FROM a", address); got.out != "n\n0\n" {
		t.Errorf("the transaction was not rolled back: %s", got.out)
	}
}

// keyboard and display are a terminal.
type keyboard struct{ *strings.Reader }

func (keyboard) Size() (int, int, error) { return 80, 24, nil }

type display struct{ bytes.Buffer }

func (*display) Size() (int, int, error) { return 80, 24, nil }

func TestDialPrompt(t *testing.T) {
	t.Parallel()
	out, err := new(display), new(bytes.Buffer)
	in := keyboard{strings.NewReader("SELECT 1 AS a,\n2 AS b;\nSELEKT;\nSELECT NULL AS c; DELETE FROM")}
	code := run(t.Context(), []string{"dial", "sqlite3://:memory:"}, in, out, err, func(k string) string { return map[string]string{"NO_COLOR": "1"}[k] })
	if code != exitGood || !strings.Contains(err.String(), "syntax error") || strings.Count(err.String(), "\n") != 1 {
		t.Errorf("exit %d, %s", code, err)
	}
	golden(t, "dial-prompt", out.String())
}

// A result larger than what is held passes, and a reader who goes away ends it.
func TestDialStreams(t *testing.T) {
	t.Parallel()
	const rows = 100_000
	query := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT %d) SELECT i, '漢' AS x FROM n", rows)
	if got := answered(t, query, "sqlite3://:memory:"); strings.Count(got.out, "\n") != rows+1 || !strings.HasSuffix(got.out, "\n100000  漢\n") {
		t.Errorf("%d lines, the last %q", strings.Count(got.out, "\n"), got.out[len(got.out)-20:])
	}
	if got := answered(t, query, "sqlite3://:memory:", "--json"); strings.Count(got.out, "\n") != rows || !strings.HasSuffix(got.out, "\n{\"i\":100000,\"x\":\"漢\"}\n") {
		t.Errorf("%d lines of JSON", strings.Count(got.out, "\n"))
	}
}

// Nothing of a value is lost, wherever it stands.
func TestLossless(t *testing.T) {
	big1, nan := big.NewInt(1), math.NaN()
	big1.Lsh(big1, 200)
	for _, c := range []struct {
		value       driver.Value
		lists       bool
		json, table string
	}{
		{*big1, false, big1.String(), big1.String()},
		{[]any{*big1, int8(-1)}, false, "[" + big1.String() + ",-1]", "[" + big1.String() + ",-1]"},
		{[]float64{nan, 0.5, math.Inf(-1)}, false, `["NaN",0.5,"-Inf"]`, `["NaN",0.5,"-Inf"]`},
		{&nan, false, `"NaN"`, "NaN"},
		{float32(0.1), false, "0.1", "0.1"},
		{[]byte{0, 255}, false, `{"base64":"AP8="}`, "base64:AP8="},
		{[]byte{0, 255}, true, "[0,255]", "[0,255]"},
		{[][]byte{{0, 255}, {}}, true, "[[0,255],[]]", "[[0,255],[]]"},
		{[]string{"\xff", "a"}, false, `[{"base64":"/w=="},"a"]`, `[{"base64":"/w=="},"a"]`},
		{map[float64]string{0.5: "a"}, false, `{"0.5":"a"}`, `{"0.5":"a"}`},
		{map[string]*int{"a": nil}, false, `{"a":null}`, `{"a":null}`},
		{time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC), false, `"-0043-03-15T00:00:00Z"`, "-0043-03-15T00:00:00Z"},
	} {
		if got := string(jsonValue(c.value, c.lists)); got != c.json {
			t.Errorf("%v as JSON: %s, want %s", c.value, got, c.json)
		}
		if got := cellOf(c.value, c.lists).text; got != c.table {
			t.Errorf("%v in a table: %s, want %s", c.value, got, c.table)
		}
	}
}

func TestDialDatabaseServers(t *testing.T) {
	t.Parallel()
	for variable, c := range map[string]struct{ before, in, out string }{
		"TEST_POSTGRES_DSN":   {"", `SELECT 12345678901234567890.10::numeric AS a, ARRAY[1,2] AS b, '\x00ff'::bytea AS c, true AS d, NULL AS e; CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT a FROM t`, "{\"a\":\"12345678901234567890.10\",\"b\":\"{1,2}\",\"c\":{\"base64\":\"AP8=\"},\"d\":true,\"e\":null}\n{\"affected\":null}\n{\"affected\":2}\n{\"a\":1}\n{\"a\":2}\n"},
		"TEST_MYSQL_DSN":      {"mysql://", "CREATE TEMPORARY TABLE t (a int, b decimal(20,2)); INSERT INTO t VALUES (1, 1.10); SELECT a, b, '\\';' AS c FROM t # end", "{\"affected\":null}\n{\"affected\":1}\n{\"a\":1,\"b\":\"1.10\",\"c\":\"';\"}\n"},
		"TEST_CLICKHOUSE_URL": {"", "SELECT toInt32(1) AS a, [300, 2] AS b, toNullable('x') AS c, toDecimal64(1.5, 2) AS d, [1, 2] AS e, toInt256('-9') * toInt128('9223372036854775808') AS f", "{\"a\":1,\"b\":[300,2],\"c\":\"x\",\"d\":\"1.5\",\"e\":[1,2],\"f\":-83010348331692982272}\n"},
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			if got := answered(t, c.in, c.before+backend.URL(t, variable), "--json"); got.out != c.out {
				t.Errorf("got\n%s\nwant\n%s", got.out, c.out)
			}
			if got := answered(t, c.in, c.before+backend.URL(t, variable)); strings.Contains(got.out, "0x") {
				t.Errorf("an address in the table:\n%s", got.out)
			}
		})
	}
}
