package venuetest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// okx is the venue of section 12 of OKX's document.
type okx struct {
	s     *Server
	calls map[string]okxCall // of public data, by path
	own   map[string]okxOwn  // of accounts, by method and path
}

// okxCall is one REST endpoint.
type okxCall struct {
	limit  int           // requests
	every  time.Duration // in this long
	per    string        // parameter that has a limit for each of its values
	must   string        // mandatory parameter
	answer func(o *okx, q *okxQuery, w *writer)
}

// okxQuery is one REST request, and what is wrong with it.
type okxQuery struct {
	values url.Values
	m      *market // of instId
	now    time.Time
	err    *refusal

	a    *Account // whose it is
	path string   // of what gives orders, and its body
	body []byte
}

func (q *okxQuery) refuse(status, code int, msg string) {
	if q.err == nil {
		q.err = &refusal{status, code, msg}
	}
}

// limit reads how many rows are asked for.
func (q *okxQuery) limit(name string, otherwise, most int) int {
	text := q.values.Get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		q.refuse(http.StatusBadRequest, 51000, "Parameter "+name+" error")
		return 0
	}
	return min(n, most)
}

// int64 reads a whole number; absent gives otherwise.
func (q *okxQuery) int64(name string, otherwise int64) int64 {
	text := q.values.Get(name)
	if text == "" {
		return otherwise
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		q.refuse(http.StatusBadRequest, 51000, "Parameter "+name+" error")
	}
	return v
}

func (o *okx) serve(h *host, w http.ResponseWriter, r *http.Request) {
	if isUpgrade(r) {
		o.connect(h, w, r)
		return
	}
	sent, err := io.ReadAll(http.MaxBytesReader(w, r.Body, okxFrame))
	if err != nil {
		return // nobody waits for an answer, or it is far too long
	}
	body, wait := o.rest(h, w, r, sent)
	if wait != 0 && !o.s.pause(r, wait) {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	w.Write(body)
}

func (o *okx) rest(h *host, w http.ResponseWriter, r *http.Request, sent []byte) (body []byte, wait time.Duration) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.requests[r.URL.Path]++
	w.Header().Set("Content-Type", "application/json")
	path := strings.TrimPrefix(r.URL.Path, "/api/v5")
	if own, ok := o.own[r.Method+" "+path]; ok {
		if body, done := s.broken(w, r, h, false); done {
			return body, 0
		}
		return o.private(h, w, r, own, sent)
	}
	call, ok := o.calls[path]
	if !ok || r.Method != http.MethodGet {
		w.WriteHeader(http.StatusNotFound)
		return []byte(`{"msg":"Requested resource does not exist","code":"50404"}`), 0
	}
	q := &okxQuery{values: r.URL.Query(), now: s.now()}
	limit := s.usage.quota(r.URL.Path+" "+q.values.Get(call.per), q.now, call.every)
	if limit.used++; limit.used > call.limit {
		w.WriteHeader(http.StatusTooManyRequests)
		return []byte(`{"msg":"Too Many Requests","code":"50011"}`), 0
	}
	if body, done := s.broken(w, r, h, strings.HasSuffix(r.URL.Path, "/system/status")); done {
		return body, 0
	}
	if body, ok := s.replayed(h, w, r); ok {
		return body, 0
	}
	o.check(q, call.must)
	out := writer{b: []byte(`{"code":"0","msg":"","data":[`)}
	if q.err == nil {
		call.answer(o, q, &out)
	}
	if q.err != nil {
		w.WriteHeader(q.err.status)
		return fmt.Appendf(nil, `{"code":"%d","data":[],"msg":%q}`, q.err.code, q.err.msg), 0
	}
	if strings.HasSuffix(r.URL.Path, "/books") {
		wait = s.hold(q.m)
	}
	return append(out.b, `]}`...), wait
}

// check finds the instrument, and refuses what lacks a mandatory parameter.
func (o *okx) check(q *okxQuery, must string) {
	if must != "" && q.values.Get(must) == "" {
		q.refuse(http.StatusBadRequest, 50014, "Parameter "+must+" can not be empty")
	}
	id := q.values.Get("instId")
	if id == "" || id == "ANY" {
		return
	}
	if q.m = o.s.market("", id); q.m == nil || q.m.Status == "preopen" {
		q.refuse(http.StatusOK, 51001, "Instrument ID, Instrument ID code or Spread ID doesn't exist.")
	}
}

// refusal is the body that the venue sends with a status.
func (o *okx) refusal(_ *host, code int, _ time.Time) (body, kind string) {
	switch code {
	case http.StatusTooManyRequests:
		return `{"msg":"Too Many Requests","code":"50011"}`, ""
	case http.StatusServiceUnavailable:
		return `{"msg":"Service temporarily unavailable. Please try again later","code":"50001"}`, ""
	case http.StatusForbidden, http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusTeapot:
		return strings.ReplaceAll(firewallPage, "403 Forbidden", fmt.Sprintf("%d %s", code, http.StatusText(code))), "text/html"
	case http.StatusBadRequest:
		return `{"msg":"API endpoint request timeout","code":"50004"}`, ""
	}
	return `{"msg":"System error. Try again later","code":"50026"}`, ""
}

// notice is the message before an upgrade; the business URL gets none.
func (o *okx) notice(c *conn, _ time.Time) []byte {
	if strings.HasSuffix(c.path, "/business") {
		return nil
	}
	return fmt.Appendf(nil, `{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"%s"}`, c.id)
}

// key tells streams apart: those of accounts are for one connection.
func (o *okx) key(c *conn, name string) string {
	if c.account != nil {
		return c.id + " " + name
	}
	return name
}
