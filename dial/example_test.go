package dial_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

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

// A Queue reads ahead for a program that is busy elsewhere.
func ExampleQueue() {
	conn, peer := dial.Pipe()
	ctx := context.Background()
	queue := dial.NewQueue(conn)
	defer queue.Close()

	_, state := queue.TryRead()
	fmt.Println(state)
	for _, msg := range []string{"one", "two"} {
		peer.Write(ctx, []byte(msg))
	}
	peer.Close()
	for {
		msg, state := queue.Read(ctx)
		fmt.Printf("%v %q\n", state, msg)
		if state == dial.Lost {
			fmt.Println(queue.Err())
			return
		}
	}
	// Output:
	// none
	// message "one"
	// message "two"
	// lost ""
	// dial: read pipe: dial: peer closed with code 1000
}

// Compat speaks the idiom of the original system: no message is ok = false,
// a lost connection is the empty message.
func ExampleCompat() {
	conn, peer := dial.Pipe()
	ws := dial.NewQueue(conn).Compat()
	defer ws.Close()

	fmt.Println(ws.Write("hello"))
	_, ok := ws.Read(-1)
	fmt.Println(ok)
	peer.Write(context.Background(), []byte("hello to you"))
	fmt.Println(ws.Read(2000))
	peer.Close()
	fmt.Println(ws.Read())
	// Output:
	// 5
	// false
	// hello to you true
	//  true
}

// A line of a byte stream is a message with framing=lines.
func ExampleDial_lines() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	var serving sync.WaitGroup
	defer serving.Wait()
	serving.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		line, _ := bufio.NewReader(conn).ReadString('\n')
		fmt.Fprintf(conn, "you said %s", line)
	})

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := dial.Dial(ctx, "tcp://"+l.Addr().String()+"|framing=lines&payload=hello")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	msg, err := conn.Read(ctx)
	fmt.Printf("%s %v\n", msg, err)
	_, err = conn.Read(ctx)
	fmt.Println(errors.Is(err, io.EOF))
	// Output:
	// you said hello <nil>
	// true
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
