package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errNoWelcome = errors.New("stream: login not answered")

// greet sends the first message of a connection whose venue wants to know who connects.
func (k *keeper) greet(ctx context.Context) error {
	g, ok := k.dialect.(Greeter)
	if !ok {
		k.greeted.Store(true)
		return nil
	}
	msg, err := g.Greet(k.began)
	if err != nil {
		return k.denied(err)
	}
	k.pacer.note(k.began, request)
	return k.write(ctx, msg)
}

// welcome ends a connection whose venue does not answer the greeting.
func (k *keeper) welcome(_ context.Context, now time.Time) error {
	if now.Sub(k.began) > k.hub.c.Answer {
		return errNoWelcome
	}
	return nil
}

// denied makes of a venue's refusal of who connects the error that ends the connection.
func (s *session) denied(why error) error {
	if judge := s.hub.c.Denied; judge != nil {
		why = judge(why)
	}
	return fmt.Errorf("stream: login: %w", why)
}
