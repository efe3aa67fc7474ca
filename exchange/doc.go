// Package exchange is one interface to many venues: a [Client] fetches (pull) and
// watches (push) their data in unified types, both from one live state.
//
// A venue is a value, a [Venue]: tables of REST calls and of channels, the way it
// talks on a socket, and pure parsers. The Client does everything that starts
// goroutines, keeps sockets, merges books, heeds limits and tells gaps, once for all
// venues. What a venue lacks is a field left zero, and answers [ErrNotSupported].
//
// Every value carries a [Stamp]: where it comes from, both clocks, the venue's
// sequence, and a [Break] when something before it is known to be missing. A book that
// is not in sync is never served as if it were.
//
// With Options.Credentials the account is fetched and watched too, and orders are
// placed, changed and cancelled. Nothing is sent twice as long as the first may have
// been heard: what has become of it is asked, and an [OrderError] says what is known.
// Money cannot be withdrawn.
//
// A [Consolidated] view merges the books that several Clients have of a symbol into one,
// each level attributed to its venues. A venue that is not live is left out, and told.
package exchange
