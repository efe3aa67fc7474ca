package suite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/database"
	"github.com/depthwire/depthwire/internal/backend"
)

func (d Database) refused(t *testing.T) {
	backend.Leaks(t)
	address := d.address(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	_, err = dial.Dial(t.Context(), swapHost(address, ln.Addr().String()))
	if !errors.Is(err, dial.ErrRefused) {
		t.Errorf("nobody listens: %v; want ErrRefused", err)
	}
	silent(t, err)
}

func (d Database) wrongPassword(t *testing.T) {
	backend.Leaks(t)
	address := strings.ReplaceAll(d.address(t), "s3cret", "wr0ng")
	_, err := dial.Dial(t.Context(), address+"|reconnect=true&interval=10")
	if !errors.Is(err, dial.ErrAuth) {
		t.Errorf("wrong password: %v; want ErrAuth", err)
	}
	silent(t, err)
	if err != nil && (strings.Contains(err.Error(), "test") || strings.Contains(err.Error(), "wr0ng")) {
		t.Errorf("the error has the user or the password: %v", err)
	}
}

// silent fails if an error shows what it may not.
func silent(t testing.TB, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "test:") || strings.Contains(err.Error(), "database=")) {
		t.Errorf("the error has the password, the user or what follows the host: %v", err)
	}
	if err != nil && strings.Count(err.Error(), dial.ErrRefused.Error()) > 1 {
		t.Errorf("the error says it twice: %v", err)
	}
}

// silence is a peer that accepts and says nothing, and a network that stops
// in the middle of a statement.
func (d Database) silence(t *testing.T) {
	backend.Leaks(t)
	address := d.address(t)
	mute := backend.NewRelay(t, "", nil)
	begun := time.Now()
	_, err := dial.Options{HandshakeTimeout: 300 * time.Millisecond}.Dial(t.Context(), swapHost(address, mute.Addr()))
	if took := time.Since(begun); !errors.Is(err, dial.ErrTimeout) || took > 5*time.Second {
		t.Errorf("silent peer: %v after %v; want ErrTimeout after 300ms", err, took)
	}
	relay := backend.NewRelay(t, hostOf(address), nil)
	c := Open(t, relay.In(address))
	Exec(t, c, "SELECT 1")
	relay.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun = time.Now()
	_, err = c.Exec(ctx, "SELECT 1")
	if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
		t.Errorf("silent network: %v after %v; want DeadlineExceeded after 300ms", err, took)
	}
	relay.Thaw()
	relay.Cut()
	Exec(t, c, "SELECT 1") // on a new connection
}

// stale: connections that died while nobody used them cost no statement, and
// none is executed twice. A session is not made anew behind its user's back.
func (d Database) stale(t *testing.T) {
	backend.Leaks(t)
	address := d.address(t)
	relay := backend.NewRelay(t, hostOf(address), nil)
	c := Open(t, relay.In(address))
	table := d.table(t, c)
	for i := range 3 {
		d.idle(t, c)
		relay.Cut()
		Exec(t, c, d.insert(table), i, "x")
	}
	if got := fmt.Sprint(Exec(t, c, "SELECT count(*) FROM "+table).Rows); got != "[[3]]" {
		t.Errorf("%s rows, want 3", got)
	}
	c.DB().SetMaxOpenConns(1)
	Exec(t, c, "SELECT 1")
	relay.Cut()
	if _, err := c.Exec(t.Context(), "SELECT 1"); !errors.Is(err, dial.ErrLost) {
		t.Errorf("a session that was cut: %v; want ErrLost", err)
	}
	Exec(t, c, "SELECT 1")
}

// idle leaves two connections in the pool.
func (d Database) idle(t *testing.T, c *database.Conn) {
	t.Helper()
	for range 2 {
		rows, err := c.Query(t.Context(), fmt.Sprintf(d.Numbers, 1))
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
	}
}

// cut: a statement that runs when the network breaks ends with ErrLost, also
// with reconnect, and is not sent again.
func (d Database) cut(t *testing.T) {
	backend.Leaks(t)
	address := d.address(t)
	relay := backend.NewRelay(t, hostOf(address), nil)
	c := Open(t, relay.In(address)+"|reconnect=true&interval=10")
	for range 3 {
		Exec(t, c, "SELECT 1") // on a connection that stands
		before := relay.Passed()
		done := make(chan error, 1)
		var running sync.WaitGroup
		running.Go(func() {
			_, err := c.Exec(t.Context(), d.Slow)
			done <- err
		})
		for relay.Passed() < before+int64(len(d.Slow)) {
			runtime.Gosched()
		}
		relay.Cut()
		if err := <-done; !errors.Is(err, dial.ErrLost) {
			t.Errorf("cut: %v; want ErrLost", err)
		}
		running.Wait()
	}
	Exec(t, c, "SELECT 1")
}

func (d Database) proxied(t *testing.T) {
	backend.Leaks(t)
	proxy := backend.NewProxy(t)
	c := Open(t, d.address(t)+"|proxy="+proxy.URL())
	Exec(t, c, "SELECT 1")
	if proxy.Tunnels() == 0 {
		t.Error("the proxy was not asked")
	}
	_, err := dial.Dial(t.Context(), d.address(t)+"|proxy="+strings.Replace(proxy.URL(), "s3cret", "wr0ng", 1))
	if !errors.Is(err, dial.ErrProxy) {
		t.Errorf("wrong password of the proxy: %v; want ErrProxy", err)
	}
	silent(t, err)
}

func (d Database) killed(t *testing.T) {
	backend.Leaks(t)
	server := backend.Start(t, d.Name, d.Variable)
	c := Open(t, d.Address(server.URL(d.Variable)))
	name := "kept"
	Exec(t, c, fmt.Sprintf("CREATE TABLE %s (id %s, name %s) %s", name, d.Integer, d.Text, d.Engine))
	Exec(t, c, d.insert(name), 1, "before")
	d.idle(t, c)
	server.Stop() // with a farewell
	server.Start()
	Exec(t, c, d.insert(name), 3, "between")
	server.Kill()
	for range 3 {
		_, err := c.Exec(t.Context(), d.insert(name), 2, "lost")
		if !errors.Is(err, dial.ErrLost) && !errors.Is(err, dial.ErrRefused) {
			t.Errorf("while it is down: %v; want ErrLost or ErrRefused", err)
		}
		silent(t, err)
	}
	server.Start()
	r := Exec(t, c, "SELECT id, name FROM "+name+" ORDER BY id")
	if got := fmt.Sprint(r.Rows); got != "[[1 before] [3 between]]" {
		t.Errorf("after the restart: %s; want what was confirmed", got)
	}
}

// killedReconnect inserts while the server is killed and started: what was
// confirmed is there, what was not sent has waited.
func (d Database) killedReconnect(t *testing.T) {
	backend.Leaks(t)
	server := backend.Start(t, d.Name, d.Variable)
	c := Open(t, d.Address(server.URL(d.Variable))+"|reconnect=true&interval=20")
	const name, writers = "kept", 4
	Exec(t, c, fmt.Sprintf("CREATE TABLE %s (id %s, name %s) %s", name, d.Integer, d.Text, d.Engine))
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	confirmed, failed := make(map[string]bool), 0
	progress := make(chan struct{}, 1)
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := w; ctx.Err() == nil; i += writers {
				_, err := c.Exec(ctx, d.insert(name), i, "x")
				mu.Lock()
				switch {
				case err == nil:
					confirmed[fmt.Sprint(i)] = true
				case ctx.Err() == nil && errors.Is(err, dial.ErrLost):
					failed++ // it was on its way
				case ctx.Err() == nil:
					t.Errorf("insert: %v", err)
				}
				mu.Unlock()
				select {
				case progress <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 2 {
		for range 20 {
			<-progress
		}
		server.Kill()
		server.Start()
	}
	for range 20 {
		<-progress
	}
	stop()
	writing.Wait()
	if most := 2 * 2 * writers; failed > most {
		t.Errorf("%d inserts failed; want those on their way only, %d at most", failed, most)
	}
	there := make(map[string]bool)
	for _, row := range Exec(t, c, "SELECT id FROM "+name).Rows {
		there[fmt.Sprint(row[0])] = true
	}
	for id := range confirmed {
		if !there[id] {
			t.Errorf("row %s was confirmed, and is lost", id)
		}
	}
	t.Logf("%d confirmed, %d there, %d failed on their way", len(confirmed), len(there), failed)
}

func (d Database) certificates(t *testing.T) {
	backend.Leaks(t)
	authority := backend.NewAuthority(t)
	address := d.address(t)
	for name, c := range map[string]struct {
		end    time.Time
		client dial.Options
		good   bool
	}{
		"good":     {time.Now().Add(time.Hour), dial.Options{TLS: authority.Client()}, true},
		"expired":  {time.Now().Add(-time.Hour), dial.Options{TLS: authority.Client()}, false},
		"stranger": {time.Now().Add(time.Hour), dial.Options{TLS: backend.NewAuthority(t).Client()}, false},
	} {
		relay := backend.NewRelay(t, hostOf(address), d.Secure(authority.Issue(c.end)))
		conn, err := c.client.Dial(t.Context(), d.Encrypted(relay.In(address)))
		switch {
		case c.good && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.good:
			Exec(t, conn.(*database.Conn), "SELECT 1")
		case !errors.Is(err, dial.ErrCertificate):
			t.Errorf("%s: %v; want ErrCertificate", name, err)
		}
		silent(t, err)
		if conn != nil {
			conn.Close()
		}
	}
}
