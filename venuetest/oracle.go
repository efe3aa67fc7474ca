package venuetest

// Level is one price of a true book: mantissas at the Book's scales.
type Level struct{ Price, Size int64 }

// Book is the true book of a market at one sequence number, best first.
type Book struct {
	Symbol                string
	Seq                   int64
	PriceScale, SizeScale int // value = mantissa × 10^-scale
	Bids, Asks            []Level
}

// Price returns the level's price as plain text without trailing zeros.
func (b Book) Price(l Level) string { return trimmed(l.Price, b.PriceScale) }

// Size returns the level's size as plain text without trailing zeros.
func (b Book) Size(l Level) string { return trimmed(l.Size, b.SizeScale) }

// Book returns the whole true book of a market, named by symbol or id, as it was
// at seq: with every change up to seq, and none after it. It reports false when
// the market is unknown, or seq lies ahead or further back than Options.History. seq may be the version
// of a message of HTX's high_freq books, which count for themselves.
func (s *Server) Book(id string, seq int64) (Book, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(id)
	if m == nil {
		return Book{}, false
	}
	return m.at(m.counted(seq))
}

// Last returns the sequence number of the market's latest change.
func (s *Server) Last(id string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(id); m != nil {
		return m.seq
	}
	return 0
}

// Trades returns the first and the last id of the trades that the market made
// since the server started; last is first − 1 when there were none. Ids have no
// holes.
func (s *Server) Trades(id string) (first, last int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(id); m != nil {
		return m.born, m.tradeID
	}
	return 0, -1
}

// Aggregates returns the same of the trades that are merged by taker order and
// price, which are numbered by themselves: Binance's aggTrade.
func (s *Server) Aggregates(id string) (first, last int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(id); m != nil {
		return m.bornAgg, m.aggID
	}
	return 0, -1
}

// Markets returns the simulated markets.
func (s *Server) Markets() []Market {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms := make([]Market, len(s.markets))
	for i, m := range s.markets {
		ms[i] = m.Market
	}
	return ms
}
