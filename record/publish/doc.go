// Package publish is a sink of package record that publishes rows to a broker, a message each, as JSON that package lines
// describes; and Consume, which takes them from there into another sink: collectors and writers on different machines.
//
//	nats://host:4222/depthwire?stream=DEPTHWIRE   JetStream; subjects as depthwire.trades.okx.BTC-USDT
//	kafka://host:9092/depthwire                   a topic for each table, depthwire.trades; key okx/BTC/USDT, header id
//	amqp://host:5672/?exchange=depthwire          routing keys as trades.okx.BTC-USDT; persistent, message id
//	mqtt://host:1883/depthwire                    topics as depthwire/trades/okx/BTC-USDT; QoS 1
//
// These are addresses of package dial, whose other parameters work, too; the program imports the packages of the schemes that
// it wants, dial/nats for instance, or dial/all. Names are made by lines.AppendName; a market that a row does not have is -.
//
// # What arrives, and how often
//
// Write returns when the broker has confirmed the whole batch; some two thousand messages are under way at once. Messages
// of one market are in the order of their positions. What was not confirmed is published again, so that nothing is lost. Each
// message has an id, which lines.AppendID makes: of tables with a Key the row's own, whichever recorder brought it, else the log's
// and the position.
//
//	JetStream   exactly once, as long as an id comes again within the stream's window, also what two recorders of one market bring, of
//	            tables with a Key. The stream is made with a window of Options.Window if it is missing; one that is there with a
//	            shorter window is refused. The server keeps the ids of a window in memory, some 100 bytes each. What a recorder that was down for longer
//	            than the window publishes again, at most its last batch, is there twice
//	Kafka       at least once: twice what was under way when a connection broke; the header says the id
//	AMQP        at least once; the message id says the id. An exchange without a queue takes nothing: Write fails until a queue is bound
//	MQTT        at least once; version 3.1.1 has no room for an id, which the body has all parts of
//
// Consume leaves out what has come already. What is no row, and what its sink refuses, goes into a file.
//
// A row that is larger than the broker takes is record.ErrRefused.
//
// Rows a second, in batches of 10,000, broker and sink on two shared cores (BenchmarkWrite): Kafka 48,000; with other work on the machine
// JetStream 32,000, Mosquitto 19,000, RabbitMQ 5,000, and Consume from JetStream into files 22,000.
package publish
