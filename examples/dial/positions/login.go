package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
)

type customer struct{ key, secret, passphrase string }

// login is the message that logs in, signed with the secret.
func (c customer) login(now time.Time) string {
	seconds := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(seconds + "GET" + "/users/self/verify"))
	msg, _ := json.Marshal(request{"login", []login{{c.key, c.passphrase, seconds, base64.StdEncoding.EncodeToString(mac.Sum(nil))}}}) // text: it cannot fail
	return string(msg)
}

type request struct {
	Op   string  `json:"op"`
	Args []login `json:"args"`
}

type login struct {
	APIKey     string `json:"apiKey"`
	Passphrase string `json:"passphrase"`
	Timestamp  string `json:"timestamp"`
	Sign       string `json:"sign"`
}
