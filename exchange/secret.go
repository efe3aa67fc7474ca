package exchange

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// hidden is what a Secret looks like.
const hidden = "[secret]"

// Secret is text that nobody must see. Printed, marshalled or logged, with whatever verb and within whatever struct, it is
// [secret], or an address. The zero value is no secret at all. Copies share the text, so that Wipe wipes them all; it must
// not be called while another goroutine uses one.
type Secret struct {
	// fmt prints what unexported fields of other structs hold without asking, with a wrong verb even what is behind a
	// pointer, but nobody looks into a function.
	text func() *[]byte
}

// NewSecret returns a secret with a copy of the text. The string itself stays in memory until Go takes it back.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return secretOf([]byte(text))
}

// secretOf takes the text over.
func secretOf(text []byte) Secret { return Secret{func() *[]byte { return &text }} }

func (s Secret) bytes() []byte {
	if s.text == nil {
		return nil
	}
	return *s.text()
}

func (s Secret) copied() Secret {
	if s.IsZero() {
		return Secret{}
	}
	return secretOf(append([]byte(nil), s.bytes()...))
}

// IsZero reports whether there is no text, or none any more.
func (s Secret) IsZero() bool { return len(s.bytes()) == 0 }

// Equal reports whether both have the same text, in a time that depends on its length alone.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare(s.bytes(), other.bytes()) == 1
}

// Wipe overwrites the text with zeros. All copies are empty from then on.
func (s Secret) Wipe() {
	if s.text != nil {
		text := s.text()
		clear(*text)
		*text = nil
	}
}

// String is what is shown instead of the text.
func (Secret) String() string { return hidden }

// GoString is String.
func (Secret) GoString() string { return hidden }

// Format prints String for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText is String, for all encodings of text, JSON among them.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue is String.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
