package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/internal/backend"
)

func TestBrokers(t *testing.T) {
	for _, variable := range []string{"TEST_NATS_URL", "TEST_MQTT_URL", "TEST_AMQP_URL", "TEST_KAFKA_URL"} {
		backend.URL(t, variable)
	}
	var out bytes.Buffer
	for range 2 { // nothing of the first run is left for the second
		if err := run(t.Context(), &out, 3); err != nil {
			t.Fatal(err)
		}
	}
	turns := make(map[string]int)
	for line := range strings.Lines(out.String()) {
		var name, wrote, read string
		if _, err := fmt.Sscanf(line, "%s wrote %q, read %q", &name, &wrote, &read); err != nil || wrote != read {
			t.Errorf("%s%v", line, err)
		}
		turns[name]++
	}
	for _, scheme := range []string{"nats", "mqtt", "amqp", "kafka"} {
		if turns[scheme+":"] != 6 {
			t.Errorf("%s had %d turns, want 6", scheme, turns[scheme+":"])
		}
	}
}

func TestNone(t *testing.T) {
	all := addresses
	defer func() { addresses = all }()
	addresses = []string{"/test_topic"}
	if err := run(t.Context(), new(bytes.Buffer), 1); err == nil || !strings.Contains(err.Error(), "scripts/services") {
		t.Errorf("without brokers: %v", err)
	}
}
