// Package nats registers the scheme nats: core NATS and JetStream.
//
//	nats://host:4222/subject
//	nats://user:password@host1:4222,host2:4222/ticks.btc?stream=TICKS&durable=writer
//	nats://token@host/subject?tls=true
//
// The path is the subject; wildcards (* and >) can be read, and written with
// WriteKey only. Parameters:
//
//	stream    the stream of JetStream; it is made with the subject if there is none. Without: core NATS
//	durable   the durable consumer, which goes on where it was; without, the connection has its own
//	deliver   new (default) or all: where a consumer that is not durable begins
//	group     core NATS: a queue group, of which one member gets each message
//	window    seconds: how long a stream that is made remembers ids; one that is there must do so as long. Without: as the server likes, 2 minutes
//	tls       true: encrypted, verified as dial.Options.TLS says
//
// # What is guaranteed
//
// Core NATS delivers at most once: Write returns when the server has the
// message; whoever is not connected then never sees it. A reader who is too
// slow loses his connection rather than messages in silence.
//
// JetStream: Write returns when the stream has stored the message. It carries
// an id, so that a Write that outlives the connection (reconnect=true) stores
// it once, while the stream remembers ids (2 minutes by default). Read acknowledges the
// message before, waits for the server's confirmation, and does not deliver again what
// it has delivered, whatever the cut: no message is lost, none comes twice to one
// Conn. A durable consumer shared by others, or taken up again after a crash, delivers
// again what was not acknowledged; Repeated says so.
package nats
