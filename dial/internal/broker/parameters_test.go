package broker

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
)

func TestParse(t *testing.T) {
	for rest, want := range map[string]string{
		"host/topic":                         "[host:1] topic ",
		"host":                               "[host:1]  ",
		"u:p@h1:5,h2,[::1]:7/a/b%20c?name=x": "[h1:5 h2:1 [::1]:7] a/b c x",
		"u:p@h@x/y":                          "",
		"":                                   "",
		"/topic":                             "",
		"h/t?other=1":                        "",
		"h/t?name=1&name=2":                  "",
		"h:s3cret/t":                         "",
		"u:s3cret@h,u:s3cret@h2/t":           "",
		"h/t?name=%zz":                       "",
		"h/t#fragment":                       "",
	} {
		a, err := Parse("x", rest, "1", "name")
		if want == "" {
			if !errors.Is(err, dial.ErrAddress) || strings.Contains(fmt.Sprint(err), "s3cret") {
				t.Errorf("%s: %v; want ErrAddress, without what is secret", rest, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", rest, err)
			continue
		}
		if got := fmt.Sprint(a.Hosts, " ", a.Path, " ", a.Text("name", "")); got != want {
			t.Errorf("%s: %q, want %q", rest, got, want)
		}
	}
}

func TestParameters(t *testing.T) {
	const most = 10
	for query, want := range map[string]string{
		"":                      "a true 3",
		"one=b&flag=false&n=10": "b false 10",
		"one=c":                 "bad",
		"flag=yes":              "bad",
		"n=11":                  "bad",
		"n=s3cret":              "bad",
	} {
		a, err := Parse("x", "h/t?"+query, "1", "one", "flag", "n")
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(a.One("one", "a", "b"), " ", a.Flag("flag", true), " ", a.Number("n", 3, 0, most))
		if a.Err() != nil {
			got = "bad"
		}
		if got != want || strings.Contains(fmt.Sprint(a.Err()), "s3cret") {
			t.Errorf("%s: %s, %v; want %s", query, got, a.Err(), want)
		}
	}
}
