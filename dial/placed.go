package dial

import "context"

// Placed is a Conn to a broker that numbers the messages it keeps: JetStream's
// sequence numbers, without a durable consumer, and Kafka's offsets, without a group.
type Placed interface {
	// Origin is what has given the numbers, and is another when they have begun
	// anew; empty: there are none.
	Origin() string
	// Parts asks how many rows of numbers there are, of which the Conn reads one: the partitions of
	// Kafka's topic; of others 1.
	Parts(ctx context.Context) (int, error)
	// Seek says with which number to begin, in place of what the address says. It is called before the
	// first Read. Nothing is acknowledged from then on: the numbers say how far the reader is.
	Seek(number uint64)
	// Place returns the number of the last message that Read returned. It is
	// called by the goroutine that reads.
	Place() uint64
}
