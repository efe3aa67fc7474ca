package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

// Without a group a reader begins where the address says, and equal keys go to
// one partition.
func TestOffsets(t *testing.T) {
	backend.Leaks(t)
	address := backend.URL(t, variable) + "/" + suite.Topic()
	out := open(t, address+"?partitions=2|mode=send")
	for i := range 4 {
		if err := out.(dial.Keyed).WriteKey(t.Context(), "one key", []byte(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	partition := "0"
	probe := open(t, address+"?offset=first|mode=recv")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := probe.Read(ctx); err != nil {
		partition = "1"
	}
	for offset, want := range map[string]string{"first": "0", "2": "2"} {
		c := open(t, address+"?partition="+partition+"&offset="+offset)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if got, err := c.Read(ctx); err != nil || string(got) != want || c.(dial.Keyed).Key() != "one key" {
			t.Errorf("offset %s: %q, %v, key %q; want %s", offset, got, err, c.(dial.Keyed).Key(), want)
		}
		c.Close()
	}
}

func open(t *testing.T, address string) dial.Conn {
	t.Helper()
	conn, err := dial.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestBadAddresses(t *testing.T) {
	for _, rest := range []string{"h", "h/t?offset=s3cret", "h/t?group=g&offset=first", "h/t?sasl=none", "h/t?partition=-1"} {
		if _, err := dial.Dial(t.Context(), "kafka://"+rest); !errors.Is(err, dial.ErrAddress) {
			t.Errorf("%s: %v; want ErrAddress", rest, err)
		}
	}
}
