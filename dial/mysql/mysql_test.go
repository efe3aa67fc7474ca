package mysql_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	_ "github.com/depthwire/depthwire/dial/mysql"
	"github.com/depthwire/depthwire/internal/backend"
)

const variable = "TEST_MYSQL_DSN"

var database = suite.Database{
	Name:      "mysql",
	Variable:  variable,
	Address:   func(v string) string { return "mysql://" + v + "?charset=utf8mb4" },
	Integer:   "bigint",
	Text:      "text",
	Mark:      func(int) string { return "?" },
	Numbers:   "SELECT seq FROM seq_0_to_100000 WHERE seq < %d",
	Slow:      "SELECT SLEEP(60)",
	Affected:  true,
	Secure:    secure,
	Encrypted: func(a string) string { return a },
}

func TestDatabase(t *testing.T) { database.Run(t) }

func BenchmarkDatabase(b *testing.B) { database.Bench(b) }

func TestURL(t *testing.T) {
	dsn := backend.URL(t, variable)
	for _, address := range []string{
		"mysql://" + strings.NewReplacer("tcp(", "", ")", "").Replace(dsn),
		"mysql://" + strings.NewReplacer("tcp(", "", ")", "", "s3cret", "%733cret").Replace(dsn) + "?charset=utf8mb4",
	} {
		c := suite.Open(t, address)
		r := suite.Exec(t, c, "SELECT CAST(1.50 AS DECIMAL(20,2)) AS n, CAST('x' AS BINARY) AS b, NULL AS z, TIMESTAMP('2026-01-02 03:04:05.000006') AS t")
		if got := fmt.Sprintf("%v %#v", r.Columns, r.Rows[0][:3]); got != `[n b z t] []driver.Value{"1.50", []uint8{0x78}, driver.Value(nil)}` {
			t.Errorf("values: %s", got)
		}
		if got := fmt.Sprint(r.Rows[0][3]); got != "2026-01-02 03:04:05.000006 +0000 UTC" {
			t.Errorf("time: %s", got)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	suite.Refused(t, dial.ErrLost, "mysql://u:s3cret@unix(/nowhere)/x")
}

func TestBadAddresses(t *testing.T) {
	suite.Refused(t, dial.ErrAddress, "mysql://u:s3cret@tcp(h:1", "mysql://u:s3cret@:bad/x", "mysql://u:s3cret@tcp(h:1)/x?tls=s3cret", "mysql://nonsense s3cret")
}

func Example() {
	ctx := context.Background()
	conn, err := dial.Dial(ctx, "mysql://user:password@tcp(localhost:3306)/ticks?charset=utf8mb4|reconnect=true")
	if err != nil {
		return // no server
	}
	defer conn.Close()
}
