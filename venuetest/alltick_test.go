package venuetest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestAllTickREST(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := AllTick(Options{Memory: true, Depth: 60})
		defer s.Close()
		ask := func(token, path, query string) string {
			resp, err := s.Client().Get(s.Endpoints()["rest"] + path + "?token=" + token + "&query=" + url.QueryEscape(query))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body := make([]byte, 200)
			n, _ := resp.Body.Read(body)
			return string(body[:n])
		}
		const codes = `{"trace":"t-1","data":{"symbol_list":[{"code":"%s"}]}}`
		for _, c := range []struct{ token, path, query, want string }{
			{"free-0123456789", "/quote-b-api/depth-tick", fmt.Sprintf(codes, "EURUSD"), `{"ret":200,"msg":"ok","trace":"t-1","data":{"tick_list":[{"code":"EURUSD","seq":"`},
			{"free-0123456789", "/quote-b-api/depth-tick", fmt.Sprintf(codes, "EURUSD"), `{"ret":605,`},
			{"basic-0123456789", "/quote-stock-b-api/depth-tick", fmt.Sprintf(codes, "EURUSD"), `{"ret":600,"msg":"code invalid","trace":"t-1","data":{}}`},
			{"premium-0123456789", "/quote-b-api/trade-tick", "%7B", `{"ret":402,`},
			{"premium-0123456789", "/quote-b-api/trade-tick", "{}", `{"ret":400,`},
			{"gold-0123456789", "/quote-b-api/trade-tick", "{}", `{"ret":401,`},
		} {
			if got := ask(c.token, c.path, c.query); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s %s %s: %s\nwant %s…", c.token, c.path, c.query, got, c.want)
			}
		}
	})
}

func TestAllTickSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := AllTick(Options{Memory: true, Depth: 60})
		defer s.Close()
		dialer := websocket.Dialer{NetDialContext: s.DialContext}
		dial := func(token string) (*websocket.Conn, *http.Response) {
			ws, resp, _ := dialer.Dial(s.Endpoints()["non-stock"]+"?token="+token, nil)
			return ws, resp
		}
		if _, resp := dial("gold-0123456789"); resp == nil || resp.StatusCode != 401 {
			t.Errorf("a wrong token: %+v", resp)
		}
		ws, _ := dial("free-0123456789")
		defer ws.Close()
		if _, resp := dial("free-0123456789"); resp == nil || resp.StatusCode != 429 {
			t.Errorf("a second connection: %+v", resp)
		}
		say := func(text string) string {
			if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				t.Fatal(err)
			}
			_, got, err := ws.ReadMessage()
			if err != nil {
				return err.Error()
			}
			return string(got)
		}
		if got, want := say(`{"cmd_id":22000,"seq_id":7,"trace":"9c1f-0007","data":{}}`), `{"ret":200,"msg":"ok","cmd_id":22001,"seq_id":7,"trace":"9c1f-0007","data":{}}`; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		time.Sleep(4 * time.Second)
		if got := say(`{"cmd_id":22002,"seq_id":1,"trace":"a","data":{"symbol_list":[{"code":"EURUSD"},{"code":"GOLD"}]}}`); !strings.HasPrefix(got, `{"ret":200`) {
			t.Error(got)
		}
		time.Sleep(4 * time.Second)
		if got := say(`{"cmd_id":22002,"seq_id":2,"trace":"b","data":{"symbol_list":[{"code":"BTCUSDT"}]}}`); !strings.HasPrefix(got, `{"ret":200`) {
			t.Error(got)
		}
		if left := s.Subscriptions(); len(left) != 1 || left[0] != "depth:BTCUSDT" {
			t.Errorf("a list replaces the one before: %q", left)
		}
		time.Sleep(time.Second)
		if got := say(`{"cmd_id":22004,"seq_id":3,"trace":"c","data":{"symbol_list":[{"code":"BTCUSDT"}]}}`); !strings.HasPrefix(got, `{"ret":606`) {
			t.Errorf("too soon: %s", got)
		}
		if _, _, err := ws.ReadMessage(); err == nil {
			t.Error("the connection lives on")
		}
		time.Sleep(11 * time.Second)
		ws, _ = dial("free-0123456789")
		defer ws.Close()
		if got := say(`{"cmd_id":22002,"seq_id":1,"trace":"a","data":{"symbol_list":[{"code":"EURUSD"}]}}`); !strings.HasPrefix(got, `{"ret":200`) {
			t.Error(got)
		}
		began := time.Now()
		if _, _, err := ws.ReadMessage(); err == nil || time.Since(began) > 32*time.Second {
			t.Errorf("without a heartbeat: %v after %s", err, time.Since(began))
		}
	})
}
