package exchange

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// How REST is asked for what is kept of the account, and what becomes of the answers.

// ask has REST asked at once.
func (k *keptAccount[T, P]) ask() {
	k.again, k.soon = true, time.Now()
	k.nudge()
}

func (k *keptAccount[T, P]) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// hint has REST asked at once, or when it has been asked a short time ago: the venue may have many hints, or nothing but damaged messages.
func (k *keptAccount[T, P]) hint() {
	if !k.again && !k.hinted {
		k.soon = k.last.Add(askEvery)
	}
	k.hinted = true
	k.nudge()
}

// due is when REST is to be asked; zero: nobody knows.
func (k *keptAccount[T, P]) due() time.Time {
	k.turn.Lock()
	defer k.turn.Unlock()
	if len(k.views) == 0 { // nothing would be asked for, and what that answers would count as the first whole answer
		return time.Time{}
	}
	if (k.again || k.hinted) && (k.next.IsZero() || k.soon.Before(k.next)) {
		return k.soon
	}
	return k.next
}

// run is the goroutine that asks REST.
func (k *keptAccount[T, P]) run(ctx context.Context) {
	timer := time.NewTimer(math.MaxInt64)
	defer timer.Stop()
	for ctx.Err() == nil {
		due := k.due()
		if !due.IsZero() && !time.Now().Before(due) {
			k.pass(ctx)
			continue
		}
		if timer.Stop(); !due.IsZero() {
			timer.Reset(time.Until(due))
		}
		select {
		case <-k.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// pass asks REST once.
func (k *keptAccount[T, P]) pass(ctx context.Context) {
	select { // of all that the client keeps only so many ask at a time
	case k.c.accounts.asking <- struct{}{}:
		defer func() { <-k.c.accounts.asking }()
	case <-ctx.Done():
		return
	}
	clock := k.c.http[k.f].Clock
	if clock.Age() == math.MaxInt64 { // how long ago something was is asked in the venue's time
		k.c.synchronise(ctx, k.f)
	}
	account, err := k.c.account(ctx, k.f)
	err = errors.Join(k.c.explain(k.f, k.kind.op, "", err), k.acquaint(ctx))
	k.turn.Lock()
	if len(k.views) == 0 { // the last has left meanwhile
		k.turn.Unlock()
		return
	}
	k.scope.Args.Account = account
	k.again, k.hinted, k.next, k.last = false, false, time.Time{}, time.Now()
	q := question{since: k.good.Add(clock.Offset() - overlap), floor: k.began.Add(clock.Offset()), first: !k.whole, op: k.kind.op}
	if k.holding || k.hole != nil {
		q.priority = rest.Snapshot
	}
	q.markets, q.all = k.wanted()
	for _, v := range k.views {
		v.asked = true
	}
	ask, life := k.state.question(k.c, k.f, q), k.life
	k.turn.Unlock()

	asked := time.Now()
	a := ask(ctx)
	a.err = errors.Join(err, a.err)
	if ctx.Err() != nil {
		return
	}
	k.turn.Lock()
	defer k.turn.Unlock()
	k.finish(&a, life, asked)
	k.flush()
}

// acquaint sees to it that the markets that were pushed are known when the next message is read.
func (k *keptAccount[T, P]) acquaint(ctx context.Context) error {
	k.turn.Lock()
	strays := k.strays
	k.strays = nil
	k.turn.Unlock()
	if len(strays) == 0 {
		return nil
	}
	if err := k.c.acquaint(ctx, k.f, strays); err != nil {
		k.turn.Lock()
		k.strays = append(k.strays, strays[0])
		k.turn.Unlock()
		return k.c.explain(k.f, k.kind.op, "", err)
	}
	names := k.c.scope(k.f, Args{}, false).Markets
	for _, id := range strays {
		if m := names.ByID([]byte(id)); m != nil {
			k.c.accounts.met.meet(k.f, m.Symbol)
		}
	}
	return nil
}

// wanted returns the markets that readers, or the account, have to do with, and whether some reader wants all.
func (k *keptAccount[T, P]) wanted() (ms []*Market, all bool) {
	for _, v := range k.views {
		ms = append(ms, v.markets...)
		all = all || len(v.markets) == 0
	}
	ms = append(ms, k.c.metIn(k.f)...)
	slices.SortFunc(ms, func(a, b *Market) int { return cmp.Compare(a.Symbol, b.Symbol) })
	return slices.CompactFunc(ms, func(a, b *Market) bool { return a.Symbol == b.Symbol }), all
}

// finish takes what REST said, and then what was held.
func (k *keptAccount[T, P]) finish(a *answer[T], life int, asked time.Time) {
	if k.err = a.err; a.err != nil && !k.whole && len(a.parts) == 0 && final(a.err) && (k.c.keys.vault == nil || k.tries > 0) {
		k.fail(a.err)
		return
	}
	fresh := k.c.scope(k.f, Args{}, true) // the list of markets may be another one by now
	k.scope.Markets, k.scope.kin = fresh.Markets, fresh.kin
	current := life == k.life && (k.up || k.hub == nil)
	if k.hub == nil && a.err != nil {
		k.miss(stream.Disconnect, a.err)
	}
	k.tell(a, current, asked)
	var held []heldValue[T]
	if !k.again { // or else they wait for the next pass
		held, k.held, k.holding = k.held, nil, false
	}
	k.news = k.state.apply(k.news, a, held)
	if a.err == nil {
		k.listed = k.listed[:0]
		for i := range a.parts {
			if covers := a.parts[i].covers; covers != nil {
				k.listed = append(k.listed, covers)
			}
		}
		k.begin()
	}
	k.publish()
	if a.err == nil {
		k.whole, k.tries = true, 0
		if current {
			k.good = asked
		}
	}
	k.note()
	k.schedule(a.err, current)
}

// tell has the next value say what is known of the hole.
func (k *keptAccount[T, P]) tell(a *answer[T], current bool, asked time.Time) {
	if k.hole == nil && !k.whole && a.err != nil { // readers lack what there is
		k.hole = &stream.Break{Cause: stream.Gap, From: k.began}
	}
	if k.hole == nil {
		return
	}
	b := *k.hole
	switch {
	case a.err == nil && current:
		b.To, b.Healed, b.Err = asked, a.unproven == nil, errors.Join(b.Err, a.unproven)
		k.hole = nil
	case k.told || !k.up:
		return
	default:
		b.Err, k.told = errors.Join(b.Err, a.err), true
	}
	for _, v := range k.views {
		if v.whole || k.told {
			v.feed.Lose(&b)
		}
	}
}

// begin gives readers who have just come all that there is, beside the news. They do not get it twice. Whose markets REST has not been
// asked about waits for that.
func (k *keptAccount[T, P]) begin() {
	for _, v := range k.views {
		if v.whole {
			continue
		}
		if !v.asked && !k.knows(v) {
			k.ask()
			continue
		}
		fresh := make(map[string]bool)
		for i := range k.news {
			fresh[k.kind.id(&k.news[i])] = true
		}
		all := slices.DeleteFunc(k.state.all(nil), func(x T) bool { return fresh[k.kind.id(&x)] || v.got[k.kind.id(&x)] })
		slices.SortStableFunc(all, k.kind.order)
		for i := range all {
			if v.wants(P(&all[i]).stamp().Symbol) {
				v.feed.Publish(&all[i])
			}
		}
		v.whole, v.got = true, nil
	}
}

// knows reports whether REST has told what there is of all that a reader wants. Of no symbol only those know who were asked about all.
func (k *keptAccount[T, P]) knows(v *accountView[T]) bool {
	listed := func(symbol string) bool {
		return slices.ContainsFunc(k.listed, func(covers func(string) bool) bool { return covers(symbol) })
	}
	return !k.kind.standing || len(v.markets) == 0 && listed("") ||
		len(v.markets) > 0 && !slices.ContainsFunc(v.markets, func(m *Market) bool { return !listed(m.Symbol) })
}

// schedule says when REST is asked next.
func (k *keptAccount[T, P]) schedule(err error, current bool) {
	now := time.Now()
	switch {
	case err != nil:
		wait := min(askAgain<<min(k.tries, 10), askRarely)
		if e := (*Error)(nil); errors.As(err, &e) {
			wait = max(wait, e.RetryAfter)
		}
		k.tries++
		k.next = now.Add(wait)
	case current && k.hub != nil && !k.sure:
		k.sure, k.next = true, now.Add(lag)
	case k.channel.Poll > 0:
		k.next = now.Add(k.channel.Poll)
	}
}
