package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
)

// everywhere follows one book of all venues. That a venue is missing in it is told in band.
func (b *board) everywhere(ctx context.Context, venues []venue) {
	var clients []*exchange.Client
	for _, v := range venues {
		clients = append(clients, v.client)
	}
	view := exchange.Consolidate(clients...).As(consolidated, "backpack", onBackpack)
	sub, err := view.WatchOrderBook(ctx, depth, consolidated)
	follow(ctx, b, sub, err, func(k *exchange.ConsolidatedBook) {
		b.all = *k
		switch {
		case k.Break == nil:
		case k.Break.Healed:
			b.event(fmt.Sprintf("consolidated %s: whole again after %v", k.Symbol, k.Break.Err))
		default:
			b.event(fmt.Sprintf("consolidated %s: goes on without %v", k.Symbol, k.Break.Err))
		}
	})
}

// absent returns the venues that are not in the book.
func absent(k *exchange.ConsolidatedBook) (out []exchange.VenueState) {
	for _, v := range k.Venues {
		if v.State != book.Live {
			out = append(out, v)
		}
	}
	return out
}

// consolidated is the lines about the book of all venues. The board is locked.
func (s *screen) consolidated() []string {
	k := &s.board.all
	bid, ask := k.Best()
	bids, asks := k.Complete()
	out := absent(k)
	relation := ""
	if k.Crossed {
		relation = s.colour(yellow, ", crossed")
	}
	lines := []string{fmt.Sprintf("%s  bid %s  ask %s%s, %d of %d venues, complete for %d + %d levels",
		s.colour(bold, consolidated+" everywhere"), attributed(bid), attributed(ask), relation, len(k.Venues)-len(out), len(k.Venues), bids, asks)}
	for _, v := range out {
		lines = append(lines, s.colour(red, fmt.Sprintf("  without %s for %.1f s: %v", v.Venue, time.Since(v.Since).Seconds(), v.Err)))
	}
	return lines
}

// attributed is a level with who stands there.
func attributed(l exchange.ConsolidatedLevel) string {
	var who []string
	for _, v := range l.Venues {
		who = append(who, v.Venue+" "+v.Size.String())
	}
	return fmt.Sprintf("%s (%s)", l.Price, strings.Join(who, ", "))
}
