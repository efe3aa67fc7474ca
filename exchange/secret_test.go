package exchange

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretIsNeverShown(t *testing.T) {
	const text = "correct-horse-battery"
	secret := NewSecret(text)
	given := Credentials{Key: secret, Secret: secret, Passphrase: NewSecret(text)}
	key, err := NewKey(given)
	if err != nil {
		t.Fatal(err)
	}
	client := New(&Venue{Name: "v", Families: []*Family{{Name: "f", Auth: &Auth{HMAC: true, Passphrase: true}}}}, Options{Credentials: given})
	defer client.Close()
	if err := client.Err(); err != nil {
		t.Fatal(err)
	}
	bought := Options{Token: text, Proxy: "http://me:" + text + "@127.0.0.1:1"}
	customer := New(&Venue{Name: "v", Families: []*Family{{Name: "f", Token: "token"}}}, bought)
	defer customer.Close()
	type inside struct { // fmt cannot ask what it finds here
		secret Secret
		given  Credentials
		all    []Secret
		key    *Key
	}
	var out bytes.Buffer
	values := []any{secret, &secret, given, &given, Options{Credentials: given}, bought, &bought, customer, key, *key, inside{secret, given, []Secret{secret}, key}, &inside{secret, given, []Secret{secret}, key}, client, map[string]Secret{"a": secret}}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%t", "%c", "%U"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, l := range []*slog.Logger{slog.New(slog.NewJSONHandler(&out, nil)), slog.New(slog.NewTextHandler(&out, nil))} {
		for _, v := range values {
			l.Info("shown", "value", v, slog.Any("group", []any{v}))
		}
	}
	for _, v := range []any{secret, given, map[string]any{"a": secret}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	if err := xml.NewEncoder(&out).Encode(secret); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(&out, secret.String(), secret.GoString(), fmt.Errorf("failed: %v", secret))
	shown := strings.ToLower(out.String())
	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprint([]byte(text)), fmt.Sprintf("%#v", []byte(text)), "y29ycmvjdc1ob3jzzs1iyxr0zxj5"} {
		if strings.Contains(shown, strings.ToLower(strings.Trim(form, "[]"))) {
			t.Errorf("%s is shown", form)
		}
	}
	if !strings.Contains(shown, hidden) {
		t.Error("nothing was printed")
	}
}

func TestSecretEqualAndWipe(t *testing.T) {
	a, b, none := NewSecret("one-secret"), NewSecret("one-secret"), NewSecret("")
	if !a.Equal(b) || a.Equal(NewSecret("one-secreT")) || a.Equal(NewSecret("one-secret ")) || a.Equal(none) || !none.Equal(Secret{}) {
		t.Error("Equal")
	}
	copied := a
	memory := copied.bytes()
	a.Wipe()
	if !a.IsZero() || !copied.IsZero() || !bytes.Equal(memory, make([]byte, len(memory))) {
		t.Errorf("%q is left", memory)
	}
	if b.IsZero() || !none.IsZero() || !(Secret{}).IsZero() {
		t.Error("IsZero")
	}
	none.Wipe()
}
