package backpack

import (
	"errors"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// TestOwnerRefused: of what the venue says on the account's connection the signature alone ends it.
func TestOwnerRefused(t *testing.T) {
	for message, want := range map[string]error{"Invalid signature": exchange.ErrAuth, "Request has expired": exchange.ErrNonce} {
		var f stream.Frame
		err := newOwner(nil).Route([]byte(`{"id":null,"error":{"code":4003,"message":"`+message+`"}}`), &f)
		var told *exchange.Error
		if err != nil || !errors.As(f.Denied, &told) || told.Kind != want || told.Message != message {
			t.Errorf("%s: %v, %v", message, err, f.Denied)
		}
	}
	var f stream.Frame
	if err := newOwner(nil).Route([]byte(`{"id":null,"error":{"code":4006,"message":"Invalid stream"}}`), &f); err == nil || f.Denied != nil {
		t.Errorf("another refusal: %v, %v", err, f.Denied)
	}
	if err := newOwner(nil).Route([]byte(`{"data":`+fillPushed+`,"stream":"account.orderUpdate"}`), &f); err != nil || string(f.Topic) != "account.orderUpdate" || string(f.Data) != fillPushed {
		t.Errorf("got %s, %v", f.Topic, err)
	}
}

// TestOwnerDrops: what ends topics is not signed.
func TestOwnerDrops(t *testing.T) {
	rs := newOwner(nil).Change(time.Now(), nil, nil, []string{"account.orderUpdate"})
	if len(rs) != 1 || string(rs[0].Frame) != `{"method":"UNSUBSCRIBE","params":["account.orderUpdate"]}` || !rs[0].Drop {
		t.Errorf("got %+v", rs)
	}
}
