// Brokers publishes to NATS, MQTT, AMQP and Kafka and reads back what it has published. `eval "$(scripts/services up)"` starts
// all four and says where they are; one that is not there is left out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/depthwire/depthwire/dial"
	_ "github.com/depthwire/depthwire/dial/amqp"
	_ "github.com/depthwire/depthwire/dial/kafka"
	_ "github.com/depthwire/depthwire/dial/mqtt"
	_ "github.com/depthwire/depthwire/dial/nats"
)

var brokers = []struct{ name, server, rest string }{
	{"nats", os.Getenv("TEST_NATS_URL"), "/test_topic"},
	{"mqtt", os.Getenv("TEST_MQTT_URL"), "/test_topic"},
	{"amqp", os.Getenv("TEST_AMQP_URL"), "?exchange=test_topic&key=test"}, // with a queue of the connection's own,
	{"kafka", os.Getenv("TEST_KAFKA_URL"), "/test_topic"},
}

func main() {
	rounds := flag.Int("rounds", 10, "how often")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ended:", run(ctx, os.Stdout, *rounds))
}

func run(ctx context.Context, out io.Writer, rounds int) error {
	type named struct {
		name string
		conn dial.Conn
	}
	var conns []named
	for _, b := range brokers {
		if b.server == "" {
			continue
		}
		conn, err := dial.Dial(ctx, b.server+b.rest)
		if err != nil {
			return err
		}
		defer conn.Close()
		conns = append(conns, named{b.name, conn})
	}
	if len(conns) == 0 {
		return errors.New(`no broker: eval "$(scripts/services up)" starts them`)
	}
	for range rounds {
		for _, c := range conns {
			if err := turn(ctx, out, c.name, c.conn); err != nil {
				return err
			}
		}
	}
	return nil
}

func turn(ctx context.Context, out io.Writer, name string, conn dial.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text := "test msg. of " + time.Now().Format(time.StampMicro)
	if err := conn.Write(ctx, []byte(text)); err != nil { // nil: the broker has it
		return err
	}
	msg, err := conn.Read(ctx)
	fmt.Fprintf(out, "%s: wrote %q, read %q\n", name, text, msg)
	return err
}
