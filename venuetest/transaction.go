package venuetest

import (
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// Transaction is a deposit or a withdrawal. Of one to be begun those fields count that Asset to Fee are, and Wallet.
type Transaction struct {
	Asset    string
	Network  string // the venue's word
	Address  string
	Tag      string
	ClientID string          // of withdrawals
	Amount   decimal.Decimal // that arrives
	Fee      decimal.Decimal // in the same asset, besides Amount; absent: 0
	Wallet   string          // empty: that of the venue's deposits and withdrawals

	ID         int64
	Withdrawal bool
	TxID       string // empty until there is one
	Status     TransactionStatus
	At         time.Time // begun
	Updated    time.Time
	Done       time.Time // ended; zero before
}

// TransactionStatus is where a deposit or a withdrawal stands.
type TransactionStatus string

// The statuses of transactions.
const (
	Pending   TransactionStatus = "pending"
	Completed TransactionStatus = "completed"
	Failed    TransactionStatus = "failed"
	Withdrawn TransactionStatus = "cancelled" // by the customer
)

const firstTransaction = 85_182_894

// Deposit begins a deposit, which is pending, and returns its id.
func (a *Account) Deposit(t Transaction) int64 {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	t.Withdrawal = false
	return a.begin(t).ID
}

// Withdraw begins a withdrawal, which is pending, and returns its id. Amount and Fee are gone at once and come back
// when it fails; the error is NoFunds.
func (a *Account) Withdraw(t Transaction) (int64, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	t.Withdrawal = true
	if t.Fee.Absent() {
		t.Fee = decimal.New(0, 0)
	}
	return a.withdraw(t)
}

// withdraw begins a withdrawal. Under mu.
func (a *Account) withdraw(t Transaction) (int64, error) {
	p := a.purse(a.cashier(t.Wallet), t.Asset)
	if t.Amount.Add(t.Fee).Cmp(p.free()) > 0 {
		return 0, NoFunds
	}
	x := a.begin(t)
	a.pay(x, x.Amount.Add(x.Fee).Neg())
	return x.ID, nil
}

func (a *Account) cashier(wallet string) string {
	if wallet != "" {
		return wallet
	}
	return a.s.rules.cashier
}

// begin notes a new transaction and tells of it.
func (a *Account) begin(t Transaction) *Transaction {
	s := a.s
	s.transactionIDs += 1 + a.rng.Int64N(50)
	t.ID, t.Status, t.Wallet = firstTransaction+s.transactionIDs, Pending, a.cashier(t.Wallet)
	t.At = s.stamp()
	t.Updated, t.Done, t.TxID = t.At, time.Time{}, ""
	if t.Fee.Absent() {
		t.Fee = decimal.New(0, 0)
	}
	a.transactions = append(a.transactions, &t)
	a.tell(Event{Kind: TransactionChanged, Transaction: t})
	return &t
}

// pay moves the money of a transaction and tells of it.
func (a *Account) pay(t *Transaction, amount decimal.Decimal) {
	a.purse(t.Wallet, t.Asset).add(amount)
	why := "deposit"
	if t.Withdrawal {
		why = "withdrawal"
	}
	a.tell(Event{Kind: BalanceMoved, Transaction: *t, Delta: amount, Why: why})
	a.settleUp(why)
}

// Settle moves a pending transaction on to another status: a deposit that is Completed is credited, a withdrawal that
// is Failed or Withdrawn comes back. It reports whether there was such a transaction.
func (a *Account) Settle(id int64, status TransactionStatus) bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	for _, t := range a.transactions {
		if t.ID == id && t.Status == Pending {
			a.settle(t, status)
			return true
		}
	}
	return false
}

// settle moves a pending transaction on. Under mu.
func (a *Account) settle(t *Transaction, status TransactionStatus) {
	t.Status, t.Updated = status, a.s.stamp()
	if status != Pending {
		t.Done = t.Updated
	}
	if status == Completed {
		t.TxID = txID(t.ID)
	}
	a.tell(Event{Kind: TransactionChanged, Transaction: *t})
	switch {
	case !t.Withdrawal && status == Completed:
		a.pay(t, t.Amount)
	case t.Withdrawal && (status == Failed || status == Withdrawn):
		a.pay(t, t.Amount.Add(t.Fee))
	}
}

// transacted returns copies of all transactions. Under mu.
func (a *Account) transacted() []Transaction {
	all := make([]Transaction, len(a.transactions))
	for i, t := range a.transactions {
		all[i] = *t
	}
	return all
}
