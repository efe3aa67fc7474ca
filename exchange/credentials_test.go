package exchange

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/rest"
)

// testSeed is 00 01 … 1f, a made-up key.
var testSeed = func() []byte {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	return seed
}()

// forms are a private key in all the forms that venues use.
func forms(t *testing.T, private any) map[string]string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"PEM": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"DER": base64.StdEncoding.EncodeToString(der),
	}
	if k, ok := private.(ed25519.PrivateKey); ok {
		all["seed"], all["both"] = base64.StdEncoding.EncodeToString(k.Seed()), base64.StdEncoding.EncodeToString(k)
	}
	return all
}

func TestPrivateKeyForms(t *testing.T) {
	private := ed25519.NewKeyFromSeed(testSeed)
	for form, text := range forms(t, private) {
		k, err := NewKey(Credentials{Key: NewSecret("the-name"), PrivateKey: NewSecret(text)})
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		if signed := k.Sign("text"); !k.Ed25519() || k.Name() != "the-name" || !ed25519.Verify(private.Public().(ed25519.PublicKey), []byte("text"), signed) {
			t.Errorf("%s: signs %x", form, signed)
		}
	}
}

func TestUnfitCredentials(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private := ed25519.NewKeyFromSeed(testSeed)
	mine, public := forms(t, private), base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	foreign := bytes.Clone(private)
	foreign[63]++
	hmac, both, ed, phrase := Auth{HMAC: true}, Auth{HMAC: true, Ed25519: true}, Auth{Ed25519: true, Public: true}, Auth{HMAC: true, Passphrase: true}
	for _, tt := range []struct {
		auth                             Auth
		key, secret, private, passphrase string
		want                             string
	}{
		{hmac, "", "secret-secret", "", "", "Credentials.Key is empty"},
		{hmac, "the-name", "", "", "", "either Credentials.Secret or"},
		{both, "the-name", "secret-secret", mine["PEM"], "", "either Credentials.Secret or"},
		{hmac, "the-name", "tiny-1", "", "", "too short"},
		{hmac, "name", "secret-secret", "", "", "too short"},
		{hmac, "the-name", "secret-secret\n", "", "", "a line feed, perhaps"},
		{hmac, "the-näme", "secret-secret", "", "", "characters that no venue"},
		{hmac, "the-name", "secret-secret", "", "Pass-Phrase-1", "must be empty"},
		{hmac, "the-name", "", mine["seed"], "", "HMAC keys alone"},
		{phrase, "the-name", "secret-secret", "", "", "Passphrase is empty"},
		{ed, public, "secret-secret", "", "", "Ed25519 keys alone"},
		{ed, base64.StdEncoding.EncodeToString(testSeed), "", mine["seed"], "", "not the public key"},
		{both, "the-name", "", "neither!", "", "neither PEM nor base64"},
		{both, "the-name", "", "c2hvcnQ=", "", "no PKCS#8"},
		{both, "the-name", "", forms(t, ec)["PEM"], "", "not an Ed25519 key"},
		{both, "the-name", "", forms(t, ec)["DER"], "", "not an Ed25519 key"},
		{both, "the-name", "", strings.ReplaceAll(mine["PEM"], "PRIVATE", "PUBLIC"), "", "PEM of another kind"},
		{both, "the-name", "", base64.StdEncoding.EncodeToString(foreign), "", "not its own"},
	} {
		c := New(&Venue{Name: "v", Families: []*Family{{Name: "f", Auth: &tt.auth}}}, Options{Credentials: Credentials{
			Key: NewSecret(tt.key), Secret: NewSecret(tt.secret), PrivateKey: NewSecret(tt.private), Passphrase: NewSecret(tt.passphrase)}})
		err := c.Err()
		var told *Error
		if !errors.Is(err, ErrAuth) || !errors.As(err, &told) || told.Kind != ErrAuth || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want %q, got %v", tt.want, err)
			continue
		}
		for _, s := range []string{tt.key, tt.secret, tt.private, tt.passphrase} {
			if s != "" && strings.Contains(err.Error(), strings.TrimSpace(s)) {
				t.Errorf("%v shows %q", err, s)
			}
		}
		if _, err := c.FetchTime(t.Context()); !errors.Is(err, ErrAuth) {
			t.Errorf("%s: a call: %v", tt.want, err)
		}
		c.Close()
	}
}

func TestCredentialsFit(t *testing.T) {
	mine := ed25519.NewKeyFromSeed(testSeed)
	seed, public := NewSecret(base64.StdEncoding.EncodeToString(testSeed)), NewSecret(base64.StdEncoding.EncodeToString(mine.Public().(ed25519.PublicKey)))
	for _, tt := range []struct {
		auth Auth
		c    Credentials
	}{
		{Auth{HMAC: true}, Credentials{Key: NewSecret("the-name"), Secret: NewSecret("secret-secret")}},
		{Auth{HMAC: true, Passphrase: true}, Credentials{Key: NewSecret("the-name"), Secret: NewSecret("secret-secret"), Passphrase: NewSecret("pass phrase")}},
		{Auth{HMAC: true, Ed25519: true}, Credentials{Key: NewSecret("the-name"), PrivateKey: seed}},
		{Auth{Ed25519: true, Public: true}, Credentials{Key: public, PrivateKey: seed}},
	} {
		c := New(&Venue{Name: "v", Families: []*Family{{Name: "f", Auth: &tt.auth}, {Name: "public"}}}, Options{Credentials: tt.c})
		if err := c.Err(); err != nil {
			t.Error(err)
		}
		c.Close()
		if tt.c.Key.IsZero() {
			t.Error("the caller's credentials were wiped")
		}
	}
	c := New(&Venue{Name: "v", Families: []*Family{{Name: "public"}}}, Options{Credentials: Credentials{Key: public, PrivateKey: seed}})
	defer c.Close()
	if err := c.Err(); !errors.Is(err, ErrBadRequest) || !strings.Contains(err.Error(), "nothing private") {
		t.Errorf("a venue without anything private: %v", err)
	}
	twice := New(&Venue{Name: "v", Families: []*Family{{Name: "f", Auth: &Auth{Ed25519: true}}}},
		Options{Credentials: Credentials{Key: public, PrivateKey: seed}, Vault: func(context.Context) (Credentials, error) { return Credentials{}, nil }})
	defer twice.Close()
	if err := twice.Err(); !errors.Is(err, ErrBadRequest) {
		t.Errorf("Credentials and Vault: %v", err)
	}
}

func TestNothingPrivate(t *testing.T) {
	c := New(&Venue{Name: "v", Families: []*Family{{Name: "public"}}}, Options{})
	defer c.Close()
	_, err := c.Call(t.Context(), "public", &rest.Request{Path: "/", Signed: true})
	var told *Error
	if !errors.Is(err, ErrNotSupported) || !errors.As(err, &told) || told.Op != "Call" || told.Message != "public has nothing private" {
		t.Errorf("got %v", err)
	}
}

// What the client holds is gone when it is closed; what the caller has is his.
func TestCloseWipesTheKey(t *testing.T) {
	given := Credentials{Key: NewSecret("the-name"), Secret: NewSecret("secret-secret")}
	c := New(&Venue{Name: "v", Families: []*Family{{Name: "f", Auth: &Auth{HMAC: true}}}}, Options{Credentials: given})
	var memory []byte
	if err := c.keys.use(func(k *Key) error { memory = k.hmac.bytes(); return nil }); err != nil || string(memory) != "secret-secret" {
		t.Fatalf("%q, %v", memory, err)
	}
	c.Close()
	if !bytes.Equal(memory, make([]byte, len(memory))) || given.Secret.IsZero() {
		t.Errorf("%q is left, the caller has %d bytes", memory, len(given.Secret.bytes()))
	}
	if err := c.keys.use(func(*Key) error { return nil }); !errors.Is(err, ErrAuth) {
		t.Errorf("after Close: %v", err)
	}
	given.Wipe()
	if !given.IsZero() {
		t.Error("Wipe")
	}
}

func FuzzPrivateKey(f *testing.F) {
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(testSeed))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	f.Add([]byte(base64.StdEncoding.EncodeToString(der)))
	f.Add([]byte(base64.StdEncoding.EncodeToString(testSeed)))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		private, why := readPrivate(text)
		if (why == "") != (len(private) == ed25519.PrivateKeySize) {
			t.Errorf("%d bytes, %q", len(private), why)
		}
	})
}
