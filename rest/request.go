package rest

import (
	"net/http"
	"slices"
	"time"
)

// Param is one pair of a query, not encoded.
type Param struct{ Key, Value string }

// Request is one call of a venue. Client.Do does not change it: one Request may be sent again, and from several
// goroutines.
type Request struct {
	Method     string  // empty means GET
	Path       string  // after the client's Base, percent-encoded, without a query
	Query      []Param // in the order in which it is signed and sent
	Body       []byte
	Header     http.Header
	Charges    []Charge
	Priority   Priority
	Idempotent bool   // may be sent twice; GET and HEAD always may
	Signed     bool   // needs the client's Signer
	Signer     Signer // of this request, in place of the client's; nil: that
}

// Signer adds what proves who is asking: headers, parameters, or both. It gets a copy of the request, anew for each try,
// with a Header that is not nil, and now is the venue's time. What it adds is kept out of errors.
type Signer func(r *Request, now time.Time) error

// Set puts a parameter into the query: in its place when the key is there, else at the end.
func (r *Request) Set(key, value string) {
	i := slices.IndexFunc(r.Query, func(p Param) bool { return p.Key == key })
	if i < 0 {
		r.Query = append(r.Query, Param{key, value})
		return
	}
	r.Query[i].Value = value
}

// Value is the value of a parameter, empty when it is not there.
func (r *Request) Value(key string) string {
	for _, p := range r.Query {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// RawQuery is the query as it is sent: in order, everything but letters, digits and -._~ percent-encoded. A signature is
// made over these bytes.
func (r *Request) RawQuery() string {
	size := 0
	for _, p := range r.Query {
		size += len(p.Key) + len(p.Value) + 2
	}
	b := make([]byte, 0, size)
	for i, p := range r.Query {
		if i > 0 {
			b = append(b, '&')
		}
		b = appendEscaped(b, p.Key)
		b = append(b, '=')
		b = appendEscaped(b, p.Value)
	}
	return string(b)
}

// Target is the path with the query, as it stands in the request line.
func (r *Request) Target() string {
	if len(r.Query) == 0 {
		return r.Path
	}
	return r.Path + "?" + r.RawQuery()
}

func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b = append(b, c)
		default: // a space too: + is read as itself by some
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

func (r *Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

func (r *Request) repeatable() bool {
	m := r.method()
	return r.Idempotent || m == http.MethodGet || m == http.MethodHead
}

// copied is a request that a Signer may change.
func (r *Request) copied() *Request {
	c := *r
	c.Method = r.method()
	c.Query = slices.Clone(r.Query)
	c.Header = r.Header.Clone()
	if c.Header == nil {
		c.Header = http.Header{}
	}
	return &c
}

// added lists the values in r that are not in the request it was made from, as they are and as they are sent. Short ones
// are no secrets and would tear holes into texts.
func (r *Request) added(from *Request) (values []string) {
	keep := func(v string) {
		if len(v) >= 8 {
			values = append(values, v)
			if e := string(appendEscaped(nil, v)); e != v {
				values = append(values, e)
			}
		}
	}
	for _, p := range r.Query {
		if !slices.Contains(from.Query, p) {
			keep(p.Value)
		}
	}
	for k, vs := range r.Header {
		for _, v := range vs {
			if !slices.Contains(from.Header[k], v) {
				keep(v)
			}
		}
	}
	return values
}
