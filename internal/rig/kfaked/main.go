// The command kfaked is a process that speaks Kafka's protocol, where no real
// broker can run. It prints "ready" when it serves, and keeps its data over
// kill -9: topics are created before, for those that a client created would
// be forgotten.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	port := flag.Int("port", 0, "of 127.0.0.1")
	dir := flag.String("dir", "", "for the data")
	user := flag.String("user", "", "the one user, by SASL PLAIN; empty: no SASL")
	password := flag.String("password", "", "of the user")
	topics := flag.String("topics", "", "created at the start, names by commas")
	flag.Parse()

	options := []kfake.Opt{kfake.Ports(*port), kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1)}
	if *dir != "" {
		options = append(options, kfake.DataDir(*dir), kfake.SyncWrites())
	}
	if *topics != "" {
		options = append(options, kfake.SeedTopics(1, strings.Split(*topics, ",")...))
	}
	if *user != "" {
		options = append(options, kfake.EnableSASL(), kfake.Superuser("PLAIN", *user, *password))
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready", cluster.ListenAddrs()[0])
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	cluster.Close()
}
