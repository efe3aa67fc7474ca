package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/depthwire/depthwire/rest"
)

// accountNames are the venue's ids of the accounts behind the key, by family.
type accountNames struct {
	flight singleflight.Group

	mu    sync.Mutex
	known map[*Family]string
	life  int // of the key
}

// account returns what Args.Account and Instruction.Account are of a family, empty where Family.Account is zero. It is asked once for
// all who want it at the same time, and again when the key has been refused.
func (c *Client) account(ctx context.Context, f *Family) (string, error) {
	if f.Account.Parse == nil {
		return "", nil
	}
	id, _ := c.names.of(f)
	if id != "" {
		return id, nil
	}
	done := c.names.flight.DoChan(f.Name, func() (any, error) {
		id, life := c.names.of(f)
		if id != "" {
			return id, nil
		}
		ids, err := request(c.ctx, c, f, &f.Account, nil, Args{}, rest.Snapshot) // it is for all who wait, not for the first alone
		if err = answered(ids, err); err != nil {
			return "", err
		}
		c.names.note(f, ids[0], life)
		return ids[0], nil
	})
	select {
	case r := <-done:
		id, _ := r.Val.(string)
		if errors.Is(r.Err, errNothing) {
			return "", &Error{Venue: c.venue.Name, Kind: ErrPermission, Message: "the key has no account of " + f.Name}
		}
		return id, r.Err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (a *accountNames) of(f *Family) (id string, life int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.known[f], a.life
}

// note keeps an id, unless the key was refused since it was asked for.
func (a *accountNames) note(f *Family, id string, life int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if life != a.life {
		return
	}
	if a.known == nil {
		a.known = make(map[*Family]string)
	}
	a.known[f] = id
}

func (a *accountNames) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = nil
	a.life++
}

// scope is what a parser of a family is told. Where it is the account's, what it cannot know is noted.
func (c *Client) scope(f *Family, a Args, account bool) Scope {
	index, _ := c.known()
	s := Scope{Markets: index.Names(f.Name), Args: a, account: account}
	for _, k := range c.venue.Families {
		if account && k != f && k.Base.Name == f.Base.Name {
			s.kin = append(s.kin, index.Names(k.Name))
		}
	}
	return s
}

// acquaint sees to it that the markets of ids are known to a family: the list is loaded anew, unless that has just been done, and those
// that are not in it are put beside it. It fails where the list cannot be had: what a market is would be a guess.
func (c *Client) acquaint(ctx context.Context, f *Family, ids []string) error {
	if _, age := c.known(); age > reloadAfter {
		if _, err := c.load(ctx, ""); ctx.Err() != nil {
			return err
		}
	}
	c.markets.mu.Lock()
	defer c.markets.mu.Unlock()
	if err := c.markets.failed[f]; err != nil || c.markets.index == nil {
		return &Error{Venue: c.venue.Name, Kind: ErrUnavailable, Message: fmt.Sprintf("the market %s may be in the list that could not be loaded", ids[0]), Err: err}
	}
	names, changed := c.markets.index.Names(f.Name), false
	for i, id := range ids {
		if names.ByID([]byte(id)) != nil || slices.Contains(ids[:i], id) {
			continue
		}
		if len(c.markets.adopted[f]) >= mostAdopted {
			return c.fail("", "", ErrMalformed, "too many markets that are in no list")
		}
		c.markets.adopted[f] = append(c.markets.adopted[f], f.stray(id, c.markets.parts[f]))
		changed = true
		c.o.Log.Warn("the account has to do with a market that is in no list", "venue", c.venue.Name, "family", f.Name, "id", id)
	}
	if changed {
		c.reindex()
	}
	return nil
}

// Unlisted is the Status of a market that the account has to do with and the venue's list does not have: delisted, or not there yet.
// Its Symbol is the venue's id.
const Unlisted = "unlisted"

func (f *Family) stray(id string, listed []Market) Market {
	m := Market{ID: id, Symbol: id, Family: f.Name, Status: Unlisted, family: f}
	m.stray = len(listed) == 0 || slices.ContainsFunc(listed, func(x Market) bool { return !x.Contract.Absent() })
	if len(listed) > 0 && !slices.ContainsFunc(listed, func(x Market) bool { return x.Kind != listed[0].Kind }) {
		m.Kind = listed[0].Kind
	}
	return m
}
