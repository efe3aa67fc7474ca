package exchange

import (
	"cmp"
	"slices"

	"github.com/depthwire/depthwire/wire"
)

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
			if v.Time, v.Seq = r.Time(wire.Time), r.Int(wire.Seq); v.Asset == "" {
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

// Positions returns the Parser of positions. The size may be below zero for short ones. Those of size zero are left out of answers; pushed
// ones say that a position has been closed, all of the market where the side is not told. fill, where it is not nil, sees to what is special.
func Positions(t *wire.Table, fill func(p *Position, r *wire.Row, m *Market)) Parser[Position] {
	rows := Rows(t, "", func(p *Position, r *wire.Row, m *Market) bool {
		if fill != nil {
			fill(p, r, m)
		}
		return true
	})
	return func(dst []Position, in *Scope, b []byte) ([]Position, error) {
		before := len(dst)
		dst, err := rows(dst, in, b)
		if !in.pushed {
			dst = append(dst[:before], slices.DeleteFunc(dst[before:], func(p Position) bool { return p.Side == "" })...)
		}
		return dst, err
	}
}

// read takes the side of the sign, where it is not told by its name.
func (p *Position) read(r *wire.Row, m *Market, in *Scope) {
	p.ID, p.MarginMode, p.Created = string(r.Text(wire.OrderID)), MarginMode(r.Text(wire.MarginMode)), r.Time(wire.Created)
	p.Entry, p.Mark, p.Liquidation = r.Decimal(wire.Entry), r.Decimal(wire.MarkPrice), r.Decimal(wire.Liquidation)
	p.Unrealized, p.Realized, p.Leverage = r.Decimal(wire.Unrealized), r.Decimal(wire.Realized), r.Decimal(wire.Leverage)
	p.Initial, p.Maintenance = r.Decimal(wire.Initial), r.Decimal(wire.Maintenance)
	size := r.Decimal(wire.Size)
	p.Size, p.Contracts = m.Sized(size.Abs(), p.Entry)
	switch text := r.Text(wire.Held); {
	case size.Sign() == 0 && !in.pushed:
	case len(text) > 0 && text[0]|0x20 == 'l':
		p.Side = Long
	case len(text) > 0 && text[0]|0x20 == 's':
		p.Side = Short
	case size.Sign() < 0:
		p.Side, p.net = Short, true
	case size.Sign() > 0:
		p.Side, p.net = Long, true
	}
}

// Transactions returns the Parser of deposits or of withdrawals. fill sees to the words of the venue.
func Transactions(t *wire.Table, kind TransactionKind, fill func(v *Transaction)) Parser[Transaction] {
	return func(dst []Transaction, in *Scope, b []byte) ([]Transaction, error) {
		r := &in.row
		for r.Begin(t, b); r.Next(); {
			v := Transaction{
				ID: string(r.Text(wire.OrderID)), ClientID: string(r.Text(wire.ClientID)), Kind: kind,
				Asset: string(r.Text(wire.Asset)), Network: string(r.Text(wire.Network)),
				Address: string(r.Text(wire.Address)), Tag: string(r.Text(wire.Tag)), TxID: string(r.Text(wire.TxID)),
				Amount: r.Decimal(wire.Size), State: string(r.Text(wire.State)), Done: r.Time(wire.End),
			}
			if v.Fee.Amount = r.Decimal(wire.Fee); !v.Fee.Amount.Absent() {
				v.Fee.Asset = cmp.Or(string(r.Text(wire.FeeUnit)), v.Asset)
			}
			if v.Time = r.Time(wire.Time); v.ID == "" {
				continue
			}
			fill(&v)
			dst = append(dst, v)
		}
		return dst, r.End()
	}
}
