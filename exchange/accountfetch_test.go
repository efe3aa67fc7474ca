package exchange

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// inBank runs a test with a bank and its client in virtual time. change may change the tables before.
func inBank(t *testing.T, change func(b *bank, f *Family), test func(t *testing.T, b *bank, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBank()
		v := b.venue()
		if change != nil {
			change(b, v.Families[0])
		}
		c := b.client(v)
		test(t, b, c)
		c.Close()
		b.cut()
		b.work.Wait()
	})
}

func ids[T any](rows []T, id func(*T) string) string {
	var all []string
	for i := range rows {
		all = append(all, id(&rows[i]))
	}
	return strings.Join(all, " ")
}

func orderWords(o *Order) string { return o.Symbol + ":" + o.ID + ":" + string(o.Status) }

func TestFetchAccount(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		b.deposit("A", 10)
		first := b.place("AB", "buy", 3)
		time.Sleep(time.Minute)
		second := b.place("CD", "sell", 2)
		b.fill(first, 3)
		b.fill(second, 1)
		time.Sleep(time.Minute)
		third := b.place("AB", "buy", 1)
		ctx, say := t.Context(), func(what string, got any, err error) string {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			return fmt.Sprint(got)
		}
		for _, q := range []struct {
			what, want string
			ask        func() (string, error)
		}{
			{"orders", "A/B:2:closed C/D:3:open A/B:6:open", func() (string, error) { all, err := c.FetchOrders(ctx, "", Range{}); return ids(all, orderWords), err }},
			{"orders of one", "A/B:2:closed A/B:6:open", func() (string, error) {
				all, err := c.FetchOrders(ctx, "A/B", Range{})
				return ids(all, orderWords), err
			}},
			{"newest order", "A/B:6:open", func() (string, error) {
				all, err := c.FetchOrders(ctx, "", Range{Limit: 1})
				return ids(all, orderWords), err
			}},
			{"oldest order", "A/B:2:closed", func() (string, error) {
				all, err := c.FetchOrders(ctx, "", Range{Since: first.created, Limit: 1})
				return ids(all, orderWords), err
			}},
			{"orders since", "C/D:3:open A/B:6:open", func() (string, error) {
				all, err := c.FetchOrders(ctx, "", Range{Since: second.created})
				return ids(all, orderWords), err
			}},
			{"open orders", "C/D:3:open A/B:6:open", func() (string, error) { all, err := c.FetchOpenOrders(ctx); return ids(all, orderWords), err }},
			{"open orders of two", "C/D:3:open A/B:6:open", func() (string, error) {
				all, err := c.FetchOpenOrders(ctx, "A/B", "C/D")
				return ids(all, orderWords), err
			}},
			{"closed orders", "A/B:2:closed", func() (string, error) {
				all, err := c.FetchClosedOrders(ctx, "", Range{})
				return ids(all, orderWords), err
			}},
			{"an order", "A/B:6:open", func() (string, error) {
				o, err := c.FetchOrder(ctx, "A/B", Ref{ID: fmt.Sprint(third.id)})
				return orderWords(&o), err
			}},
			{"fills", "A/B 4 buy 2 C/D 5 sell 3", func() (string, error) {
				all, err := c.FetchMyTrades(ctx, "", Range{})
				return ids(all, (*Fill).key), err
			}},
			{"positions", "A/B long  C/D short ", func() (string, error) {
				all, err := c.FetchPositions(ctx)
				slicesByKey(all)
				return ids(all, (*Position).key), err
			}},
			{"deposits", "deposit 1", func() (string, error) {
				all, err := c.FetchDeposits(ctx, "a", Range{})
				return ids(all, (*Transaction).key), err
			}},
			{"deposits of another", "", func() (string, error) {
				all, err := c.FetchTransactions(ctx, "B", Range{})
				return ids(all, (*Transaction).key), err
			}},
		} {
			got, err := q.ask()
			if say(q.what, got, err) != q.want {
				t.Errorf("%s: got %q, want %q", q.what, got, q.want)
			}
		}
		got, err := c.FetchBalance(ctx)
		if err != nil || len(got) != 5 {
			t.Errorf("balances %v, %v", got, err)
		}
		for _, v := range got {
			if v.Venue != "bank" || v.Source != REST || v.Received.IsZero() || v.Account == "" {
				t.Errorf("stamp %+v", v)
			}
		}
		if _, err := c.FetchWithdrawals(ctx, "", Range{}); !errors.Is(err, ErrNotSupported) {
			t.Errorf("withdrawals: %v", err)
		}
		if _, err := c.FetchOrder(ctx, "A/B", Ref{ID: "99"}); !errors.Is(err, ErrOrderNotFound) {
			t.Errorf("no such order: %v", err)
		}
		if _, err := c.FetchOrder(ctx, "A/B", Ref{}); !errors.Is(err, ErrBadRequest) {
			t.Errorf("no id: %v", err)
		}
	})
}

func slicesByKey(all []Position) {
	for i := range all {
		for j := range all[:i] {
			if all[i].key() < all[j].key() {
				all[i], all[j] = all[j], all[i]
			}
		}
	}
}

// One account that fails does not hide the others, and the error says which it is.
func TestFetchBalanceOfOthers(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		b.answer = func(path string) (int, string) {
			if path == "/balances" {
				return 403, "no"
			}
			return 0, ""
		}
		got, err := c.FetchBalance(t.Context())
		if len(got) != 1 || got[0].Account != "savings" {
			t.Errorf("got %v", got)
		}
		if !errors.Is(err, ErrPermission) || !strings.Contains(err.Error(), "/balances") {
			t.Errorf("error %v", err)
		}
	})
}

// Where the venue wants a symbol nobody gets a part of the truth.
func TestFetchNeedsSymbol(t *testing.T) {
	inBank(t, func(_ *bank, f *Family) { f.Pull.MyTrades.Whole = false }, func(t *testing.T, b *bank, c *Client) {
		if _, err := c.FetchMyTrades(t.Context(), "", Range{}); !errors.Is(err, ErrBadRequest) || !strings.Contains(err.Error(), "symbol is needed") {
			t.Errorf("error %v", err)
		}
		if _, err := c.FetchMyTrades(t.Context(), "A/B", Range{}); err != nil {
			t.Error(err)
		}
	})
}

// The account's id is asked for once, and again when the key was refused.
func TestAccountID(t *testing.T) {
	inBank(t, func(_ *bank, f *Family) {
		f.Account = Call[string]{Path: "/account", Signed: true, Parse: func(dst []string, _ *Scope, b []byte) ([]string, error) { return append(dst, string(b)), nil }}
		f.Codes["refused"] = ErrAuth
	}, func(t *testing.T, b *bank, c *Client) {
		for range 3 {
			if _, err := c.FetchDeposits(t.Context(), "", Range{}); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(b.paths(), " "); got != "/account /deposits?account=me /deposits?account=me /deposits?account=me" {
			t.Errorf("asked %s", got)
		}
		b.answer = func(string) (int, string) { return 400, "refused" }
		if _, err := c.FetchDeposits(t.Context(), "", Range{}); !errors.Is(err, ErrAuth) {
			t.Errorf("error %v", err)
		}
		b.paths()
		b.answer = nil
		if _, err := c.FetchDeposits(t.Context(), "", Range{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(b.paths(), " "); got != "/account /deposits?account=me" {
			t.Errorf("asked %s", got)
		}
	})
}

// What the account has in a market that is in no list is not left out: the list is loaded once more, then the id is its symbol.
func TestFetchUnlisted(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		b.place("AB", "buy", 3)
		b.place("EF", "buy", 3)
		b.place("GH", "buy", 3)
		if _, err := c.FetchMarkets(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b.markets = "AB CD EF" // listed meanwhile
		b.paths()
		for _, want := range []string{"/open /markets", "/open"} {
			got, err := c.FetchOpenOrders(t.Context())
			if err != nil || ids(got, orderWords) != "A/B:1:open E/F:2:open GH:3:open" {
				t.Errorf("got %v, %v", got, err)
			}
			if got := strings.Join(b.paths(), " "); got != want {
				t.Errorf("asked %q, want %q", got, want)
			}
		}
		m, err := c.Market(t.Context(), "GH")
		if err != nil || m.Status != Unlisted || m.Active {
			t.Errorf("market %+v, %v", m, err)
		}
		time.Sleep(time.Minute)
		b.place("IJ", "buy", 1)
		b.answer = func(path string) (int, string) {
			if path == "/markets" {
				return 400, "closed"
			}
			return 0, ""
		}
		if _, err := c.FetchOpenOrders(t.Context()); !errors.Is(err, ErrUnavailable) {
			t.Errorf("without a list: %v", err)
		}
	})
}

func TestWindows(t *testing.T) {
	day := func(n float64) time.Time { return time.Unix(0, 0).Add(time.Duration(n * float64(24*time.Hour))) }
	now := day(100)
	for _, c := range []struct {
		name  string
		call  Call[Fill]
		want  Range
		given string
	}{
		{"no window", Call[Fill]{}, Range{Since: day(1)}, "1-"},
		{"within one", Call[Fill]{Window: 2 * 24 * time.Hour}, Range{Since: day(1), Until: day(2)}, "1-2"},
		{"on from Since", Call[Fill]{Window: 24 * time.Hour}, Range{Since: day(1), Until: day(3.5)}, "1-2 2-3 3-3.5"},
		{"to now", Call[Fill]{Window: 24 * time.Hour}, Range{Since: day(98.5)}, "98.5-99.5 99.5-"},
		{"to just now", Call[Fill]{Window: 24 * time.Hour}, Range{Since: day(98)}, "98-99 99-"},
		{"an end to come", Call[Fill]{Window: 24 * time.Hour}, Range{Since: day(99.5), Until: day(200)}, "99.5-200"},
		{"what is kept", Call[Fill]{Window: 24 * time.Hour, Keeps: 2 * 24 * time.Hour}, Range{Since: day(1)}, "98-99 99-"},
		{"newest", Call[Fill]{Window: 24 * time.Hour}, Range{Limit: 5}, "-"},
		{"back", Call[Fill]{Window: 24 * time.Hour, Keeps: 60 * time.Hour}, Range{Limit: 5}, "99- 98-99 97-98"},
		{"back from an end", Call[Fill]{Window: 24 * time.Hour, Keeps: 60 * time.Hour}, Range{Limit: 5, Until: day(99)}, "98-99 97-98"},
		{"behind an id", Call[Fill]{Window: 24 * time.Hour}, Range{FromID: "7"}, "-"},
	} {
		text := func(at time.Time) string {
			if at.IsZero() {
				return ""
			}
			return fmt.Sprint(at.Sub(time.Unix(0, 0)).Hours() / 24)
		}
		got := ""
		k := inquiry[Fill]{Call: &c.call}
		for w := range k.windows(c.want, now) {
			got += " " + text(w.Since) + "-" + text(w.Until)
		}
		if got != " "+c.given {
			t.Errorf("%s: got%s, want %s", c.name, got, c.given)
		}
	}
}

// A range that is wider than the venue allows is asked for piece by piece, each by pages.
func TestFetchWide(t *testing.T) {
	inBank(t, func(b *bank, f *Family) {
		b.page = 3
		f.Pull.MyTrades.Window, f.Pull.MyTrades.Keeps = time.Hour, 24*time.Hour
		f.Pull.MyTrades.Page = PageByTime(func(Args) int { return 3 }, func(v *Fill) time.Time { return v.Time }, time.Millisecond)
		query := f.Pull.MyTrades.Request
		f.Pull.MyTrades.Request = func(r *rest.Request, ms []*Market, a Args) error {
			if u := a.Range.Until; u.IsZero() && time.Since(a.Range.Since) > time.Hour || u.Sub(a.Range.Since) > time.Hour {
				t.Errorf("asked for %v", a.Range)
			}
			return query(r, ms, a)
		}
	}, func(t *testing.T, b *bank, c *Client) {
		begin := time.Now()
		o := b.place("AB", "buy", 100)
		for range 40 {
			b.fill(o, 1)
			time.Sleep(10 * time.Minute)
		}
		for _, q := range []struct {
			want        Range
			first, last string
			n           int
		}{
			{Range{Since: begin}, "2", "41", 40},
			{Range{Since: begin, Limit: 10}, "2", "11", 10},
			{Range{Limit: 10}, "32", "41", 10},
			{Range{Limit: 100}, "2", "41", 40},
			{Range{Since: begin.Add(time.Hour), Until: begin.Add(3 * time.Hour)}, "8", "19", 12},
			{Range{Until: begin.Add(3 * time.Hour), Limit: 7}, "13", "19", 7},
		} {
			got, err := c.FetchMyTrades(t.Context(), "A/B", q.want)
			if err != nil || len(got) != q.n || got[0].ID != q.first || got[len(got)-1].ID != q.last {
				t.Errorf("%+v: %d, %v: %s", q.want, len(got), err, ids(got, func(f *Fill) string { return f.ID }))
			}
		}
	})
}
