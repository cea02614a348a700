// Package shared_test holds the map of the project: which package may import which, where the
// clock is read, and where personal data is revealed. Files are parsed in-process: the output
// of a child `go list` would be served stale by the test cache.
package shared_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	module = "github.com/rightsdesk/rightsdesk/"
	sdk    = "github.com/microsoftgraph/msgraph-sdk-go"
)

// Groups of packages that many may import. The forms are pure as well: they are what a
// package is made of, and what checks it.
const (
	pure      = "shared/clock shared/cloud shared/pii shared/dsr shared/problem shared/jsonbody shared/tenant shared/retention "
	contracts = pure + "shared/connector "
	forms     = "shared/tabular shared/manifest shared/verify "
	storage   = "shared/store shared/store/blob shared/store/queue shared/store/lists shared/store/imports shared/store/lease shared/store/failure "
	services  = contracts + forms + "shared/alert shared/budget " + storage + "shared/part shared/archive shared/auth shared/task shared/due "
	steps     = "shared/intake shared/bulk shared/decide shared/discover shared/fulfil shared/deliver shared/wake shared/purge "
	edges     = "shared/host shared/httpapi shared/functionhost shared/cli shared/telemetry shared/config "
	clients   = "shared/connector/msgraph "
)

// rule says which packages of this module a package may import. Both sides are patterns of
// path.Match. The first rule that matches counts.
type rule struct{ pkg, imports string }

// table is the map. Arrows run one way: functions → app → edges → steps → services → contracts
// → pure.
var table = []rule{
	// Values in, values out: no context, no I/O, no clock.
	{"shared/clock", ""},
	{"shared/cloud", ""},
	{"shared/pii", ""},
	{"shared/problem", ""},
	{"shared/jsonbody", "shared/problem"},
	{"shared/dsr", "shared/pii"},
	{"shared/tenant", "shared/dsr"},
	{"shared/retention", "shared/dsr"},

	// Contracts, and their leaves: a connector sees neither the store nor another connector.
	{"shared/connector", "shared/clock shared/dsr shared/pii shared/tenant"},
	{"shared/connector/catalog", contracts + clients + "shared/connector/*"},
	{"shared/connector/msgraph", contracts},
	{"shared/connector/*/*sim", contracts + "shared/connector/*/*sim shared/connector/*/*sim/*"},
	{"shared/connector/*/*sim/*", "shared/connector/*/*sim/*"}, // what a simulator is made of
	{"shared/connector/*", contracts + clients},
	{"shared/host", ""},
	{"shared/budget", "shared/clock"},

	// The forms of what is handed over. The verifier of a package shares nothing with its
	// writer.
	{"shared/tabular", "shared/connector shared/tenant shared/tabular/xlsx"},
	{"shared/tabular/xlsx", ""},
	{"shared/manifest", "shared/dsr"},
	{"shared/verify", ""},

	// Services.
	{"shared/store", pure + storage + "shared/store/layout shared/store/row shared/store/seal"},
	{"shared/store/lists", pure + "shared/store/failure shared/store/layout shared/store/row"},
	{"shared/store/lease", pure + "shared/store/failure shared/store/layout shared/store/row"},
	{"shared/store/imports", pure + "shared/store/failure shared/store/layout shared/store/lease shared/store/row"},
	{"shared/store/seal", "shared/clock shared/pii shared/store/failure shared/store/layout shared/store/row"},
	{"shared/store/account", "shared/clock shared/store/aztable shared/store/blob shared/store/queue"},
	{"shared/store/layout", "shared/dsr shared/retention shared/store/row"},
	{"shared/store/row", "shared/store/failure"},
	{"shared/store/aztable", "shared/store/failure shared/store/row"},
	{"shared/store/failure", ""},
	// Blobs know nothing of rows and queues.
	{"shared/store/blob", "shared/clock shared/dsr shared/retention shared/store/failure"},
	{"shared/store/queue", "shared/dsr shared/retention shared/store/failure shared/store/layout"},
	{"shared/alert", ""},
	{"shared/auth", pure},
	{"shared/part", contracts + storage + "shared/tabular"},
	{"shared/archive", contracts + forms + "shared/budget " + storage + "shared/part"},
	// What all steps share.
	{"shared/task", contracts + "shared/alert shared/budget shared/host " + storage + "shared/part"},
	{"shared/due", contracts + storage + "shared/task"},

	// Steps never import each other. They meet in the queue and in the request's state.
	{"shared/intake/form", ""},
	{"shared/intake", services + "shared/intake/form"},
	{"shared/bulk/list", "shared/problem shared/intake/form"},
	{"shared/bulk", services + "shared/intake shared/bulk/list"}, // intake of a whole file
	{"shared/decide", services},
	{"shared/discover", services},
	{"shared/fulfil", services},
	{"shared/deliver", services},
	{"shared/wake", services},
	{"shared/purge", services},

	// Edges. The hosts know nothing of the product but a handler and a map of jobs.
	{"shared/functionhost", "shared/host shared/clock"},
	{"shared/telemetry", "shared/alert shared/host shared/pii shared/problem"}, // wraps jobs
	{"shared/config", contracts + "shared/auth shared/store/account"},
	{"shared/httpapi", services + steps + "shared/bulk/list shared/config shared/host shared/telemetry"},
	// The command line knows nothing of the store.
	{"shared/cli", "shared/clock shared/cloud shared/dsr shared/problem shared/bulk/list shared/verify shared/config"},

	// Wiring. The pipeline is a package of its own, so that tests of the steps wire them as
	// the product does and do not wait for the Graph SDK.
	{"shared/pipeline", services + steps},
	{"shared/app", services + steps + edges + "shared/pipeline shared/store/account shared/store/seal " + clients + "shared/connector/catalog"},
	{"functions", "shared/app"},
}

// mayImport says whether the rule for pkg allows dep. known is false for a package that is
// not on the map.
func mayImport(pkg, dep string) (allowed, known bool) {
	for _, r := range table {
		if matches(r.pkg, pkg) {
			return slices.ContainsFunc(strings.Fields(r.imports), func(p string) bool { return matches(p, dep) }), true
		}
	}
	return false, false
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// isSim reports whether a package is a simulator or a part of one.
func isSim(pkg string) bool { return strings.Contains(pkg+"/", "sim/") }

// isAid reports whether a package is shared by tests, as httptest is.
func isAid(pkg string) bool { return strings.HasSuffix(pkg, "test") }

func isInfra(pkg string) bool { return pkg == "infra" || strings.HasPrefix(pkg, "infra/") }

func TestEveryPackageIsOnTheMap(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		if _, known := mayImport(f.pkg, ""); !known && !isInfra(f.pkg) && !f.test {
			t.Errorf("%s: package %s is not in the table of this test: decide what it may import", f.path, f.pkg)
		}
	}
}

// Tests may import what they need: simulators, Azurite, the conformance suite. Infra may
// import anything, and nothing imports infra.
func TestArrowsRunOneWay(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		if f.test || isInfra(f.pkg) {
			continue
		}
		for _, dep := range f.own() {
			if allowed, known := mayImport(f.pkg, dep); known && !allowed {
				t.Errorf("%s: %s may not import %s", f.path, f.pkg, dep)
			}
		}
	}
}

func TestTheTableItselfKeepsTheRules(t *testing.T) {
	t.Parallel()
	for _, a := range strings.Fields(steps) {
		for _, b := range strings.Fields(steps) {
			allowed, known := mayImport(a, b)
			require.True(t, known, "%s is not on the map", a)
			if a == "shared/bulk" && b == "shared/intake" {
				continue // one step in two packages
			}
			require.False(t, allowed, "steps never import each other: %s → %s", a, b)
		}
	}
	for _, r := range table {
		allowed, _ := mayImport(r.pkg, "shared/connector/entra")
		require.Equal(t, r.pkg == "shared/connector/catalog", allowed, "only the catalogue imports connectors: %s", r.pkg)
		allowed, _ = mayImport(r.pkg, "infra/local/azurite")
		require.False(t, allowed, "the product never imports infra: %s", r.pkg)
	}
}

func TestMayImport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pkg, dep       string
		allowed, known bool
	}{
		{"shared/dsr", "shared/pii", true, true},
		{"shared/pii", "shared/dsr", false, true},
		{"shared/store", "shared/connector", false, true},
		{"shared/connector/entra", "shared/store", false, true},
		{"shared/connector/entra", "shared/connector/intune", false, true},
		{"shared/connector/entra", "shared/connector/msgraph", true, true},
		{"shared/connector/entra", "shared/connector/entra/entrasim", false, true},
		{"shared/connector/entra/entrasim", "shared/connector/msgraph/graphsim", true, true},
		{"shared/app", "shared/connector/catalog", true, true},
		{"shared/app", "shared/connector/entra", false, true},
		{"functions", "shared/store", false, true},
		{"shared/util", "shared/pii", false, false},
		{"shared/store/internal", "shared/pii", false, false},
	} {
		allowed, known := mayImport(c.pkg, c.dep)
		require.Equal(t, c.allowed, allowed, "%s → %s", c.pkg, c.dep)
		require.Equal(t, c.known, known, c.pkg)
	}
}

func TestNoSimulatorIsLinkedIntoTheProduct(t *testing.T) {
	t.Parallel()
	imports := map[string][]string{}
	for _, f := range project(t) {
		if !strings.HasSuffix(f.path, "_test.go") {
			imports[f.pkg] = append(imports[f.pkg], f.own()...)
		}
	}
	seen := map[string]bool{}
	var follow func(pkg, via string)
	follow = func(pkg, via string) {
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		if isSim(pkg) || isAid(pkg) || isInfra(pkg) {
			t.Errorf("the product links %s, by way of %s", pkg, via)
		}
		for _, dep := range imports[pkg] {
			follow(dep, via+" → "+dep)
		}
	}
	follow("functions", "functions")
}

// This holds for tests as well, since whatever imports the SDK has to wait for its
// compilation.
func TestTheGraphSDKStaysWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		at := func(root string) bool { return f.pkg == root || strings.HasPrefix(f.pkg, root+"/") }
		if at("shared/connector/msgraph") || at("shared/connector/entra") {
			continue
		}
		for _, dep := range f.imports {
			if dep == sdk || strings.HasPrefix(dep, sdk+"/") {
				t.Errorf("%s imports %s: only shared/connector/msgraph and shared/connector/entra may", f.path, dep)
			}
		}
	}
}

// forbiddenInPure reports whether dep is a door to the world. The net packages that only
// parse (mail, netip, textproto, url) are allowed. problem may take the numbers of the
// statuses from net/http, and clock may take the end of a wait from context.
func forbiddenInPure(pkg, dep string) bool {
	switch {
	case slices.Contains([]string{"net/mail", "net/netip", "net/url", "net/textproto"}, dep):
		return false
	case pkg == "shared/problem" && dep == "net/http", pkg == "shared/clock" && dep == "context":
		return false
	}
	top, _, _ := strings.Cut(dep, "/")
	return slices.Contains([]string{"context", "net", "os", "syscall", "database"}, top) || dep == "io/ioutil"
}

func TestPurePackagesHaveNoDoors(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		if f.test || !slices.Contains(strings.Fields(pure+forms), f.pkg) {
			continue
		}
		for _, dep := range f.imports {
			if forbiddenInPure(f.pkg, dep) {
				t.Errorf("%s imports %s: %s is pure", f.path, dep, f.pkg)
			}
		}
	}
}

// Time is an argument, so only the wiring reads the clock. Since and Until read it as well.
func TestTheClockIsReadInTheWiringOnly(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		if f.test || isInfra(f.pkg) || isSim(f.pkg) || f.pkg == "shared/app" || f.pkg == "functions" {
			continue
		}
		for _, s := range f.selections("Now", "Since", "Until") {
			if s.of != "" && s.of == f.nameOf("time") {
				t.Errorf("%s: time.%s: take the time as an argument", f.at(s), s.name)
			}
		}
	}
}

// file is one Go file of the project.
type file struct {
	path    string // from the root, with slashes
	pkg     string // its folder
	test    bool   // or an aid of tests
	imports []string
	syntax  *ast.File
	set     *token.FileSet
}

// own returns the imports from this module, as folders.
func (f file) own() (folders []string) {
	for _, dep := range f.imports {
		if folder, ok := strings.CutPrefix(dep, module); ok {
			folders = append(folders, folder)
		}
	}
	return folders
}

// nameOf returns the name under which the file imports a package of the standard library, or
// "" if it does not.
func (f file) nameOf(dep string) string {
	for _, spec := range f.syntax.Imports {
		if importPath(spec) == dep {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path.Base(dep)
		}
	}
	return ""
}

// selection is one x.name in a file.
type selection struct {
	of, name string
	in       string // the function around it, a method with its receiver: "(*T).name"
	pos      token.Pos
}

func (f file) at(s selection) string { return fmt.Sprintf("%s:%d", f.path, f.set.Position(s.pos).Line) }

// selections finds every x.name with one of the names, called or passed on.
func (f file) selections(names ...string) (found []selection) {
	for _, decl := range f.syntax.Decls {
		in := "(package)"
		if fn, ok := decl.(*ast.FuncDecl); ok {
			in = receiver(fn) + fn.Name.Name
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(names, sel.Sel.Name) {
				s := selection{name: sel.Sel.Name, in: in, pos: sel.Pos()}
				if x, ok := sel.X.(*ast.Ident); ok {
					s.of = x.Name
				}
				found = append(found, s)
			}
			return true
		})
	}
	return found
}

// receiver returns what precedes the name of a method, without type parameters: "(*T).".
func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return ""
	}
	typ, star := fn.Recv.List[0].Type, ""
	if pointer, ok := typ.(*ast.StarExpr); ok {
		typ, star = pointer.X, "*"
	}
	switch generic := typ.(type) {
	case *ast.IndexExpr:
		typ = generic.X
	case *ast.IndexListExpr:
		typ = generic.X
	}
	if name, ok := typ.(*ast.Ident); ok {
		return "(" + star + name.Name + ")."
	}
	return ""
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	return p
}

// project parses every Go file of the module. It leaves out folders that git ignores and
// modules within this one.
func project(t *testing.T) (files []file) {
	t.Helper()
	ignored, err := os.ReadFile("../.gitignore")
	require.NoError(t, err)
	root := os.DirFS("..")
	set := token.NewFileSet()
	err = fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, p, d.Name(), string(ignored))
		}
		if path.Ext(p) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(set, p, text, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		f := file{path: p, pkg: path.Dir(p), syntax: syntax, set: set}
		f.test = strings.HasSuffix(p, "_test.go") || isAid(f.pkg)
		for _, spec := range syntax.Imports {
			f.imports = append(f.imports, importPath(spec))
		}
		files = append(files, f)
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func skip(root fs.FS, p, name, ignored string) error {
	if p == "." {
		return nil
	}
	if strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || strings.Contains("\n"+ignored, "\n/"+p+"/\n") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(root, path.Join(p, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}
