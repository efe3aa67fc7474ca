// Package layers checks who imports whom.
package layers

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/depthwire/depthwire/"

// may says what each package of the project may import of the project. Packages
// below a name with /... follow its line.
var may = map[string][]string{
	"decimal":          {},
	"scan":             {"decimal"},
	"book":             {"decimal"},
	"dial":             {},
	"dial/...":         {"dial", "dial/database", "dial/internal/...", "internal/backend"}, // a scheme each
	"dial/all":         {"dial/..."},
	"rest":             {},
	"stream":           {"dial"},
	"wire":             {"scan", "book", "decimal"},
	"exchange":         {"wire", "book", "rest", "stream", "dial", "decimal"},
	"exchange/...":     {"exchange", "venuetest", "stream", "book", "decimal"},            // tests of venues
	"exchanges/...":    {"exchange", "wire", "book", "rest", "stream", "scan", "decimal"}, // never dial, never each other
	"exchanges":        {"exchange", "exchanges/..."},
	"venuetest":        {"decimal"},
	"record":           {"record/wal", "exchange", "stream", "book", "decimal"},
	"record/publish":   {"record", "record/...", "dial", "decimal", "internal/backend"},
	"record/replay":    {"record", "record/wal", "exchange", "venuetest"},                                             // a recording served as a venue
	"record/...":       {"record", "record/...", "exchange", "stream", "book", "decimal", "scan", "internal/backend"}, // servers of tests
	"examples/...":     {"exchange", "exchanges", "exchanges/...", "venuetest", "record", "record/...", "stream", "book", "decimal"},
	"cmd/...":          {"record", "record/...", "exchange", "exchanges", "venuetest", "stream", "book", "decimal", "dial", "dial/database", "dial/all"},
	"internal/corpus":  {},
	"internal/backend": {},
	"internal/layers":  {},

	"examples/dial/...": {"dial", "dial/...", "examples/dial/internal/...", "venuetest"}, // dial is enough for them
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportsGoDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, ok := rule(name)
		if !ok {
			t.Errorf("%s has no line in the table", name)
			continue
		}
		for _, i := range p.Imports {
			if i, ours := strings.CutPrefix(i, module); ours && !matches(allowed, i) {
				t.Errorf("%s imports %s, which it may not", name, i)
			}
			if strings.HasPrefix(i, "github.com/spf13/") && !strings.HasPrefix(name, "cmd/") {
				t.Errorf("%s imports %s, which is for commands", name, i)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages seen", seen)
	}
}

// rule returns the line of a package: its own, or that of the tree it is in.
func rule(name string) ([]string, bool) {
	for tree := name; ; {
		if allowed, ok := may[tree]; ok {
			return allowed, true
		}
		up, _, ok := cutLast(strings.TrimSuffix(tree, "/..."))
		if !ok {
			return nil, false
		}
		tree = up + "/..."
	}
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func matches(allowed []string, name string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		tree, isTree := strings.CutSuffix(a, "...")
		return a == name || (isTree && strings.HasPrefix(name, tree))
	})
}
