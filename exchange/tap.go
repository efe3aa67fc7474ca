package exchange

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/rest"
)

// FrameKind says what a Frame is.
type FrameKind string

// The kinds of frames.
const (
	FrameOpen  FrameKind = "open"  // a socket was opened
	FrameIn    FrameKind = "in"    // the venue has sent a message
	FrameOut   FrameKind = "out"   // a message is about to be sent
	FrameClose FrameKind = "close" // the socket is closed
	FrameHTTP  FrameKind = "http"  // the body of an answer that REST has accepted
)

// Frame is what went over the wire at once, as Options.Tap is told of it.
type Frame struct {
	Venue string
	Kind  FrameKind
	Conn  int64  // number of the socket, of which no other has it in this process; 0 of FrameHTTP
	URL   string // of the socket, or of the request; tokens in it are veiled
	// Data is the message, empty of FrameOpen and FrameClose. What came compressed is unpacked: the bytes are those that were parsed.
	// They are valid during the call only.
	Data     []byte
	Received time.Time // on our clock; or sent
}

// sockets numbers those that are tapped.
var sockets atomic.Int64

// tapped is a socket whose frames are told.
type tapped struct {
	peer
	tap   func(*Frame)
	veils *veils // nil: there is no secret

	mu     sync.Mutex // held over tap, so that the frames of a socket are told one after the other
	frame  Frame
	closed bool
}

// tapping has what goes over a socket told, where somebody listens and the socket is nobody's.
func (x *line) tapping(conn dial.Conn) dial.Conn {
	p, ok := conn.(peer)
	if x.c.o.Tap == nil || x.session != nil || !ok {
		return conn
	}
	t := &tapped{peer: p, tap: x.c.o.Tap, veils: x.veils}
	t.frame = Frame{Venue: x.c.venue.Name, Conn: sockets.Add(1), URL: x.veils.over(unnamed(x.address))}
	t.tell(FrameOpen, nil)
	return t
}

func (t *tapped) tell(kind FrameKind, data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.closed { // who writes still has not heard of it
		return
	}
	t.closed = kind == FrameClose
	t.frame.Kind, t.frame.Data, t.frame.Received = kind, data, now
	t.tap(&t.frame)
	t.frame.Data = nil
}

func (t *tapped) Read(ctx context.Context) ([]byte, error) {
	msg, err := t.peer.Read(ctx)
	if err == nil {
		t.tell(FrameIn, msg) // discreet has veiled it
	}
	return msg, err
}

// Write tells the message before it goes: the answer may be read before Write returns.
func (t *tapped) Write(ctx context.Context, msg []byte) error {
	said := msg
	if t.veils != nil {
		said = []byte(t.veils.over(string(msg)))
	}
	t.tell(FrameOut, said)
	return t.peer.Write(ctx, msg)
}

func (t *tapped) Close() error {
	err := t.peer.Close()
	t.tell(FrameClose, nil)
	return err
}

// over is a text with the secrets veiled.
func (v *veils) over(text string) string {
	if v == nil {
		return text
	}
	if all := v.forms.Load(); all != nil {
		for _, form := range *all {
			text = strings.ReplaceAll(text, form, veiled)
		}
	}
	return text
}

// unnamed is an address without a user.
func unnamed(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// overheard tells of an answer to a public request.
func (c *Client) overheard(f *Family, r *rest.Request, answer *rest.Response) {
	v := &veils{}
	if f.Token != "" {
		v.keep(c.o.Token)
	}
	frame := Frame{Venue: c.venue.Name, Kind: FrameHTTP, URL: unnamed(c.address(f.Base)) + r.Target(), Data: answer.Body, Received: answer.Received}
	if f.Token != "" {
		frame.Data = []byte(v.over(string(frame.Data)))
	}
	c.o.Tap(&frame)
}
