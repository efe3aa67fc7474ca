package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/depthwire/depthwire/venuetest"
)

// Each fault that simulated venues know has a word in scripts.
func TestEveryFaultHasAWord(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../venuetest/fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		kind, ok := spec.Type.(*ast.Ident)
		if !ok || kind.Name != "Kind" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		if !slices.ContainsFunc(faultKinds, func(k faultKind) bool { return k.kind == venuetest.Kind(text) }) {
			t.Errorf("%s has none", spec.Names[0])
		}
		return true
	})
	if seen < 30 {
		t.Errorf("%d faults found", seen)
	}
}
