package clickhouse

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		address, host, database, user string
		protocol                      clickhouse.Protocol
		encrypted                     bool
	}{
		{"clickhouse://u:p@h:9000/d", "h:9000", "d", "u", clickhouse.Native, false},
		{"clickhouse://tcp://h:9000?username=u&password=p&database=d", "h:9000", "d", "u", clickhouse.Native, false},
		{"tcp://h:9000?username=u&password=p&database=d", "h:9000", "d", "u", clickhouse.Native, false},
		{"clickhouse://u:p@h:9440/d?secure=true", "h:9440", "d", "u", clickhouse.Native, true},
		{"clickhouse://http://u:p@h:8123/d", "h:8123", "d", "u", clickhouse.HTTP, false},
		{"http://u:p@h:8123/d", "h:8123", "d", "u", clickhouse.HTTP, false},
		{"clickhouse://https://u:p@h:8443/d", "h:8443", "d", "u", clickhouse.HTTP, true},
		{"https://u:p@h:8443/d?compress=lz4", "h:8443", "d", "u", clickhouse.HTTP, true},
	} {
		o, err := parse(c.address)
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		if o.Addr[0] != c.host || o.Auth.Database != c.database || o.Auth.Username != c.user || o.Auth.Password != "p" || o.Protocol != c.protocol || (o.TLS != nil) != c.encrypted {
			t.Errorf("%s: %v %v %v, TLS %v", c.address, o.Addr, o.Auth, o.Protocol, o.TLS != nil)
		}
	}
	for _, address := range []string{"clickhouse://u:s3cret@h:bad/x", "clickhouse://tcp://h:9000?password=s3cret&read_timeout=s3cret", "clickhouse://tcp://", ""} {
		if _, err := Open(t.Context(), address, Options{}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want an error without the password", address, err)
		}
	}
}

func TestOldServers(t *testing.T) {
	for version, fine := range map[string]bool{"18.16.1": false, "23.12.1.1": false, "24.7.6.8": false, "24.8.1.1": true, "25.1.1.1": true, "26.7.2.1": true, "soon": false} {
		if err := recent(version); (err == nil) != fine || err != nil && version != "soon" && !errors.Is(err, record.ErrSchema) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestWrongPassword(t *testing.T) {
	for name, variable := range protocols {
		address := backend.URL(t, variable)
		for _, password := range []string{"wr0ng", "n" + strings.Repeat("o", 100)} {
			_, err := Open(t.Context(), strings.Replace(address, "s3cret", password, 1), Options{})
			if err == nil || strings.Contains(err.Error(), password) || errors.Is(err, record.ErrRefused) || errors.Is(err, record.ErrSchema) {
				t.Errorf("%s: %v, want a plain error without the password", name, err)
			}
		}
	}
}

// Who answers may repeat what he was told.
func TestPasswordIsNotRepeated(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		http.Error(w, "what is "+password+r.Header.Get("X-ClickHouse-Key")+r.URL.RawQuery, http.StatusTeapot)
	}))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User, u.Path = url.UserPassword("u", "s3cret"), "/d"
	if _, err := Open(t.Context(), u.String(), Options{}); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v, want an error without the password", err)
	}
	server.Close()
	if _, err := Open(t.Context(), u.String(), Options{}); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v, want an error without the password", err)
	}
}

func TestSilentServer(t *testing.T) {
	backend.Leaks(t)
	relay := backend.NewRelay(t, "", nil)
	for _, address := range []string{"clickhouse://u:p@" + relay.Addr() + "/d?dial_timeout=200ms", "http://u:p@" + relay.Addr() + "/d?dial_timeout=200ms"} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		began := time.Now()
		s, err := Open(ctx, address, Options{})
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", address)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: after %v", address, took)
		}
		cancel()
	}
}

func TestTLS(t *testing.T) {
	authority := backend.NewAuthority(t)
	for name, variable := range protocols {
		t.Run(name, func(t *testing.T) {
			address := backend.URL(t, variable)
			backend.Leaks(t)
			p := newPlace(t, address)
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			relay := backend.NewRelay(t, u.Host, backend.FromStart(authority.Issue(time.Now().Add(time.Hour))))
			secure := strings.Replace(relay.In(p.address), "http://", "https://", 1) + "?secure=true"
			for _, o := range []Options{{TLS: authority.Client()}, {TLS: authority.Client(), Dial: func(ctx context.Context, address string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", address)
			}}} {
				s, err := Open(t.Context(), secure, o)
				if err != nil {
					t.Fatal(err)
				}
				write(t, s, batch(1, 0, 30, time.Millisecond))
				s.Close()
			}
			p.once(1, 30)
			if s, err := Open(t.Context(), secure, Options{}); err == nil {
				s.Close()
				t.Error("an unknown certificate is taken")
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	address := backend.URL(t, protocols["native"])
	for name, c := range map[string]struct {
		recording bool
		change    string
	}{
		"newer":      {true, "INSERT INTO depthwire (schema) VALUES (2)"},
		"foreign":    {false, "CREATE TABLE trades (x Int8) ENGINE = MergeTree ORDER BY x"},
		"foreignToo": {false, "CREATE TABLE depthwire (x Int8) ENGINE = MergeTree ORDER BY x"},
		"columnGone": {true, "ALTER TABLE frames DROP COLUMN url SETTINGS mutations_sync = 2, alter_sync = 2"},
		"tableGone":  {true, "DROP TABLE frames SYNC"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, address)
			if c.recording {
				p.open()
			}
			p.exec(c.change)
			before := p.lines("SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name")
			if s, err := Open(t.Context(), p.address, Options{}); !errors.Is(err, record.ErrSchema) {
				if err == nil {
					s.Close()
				}
				t.Errorf("Open: %v, want ErrSchema", err)
			}
			p.want("SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name", before...)
		})
	}
}

// Who was killed while he made the tables, or somebody who has columns of his own, is no reason to refuse.
func TestOpenGoesOn(t *testing.T) {
	p := newPlace(t, backend.URL(t, protocols["native"]))
	p.open()
	p.exec("TRUNCATE TABLE depthwire SYNC")
	p.exec("DROP TABLE frames SYNC")
	p.exec("DROP VIEW book_at SYNC")
	p.exec("ALTER TABLE trades_rows ADD COLUMN mine String")
	p.exec("CREATE TABLE accounts (x Int8) ENGINE = MergeTree ORDER BY x")
	s := p.open()
	p.open()
	b := batch(1, 0, 30, time.Millisecond)
	write(t, s, b)
	p.once(1, 30)
	p.want("SELECT toString(max(schema)) FROM depthwire", "1")
	if bids, asks := p.at("okx", "BTC/USDT", begin.Add(time.Hour), 1); len(bids)+len(asks) != 0 {
		t.Error("a book without a snapshot is there")
	}
}

// The questions of the page.
func TestQuestions(t *testing.T) {
	p := newPlace(t, backend.URL(t, protocols["native"]))
	write(t, p.open(), batch(1, 0, 300, time.Second))
	p.want("SELECT toString(count()) FROM (SELECT toStartOfMinute(time) AS start, argMin(price, (time, pos)) AS open, max(price) AS high, min(price) AS low, "+
		"argMax(price, (time, pos)) AS close, sum(size) AS volume FROM trades WHERE venue = 'okx' AND symbol = 'BTC/USDT' AND time >= '2026-11-22' GROUP BY start ORDER BY start)", "6")
	p.want("SELECT venue FROM gaps WHERE received >= today() AND NOT healed")
	p.want("SELECT concat(price_text, ' ', size_text, ' ', cost_text) FROM trades WHERE id = '1-3'", "68250.13 0.00004 ")
	p.want("SELECT concat(toString(price), ' ', toString(size), ' ', toString(isNull(cost))) FROM trades WHERE id = '1-3'", "68250.13 0.00004 1")
	p.want("SELECT bids_text FROM books WHERE pos = 5", "68250.15 0.00006 ")
	p.exec("ALTER TABLE books DROP PARTITION '2026-11-23'")
	p.want("SELECT toString(count()) FROM books", "0")
}
