package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/depthwire/depthwire/rest"
)

// keyring has the key of a client, as soon as it is known.
type keyring struct {
	vault    func(ctx context.Context) (Credentials, error)
	families []*Family
	flight   singleflight.Group // of questions to the vault

	mu     sync.RWMutex // signatures are made under it: Close wipes the key
	key    *Key
	stale  bool   // it was refused: the vault may have a better one
	serial uint64 // of the key: it grows with each that is another
	closed bool
}

// newKeyring checks what is given with the options. What comes from a vault is checked when it comes.
func newKeyring(v *Venue, o *Options) (*keyring, error) {
	r := &keyring{vault: o.Vault, families: v.Families}
	if o.Credentials.IsZero() {
		return r, nil
	}
	return r, r.take(o.Credentials)
}

// take makes the key of credentials that every family with something private accepts.
func (r *keyring) take(c Credentials) error {
	k, err := NewKey(c)
	if err != nil {
		return err
	}
	if err = r.fits(k); err == nil && !r.hold(k) {
		err = ErrClosed
	}
	if err != nil {
		k.Wipe()
	}
	return err
}

func (r *keyring) fits(k *Key) error {
	private := false
	for _, f := range r.families {
		if f.Auth == nil {
			continue
		}
		if err := f.Auth.fits(k); err != nil {
			return err
		}
		private = true
	}
	if !private {
		return fmt.Errorf("%w: the venue has nothing private: Credentials must be empty", ErrBadRequest)
	}
	return nil
}

func (r *keyring) hold(k *Key) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	if r.key == nil || !r.key.is(k) {
		r.serial++
	}
	if r.key != nil {
		r.key.Wipe()
	}
	r.key, r.stale = k, false
	return true
}

func (r *keyring) number() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.serial
}

// may reports whether there is a key, or may be one.
func (r *keyring) may() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.key != nil || r.vault != nil
}

func (r *keyring) ready() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.key != nil && !r.stale
}

// want has the key ready, or says why there is none. Callers at the same time share one question to the vault, which
// belongs to life, not to the call that began it.
func (r *keyring) want(ctx, life context.Context) error {
	switch {
	case r.ready():
		return nil
	case r.vault == nil:
		return unfit("Options.Credentials are empty")
	}
	done := r.flight.DoChan("", func() (any, error) {
		c, err := r.vault(life)
		if err != nil {
			return nil, fmt.Errorf("%w: Options.Vault: %w", ErrAuth, err)
		}
		defer c.Wipe()
		return nil, r.take(c)
	})
	select {
	case got := <-done:
		return got.Err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// use signs something.
func (r *keyring) use(sign func(k *Key) error) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.key == nil {
		return unfit("there is no key any more")
	}
	return sign(r.key)
}

// refused has the vault asked before the next call: the venue does not take the key any more. It returns the key's number.
func (r *keyring) refused() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stale = r.vault != nil
	return r.serial
}

func (r *keyring) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.key != nil {
		r.key.Wipe()
		r.key = nil
	}
}

// signer makes requests of a family the customer's own: by a token in the query, or by a signature. What a Signer adds is
// kept out of errors.
func (f *Family) signer(token string, keys *keyring, base string) rest.Signer {
	switch {
	case f.Token != "":
		return func(r *rest.Request, _ time.Time) error {
			if err := f.lacks(token); err != nil {
				return err
			}
			r.Set(f.Token, token)
			return nil
		}
	case f.Auth != nil:
		host := hostOf(base)
		return func(r *rest.Request, now time.Time) error {
			return keys.use(func(k *Key) error { return f.Auth.Sign(r, k, host, now) })
		}
	}
	return nil
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// send sends a request of a family. Where the venue refuses its time the clock is measured and the request sent once
// more, whatever it is: what is refused for that has done nothing.
func (c *Client) send(ctx context.Context, f *Family, r *rest.Request) (*rest.Response, error) {
	if r.Signed && f.Token == "" {
		if f.Auth == nil {
			return nil, &Error{Venue: c.venue.Name, Kind: ErrNotSupported, Message: f.Name + " has nothing private"}
		}
		if err := c.keys.want(ctx, c.ctx); err != nil {
			return nil, err
		}
	}
	answer, err := c.http[f].Do(ctx, r)
	if !r.Signed || err == nil {
		return answer, err
	}
	kind := f.refused(err)
	if kind == ErrNonce && c.synchronise(ctx, f) {
		answer, err = c.http[f].Do(ctx, r)
		kind = f.refused(err)
	}
	if kind == ErrAuth || kind == ErrPassphrase {
		c.keys.refused()
		c.names.forget()
	}
	return answer, err
}

// refused is the kind of error that the venue's own code says, nil when it is no refusal with a known code.
func (f *Family) refused(err error) error {
	var status *rest.StatusError
	if f.Refusal == nil || !errors.As(err, &status) {
		return nil
	}
	code, text, _ := f.Refusal(status.Status, status.Body)
	return f.kind(code, text)
}

// synchronise measures the clock of a family's host.
func (c *Client) synchronise(ctx context.Context, f *Family) bool {
	if f.Pull.Time.Parse == nil {
		return false
	}
	times, answer, err := ask(ctx, c, f, &f.Pull.Time, nil, Args{}, rest.Keep)
	if answered(times, err) != nil {
		return false
	}
	c.http[f].Clock.Measure(answer.Sent, answer.Received, times[0])
	return true
}
