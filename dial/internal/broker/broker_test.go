package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// fake is a link that is lost, or not, and takes its time to close.
type fake struct {
	lost   bool
	leave  time.Duration
	closed chan struct{}
	over   atomic.Bool
}

func newFake(lost bool, leave time.Duration) *fake {
	return &fake{lost: lost, leave: leave, closed: make(chan struct{})}
}

func (f *fake) wait(ctx context.Context) error {
	if f.lost {
		return fmt.Errorf("%w: torn", dial.ErrLost)
	}
	select {
	case <-f.closed:
		return dial.ErrLost
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fake) Next(ctx context.Context) (Message, error) { return Message{}, f.wait(ctx) }

func (f *fake) Publish(ctx context.Context, _ string, _ uint64, _ []byte) error { return f.wait(ctx) }

func (f *fake) Close() error {
	if !f.over.Swap(true) {
		time.Sleep(f.leave)
		close(f.closed)
	}
	return nil
}

// links gives one after another, and says how often it was asked.
type links struct {
	asked int
	made  []*fake
	next  func(asked int) (*fake, error)
}

func (l *links) connect(context.Context) (Link, error) {
	l.asked++
	link, err := l.next(l.asked)
	if err != nil {
		return nil, err
	}
	l.made = append(l.made, link)
	return link, nil
}

func opened(t *testing.T, l *links) dial.Conn {
	t.Helper()
	o := dial.Options{Reconnect: true, Interval: 100 * time.Millisecond, HandshakeTimeout: time.Second, MaxMessage: 1 << 10}
	conn, err := Open(t.Context(), "fake://", o, l.connect)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// A link that takes long to say good-bye does not hold up those whose ctx
// ends.
func TestSlowFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &links{next: func(asked int) (*fake, error) { return newFake(asked == 1, time.Minute), nil }}
		conn := opened(t, l)
		var reading sync.WaitGroup
		reading.Go(func() { conn.Read(t.Context()) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		if err := conn.Write(ctx, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("write: %v after %v; want DeadlineExceeded after 1s", err, time.Since(begun))
		}
		conn.Close()
		reading.Wait()
	})
}

// Attempts begin an interval apart, whether no link is made or each breaks at once.
func TestNeverHot(t *testing.T) {
	for name, next := range map[string]func(int) (*fake, error){
		"refused": func(asked int) (*fake, error) {
			if asked == 1 {
				return newFake(true, 0), nil
			}
			return nil, errors.New("nobody listens")
		},
		"broken": func(int) (*fake, error) { return newFake(true, 0), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &links{next: next}
				conn := opened(t, l)
				ctx, cancel := context.WithTimeout(t.Context(), 950*time.Millisecond)
				defer cancel()
				var calling sync.WaitGroup
				for range 4 {
					calling.Go(func() {
						for ctx.Err() == nil {
							conn.Write(ctx, nil)
						}
					})
				}
				for ctx.Err() == nil {
					conn.Read(ctx)
				}
				calling.Wait()
				if l.asked != 10 {
					t.Errorf("%d attempts in 950ms, want 10", l.asked)
				}
				conn.Close()
			})
		})
	}
}

// Close ends who dials, and closes a link that was made meanwhile.
func TestCloseWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialling, release := make(chan struct{}), make(chan struct{})
		l := &links{next: func(asked int) (*fake, error) {
			if asked > 1 {
				close(dialling)
				<-release
			}
			return newFake(asked == 1, 0), nil
		}}
		conn := opened(t, l)
		var reading sync.WaitGroup
		reading.Go(func() {
			if _, err := conn.Read(t.Context()); !errors.Is(err, dial.ErrClosed) {
				t.Errorf("read: %v; want ErrClosed", err)
			}
		})
		<-dialling
		reading.Go(func() { conn.Close() })
		synctest.Wait()
		close(release)
		reading.Wait()
		for i, made := range l.made {
			select {
			case <-made.closed:
			default:
				t.Errorf("link %d is open behind Close", i)
			}
		}
	})
}
