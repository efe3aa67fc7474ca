package exchange

import (
	"fmt"
	"math"

	"github.com/depthwire/depthwire/decimal"
)

// Rule names what an order must keep.
type Rule string

// The rules that are checked before an order is sent. What the venue checks beside them it says itself.
const (
	RuleActive    Rule = "active market"
	RuleTerms     Rule = "terms" // side, type, time in force and the like fit together
	RuleAmount    Rule = "one of Size, Contracts and QuoteSize"
	RuleContracts Rule = "whole contracts" // Size is a number of contracts, exactly, or of the parts of them that are traded
	RuleTick      Rule = "tick"
	RuleMinPrice  Rule = "lowest price"
	RuleMaxPrice  Rule = "highest price"
	RuleStep      Rule = "step"
	RuleMinSize   Rule = "smallest size"
	RuleMaxSize   Rule = "largest size"
	RuleMinCost   Rule = "lowest cost"
	RuleMaxCost   Rule = "highest cost"
	RuleClientID  Rule = "form of ClientID"
)

// InvalidOrder is why an order was not sent. It lies below an *Error that is ErrInvalidOrder.
type InvalidOrder struct {
	Rule    Rule
	Why     string          // where the rule is not about a number
	Given   decimal.Decimal // of rules about numbers; sizes are as they were given: in base units or in contracts
	Limit   decimal.Decimal // the rule's own number, of the market
	Nearest decimal.Decimal // what would keep the rule: of prices a price, of all others a size; absent where no such is known
}

// Error says which rule is broken, and what would not break it.
func (e *InvalidOrder) Error() string {
	if e.Given.Absent() {
		return fmt.Sprintf("%s: %s", e.Rule, e.Why)
	}
	text := fmt.Sprintf("%s: %s against %s", e.Rule, e.Given, e.Limit)
	if !e.Nearest.Absent() {
		text += fmt.Sprintf("; nearest is %s", e.Nearest)
	}
	return text
}

func breaks(rule Rule, why string) *InvalidOrder { return &InvalidOrder{Rule: rule, Why: why} }

// instruct makes the instruction of a new order that keeps the rules of its market.
func instruct(m *Market, t *Trading, o *NewOrder) (*Instruction, *InvalidOrder) {
	if !m.Active {
		return nil, breaks(RuleActive, "the market is not traded now: "+m.Status)
	}
	if why := o.terms(m); why != "" {
		return nil, breaks(RuleTerms, why)
	}
	if t.Own != nil && o.ClientID != "" && !t.Own(o.ClientID) {
		return nil, breaks(RuleClientID, "the venue does not take it")
	}
	if given(o.Size)+given(o.Contracts)+given(o.QuoteSize) != 1 {
		return nil, breaks(RuleAmount, "exactly one is to be given")
	}
	in := &Instruction{NewOrder: *o, Market: m}
	return in, in.check()
}

// amend makes the instruction to change an order: what is not given stays as it is.
func amend(m *Market, t *Trading, ref Ref, o *NewOrder) (*Instruction, *InvalidOrder) {
	switch {
	case given(o.Size)+given(o.Contracts)+given(o.QuoteSize)+given(o.Price) == 0:
		return nil, breaks(RuleAmount, "nothing is to be changed: a Price, a Size or Contracts are needed")
	case given(o.Size)+given(o.Contracts)+given(o.QuoteSize) > 1:
		return nil, breaks(RuleAmount, "at most one is to be given")
	case t.Own != nil && o.ClientID != "" && !t.Own(o.ClientID):
		return nil, breaks(RuleClientID, "the venue does not take it")
	}
	in := &Instruction{NewOrder: *o, Ref: ref, Market: m}
	return in, in.check()
}

func given(d decimal.Decimal) int {
	if d.Absent() {
		return 0
	}
	return 1
}

// terms says what does not fit together, whatever the market's numbers are.
func (o *NewOrder) terms(m *Market) string {
	limit := o.Type == LimitOrder
	switch {
	case o.Side != Buy && o.Side != Sell:
		return "Side is " + string(Buy) + " or " + string(Sell)
	case !limit && o.Type != MarketOrder:
		return "Type is " + string(LimitOrder) + " or " + string(MarketOrder)
	case limit == o.Price.Absent():
		return "limit orders have a Price, market orders have none"
	case limit && !o.QuoteSize.Absent():
		return "QuoteSize is of market orders"
	case o.TimeInForce != "" && o.TimeInForce != GTC && o.TimeInForce != IOC && o.TimeInForce != FOK:
		return "TimeInForce is GTC, IOC, FOK or empty"
	case !limit && o.TimeInForce == GTC:
		return "a market order does not wait"
	case o.PostOnly && (!limit || o.TimeInForce == IOC || o.TimeInForce == FOK):
		return "PostOnly is of limit orders that wait"
	case m.Kind == Spot && (o.ReduceOnly || o.Held != "" || o.Margin != ""):
		return "spot has no positions: ReduceOnly, Held and Margin are of contracts"
	case o.ReduceOnly && o.Held != "" && (o.Held == Long) == (o.Side == Buy): // some venues do not mind the word there, and open a position
		return "an order that is ReduceOnly cannot add to the side that it is for"
	}
	return ""
}

// check sees to the numbers, and sets Amount.
func (in *Instruction) check() *InvalidOrder {
	for _, d := range []decimal.Decimal{in.Price, in.Size, in.Contracts, in.QuoteSize} {
		if !d.Absent() && (d.Sign() <= 0 || !d.Exact()) {
			return breaks(RuleAmount, "prices and sizes are above zero, and exact")
		}
	}
	for _, test := range []func() *InvalidOrder{in.price, in.amount, in.size, in.cost} {
		if broken := test(); broken != nil {
			return broken
		}
	}
	return nil
}

func (in *Instruction) price() *InvalidOrder {
	m, p := in.Market, in.Price
	switch {
	case p.Absent():
		return nil
	case above(m.MinPrice, p):
		return &InvalidOrder{Rule: RuleMinPrice, Given: p, Limit: m.MinPrice, Nearest: m.MinPrice}
	case above(p, m.MaxPrice):
		return &InvalidOrder{Rule: RuleMaxPrice, Given: p, Limit: m.MaxPrice, Nearest: m.MaxPrice}
	case !multiple(p, m.TickSize):
		return &InvalidOrder{Rule: RuleTick, Given: p, Limit: m.TickSize, Nearest: nearest(p, m.TickSize)}
	}
	return nil
}

// amount sets Amount, in the unit of the order book.
func (in *Instruction) amount() *InvalidOrder {
	m := in.Market
	switch {
	case in.Size.Absent() && in.Contracts.Absent():
	case m.Contract.Absent() && in.Size.Absent():
		return breaks(RuleContracts, "the venue counts this market in base units: Size is needed")
	case m.Contract.Absent():
		in.Amount = in.Size
	case !in.Contracts.Absent():
		in.Amount = in.Contracts
	case m.Inverse:
		return breaks(RuleContracts, "one is worth an amount of "+m.Quote+", not of "+m.Base+": Contracts is needed")
	case !multiple(in.Size, m.lot()):
		return &InvalidOrder{Rule: RuleContracts, Given: in.Size, Limit: m.lot(), Nearest: nearest(in.Size, m.lot())}
	default:
		in.Amount = in.Size.Quo(m.Contract)
	}
	return nil
}

// lot is the least part of contracts that is traded, in base units: some venues trade fractions of one.
func (m *Market) lot() decimal.Decimal {
	if m.StepSize.Sign() <= 0 {
		return m.Contract
	}
	return m.Contract.Mul(m.StepSize)
}

// size checks Amount. The market's largest size is that of limit orders.
func (in *Instruction) size() *InvalidOrder {
	m, a := in.Market, in.Amount
	switch {
	case a.Absent():
		return nil
	case !multiple(a, m.StepSize):
		return in.sized(RuleStep, m.StepSize, nearest(a, m.StepSize))
	case above(m.MinSize, a):
		return in.sized(RuleMinSize, m.MinSize, next(m.MinSize, m.StepSize))
	case in.Type != MarketOrder && above(a, m.MaxSize):
		return in.sized(RuleMaxSize, m.MaxSize, m.MaxSize)
	}
	return nil
}

// sized tells of a rule about Amount in the unit of what was given.
func (in *Instruction) sized(rule Rule, limit, near decimal.Decimal) *InvalidOrder {
	if in.Size.Absent() || in.Market.Contract.Absent() {
		return &InvalidOrder{Rule: rule, Given: in.Amount, Limit: limit, Nearest: near}
	}
	unit := in.Market.Contract
	return &InvalidOrder{Rule: rule, Given: in.Size, Limit: limit.Mul(unit), Nearest: near.Mul(unit)}
}

// cost checks what is known of the worth of an order in quote units: nothing of market orders for a size. What only closes a position may
// be worth as little as that is.
func (in *Instruction) cost() *InvalidOrder {
	m, worth, each := in.Market, in.QuoteSize, decimal.Decimal{}
	if worth.Absent() && !in.Amount.Absent() {
		each = in.Price
		if !m.Contract.Absent() {
			each = in.Price.Mul(m.Contract)
		}
		if m.Inverse {
			each = m.Contract
		}
		worth = in.Amount.Mul(each)
	}
	switch {
	case worth.Absent() || in.ReduceOnly:
		return nil
	case above(m.MinCost, worth):
		broken := &InvalidOrder{Rule: RuleMinCost, Given: worth, Limit: m.MinCost, Nearest: m.MinCost}
		if !each.Absent() {
			broken.Nearest = in.sized(RuleMinCost, m.MinCost, next(m.MinCost.Quo(each), m.StepSize)).Nearest
		}
		return broken
	case above(worth, m.MaxCost):
		return &InvalidOrder{Rule: RuleMaxCost, Given: worth, Limit: m.MaxCost}
	}
	return nil
}

// above reports whether a is above b; not where one is not told.
func above(a, b decimal.Decimal) bool {
	return !a.Absent() && !b.Absent() && a.Cmp(b) > 0
}

// multiple reports whether v is a multiple of step; all are of one that is not told.
func multiple(v, step decimal.Decimal) bool {
	if step.Sign() <= 0 {
		return true
	}
	a, scale, ok := v.Parts()
	b, steps, fine := step.Parts()
	for ok && scale < steps {
		a, scale, ok = a*10, scale+1, a <= math.MaxUint64/10
	}
	for fine && steps < scale {
		b, steps, fine = b*10, steps+1, b <= math.MaxUint64/10
	}
	if ok && fine {
		return a%b == 0
	}
	return v.Equal(nearest(v, step))
}

// nearest is the multiple of step, above zero, that is nearest to v.
func nearest(v, step decimal.Decimal) decimal.Decimal {
	if n := v.Quo(step).Round(0); n.Sign() > 0 {
		return n.Mul(step)
	}
	return step
}

// next is the smallest multiple of step that is not below v.
func next(v, step decimal.Decimal) decimal.Decimal {
	if step.Sign() <= 0 {
		return v
	}
	n := v.Quo(step)
	whole := n.Trunc(0)
	if whole.Cmp(n) < 0 {
		whole = whole.Add(decimal.New(1, 0))
	}
	return whole.Mul(step)
}
