package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
	_ "github.com/depthwire/depthwire/dial/clickhouse"
	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

const variable = "TEST_CLICKHOUSE_URL"

var database = suite.Database{
	Name:      "clickhouse",
	Variable:  variable,
	Address:   func(v string) string { return v },
	Integer:   "Int64",
	Text:      "String",
	Engine:    "ENGINE = MergeTree ORDER BY id",
	Mark:      func(int) string { return "?" },
	Numbers:   "SELECT number FROM numbers(%d)",
	Slow:      "SELECT sum(sleepEachRow(1)) FROM numbers(60) SETTINGS function_sleep_max_microseconds_per_block = 100000000, max_block_size = 1",
	Secure:    backend.FromStart,
	Encrypted: func(a string) string { return a },
}

func TestDatabase(t *testing.T) { database.Run(t) }

func BenchmarkDatabase(b *testing.B) { database.Bench(b) }

func TestHTTP(t *testing.T) {
	http := database
	http.Variable = "TEST_CLICKHOUSE_HTTP_URL"
	http.HTTP = true
	http.Address = func(v string) string { return "clickhouse://" + v }
	http.Encrypted = func(a string) string { return strings.Replace(a, "//http://", "//https://", 1) }
	http.Run(t)
}

// The original's form of an address has tcp:// in it, and names in the query.
func TestOriginalForm(t *testing.T) {
	address := backend.URL(t, variable)
	host := address[strings.LastIndexByte(address, '@')+1 : strings.LastIndexByte(address, '/')]
	c := suite.Open(t, "clickhouse://tcp://"+host+"?username=test&password=s3cret&database=default")
	r := suite.Exec(t, c, "SELECT toDecimal128('1.50', 2) AS n, [1, 2] AS a, CAST(NULL AS Nullable(String)) AS z, toUInt64(18446744073709551615) AS u")
	if got := fmt.Sprint(r.Columns, r.Rows); got != "[n a z u] [[1.5 [1 2] <nil> 18446744073709551615]]" {
		t.Errorf("values: %s", got)
	}
}

// A value that the driver cannot read, Map(String, Int128), costs the query.
func TestPanic(t *testing.T) {
	for _, address := range []string{backend.URL(t, variable), "clickhouse://" + backend.URL(t, "TEST_CLICKHOUSE_HTTP_URL")} {
		c := suite.Open(t, address)
		if r, err := c.Exec(t.Context(), "SELECT map('a', toInt128(number)) FROM numbers(100000)"); err == nil {
			t.Errorf("the driver has learnt to read it: %v", r.Rows[0])
		} else if e, ok := errors.AsType[*dial.Error](err); !ok || errors.Is(err, dial.ErrLost) {
			t.Errorf("%v (%T), want an Error of query", err, e)
		}
		if got := fmt.Sprint(suite.Exec(t, c, "SELECT 1").Rows, c.DB().Stats().InUse); got != "[[1]] 0" {
			t.Errorf("after it: %s", got)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	suite.Refused(t, dial.ErrAddress, "clickhouse://u:s3cret@h:bad/x", "clickhouse://tcp://h:9000?password=s3cret&read_timeout=s3cret", "clickhouse://tcp://")
}

func Example() {
	ctx := context.Background()
	conn, err := dial.Dial(ctx, "clickhouse://tcp://localhost:9000?username=default&password=…&database=ticks|reconnect=true")
	if err != nil {
		return // no server
	}
	defer conn.Close()
}
