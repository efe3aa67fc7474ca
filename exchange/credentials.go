package exchange

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// Credentials prove to a venue who is asking. Besides the Key there is either a Secret or a PrivateKey.
type Credentials struct {
	Key        Secret // the venue's name of the key: no secret to the venue, but nobody else's business
	Secret     Secret // of HMAC keys: the text as the venue shows it
	PrivateKey Secret // of Ed25519 keys: PKCS#8 as PEM or base64, or the base64 of a seed of 32 bytes, or of seed and public key
	Passphrase Secret // where the venue asks for one (OKX)
}

// Wipe overwrites all of them with zeros.
func (c Credentials) Wipe() {
	for _, s := range c.all() {
		s.Wipe()
	}
}

// IsZero reports whether there are none.
func (c Credentials) IsZero() bool {
	for _, s := range c.all() {
		if !s.IsZero() {
			return false
		}
	}
	return true
}

func (c Credentials) all() [4]Secret { return [4]Secret{c.Key, c.Secret, c.PrivateKey, c.Passphrase} }

// Key is Credentials made ready for signing. It is safe for concurrent use, but for Wipe.
type Key struct {
	name, passphrase Secret
	hmac             Secret
	private          Secret                 // an ed25519.PrivateKey
	made             func(signature []byte) // is told of each; may be nil
}

// shortSecret is the least length of a part of Credentials and of a token: what is shorter could not be told from other
// words where an answer that quotes it is shown.
const shortSecret = 8

// NewKey reads credentials into memory of its own: those given may be wiped. Errors are ErrAuth and tell what is wrong
// with the form, never a part of it.
func NewKey(c Credentials) (*Key, error) {
	switch {
	case c.Key.IsZero():
		return nil, unfit("Credentials.Key is empty")
	case c.Secret.IsZero() == c.PrivateKey.IsZero():
		return nil, unfit("either Credentials.Secret or Credentials.PrivateKey is needed")
	}
	k := &Key{name: c.Key.copied(), passphrase: c.Passphrase.copied(), hmac: c.Secret.copied()}
	if c.PrivateKey.IsZero() {
		return k, nil
	}
	private, why := readPrivate(c.PrivateKey.bytes())
	if why != "" {
		k.Wipe()
		return nil, unfit("Credentials.PrivateKey " + why)
	}
	k.private = secretOf(private)
	return k, nil
}

func unfit(why string) error { return fmt.Errorf("%w: %s", ErrAuth, why) }

// readPrivate reads an Ed25519 key in any of the forms that venues use (Binance, section 6.1; HTX, 6.5 and 6.6; Backpack, 6).
func readPrivate(text []byte) (private ed25519.PrivateKey, why string) {
	if block, _ := pem.Decode(text); block != nil {
		defer clear(block.Bytes)
		if block.Type != "PRIVATE KEY" {
			return nil, "is PEM of another kind than PRIVATE KEY"
		}
		return readDER(block.Bytes)
	}
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	defer clear(raw)
	n, err := base64.StdEncoding.Decode(raw, text)
	switch {
	case err != nil:
		return nil, "is neither PEM nor base64"
	case n == ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(raw[:n]), ""
	case n != ed25519.PrivateKeySize:
		return readDER(raw[:n])
	}
	private = ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	if !hmac.Equal(private, raw[:n]) {
		clear(private)
		return nil, "has a public key that is not its own"
	}
	return private, ""
}

func readDER(der []byte) (ed25519.PrivateKey, string) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, "is no PKCS#8, nor a seed of 32 bytes"
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, "is not an Ed25519 key"
	}
	return private, ""
}

// Name is the venue's name of the key.
func (k *Key) Name() string { return string(k.name.bytes()) }

// Passphrase is what stands beside the signature, empty where there is none.
func (k *Key) Passphrase() string { return string(k.passphrase.bytes()) }

// Ed25519 reports whether Sign makes Ed25519 signatures, and not HMAC-SHA256.
func (k *Key) Ed25519() bool { return !k.private.IsZero() }

// Sign returns the raw signature of a text: 64 bytes of Ed25519, 32 of HMAC-SHA256.
func (k *Key) Sign(text string) []byte {
	signature := k.sign(text)
	if k.made != nil {
		k.made(signature)
	}
	return signature
}

func (k *Key) sign(text string) []byte {
	if k.Ed25519() {
		return ed25519.Sign(k.private.bytes(), []byte(text))
	}
	mac := hmac.New(sha256.New, k.hmac.bytes())
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// is reports whether both are one key.
func (k *Key) is(other *Key) bool {
	return k.name.Equal(other.name) && k.passphrase.Equal(other.passphrase) && k.hmac.Equal(other.hmac) && k.private.Equal(other.private)
}

// Base64 returns the signature of a text in standard base64, with padding.
func (k *Key) Base64(text string) string { return base64.StdEncoding.EncodeToString(k.Sign(text)) }

// Wipe overwrites the key with zeros. It must not be used any more.
func (k *Key) Wipe() {
	for _, s := range []Secret{k.name, k.passphrase, k.hmac, k.private} {
		s.Wipe()
	}
}

// Auth is how a family knows whose request it is, as data.
type Auth struct {
	HMAC, Ed25519 bool // the kinds of key that it takes
	Passphrase    bool // it asks for one
	Public        bool // Credentials.Key is the base64 of PrivateKey's public key
	// Sign makes r a request of the key's owner. It is pure: host is whom r goes to, as in its Host header, and now the
	// venue's time.
	Sign func(r *rest.Request, k *Key, host string, now time.Time) error
}

// fits tells whether the family takes the key.
func (a *Auth) fits(k *Key) error {
	for _, s := range []Secret{k.name, k.hmac, k.private, k.passphrase} {
		if n := len(s.bytes()); 0 < n && n < shortSecret {
			return unfit("a part of Credentials is too short to be one")
		}
	}
	switch {
	case k.Ed25519() && !a.Ed25519:
		return unfit("the venue takes HMAC keys alone: Credentials.Secret, not PrivateKey")
	case !k.Ed25519() && !a.HMAC:
		return unfit("the venue takes Ed25519 keys alone: Credentials.PrivateKey, not Secret")
	case a.Passphrase && k.passphrase.IsZero():
		return unfit("Credentials.Passphrase is empty")
	case !a.Passphrase && !k.passphrase.IsZero():
		return unfit("the venue has no passphrases: Credentials.Passphrase must be empty")
	case a.Public && !k.name.Equal(k.public()):
		return unfit("Credentials.Key is not the public key of Credentials.PrivateKey")
	case !k.printable():
		return unfit("a part of Credentials has characters that no venue gives out: a line feed, perhaps")
	}
	return nil
}

func (k *Key) public() Secret {
	public := ed25519.PrivateKey(k.private.bytes()).Public().(ed25519.PublicKey)
	return NewSecret(base64.StdEncoding.EncodeToString(public))
}

// printable reports whether all parts that are text are printable ASCII without blanks at the ends: it catches what was
// pasted together with a line feed, which a signature would not show.
func (k *Key) printable() bool {
	for _, s := range []Secret{k.name, k.hmac, k.passphrase} {
		b := s.bytes()
		if len(bytes.TrimSpace(b)) != len(b) || bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' }) {
			return false
		}
	}
	return true
}
