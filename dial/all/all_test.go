package all_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	_ "github.com/depthwire/depthwire/dial/all"
)

func TestSchemes(t *testing.T) {
	const want = "[amqp clickhouse handle kafka mqtt mysql nats postgres sqlite3 tcp tls udp unix ws wss]"
	if got := fmt.Sprint(dial.Schemes()); got != want {
		t.Errorf("schemes %s, want %s", got, want)
	}
}

// No address, however wrong, brings more than an error, and none of it shows
// the password.
func FuzzAddress(f *testing.F) {
	const secret = "s3cret"
	for _, scheme := range dial.Schemes() {
		for _, rest := range []string{"u:s3cret@127.0.0.1:1/x", "u:s3cret@tcp(127.0.0.1:1)/x?a=s3cret", "user=u password=s3cret host=127.0.0.1 port=1",
			"tcp://127.0.0.1:1?password=s3cret", "u:s3cret@127.0.0.1:1,127.0.0.1:2/x?group=g&qos=s3cret", "//u:s3cret@[::1]:1/%zz?queue=q", ":s3cret@"} {
			f.Add(scheme, rest)
		}
	}
	f.Fuzz(func(t *testing.T, scheme, rest string) {
		if scheme == "sqlite3" || scheme == "unix" || scheme == "udp" || strings.Contains(rest, "/") && scheme == "mysql" && strings.Contains(rest, "unix") {
			return // it would make files, or reach what is there
		}
		nowhere := func(context.Context, string, string) (net.Conn, error) { return nil, dial.ErrRefused }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		conn, err := dial.Options{DialContext: nowhere, HandshakeTimeout: 100 * time.Millisecond}.Dial(ctx, scheme+"://"+rest)
		if err == nil {
			conn.Close()
			t.Fatalf("%q: a connection to nowhere", rest)
		}
		shown := err.Error()
		if e, ok := errors.AsType[*dial.Error](err); ok && strings.Contains(hostPart(rest), secret) {
			shown = strings.ReplaceAll(shown, e.Addr, "") // it is the host's name here
		}
		if strings.Contains(shown, secret) {
			t.Errorf("%s: the error has the password: %v", scheme, err)
		}
	})
}

// hostPart is what of an address may be the name of a host.
func hostPart(rest string) string { return rest[strings.LastIndexByte(rest, '@')+1:] }
