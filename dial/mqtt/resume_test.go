package mqtt_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/internal/backend"
)

// acting is a broker that a test plays: it takes one connection after the
// other.
type acting struct {
	t  *testing.T
	ln net.Listener
	c  net.Conn
}

func act(t *testing.T) *acting {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return &acting{t: t, ln: ln}
}

// accept lets the next client in, and says whether there is a session.
func (a *acting) accept(present bool) {
	c, err := a.ln.Accept()
	if err != nil {
		a.t.Error(err)
		return
	}
	a.c = c
	c.SetDeadline(time.Now().Add(time.Minute))
	a.next()
	hello := packets.NewControlPacket(packets.Connack).(*packets.ConnackPacket)
	hello.SessionPresent = present
	hello.Write(c)
}

// next is the next packet of the client; nil: there is none.
func (a *acting) next() packets.ControlPacket {
	p, err := packets.ReadPacket(a.c)
	if err != nil {
		a.t.Errorf("the client's next packet: %v", err)
		return nil
	}
	return p
}

// published expects a message, and returns its number.
func (a *acting) published(body string, again bool) uint16 {
	p, ok := a.next().(*packets.PublishPacket)
	if !ok || string(p.Payload) != body || p.Dup != again {
		a.t.Errorf("%v; want %q, again: %v", p, body, again)
		return 0
	}
	return p.MessageID
}

func (a *acting) received(number uint16) {
	p := packets.NewControlPacket(packets.Pubrec).(*packets.PubrecPacket)
	p.MessageID = number
	p.Write(a.c)
}

// released expects that the broker is told to pass a message on.
func (a *acting) released(number uint16) {
	if p, ok := a.next().(*packets.PubrelPacket); !ok || p.MessageID != number {
		a.t.Errorf("%v; want PUBREL %d", p, number)
	}
}

func (a *acting) complete(number uint16) {
	p := packets.NewControlPacket(packets.Pubcomp).(*packets.PubcompPacket)
	p.MessageID = number
	p.Write(a.c)
}

// bring plays a message from its sending to its end.
func (a *acting) bring(body string) {
	n := a.published(body, false)
	a.received(n)
	a.released(n)
	a.complete(n)
}

func (a *acting) write(c dial.Conn, body string, done *sync.WaitGroup) {
	done.Go(func() {
		ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
		defer cancel()
		if err := c.Write(ctx, []byte(body)); err != nil {
			a.t.Errorf("write %s: %v", body, err)
		}
	})
}

// A broker that was told to pass a message on, and whose confirmation was cut
// off, is told again; the message itself it would take for another. Who writes next is
// not given its number.
func TestPassedOnOnce(t *testing.T) {
	backend.Leaks(t)
	a := act(t)
	var done sync.WaitGroup
	done.Go(func() { a.accept(false) })
	address := "mqtt://" + a.ln.Addr().String() + "/t?qos=2&client=x|mode=send&reconnect=true&interval=1"
	c := open(t, address)
	done.Wait()
	a.write(c, "first", &done)
	n := a.published("first", false)
	a.received(n)
	a.released(n)
	a.c.Close()
	for range 2 { // cut off again
		a.accept(true)
		a.released(n)
		a.c.Close()
	}
	a.accept(true)
	a.released(n)
	a.write(c, "second", &done)
	a.complete(n)
	a.bring("second")
	done.Wait()
	a.write(c, "third", &done)
	a.bring("third")
	done.Wait()
	a.c.Close()
}

// A broker that has not said that it has a message is sent it again, and so is
// one that has lost the session.
func TestSentAgain(t *testing.T) {
	backend.Leaks(t)
	a := act(t)
	var done sync.WaitGroup
	done.Go(func() { a.accept(false) })
	c := open(t, "mqtt://"+a.ln.Addr().String()+"/t?qos=2&client=x|mode=send&reconnect=true&interval=1")
	done.Wait()
	a.write(c, "one", &done)
	n := a.published("one", false)
	a.c.Close()
	a.accept(true)
	if again := a.published("one", true); again != n {
		t.Errorf("again as %d, was %d", again, n)
	}
	a.received(n)
	a.released(n)
	a.c.Close()
	a.accept(false)
	n = a.published("one", true)
	a.received(n)
	a.released(n)
	a.complete(n)
	done.Wait()
	a.c.Close()
}

// A Write that waits for what is owed ends with its ctx, and with the connection.
func TestWaitsForOwed(t *testing.T) {
	backend.Leaks(t)
	a := act(t)
	var done sync.WaitGroup
	done.Go(func() { a.accept(false) })
	c := open(t, "mqtt://"+a.ln.Addr().String()+"/t?qos=2&client=x|mode=send&reconnect=true&interval=1")
	done.Wait()
	a.write(c, "first", &done)
	n := a.published("first", false)
	a.received(n)
	a.released(n)
	a.c.Close()
	a.accept(true)
	a.released(n)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Write(ctx, []byte("second")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v; want DeadlineExceeded", err)
	}
	a.complete(n)
	a.write(c, "after", &done)
	a.bring("after")
	done.Wait()
	a.c.Close()
}
