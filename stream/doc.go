// Package stream keeps subscriptions alive and hands their data to readers.
//
// A [Hub] owns the sockets of one endpoint of a venue: it spreads topics over
// connections, subscribes in batches at the venue's pace, matches
// acknowledgements, answers and sends heartbeats, notices silence, reconnects
// for ever and subscribes again. How a venue talks is told by its [Dialect],
// which does no I/O. What a topic carries goes to its [Sink], in the goroutine
// that reads the socket: there is one such goroutine per connection and no hop
// behind it. A dialect that is a [Greeter] logs in first, and [Hub.Do] asks one
// question and waits for its answer: an error says whether it was sent.
//
// A [Feed] is one series of values of one kind: the newest state (a book, a
// ticker), or a bounded ring of events (trades). A [Subscription] reads one or
// many feeds, each with its own cursor, in its reader's goroutine. A slow reader
// costs the socket nothing and always learns what he missed: see [Break].
package stream
