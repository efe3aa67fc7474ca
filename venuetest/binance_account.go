package venuetest

import "math/rand/v2"

// rules are what sections 7 and 8 of Binance's document say of accounts: two wallets, ids that are unique among open orders.
func (b *binance) rules() rules {
	return rules{
		wallets: []string{"spot", "linear"},
		wallet:  func(m *market) string { return m.Family },
		cashier: "spot",
		unique:  openIDs,
		firstOrder: func(m *market) int64 {
			if m.Family == "spot" {
				return 48_211_330_900
			}
			return firstOrder
		},
		clientID: madeID,
	}
}

// madeID is what the venue calls an order, or a request to cancel one, that came without an id.
func madeID(rng *rand.Rand) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	id := make([]byte, 22)
	for i := range id {
		id[i] = letters[rng.IntN(len(letters))]
	}
	return string(id)
}
