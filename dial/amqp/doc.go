// Package amqp registers the scheme amqp: RabbitMQ and others that speak AMQP
// 0-9-1.
//
//	amqp://user:password@host:5672/?queue=orders
//	amqp://user:password@host:5672/vhost?exchange=ticks&type=topic&key=btc.usdt
//
// The path is the virtual host, / if there is none. Parameters:
//
//	queue      the queue to read; without exchange also where Write puts messages
//	exchange   where Write publishes; a queue that is read is bound to it
//	key        the routing key of Write, and of the binding (with * and # for topics)
//	type       topic (default), direct, fanout or headers, of an exchange that is made
//	declare    true (default): queue and exchange are made, durable, if they are not there; false: they must be
//	prefetch   how many messages wait for the reader beside the one he has (default 256)
//	tls        true: encrypted, verified as dial.Options.TLS says
//
// With exchange and without queue the connection reads from a queue of its own,
// which goes with it.
//
// # What is guaranteed
//
// Write publishes a persistent message and returns when the broker has
// confirmed it; dial.ErrUnroutable says that no queue took it. Read acknowledges the
// message before. What was confirmed is not lost, what was read and acknowledged
// is not read again; a message whose confirmation or acknowledgement was cut
// off may come twice, at most as many as there are calls of Write and Read
// under way. Repeated tells those that the broker delivers again; what was
// published again, because a cut hid the confirmation, bears no mark.
// A queue of the connection's own does not outlive a cut.
//
// A RabbitMQ that is killed (kill -9, 3.10.8) keeps the messages that it has
// confirmed, but may forget a queue, with all that
// is in it, that it was told to make just before and answered for. With declare=true Dial
// therefore makes another durable queue behind it and deletes that: then the first is on disk,
// and nothing that Write returned nil for was lost. Who may not make other queues, and
// who makes queues by other means, has what the broker gives.
package amqp
