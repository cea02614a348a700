package shared_test

import (
	"encoding/json"
	"fmt"
	"go/doc"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

const (
	mapFile  = "../CONTRIBUTING.md"
	mapBegin = "<!-- The map is made from the package comments: go test ./shared -run Map -update -->\n"
	mapEnd   = "<!-- The map ends here. -->\n"
)

// groups are the parts of shared/ in the order of the map. A package is in the first group
// that lists it. One that no group lists is with the package above it.
var groups = []struct{ title, packages string }{
	{"Values: no input, no output, no clock", pure},
	{"Contracts", contracts},
	{"Services", services},
	{"Steps", steps},
	{"Edges", edges},
	{"Wiring", "shared/pipeline shared/app"},
}

// TestMapInContributing compares the map that people read with the code: each package with
// the first sentence of its comment.
func TestMapInContributing(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(mapFile)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(b), mapBegin)
	require.True(t, found, "%s has lost the line %s", mapFile, mapBegin)
	had, after, found := strings.Cut(rest, mapEnd)
	require.True(t, found, "%s has lost the line %s", mapFile, mapEnd)

	want := "\n" + functionsInWords(t) + packagesInWords(t, sentences(t, project(t))) + "\n"
	if *update {
		require.NoError(t, os.WriteFile(mapFile, []byte(before+mapBegin+want+mapEnd+after), 0o600))
		return
	}
	require.Empty(t, cmp.Diff(want, had), "run go test ./shared -run Map -update")
}

// sentences returns the first sentences of the package comments by folder, without the
// package's name.
func sentences(t *testing.T, files []file) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, f := range files {
		if strings.HasSuffix(f.path, "_test.go") || found[f.pkg] != "" {
			continue
		}
		found[f.pkg] = ""
		if f.syntax.Doc == nil {
			continue
		}
		sentence := new(doc.Package).Synopsis(f.syntax.Doc.Text())
		rest, ok := strings.CutPrefix(sentence, subject(f)+" ")
		if !ok {
			t.Errorf("%s: the package comment must begin with %q: %s", f.path, subject(f), sentence)
		}
		found[f.pkg] = rest
	}
	for pkg, sentence := range found {
		if sentence == "" {
			t.Errorf("%s has no package comment", pkg)
		}
	}
	return found
}

// subject returns how a package comment begins. A command has the name of its binary.
func subject(f file) string {
	switch {
	case f.pkg == "functions":
		return "Command rightsdesk"
	case f.syntax.Name.Name != "main":
		return "Package " + f.syntax.Name.Name
	case path.Base(f.pkg) == "cmd":
		return "Command " + path.Base(path.Dir(f.pkg))
	}
	return "Command " + path.Base(f.pkg)
}

func packagesInWords(t *testing.T, sentences map[string]string) string {
	t.Helper()
	var b strings.Builder
	write := func(title string, packages []string) {
		fmt.Fprintf(&b, "\n**%s**\n\n", title)
		for _, p := range packages {
			fmt.Fprintf(&b, "- `%s` %s\n", p, sentences[p])
		}
	}
	grouped, infra := map[int][]string{}, []string{}
	for _, p := range slices.Sorted(maps.Keys(sentences)) {
		switch g := groupOf(p); {
		case g >= 0:
			grouped[g] = append(grouped[g], p)
		case isInfra(p):
			infra = append(infra, p)
		case p != "functions":
			t.Errorf("package %s is in no group of this test", p)
		}
	}
	for i, g := range groups {
		order := strings.Fields(g.packages)
		rank := func(p string) int { return slices.IndexFunc(order, func(of string) bool { return isBelow(p, of) }) }
		slices.SortStableFunc(grouped[i], func(a, b string) int { return rank(a) - rank(b) })
		if len(grouped[i]) > 0 {
			write(g.title, grouped[i])
		}
	}
	write("Around the product", infra)
	return b.String()
}

// groupOf returns the group of a package or, if no group lists it, of the package above it.
func groupOf(pkg string) int {
	for ; pkg != "."; pkg = path.Dir(pkg) {
		for i, g := range groups {
			if slices.Contains(strings.Fields(g.packages), pkg) {
				return i
			}
		}
	}
	return -1
}

func isBelow(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }

// functionsInWords lists what starts each function of the app.
func functionsInWords(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("../functions/*/function.json")
	require.NoError(t, err)
	require.NotEmpty(t, found)
	var b strings.Builder
	b.WriteString("**Functions**, one folder each, all served by the one binary `functions/main.go`\n\n")
	for _, p := range found {
		text, err := os.ReadFile(p)
		require.NoError(t, err)
		var f struct{ Bindings []binding }
		require.NoError(t, json.Unmarshal(text, &f), p)
		i := slices.IndexFunc(f.Bindings, func(b binding) bool { return strings.HasSuffix(b.Type, "Trigger") })
		require.GreaterOrEqual(t, i, 0, "%s has no trigger", p)
		fmt.Fprintf(&b, "- `functions/%s`: %s\n", filepath.Base(filepath.Dir(p)), f.Bindings[i].words(t))
	}
	return b.String()
}

// binding is what the map says about a trigger.
type binding struct {
	Type, Route, QueueName, Schedule string
	Methods                          []string
}

func (b binding) words(t *testing.T) string {
	t.Helper()
	switch b.Type {
	case "httpTrigger":
		return fmt.Sprintf("HTTP, `%s /api/%s`", strings.ToUpper(strings.Join(b.Methods, " ")), b.Route)
	case "queueTrigger":
		return fmt.Sprintf("queue `%s`", b.QueueName)
	case "timerTrigger":
		return fmt.Sprintf("timer, `%s`", b.Schedule)
	}
	t.Errorf("the map has no words for a %s", b.Type)
	return ""
}
