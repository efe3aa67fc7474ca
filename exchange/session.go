package exchange

import (
	"time"

	"github.com/depthwire/depthwire/rest"
)

// Session is what the dialect of a private socket works with: the key, the venue's clock, and where the connection leads.
type Session struct {
	host, path string
	keys       *keyring
	clock      *rest.Clock
}

// Sign calls sign with the key. The error is sign's, or says that there is no key.
func (s *Session) Sign(sign func(k *Key) error) error { return s.keys.use(sign) }

// Now is the venue's time.
func (s *Session) Now() time.Time { return s.clock.Now() }

// Host is the host that the connection is made to, in lower case, with the port where there is one.
func (s *Session) Host() string { return s.host }

// Path is the path that the connection is made to.
func (s *Session) Path() string { return s.path }
