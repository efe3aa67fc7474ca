// Brokers publishes to NATS, MQTT, AMQP and Kafka, those that `eval "$(scripts/services up)"` has started, and reads it back.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/depthwire/depthwire/dial"
	_ "github.com/depthwire/depthwire/dial/all" // or dial/nats, dial/mqtt, dial/amqp, dial/kafka
)

var addresses = []string{
	os.Getenv("TEST_NATS_URL") + "/test_topic",
	os.Getenv("TEST_MQTT_URL") + "/test_topic",
	os.Getenv("TEST_AMQP_URL") + "?exchange=test_topic&key=test", // with a queue of the connection's own
	os.Getenv("TEST_KAFKA_URL") + "/test_topic",
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ended:", run(ctx, os.Stdout, 10))
}

func run(ctx context.Context, out io.Writer, rounds int) error {
	conns := make(map[string]dial.Conn)
	for _, address := range addresses {
		if scheme, _, ok := strings.Cut(address, "://"); ok {
			conn, err := dial.Dial(ctx, address)
			if err != nil {
				return err
			}
			defer conn.Close()
			conns[scheme] = conn
		}
	}
	if len(conns) == 0 {
		return errors.New(`no broker: eval "$(scripts/services up)" starts them`)
	}
	for i := range rounds {
		for scheme, conn := range conns {
			text := fmt.Sprintf("message %d to %s", i, scheme)
			if err := conn.Write(ctx, []byte(text)); err != nil { // nil: the broker has it
				return err
			}
			msg, err := conn.Read(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s: wrote %q, read %q\n", scheme, text, msg)
		}
	}
	return nil
}
