// Package kafka registers the scheme kafka.
//
//	kafka://localhost:9092/topic
//	kafka://user:password@host1:9092,host2:9092/ticks?group=writer&key=btc
//
// The path is the topic; user and password log in by SASL. Parameters:
//
//	group       the consumer group: it goes on where it was, over all partitions that fall to it
//	partition   without a group: the one that is read (default 0)
//	offset      without a group: last (default: what comes from now on), first, or a number
//	key         the key of what is written; WriteKey gives one to a message. Equal keys go to one partition
//	create      true (default): the topic is made if it is not there, with so many partitions (default 1)
//	partitions  see create
//	sasl        plain (default), scram-sha-256 or scram-sha-512
//	tls         true: encrypted, verified as dial.Options.TLS says
//
// # What is guaranteed
//
// Write returns when all replicas in sync have the message. Writes of several
// goroutines travel together. What was confirmed is not lost; a message whose
// confirmation was cut off may be there twice, at most as many as there are
// calls of Write under way: Kafka's readers cannot tell.
//
// In a group a message is done with when the next Read is called. Its offset is
// then committed, together with those that follow while the broker answers, and at
// Close. To one Conn no offset is delivered twice. Another reader of the group
// gets again what was done with and not yet committed when this one died. Without a
// group nothing is committed: the connection goes on behind what it has delivered.
package kafka
