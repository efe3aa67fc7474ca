package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"os"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/venuetest"
)

// errReal says what this program will not do.
var errReal = errors.New("order: this would be real money: an environment for trying things out, or a venue on loopback, is needed")

// open makes a client of a venue's environment or, without one, of a simulated venue, which done ends.
func open(venue, environment string) (c *exchange.Client, done func(), err error) {
	end := func() {}
	o := exchange.Options{Environment: environment, Credentials: exchange.Credentials{
		Key: secret("KEY"), Secret: secret("SECRET"), PrivateKey: secret("PRIVATE_KEY"), Passphrase: secret("PASSPHRASE"),
	}}
	if environment == "" {
		s, simulated := simulated(venuetest.Options{Rate: 50})
		venue, o, end = "backpack", simulated, s.Close
	}
	if err = harmless(o); err == nil {
		c, err = exchanges.Open(venue, o)
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return c, func() { c.Close(); end() }, nil
}

func secret(name string) exchange.Secret { return exchange.NewSecret(os.Getenv("DEPTHWIRE_" + name)) }

// harmless refuses options by which a real venue would be asked.
func harmless(o exchange.Options) error {
	if o.Environment == "" && len(o.Endpoints) == 0 {
		return errReal
	}
	for _, address := range o.Endpoints {
		u, err := url.Parse(address)
		if err != nil || !net.ParseIP(u.Hostname()).IsLoopback() {
			return errReal
		}
	}
	return nil
}

// simulated starts a venue with an account.
func simulated(v venuetest.Options) (*venuetest.Server, exchange.Options) {
	s := venuetest.Backpack(v)
	public, private, _ := ed25519.GenerateKey(nil) // which never fails
	name := base64.StdEncoding.EncodeToString(public)
	s.NewAccount(venuetest.AccountOptions{Key: name, PublicKey: public, Balances: map[string]string{"USDC": "1000"}})
	return s, exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext, Credentials: exchange.Credentials{
		Key: exchange.NewSecret(name), PrivateKey: exchange.NewSecret(base64.StdEncoding.EncodeToString(private.Seed())),
	}}
}
