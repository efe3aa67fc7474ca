package main

import (
	"strings"

	"github.com/depthwire/depthwire/venuetest"
)

// faultKind is a fault as a script names it, and the words that may follow it.
type faultKind struct {
	name string
	kind venuetest.Kind
	keys string // of key=value; "symbol" stands for a market
}

// Words that are not faults of the simulator.
const (
	healing = venuetest.Kind("heal")  // ends every fault
	chaos   = venuetest.Kind("chaos") // faults of books by chance
)

const (
	onDeltas  = "symbol channel conn skip n"
	onTopics  = "symbol channel conn"
	onFrames  = onDeltas
	snapshots = "symbol skip n"
)

// faultKinds are all faults, in the order of venuetest.
var faultKinds = []faultKind{
	{"drop-delta", venuetest.DropDelta, onDeltas},
	{"duplicate-delta", venuetest.DuplicateDelta, onDeltas},
	{"swap-deltas", venuetest.SwapDeltas, onDeltas},
	{"delay-delta", venuetest.DelayDelta, onDeltas + " for"},
	{"wrong-sequence", venuetest.WrongSequence, onDeltas},
	{"wrong-checksum", venuetest.WrongChecksum, onDeltas},
	{"crossed-book", venuetest.CrossedBook, onDeltas},
	{"sequence-reset", venuetest.SequenceReset, onTopics},
	{"book-heartbeat", venuetest.BookHeartbeat, onTopics},
	{"second-snapshot", venuetest.SecondSnapshot, onTopics},
	{"stale-snapshot", venuetest.StaleSnapshot, snapshots},
	{"slow-snapshot", venuetest.SlowSnapshot, snapshots + " for"},
	{"snapshot-never", venuetest.SnapshotNever, snapshots},
	{"silent-topic", venuetest.SilentTopic, onTopics + " n for"},
	{"silent-socket", venuetest.SilentSocket, onTopics + " n for"},
	{"dead-socket", venuetest.DeadSocket, onTopics + " n for"},
	{"never-speak", venuetest.NeverSpeak, "conn skip n"},
	{"no-pong", venuetest.NoPong, onTopics + " n for"},
	{"no-ack", venuetest.NoAck, onDeltas},
	{"delay-ack", venuetest.DelayAck, onDeltas + " for"},
	{"refuse-subscribe", venuetest.RefuseSubscribe, onDeltas + " code"},
	{"disconnect", venuetest.CloseSocket, onTopics + " code text"},
	{"reset-socket", venuetest.ResetSocket, onTopics},
	{"cut-frame", venuetest.CutFrame, onTopics},
	{"day", venuetest.Day, onTopics},
	{"shutdown", venuetest.Shutdown, onTopics + " for"},
	{"ping-flood", venuetest.PingFlood, onTopics + " n"},
	{"truncated-frame", venuetest.TruncatedFrame, onFrames},
	{"non-utf8-frame", venuetest.NonUTF8Frame, onFrames},
	{"oversized-frame", venuetest.OversizedFrame, onFrames},
	{"wrong-type", venuetest.WrongType, onFrames},
	{"duplicate-keys", venuetest.DuplicateKeys, onFrames},
	{"unknown-fields", venuetest.UnknownFields, onFrames},
	{"unknown-event", venuetest.UnknownEvent, onFrames},
	{"fragmented", venuetest.Fragmented, onFrames},
	{"gzip-bomb", venuetest.GzipBomb, onFrames},
	{"cached-answer", venuetest.CachedAnswer, "path skip n for"},
	{"http-status", venuetest.HTTPStatus, "path skip n code retry-after body"},
	{"maintenance", venuetest.Maintenance, "for"},
	{"clock-skew", venuetest.ClockSkew, "for"},
	{"chaos", chaos, "p seed"},
	{"heal", healing, ""},
}

func faultNames() []string {
	var all []string
	for _, k := range faultKinds {
		all = append(all, k.name)
	}
	return all
}

// faultHelp explains the scripts.
func faultHelp() string {
	var b strings.Builder
	b.WriteString(`A fault script is lines of

  [after DURATION | every DURATION] FAULT [SYMBOL] [key=value …]

without a time the fault strikes at the start. What follows # is a comment. Values with blanks stand
in double quotes. Keys: n (how many; -1: until heal), skip (let so many pass first), for (a duration),
conn (number of a connection), channel (part of a topic's name), code, text, path, body, retry-after,
p and seed.

Faults and what may follow them:
`)
	for _, k := range faultKinds {
		b.WriteString(strings.TrimRight("  "+k.name+strings.Repeat(" ", 18-len(k.name))+k.keys, " ") + "\n")
	}
	return b.String()
}
