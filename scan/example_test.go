package scan_test

import (
	"fmt"

	"github.com/depthwire/depthwire/scan"
)

func Example() {
	s := scan.New([]byte(`{"s":"BTCUSDT","new":[{}],"p":"68250.10","T":1732247000123}`))
	for key := range s.Object() {
		switch string(key) {
		case "s":
			fmt.Println(s.Str())
		case "p":
			fmt.Println(s.Decimal())
		case "T":
			fmt.Println(s.Milli())
		}
	}
	fmt.Println(s.End())
	// Output:
	// BTCUSDT
	// 68250.10
	// 2024-11-22 03:43:20.123 +0000 UTC
	// <nil>
}

func ExampleScanner_Pair() {
	s := scan.New([]byte(`[["8476.98","415","0","13"],[0.5,9.121E-7]]`))
	for range s.Array() {
		price, size := s.Pair()
		fmt.Println(price, size)
	}
	// Output:
	// 8476.98 415
	// 0.5 9.121E-7
}

func ExampleScanner_NextKey() {
	s := scan.New([]byte(`{"U":5,"u":7}`))
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			break
		}
		fmt.Println(string(key), s.Int())
	}
	// Output:
	// U 5
	// u 7
}

func ExampleError() {
	s := scan.New([]byte(`{"p":"68250.1`))
	s.Skip()
	fmt.Println(s.End())
	// Output: scan: unexpected end of JSON at byte 13
}
