package exchange

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// minutes reads candles by their minute, those with a c closed: "3c 4".
func minutes(dst []Candle, in *Scope, b []byte) ([]Candle, error) {
	for _, word := range bytes.Fields(b) {
		n, closed := bytes.CutSuffix(word, []byte("c"))
		minute, err := strconv.Atoi(string(n))
		if err != nil {
			return dst, err
		}
		k := Candle{Interval: in.Args.Interval, Start: time.Unix(int64(minute)*60, 0), Closed: closed}
		k.Symbol = in.Market.Symbol
		dst = append(dst, k)
	}
	return dst, nil
}

// shop is a venue whose only call is for candles. It answers with what script says, the last for ever: minutes, where
// * is all that were asked for, ! an error, and ~ all from a cache.
type shop struct {
	script []string
	asked  []string
}

func (s *shop) RoundTrip(r *http.Request) (*http.Response, error) {
	since, _ := strconv.Atoi(r.URL.Query().Get("since"))
	until, _ := strconv.Atoi(r.URL.Query().Get("until"))
	s.asked = append(s.asked, fmt.Sprintf("%d-%d", since, until))
	time.Sleep(100 * time.Millisecond) // the way there and back, in virtual time
	say := s.script[0]
	if len(s.script) > 1 {
		s.script = s.script[1:]
	}
	w := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r}
	switch say {
	case "~":
		w.Header.Set("Age", "20")
		fallthrough
	case "*":
		say = ""
		for m := since; m < until; m++ {
			say += strconv.Itoa(m) + " "
		}
	case "!":
		w.StatusCode = http.StatusBadRequest
	}
	w.Body = io.NopCloser(strings.NewReader(say))
	return w, nil
}

func TestRefill(t *testing.T) {
	cut := func(x *series[Candle, *Candle]) { x.Down(&stream.Break{Cause: stream.Disconnect}) }
	leave := func(x *series[Candle, *Candle]) { x.end() }
	wait := func(d time.Duration) func(*series[Candle, *Candle]) {
		return func(*series[Candle, *Candle]) { time.Sleep(d) }
	}
	for _, c := range []struct {
		name  string
		shop  string // script
		steps []any  // text: a message; a function: what happens
		want  string // what readers got, by REST in brackets; + and - are a Break healed and not
		asked string
	}{
		{"in order", "*", []any{"1", "1", "1c", "2", "2c 3"}, "1 1 1c 2 2c 3", ""},
		{"never seen closed", "*", []any{"1", "2", "2"}, "1 (1c) 2", "1-2"},
		{"pushed late", "!", []any{"1", "2 1c"}, "1 1c 2", ""},
		{"cut in a candle", "*", []any{"1", cut, "1", "1c"}, "1 +1 1c", ""},
		{"cut between two", "*", []any{"1c", cut, "2"}, "1c +2", ""},
		{"cut over one end", "*", []any{"1", cut, "2", "2c"}, "1 +(1c) 2c", "1-2"},
		{"cut over many", "*", []any{"1", cut, "5"}, "1 +(1c) (2c) (3c) (4c) 5", "1-5"},
		{"cut when the last was closed", "*", []any{"1c", cut, "3"}, "1c +(2c) 3", "1-3"},
		{"pushed twice", "*", []any{"1c", cut, "1c", "1", "2"}, "1c +2", ""},
		{"what is held comes once", "*", []any{"1c", cut, "3", "3c", "4", "4c", "5"}, "1c +(2c) 3c 4c 5", "1-3"},
		{"held, and never seen closed", "*", []any{"1c", cut, "3", "4", "5"}, "1c +(2c) 3 (3c) 4 (4c) 5", "1-3 3-4 4-5"},
		{"cut again meanwhile", "*", []any{"1", cut, "3", cut, "6"}, "1 +(1c) (2c) (3c) (4c) (5c) 6", "1-3 1-6"},
		{"not understood", "*", []any{"1c", "what", "3"}, "1c +(2c) 3", "1-3"},
		{"cut before the first", "*", []any{cut, "3"}, "3", ""},
		{"more than readers can take", "*", []any{"1", cut, "101"}, "1 -" + closed(93, 100) + "101", "93-101"},
		{"nothing was traded in some", "1c 4c|1c 4c", []any{"1", cut, "6"}, "1 +(1c) (4c) 6", "1-6 1-6"},
		{"the answer lags", "1c 2c|1c 2c 3c 4c 5c", []any{"1", cut, "6"}, "1 +(1c) (2c) (3c) (4c) (5c) 6", "1-6 1-6"},
		{"the answer lacks the first", "2c", []any{"1", cut, "3", wait(time.Minute)}, "1 -3", "1-3 1-3 1-3 1-3 1-3"},
		{"an old answer", "~|*", []any{"1", cut, "3"}, "1 +(1c) (2c) 3", "1-3 1-3"},
		{"refused", "!", []any{"1", cut, "3", "3c", "4"}, "1 -3c 4", "1-3"},
		{"refused, and never seen closed", "!", []any{"1", "2", "3"}, "1 -2 -3", "1-2 2-3"},
		{"fails for long", "", []any{"1", cut, "3", wait(14 * time.Second)}, "1", "1-3 1-3 1-3 1-3"},
		{"fails too long", "", []any{"1", cut, "3", wait(16 * time.Second)}, "1 -3", "1-3 1-3 1-3 1-3 1-3"},
		{"nobody reads any more", "*", []any{"1", cut, leave, "3"}, "1", ""},
		{"a candle of the future", "*", []any{"1", "50000000", "2"}, "1 50000000 (1c) 2", "1-2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shop{script: strings.Split(c.shop, "|")}
				f := &Family{Name: "f", Base: Endpoint{Name: "rest", URL: "http://venue.test"}, Codes: map[string]error{}}
				f.Pull.Candles = Call[Candle]{Path: "/candles", MaxAge: time.Minute, Parse: minutes, Request: func(r *rest.Request, _ []*Market, a Args) error {
					r.Set("since", strconv.FormatInt(a.Range.Since.Unix()/60, 10))
					r.Set("until", strconv.FormatInt(a.Range.Until.Unix()/60, 10))
					return nil
				}}
				f.Push.Candles.Parse = minutes
				cl := New(&Venue{Name: "test", Families: []*Family{f}}, Options{Transport: s, Ring: 16})
				defer cl.Close()
				m := &Market{Symbol: "A/B", Family: "f", family: f}
				f.Push.Candles.Topic = Topic("$id")
				x := cl.kinds.candles.series(m, Args{Interval: "1m"}, &f.Push.Candles, nil)
				sub := stream.Subscribe(t.Context(), nil, x.feed)
				got := ""
				sub.OnEvent(func(k *Candle) { got += " " + spell(k) })
				for _, step := range c.steps {
					switch step := step.(type) {
					case string:
						if err := x.Data([]byte(step), time.Now()); (err != nil) != (step == "what") {
							t.Error(err)
						}
					case func(*series[Candle, *Candle]):
						step(x)
					}
					synctest.Wait()
				}
				time.Sleep(time.Second + 2*time.Second*time.Duration(strings.Count(c.shop, "|")))
				synctest.Wait()
				if strings.TrimSpace(got) != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				if asked := strings.Join(s.asked, " "); asked != c.asked {
					t.Errorf("asked %s, want %s", asked, c.asked)
				}
			})
		})
	}
}

func closed(from, to int) (all string) {
	for m := from; m <= to; m++ {
		all += fmt.Sprintf("(%dc) ", m)
	}
	return all
}

func spell(k *Candle) string {
	text := strconv.FormatInt(k.Start.Unix()/60, 10)
	if k.Closed {
		text += "c"
	}
	if k.Source == REST {
		text = "(" + text + ")"
	}
	switch b := k.Break; {
	case b == nil:
	case b.Healed:
		text = "+" + text
	default:
		text = "-" + text
	}
	return text
}
