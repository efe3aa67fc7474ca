package exchange

import "github.com/depthwire/depthwire/wire"

// Orders returns the Parser of orders. fill sees to the words of the venue, and to what is special.
func Orders(t *wire.Table, fill func(o *Order, r *wire.Row, m *Market)) Parser[Order] {
	return Rows(t, "", func(o *Order, r *wire.Row, m *Market) bool {
		fill(o, r, m)
		return o.ID != ""
	})
}

func (o *Order) read(r *wire.Row, m *Market, _ *Scope) {
	o.ID, o.ClientID, o.State = string(r.Text(wire.OrderID)), string(r.Text(wire.ClientID)), string(r.Text(wire.State))
	o.Created, o.ReduceOnly, o.Side = r.Time(wire.Created), r.Bool(wire.ReduceOnly), ownSide(r)
	o.TimeInForce = TimeInForce(r.Text(wire.TimeInForce))
	o.Price, o.Average, o.Cost = r.Decimal(wire.Price), r.Decimal(wire.Average), r.Decimal(wire.Paid)
	o.Fee = fee(r)
	at := o.Price
	if !o.Average.Absent() {
		at = o.Average
	}
	o.Size, o.Contracts = m.Sized(r.Decimal(wire.Size), o.Price)
	o.Filled, o.FilledContracts = m.Sized(r.Decimal(wire.Filled), at)
}

func (f *Fill) read(r *wire.Row, m *Market, _ *Scope) {
	f.ID, f.OrderID, f.ClientID = string(r.Text(wire.TradeID)), string(r.Text(wire.OrderID)), string(r.Text(wire.ClientID))
	f.Side, f.Price, f.Cost, f.Fee = ownSide(r), r.Decimal(wire.Price), r.Decimal(wire.Cost), fee(r)
	f.Size, f.Contracts = m.Sized(r.Decimal(wire.Size), f.Price)
	switch text := r.Text(wire.Role); {
	case len(text) > 0 && text[0]|0x20 == 'm', r.Bool(wire.Maker):
		f.Role = Maker
	case len(text) > 0 && text[0]|0x20 == 't', r.Has(wire.Maker):
		f.Role = Taker
	}
}

// ownSide is the account's side, by its name or by whether it bought.
func ownSide(r *wire.Row) Side {
	switch text := r.Text(wire.Side); {
	case len(text) > 0 && text[0]|0x20 == 'b', len(text) == 0 && r.Bool(wire.Buyer):
		return Buy
	case len(text) > 0 && (text[0]|0x20 == 's' || text[0]|0x20 == 'a'), len(text) == 0 && r.Has(wire.Buyer):
		return Sell
	}
	return ""
}

func fee(r *wire.Row) (f Fee) {
	if f.Amount = r.Decimal(wire.Fee); !f.Amount.Absent() {
		f.Asset = string(r.Text(wire.Asset))
	}
	return f
}

// Balances returns the Parser of what an account has: one of Used and Total may be missing.
func Balances(t *wire.Table, account string) Parser[Balance] {
	return func(dst []Balance, in *Scope, b []byte) ([]Balance, error) {
		r := &in.row
		for r.Begin(t, b); r.Next(); {
			v := Balance{Account: account, Asset: string(r.Text(wire.Asset)), Free: r.Decimal(wire.Free), Used: r.Decimal(wire.Used), Total: r.Decimal(wire.Total)}
			if v.Time = r.Time(wire.Time); v.Asset == "" {
				continue
			}
			if v.Free.Absent() {
				v.Free = r.Decimal(wire.Cash)
			}
			v.complete()
			dst = append(dst, v)
		}
		return dst, r.End()
	}
}

func (b *Balance) complete() {
	switch {
	case b.Free.Absent():
	case b.Total.Absent() && !b.Used.Absent():
		b.Total = b.Free.Add(b.Used)
	case b.Used.Absent() && !b.Total.Absent():
		b.Used = b.Total.Sub(b.Free)
	}
}
