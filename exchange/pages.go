package exchange

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// sequence tells how values of one kind that come in pages are put together.
type sequence[T any] struct {
	at func(*T) time.Time
	id func(*T) string // by which a value that two pages have is known

	byID     bool          // Range.FromID has a meaning
	keep     func(*T) bool // which of the values are wanted; nil: all
	priority rest.Priority
}

// morePages bounds a call that would go on for ever.
const morePages = 10_000

// many fetches the values of one market and a range, over as many pages as it takes, oldest first.
func many[T any, P stamped[T]](ctx context.Context, c *Client, op string, m *Market, k *Call[T], a Args, q sequence[T]) ([]T, error) {
	if !k.serves(m) {
		return nil, c.fail(op, m.Symbol, ErrNotSupported, "")
	}
	return collect[T, P](ctx, c, op, party[T]{m.family, []*Market{m}, []inquiry[T]{{Call: k}}}, a, q)
}

// party is who is asked: one family, about some of its markets or, where there are none, about all.
type party[T any] struct {
	f     *Family
	ms    []*Market
	calls []inquiry[T] // that have the values together, asked in their order: what two have the later one is right about
}

// inquiry is a call that is asked for what may be many values.
type inquiry[T any] struct {
	*Call[T]
	whole bool // it has what there is now, in whatever range: all pages are wanted
}

func (p *party[T]) symbol() string {
	if len(p.ms) == 1 {
		return p.ms[0].Symbol
	}
	return ""
}

// collect fetches the values of a range, over as many windows and pages as it takes, oldest first.
func collect[T any, P stamped[T]](ctx context.Context, c *Client, op string, who party[T], a Args, q sequence[T]) ([]T, error) {
	if err := c.ranged(op, who.symbol(), a.Range, q.byID); err != nil {
		return nil, err
	}
	parts := make([][]T, len(who.calls))
	for i, k := range who.calls {
		got := pages[T]{want: a.Range, whole: k.whole, sequence: q, seen: make(map[string]bool)}
		for w := range k.windows(a.Range, time.Now()) {
			own := a
			if own.Range = w; q.keep != nil {
				own.Range.Limit = 0 // how many of them are wanted is not known before
			}
			if err := turn[T, P](ctx, c, who, k.Call, own, w, &got); err != nil {
				return nil, c.explain(who.f, op, who.symbol(), err)
			}
			if got.enough() {
				break
			}
		}
		parts[i] = got.all
	}
	return q.merge(a.Range, parts), nil
}

// merge puts parts together, in order and as many as are wanted. Of one value the last part has the newest state.
func (q *sequence[T]) merge(want Range, parts [][]T) (all []T) {
	where := make(map[string]int)
	for _, part := range parts {
		for i := range part {
			id := q.id(&part[i])
			if at, ok := where[id]; ok {
				all[at] = part[i]
				continue
			}
			where[id] = len(all)
			all = append(all, part[i])
		}
	}
	slices.SortStableFunc(all, q.order)
	return clip(all, want)
}

func (c *Client) ranged(op, symbol string, want Range, byID bool) error {
	switch {
	case want.Limit < 0 || (!want.Until.IsZero() && !want.Since.Before(want.Until)):
		return c.fail(op, symbol, ErrBadRequest, "empty range")
	case want.FromID != "" && !byID:
		return c.fail(op, symbol, ErrBadRequest, "FromID is for trades: others have no ids")
	}
	return nil
}

// turn reads the pages of one window, w, which a is asked for.
func turn[T any, P stamped[T]](ctx context.Context, c *Client, who party[T], k *Call[T], a Args, w Range, got *pages[T]) error {
	for range morePages {
		page, err := pull[T, P](ctx, c, who.f, k, who.ms, a, got.priority)
		if err != nil {
			return err
		}
		slices.SortStableFunc(page, got.order)
		news := got.add(page)
		if k.Page == nil || (!news && (!k.Sparse || len(page) > 0)) || (!got.whole && w.Limit == 0 && w.Since.IsZero() && w.FromID == "") {
			return nil
		}
		next, more := k.Page(page, a)
		// Who goes back to Since has the oldest, which count, on his last page.
		back := !w.Since.IsZero() && !next.Range.Until.Equal(a.Range.Until)
		if !more || (w.Limit > 0 && len(got.all) >= got.want.Limit && !back) {
			return nil
		}
		a = next
	}
	return nil
}

// windows cuts a range into what one request may ask for, in the order in which that is done: on from Since, or back from Until
// to what the venue keeps. Of those that go back all is wanted: the newest come last in each.
func (k *inquiry[T]) windows(want Range, now time.Time) iter.Seq[Range] {
	if k.whole {
		want = Range{}
	}
	return func(yield func(Range) bool) {
		w, until := want, want.Until
		if until.IsZero() || until.After(now) {
			until = now
		}
		switch oldest := now.Add(-k.Keeps); {
		case k.whole || k.Window == 0 || want.FromID != "" || want.Since.IsZero() && k.Keeps == 0:
			yield(want)
		case want.Since.IsZero():
			for w.Limit = 0; until.After(oldest); until = w.Since {
				if w.Since = until.Add(-k.Window); !yield(w) {
					return
				}
				w.Until = w.Since
			}
		default:
			if k.Keeps > 0 && w.Since.Before(oldest) {
				w.Since = oldest
			}
			for w.Until = w.Since.Add(k.Window); w.Until.Before(until); w.Until = w.Since.Add(k.Window) {
				if !yield(w) {
					return
				}
				w.Since = w.Until
			}
			if w.Until = want.Until; w.Until.IsZero() || w.Since.Before(w.Until) {
				yield(w)
			}
		}
	}
}

// pages puts together what comes in pages.
type pages[T any] struct {
	sequence[T]
	want  Range
	whole bool
	all   []T
	seen  map[string]bool
}

// enough reports whether nothing more is wanted after a window.
func (p *pages[T]) enough() bool {
	if p.want.Since.IsZero() && p.want.Limit == 0 && !p.whole { // the newest that there are
		return len(p.all) > 0
	}
	return p.want.Limit > 0 && len(p.all) >= p.want.Limit
}

func (q *sequence[T]) order(x, y T) int { return q.at(&x).Compare(q.at(&y)) }

// add takes a page, oldest first, and reports whether it had anything new.
func (p *pages[T]) add(page []T) bool {
	before := len(p.seen)
	var fresh []T
	for i := range page {
		id := p.id(&page[i])
		if !p.seen[id] && p.want.holds(p.at(&page[i])) && (p.keep == nil || p.keep(&page[i])) {
			fresh = append(fresh, page[i])
		}
		p.seen[id] = true
	}
	if len(p.all) > 0 && len(fresh) > 0 && p.at(&fresh[0]).Before(p.at(&p.all[0])) { // pages that go back: equals stay in order
		p.all, fresh = fresh, p.all
	}
	p.all = append(p.all, fresh...)
	return len(p.seen) > before
}

// clip leaves as many as were asked for, from the end that counts.
func clip[T any](all []T, want Range) []T {
	switch {
	case want.Limit == 0 || len(all) <= want.Limit:
		return all
	case want.Since.IsZero() && want.FromID == "":
		return all[len(all)-want.Limit:]
	}
	return all[:want.Limit]
}
