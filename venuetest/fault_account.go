package venuetest

import (
	"net/http"
	"time"
)

// Faults of logins and of signed requests. They take the next N; Channel, where it is not empty, is the account's key.
const (
	RefuseLogin    Kind = "refuse login"    // of sockets: as the venue refuses one whose signature is wrong
	WrongSignature Kind = "wrong signature" // of signed requests: as if the signature were wrong
	WrongAddress   Kind = "wrong address"   // as if the request came from an address that the key is not for
	NoPermission   Kind = "no permission"   // as if the key might not do that
	ExpirePass     Kind = "expire pass"     // Binance: the listen keys of all accounts expire, at once
)

// Faults of instructions: of what places, cancels and amends orders. They take the next N; Path is the end of the path
// of REST, Channel is part of the method or operation of the socket, and one with neither takes both. What they strike is
// carried out.
const (
	LostAnswer  Kind = "lost answer"  // the connection ends in place of the answer
	NoAnswer    Kind = "no answer"    // there is none, and the connection stays
	LateAnswer  Kind = "late answer"  // it comes For later
	FalseAnswer Kind = "false answer" // REST, Binance's sockets: Code (0: 503) with Body ("": the venue's own for that) in its place
)

// Faults of what is pushed of accounts. DropPush, RepeatPush, SwapPushes and DelayPush take the next N messages of the
// topics that match; SilentAccount strikes what is followed now, and with N < 0 also what comes until [Server.Heal].
const (
	DropPush      Kind = "drop push"
	RepeatPush    Kind = "repeat push"    // sent twice
	SwapPushes    Kind = "swap pushes"    // sent after its successor
	DelayPush     Kind = "delay push"     // sent For later, newer ones before it
	SilentAccount Kind = "silent account" // subscribed, but nothing comes
)

// lost is the wait of an answer in whose place the connection ends.
const lost time.Duration = -2

// silence mutes the ears that a SilentAccount concerns. Under mu.
func (s *Server) silence(f Fault) {
	for _, c := range s.conns {
		for _, x := range c.ears {
			x.muted = x.muted || f.matches(c, nil, x.name)
		}
	}
}

// answered returns what is sent as the answer of an instruction that came over REST and was carried out, and how long
// that waits, as Server.pause takes it. It writes the head of an answer that is not the venue's. Under mu.
func (s *Server) answered(w http.ResponseWriter, h *host, path string, body []byte) ([]byte, time.Duration) {
	for _, k := range []Kind{LostAnswer, NoAnswer, LateAnswer, FalseAnswer} {
		f := s.hitPath(nil, path, k)
		switch {
		case f == nil:
			continue
		case k == LostAnswer:
			return nil, lost
		case k == NoAnswer:
			return nil, -1
		case k == LateAnswer:
			return body, f.For
		}
		code, text := f.Code, f.Body
		if code == 0 {
			code = http.StatusServiceUnavailable
		}
		if text == "" {
			var kind string
			if text, kind = s.venue.refusal(h, code, s.now()); kind != "" {
				w.Header().Set("Content-Type", kind)
			}
		}
		w.WriteHeader(code)
		return []byte(text), 0
	}
	return body, 0
}

// reply sends the answer of an instruction that came over a socket and was carried out. op is its method. Under mu.
func (s *Server) reply(c *conn, op string, text []byte) {
	if c.dead || c.muted {
		return
	}
	f := s.hitAt(c, nil, op, op, LostAnswer, NoAnswer, LateAnswer)
	switch {
	case f == nil:
		c.text(text)
	case f.Kind == LostAnswer:
		c.send(item{kind: itemReset})
	case f.Kind == LateAnswer:
		c.after(f.For, item{kind: textFrame, data: text})
	}
}

// refuses reports whether a fault says that a login on a socket is refused. Under mu.
func (a *Account) refuses(c *conn) bool { return a.s.hit(c, nil, a.opts.Key, RefuseLogin) != nil }
