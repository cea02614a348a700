package shared_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// The goldens name each function of the product that takes personal data out of its wrapping,
// and how often it does. Read a change to one as what it is: one more place from which a
// value could leak. The golden of a connector is in the connector's folder, and the others
// are in shared/testdata.
func TestCallSitesThatReveal(t *testing.T) {
	t.Parallel()
	files, got := project(t), map[string]string{}
	for _, f := range files {
		if !f.test && !isInfra(f.pkg) && !isSim(f.pkg) {
			got[goldenOfReveals(f.pkg)] = "" // also where nothing is revealed now
		}
	}
	for golden, sites := range reveals(files) {
		got[golden] = sites
	}
	for _, golden := range slices.Sorted(maps.Keys(got)) {
		if *update {
			writeReveals(t, golden, got[golden])
		}
		want, err := os.ReadFile(golden)
		if got[golden] == "" && os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err, "run go test ./shared -run Reveal -update")
		require.Empty(t, cmp.Diff(string(want), got[golden]), "%s: after a look at each new place: go test ./shared -run Reveal -update", golden)
	}
}

// reveals counts the places by golden file. A line names the package, the function with its
// receiver, and the number of places.
func reveals(files []file) map[string]string {
	sites := map[string]map[string]int{}
	for _, f := range files {
		if f.test || isInfra(f.pkg) || isSim(f.pkg) {
			continue
		}
		for _, s := range f.selections("Reveal") {
			golden := goldenOfReveals(f.pkg)
			if sites[golden] == nil {
				sites[golden] = map[string]int{}
			}
			sites[golden][f.pkg+" "+s.in]++
		}
	}
	out := map[string]string{}
	for golden, counts := range sites {
		for _, site := range slices.Sorted(maps.Keys(counts)) {
			out[golden] += fmt.Sprintf("%s %d\n", site, counts[site])
		}
	}
	return out
}

// goldenOfReveals returns the file, seen from this folder, that lists the places of a
// package.
func goldenOfReveals(pkg string) string {
	if parts := strings.Split(pkg, "/"); len(parts) >= 3 && parts[0] == "shared" && parts[1] == "connector" {
		return filepath.Join("connector", parts[2], "testdata", "reveals.txt")
	}
	return filepath.Join("testdata", "reveals.txt")
}

func writeReveals(t *testing.T, golden, sites string) {
	t.Helper()
	if sites == "" {
		if err := os.Remove(golden); !os.IsNotExist(err) {
			require.NoError(t, err)
		}
		return
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
	require.NoError(t, os.WriteFile(golden, []byte(sites), 0o644))
}

func TestRevealsAreCountedByFunction(t *testing.T) {
	t.Parallel()
	set := token.NewFileSet()
	parse := func(pkg, text string) file {
		syntax, err := parser.ParseFile(set, pkg+"/x.go", text, parser.SkipObjectResolution)
		require.NoError(t, err)
		return file{path: pkg + "/x.go", pkg: pkg, syntax: syntax, set: set}
	}
	got := reveals([]file{
		parse("shared/x", `package x
var v = f(a.Reveal())
func one() { a.Reveal(); each(b.Reveal, func() { c.Reveal() }) }
func (t T) same() { a.Reveal() }
func (t *U) same() { a.Reveal() }
func (t *G[K, V]) same() { a.Reveal() }
func none() {}`),
		parse("shared/connector/teams", `package teams
func (c *Client) ask() { a.Reveal() }`),
		parse("shared/connector", `package connector
func text() { a.Reveal() }`),
	})
	require.Equal(t, map[string]string{
		"testdata/reveals.txt": "shared/connector text 1\n" +
			"shared/x (*G).same 1\nshared/x (*U).same 1\nshared/x (T).same 1\nshared/x (package) 1\nshared/x one 3\n",
		"connector/teams/testdata/reveals.txt": "shared/connector/teams (*Client).ask 1\n",
	}, got)
}
