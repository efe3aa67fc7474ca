package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/depthwire/depthwire/record"
)

const (
	recorderPage = "../../docs/recorder.md"
	schemaBegins = "<!-- schema: made by `go generate ./cmd/depthwire` -->\n"
	schemaEnds   = "<!-- schema end -->"
)

var wordsOfKinds = map[record.ColumnKind]string{
	record.Text: "text", record.Name: "name", record.Number: "number", record.Moment: "moment", record.Count: "count", record.Flag: "flag", record.Levels: "levels",
}

// The page has the tables that the code has.
func TestRecorderPageHasTheSchema(t *testing.T) {
	var b strings.Builder
	b.WriteString("| table | key | columns beside venue, symbol (names), time, received (moments) and seq (count) |\n|---|---|---|\n")
	for _, table := range record.Tables {
		var columns []string
		for _, c := range table.Columns[record.SeqColumn+1:] {
			columns = append(columns, fmt.Sprintf("`%s` %s", c.Name, wordsOfKinds[c.Kind]))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", table.Name, table.Key, strings.Join(columns, ", "))
	}
	text, err := os.ReadFile(recorderPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), schemaBegins)
	old, after, ended := strings.Cut(rest, schemaEnds)
	if !ok || !ended {
		t.Fatal("the page has no place for the schema")
	}
	if *update {
		if err := os.WriteFile(recorderPage, []byte(before+schemaBegins+b.String()+schemaEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != b.String() {
		t.Errorf("the page's schema is old: run go generate ./cmd/depthwire\ngot\n%s\nwant\n%s", old, b.String())
	}
}

// The file that the page shows is one that the command takes, and the values that it calls defaults are.
func TestRecorderPageHasAGoodFile(t *testing.T) {
	text, err := os.ReadFile(recorderPage)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("the page shows no file")
	}
	path := filepath.Join(t.TempDir(), "record.yaml")
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := readRecipe(path, func(string) string { return "secret" })
	if err != nil {
		t.Fatal(err)
	}
	if len(r.venues) != 4 || r.sinks[0].name != "clickhouse" || r.sinks[1].name != "file" || r.metrics != "127.0.0.1:9464" {
		t.Errorf("got %+v", r)
	}
	var keys map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(example), &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"dir", "venues", "sinks", "log", "depth", "snapshot", "drain", "metrics"} {
		if _, ok := keys[key]; !ok {
			t.Errorf("the page does not show %s", key)
		}
	}
}
