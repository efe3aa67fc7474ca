package wire

import (
	"errors"
	"testing"

	"github.com/depthwire/depthwire/scan"
)

func TestEnvelope(t *testing.T) {
	e := NewEnvelope("stream", "data")
	for _, tt := range []struct {
		frame, topic, data string
		bad                bool
	}{
		{`{"stream":"a@b","data":{"x":1}}`, "a@b", `{"x":1}`, false},
		{`{"data":{"x":1},"stream":"a@b"}`, "a@b", `{"x":1}`, false},
		{`{"stream":"a@b","data":{"x":{}}}`, "a@b", `{"x":{}}`, false},
		{`{"data":{"x":{}},"stream":"a@b"}`, "a@b", `{"x":{}}`, false},
		{`{"stream":"a@b","data":{},"y":{}}`, "a@b", `{}`, false},
		{`{"data":{},"y":{"z":1},"stream":"a@b"}`, "a@b", `{}`, false},
		{`{"stream":"a@b","data":[1,2]}`, "a@b", `[1,2]`, false},
		{`{"y":1, "data" : {} , "stream" : "a\u0040b"}`, "a@b", `{}`, false},
		{`{"stream":"a","data":{"x":"}}"}}`, "a", `{"x":"}}"}`, false},
		{`{"data":{},"stream":"a\u0040b"}`, "a@b", `{}`, false},
		{"{\"stream\":\"a\x13\",\"data\":{}}", "", "", true}, // a control character is no text of a string
		{"{\"data\":{},\"stream\":\"a\x13\"}", "", `{}`, true},
		{`{"result":null,"id":1}`, "", "", false},
		{`{"stream":"a"`, "a", "", true},
		{``, "", "", true},
	} {
		topic, data, err := e.Open([]byte(tt.frame))
		if string(topic) != tt.topic || string(data) != tt.data || (err != nil) != tt.bad {
			t.Errorf("%s: got %q %q %v", tt.frame, topic, data, err)
		}
	}
}

// FuzzEnvelope compares the quick cuts with the way through all keys.
func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{
		`{"stream":"a@b","data":{"x":1}}`, `{"data":{"x":1},"stream":"a@b"}`, `{"stream":"a@b","data":{},"y":{}}`, `{"data":{"a":"b","stream":"x"}}`, `{"stream":"a","data":{"x":[}}`,
		"{\"data\":{},\"stream\":\"\x13\"}", "{\"stream\":\"\x13\",\"data\":{}}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		one, other := NewEnvelope("stream", "data"), NewEnvelope("stream", "data")
		topic, data, err := one.Open(b)
		wantTopic, wantData, wantErr := other.any(b)
		if wantErr != nil { // what is cut without looking into it may be broken: its parser says so
			s := scan.New(data)
			s.Skip()
			if err == nil && s.End() == nil && !errors.Is(wantErr, scan.ErrDepth) {
				t.Fatalf("%v, and not noticed", wantErr)
			}
			return
		}
		if err != nil || string(topic) != string(wantTopic) || string(data) != string(wantData) {
			t.Fatalf("got %q %q %v, want %q %q", topic, data, err, wantTopic, wantData)
		}
	})
}
