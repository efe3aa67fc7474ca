// Package mqtt registers the scheme mqtt: MQTT 3.1.1.
//
//	mqtt://user:password@host:1883/topic?qos=1
//	mqtt://host/ticks/btc?qos=2&client=writer
//	mqtt://host:8080/ticks?transport=ws&path=/mqtt
//
// The path is the topic; wildcards (+ and #) can be read, and written with
// WriteKey only. Parameters:
//
//	qos        0, 1 (default) or 2, of what is written and read
//	client     the name of the session that the broker keeps when the connection is closed: who
//	           comes back under the name gets what he missed. Two connections with one name throw each
//	           other out; mode=send adds "-send" to it, so that a reader and a writer may share an
//	           address. Without, the session ends with the connection
//	retain     true: the broker keeps the last message for who comes later
//	transport  tcp (default) or ws; path is the one of ws (default /mqtt)
//	tls        true: encrypted, verified as dial.Options.TLS says; the port is 8883 if none is said
//
// # What is guaranteed
//
// With QoS 0 nothing. With QoS 1 and 2 Write returns when the broker has confirmed the
// message, and Read acknowledges the message before. What was confirmed is not lost, what was
// read and acknowledged is not read again. With QoS 1 a message whose confirmation or
// acknowledgement was cut off may come twice: as many as there are calls of Write under way, and those
// that were acknowledged a moment ago, for a broker does not answer to that; Repeated tells those that
// the broker delivers again. With QoS 2 none comes twice as long as both ends keep the session: the
// connection does, with reconnect=true, until it is closed.
//
// All of that is as durable as the broker. Mosquitto keeps sessions and messages in memory. With
// persistence true, which is not its default, it saves them when it is asked to stop and every
// autosave_interval seconds, 1800 if nothing is said: when it is killed, it has lost what it confirmed since. Without
// persistence it forgets all whenever it ends.
package mqtt
