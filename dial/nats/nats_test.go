package nats_test

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	_ "github.com/depthwire/depthwire/dial/nats"
	"github.com/depthwire/depthwire/internal/backend"
)

const variable = "TEST_NATS_URL"

func plain(server, topic string) string { return server + "/" + topic }

func stored(server, topic string) string {
	return server + "/" + topic + "?stream=" + topic + "&durable=reader"
}

func own(topic string) string { return topic }

func TestCore(t *testing.T) {
	suite.Broker{Name: "nats", Variable: variable, Kills: 2, Address: plain, Live: plain, Key: own, Secure: secure}.Run(t)
}

func TestJetStream(t *testing.T) {
	suite.Broker{Name: "nats", Variable: variable, Kills: 2, Address: stored, Key: own, Secure: secure, Durable: true, Once: true,
		Live: func(server, topic string) string { return server + "/" + topic + "?stream=" + topic },
	}.Run(t)
}

// secure demands TLS in place of a server that has none: it says so in its
// first line, which comes in the clear.
func secure(c tls.Certificate) func(client, server net.Conn) (net.Conn, error) {
	return func(client, server net.Conn) (net.Conn, error) {
		info := make([]byte, 0, 4096)
		for one := make([]byte, 1); !strings.HasSuffix(string(info), "\r\n"); info = append(info, one...) {
			if _, err := server.Read(one); err != nil {
				return nil, err
			}
		}
		demanding := strings.Replace(string(info), "{", `{"tls_required":true,`, 1)
		if _, err := client.Write([]byte(demanding)); err != nil {
			return nil, err
		}
		return backend.Handshake(client, c)
	}
}

func Example() {
	ctx := context.Background()
	conn, err := dial.Dial(ctx, "nats://user:password@localhost:4222/ticks.btc?stream=TICKS&durable=writer|reconnect=true")
	if err != nil {
		return // no server
	}
	defer conn.Close()
	conn.Write(ctx, []byte("stored when Write returns"))
}
