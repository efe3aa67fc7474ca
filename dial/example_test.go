package dial_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/depthwire/depthwire/dial"
	"github.com/gorilla/websocket"
)

// greeter is a server that sends two messages and closes.
func greeter() *httptest.Server {
	var up websocket.Upgrader
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for _, msg := range []string{"hello", "goodbye"} {
			conn.WriteMessage(websocket.TextMessage, []byte(msg))
		}
		conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "going away"))
	}))
}

func ExampleDial() {
	server := greeter()
	defer server.Close()
	ctx := context.Background()

	conn, err := dial.Dial(ctx, "ws"+strings.TrimPrefix(server.URL, "http")+"/path|compress=gzip&mode=recv")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	for {
		msg, err := conn.Read(ctx)
		if end, ok := errors.AsType[*dial.CloseError](err); ok {
			fmt.Println(end)
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", msg)
	}
	// Output:
	// hello
	// goodbye
	// dial: peer closed with code 1001: "going away"
}

func ExampleParse() {
	scheme, rest, o, err := dial.Parse(`wss://host/a||b|compress=gzip_raw&mode=recv&payload={"sign":"x=="}`)
	fmt.Println(scheme, rest, o.Compress, o.Mode, o.Payload, err)
	_, _, _, err = dial.Parse("wss://host|compress=br")
	fmt.Println(err)
	// Output:
	// wss host/a|b gzip_raw recv {"sign":"x=="} <nil>
	// dial: bad option "compress": want none, gzip, gzip_raw or zlib
}

func ExamplePipe() {
	ctx := context.Background()
	client, server := dial.Pipe()
	client.Write(ctx, []byte("ping"))
	msg, _ := server.Read(ctx)
	fmt.Printf("%s\n", msg)
	// Output: ping
}

func init() {
	dial.Register("loop", func(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
		a, b := dial.Pipe()
		return a, b.Write(ctx, []byte("welcome to "+rest))
	})
}

// A package for a scheme registers it in init, so that importing it is enough.
func ExampleRegister() {
	conn, err := dial.Dial(context.Background(), "loop://anywhere")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	msg, _ := conn.Read(context.Background())
	fmt.Printf("%s\n", msg)
	// Output: welcome to anywhere
}

func ExampleInflater() {
	var z dial.Inflater
	msg, err := z.Inflate(dial.GzipRaw, []byte{0x2b, 0xc8, 0xcf, 0x4b, 0x07, 0x00})
	fmt.Printf("%s %v\n", msg, err)
	// Output: pong <nil>
}
