package kafka_test

import (
	"context"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	_ "github.com/depthwire/depthwire/dial/kafka"
	"github.com/depthwire/depthwire/internal/backend"
)

const variable = "TEST_KAFKA_URL"

func TestBroker(t *testing.T) {
	suite.Broker{
		Name: "kafka", Variable: variable, Kills: 1, Durable: true, Secure: backend.FromStart,
		Address: func(server, topic string) string { return server + "/" + topic + "?group=" + topic },
		Live:    func(server, topic string) string { return server + "/" + topic + "?key=k1" },
		Key:     func(string) string { return "k1" },
	}.Run(t)
}

func Example() {
	ctx := context.Background()
	conn, err := dial.Dial(ctx, "kafka://localhost:9092/ticks?group=writer|reconnect=true")
	if err != nil {
		return // no broker
	}
	defer conn.Close()
	conn.Write(ctx, []byte("all replicas have it when Write returns"))
}
