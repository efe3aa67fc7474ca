package exchange

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/stream"
)

// lacks is the error of a call that cannot be made without a token.
func (f *Family) lacks(token string) error {
	if f.Token == "" || token != "" {
		return nil
	}
	return fmt.Errorf("%w: Options.Token is empty", ErrAuth)
}

// denied marks the error of a handshake that the venue refused because of who asks: asking
// again would not help.
func (c *Client) denied(err error) error {
	var h *dial.HandshakeError
	if !errors.As(err, &h) || c.o.Token == "" || (h.Status != http.StatusUnauthorized && h.Status != http.StatusForbidden) {
		return err
	}
	return fmt.Errorf("%w: %w: %w", stream.ErrDenied, byStatus(h.Status), err)
}
