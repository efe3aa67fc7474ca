package dial

import "context"

// Publication is one of those that a Publisher sends.
type Publication struct {
	Key string // as of Keyed; empty: that of the address
	// ID is what the message is known by, however often it is sent: JetStream stores what comes with one ID once, within the window of
	// its stream; AMQP carries it as the message id, Kafka in a header of the name ID. Core NATS and MQTT 3.1.1 have no room
	// for it. Empty: none.
	ID   string
	Body []byte
}

// IDHeader is the name of the header in which Kafka carries the ID of a Publication.
const IDHeader = "id"

// Publisher is a Conn to a broker that sends many messages without waiting for each.
type Publisher interface {
	// Publish sends messages in their order and returns when the broker has
	// confirmed all. After an error any of them may be there, or be on its way still: what
	// they have may not be written to then.
	Publish(ctx context.Context, messages []Publication) error
}
