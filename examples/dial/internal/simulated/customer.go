package simulated

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"

	"github.com/depthwire/depthwire/venuetest"
)

// Customer is an account and its key, as the examples take it from their
// environment.
type Customer struct {
	*venuetest.Account
	Secret     string // OKX
	Passphrase string // OKX
	PrivateKey ed25519.PrivateKey
}

// OKX makes a customer of OKX.
func OKX(s *venuetest.Server) Customer {
	c := Customer{Secret: rand.Text(), Passphrase: rand.Text()}
	c.Account = s.NewAccount(venuetest.AccountOptions{Key: rand.Text(), Secret: c.Secret, Passphrase: c.Passphrase, Balances: map[string]string{"USDT": "100000"}})
	return c
}

// Backpack makes a customer of Backpack.
func Backpack(s *venuetest.Server) Customer {
	public, private, _ := ed25519.GenerateKey(nil) // which never fails
	return Customer{PrivateKey: private, Account: s.NewAccount(venuetest.AccountOptions{
		Key: base64.StdEncoding.EncodeToString(public), PublicKey: public, Balances: map[string]string{"USDC": "100000"},
	})}
}

// Seed is the private key as Backpack shows it.
func (c Customer) Seed() string { return base64.StdEncoding.EncodeToString(c.PrivateKey.Seed()) }
