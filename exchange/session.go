package exchange

import (
	"errors"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// Session is what the dialect of a private socket works with: the key, the venue's clock, and where the connection leads. It
// is safe for concurrent use: all connections of a socket share one.
type Session struct {
	host, path string
	keys       *keyring
	clock      *rest.Clock
	venue      string
	family     *Family
	veils      *veils
}

// Sign calls sign with the key. The error is sign's, or says that there is no key. The signatures that are made are kept out of
// what the venue is seen to say.
func (s *Session) Sign(sign func(k *Key) error) error {
	return s.keys.use(func(k *Key) error {
		own := *k
		own.made = s.veils.sign
		return sign(&own)
	})
}

// Now is the venue's time.
func (s *Session) Now() time.Time { return s.clock.Now() }

// Host is the host that the connection is made to, in lower case, with the port where there is one.
func (s *Session) Host() string { return s.host }

// Path is the path that the connection is made to.
func (s *Session) Path() string { return s.path }

// Refusal makes the error of what the venue refuses, for stream.Frame.Denied and stream.Ack.Err: its kind is that of the code in
// Family.Codes. As Denied, kinds that another attempt cannot heal are final: a refused key, unless Options.Vault has another, a missing
// permission, an address that is not allowed. A refused time is measured before the next attempt, once.
func (s *Session) Refusal(code, text string) error {
	return &Error{Venue: s.venue, Kind: s.family.kind(code, text), Code: code, Message: text}
}

// final reports whether to ask again would not help.
func final(kind error) bool {
	return errors.Is(kind, ErrAuth) || errors.Is(kind, ErrBadRequest) || errors.Is(kind, ErrNotSupported)
}
