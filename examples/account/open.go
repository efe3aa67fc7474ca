package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"os"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/venuetest"
)

// open makes a client of a venue or, without a name, of a simulated one, which done ends.
func open(venue, environment string) (c *exchange.Client, done func(), err error) {
	end := func() {}
	o := exchange.Options{Environment: environment, Credentials: exchange.Credentials{
		Key: secret("KEY"), Secret: secret("SECRET"), PrivateKey: secret("PRIVATE_KEY"), Passphrase: secret("PASSPHRASE"),
	}}
	if venue == "" {
		s, simulated := simulated(venuetest.Options{Rate: 50})
		venue, o, end = "backpack", simulated, s.Close
	}
	if c, err = exchanges.Open(venue, o); err != nil {
		end()
		return nil, nil, err
	}
	return c, func() { c.Close(); end() }, nil
}

func secret(name string) exchange.Secret { return exchange.NewSecret(os.Getenv("DEPTHWIRE_" + name)) }

// simulated starts a venue with an account that has traded, and whose open orders the market will meet.
func simulated(v venuetest.Options) (*venuetest.Server, exchange.Options) {
	s := venuetest.Backpack(v)
	public, private, _ := ed25519.GenerateKey(nil) // which never fails
	name := base64.StdEncoding.EncodeToString(public)
	a := s.NewAccount(venuetest.AccountOptions{Key: name, PublicKey: public, Balances: map[string]string{"USDC": "1000000", "SOL": "5000", "BTC": "5"}})
	a.Trade(1, 50)
	for n := range int64(20) { // which the market comes by
		o := venuetest.Order{Symbol: "SOL/USDC", Side: "sell", Type: "limit", Price: decimal.New(9880+4*n, 2), Size: decimal.New(2, 0)}
		_, _ = a.Place(o) // where the price is good already it is filled at once
	}
	return s, exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext, Credentials: exchange.Credentials{
		Key: exchange.NewSecret(name), PrivateKey: exchange.NewSecret(base64.StdEncoding.EncodeToString(private.Seed())),
	}}
}
