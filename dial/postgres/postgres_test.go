package postgres_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	_ "github.com/depthwire/depthwire/dial/postgres"
	"github.com/depthwire/depthwire/internal/backend"
)

const variable = "TEST_POSTGRES_DSN"

var database = suite.Database{
	Name:      "postgres",
	Variable:  variable,
	Address:   func(v string) string { return v },
	Integer:   "bigint",
	Text:      "text",
	Mark:      func(i int) string { return fmt.Sprintf("$%d", i) },
	Numbers:   "SELECT generate_series(0, %d-1)",
	Slow:      "SELECT pg_sleep(60)",
	Affected:  true,
	Secure:    secure,
	Encrypted: func(a string) string { return strings.Replace(a, "sslmode=disable", "sslmode=verify-full", 1) },
}

// secure answers the request for TLS, PostgreSQL 15, section 55.2.10, in
// place of a server that has none.
func secure(c tls.Certificate) func(client, server net.Conn) (net.Conn, error) {
	return func(client, _ net.Conn) (net.Conn, error) {
		if _, err := io.ReadFull(client, make([]byte, 8)); err != nil {
			return nil, err
		}
		if _, err := client.Write([]byte("S")); err != nil {
			return nil, err
		}
		return backend.Handshake(client, c)
	}
}

func TestDatabase(t *testing.T) { database.Run(t) }

func BenchmarkDatabase(b *testing.B) { database.Bench(b) }

// The original's form of an address is pairs of key and value.
func TestPairs(t *testing.T) {
	u, err := url.Parse(backend.URL(t, variable))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	c := suite.Open(t, fmt.Sprintf("postgres://user=%s dbname=%s sslmode=disable password=%s host=%s port=%s",
		u.User.Username(), strings.TrimPrefix(u.Path, "/"), password, u.Hostname(), u.Port()))
	r := suite.Exec(t, c, "SELECT 1.50::numeric AS n, 'x'::bytea AS b, '{\"a\": 1}'::jsonb AS j, NULL AS z, true AS t")
	if got := fmt.Sprintf("%v %#v", r.Columns, r.Rows); got != `[n b j z t] [][]driver.Value{[]driver.Value{"1.50", []uint8{0x78}, "{\"a\": 1}", driver.Value(nil), true}}` {
		t.Errorf("values: %s", got)
	}
}

func TestUnixSocket(t *testing.T) {
	suite.Refused(t, dial.ErrLost, "postgres://u:s3cret@/x?host=/nowhere")
}

func TestBadAddresses(t *testing.T) {
	suite.Refused(t, dial.ErrAddress, "postgres://u:s3cret@host:bad/x", "postgres://user=u password=s3cret nonsense", "postgres://u:s3cret@h/x?sslmode=s3cret")
}

func Example() {
	ctx := context.Background()
	conn, err := dial.Dial(ctx, "postgres://user=postgres dbname=ticks sslmode=disable password=… host=localhost port=5432|reconnect=true")
	if err != nil {
		return // no server
	}
	defer conn.Close()
}
