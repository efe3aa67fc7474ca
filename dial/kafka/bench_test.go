package kafka_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl/plain"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

// The bare reader commits every 10 ms: kafka-go's other way, for each message,
// takes a round trip of some milliseconds each.
func BenchmarkAgainstBare(b *testing.B) {
	server, topic := backend.URL(b, variable), suite.Topic()
	made, err := dial.Dial(b.Context(), server+"/"+topic+"|mode=send")
	if err != nil {
		b.Fatal(err)
	}
	made.Close()
	u, err := url.Parse(server)
	if err != nil {
		b.Fatal(err)
	}
	password, _ := u.User.Password()
	login := plain.Mechanism{Username: u.User.Username(), Password: password}
	writer := &kafka.Writer{Addr: kafka.TCP(u.Host), Topic: topic, Transport: &kafka.Transport{SASL: login}, RequiredAcks: kafka.RequireAll,
		BatchTimeout: time.Millisecond, Balancer: &kafka.Hash{}}
	defer writer.Close()
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{u.Host}, Topic: topic, GroupID: topic, Dialer: &kafka.Dialer{SASLMechanism: login},
		MaxWait: 200 * time.Millisecond, MinBytes: 1, MaxBytes: 16 << 20, QueueCapacity: 1000, CommitInterval: 10 * time.Millisecond})
	defer reader.Close()
	suite.Compare(b, server+"/dial"+topic+"?group=dial"+topic, suite.Side{
		Publish: func(ctx context.Context, msg []byte) error {
			return writer.WriteMessages(ctx, kafka.Message{Value: msg})
		},
		Next: func(ctx context.Context) ([]byte, error) {
			m, err := reader.FetchMessage(ctx)
			if err != nil {
				return nil, err
			}
			return m.Value, reader.CommitMessages(ctx, m)
		},
	})
}
