package httpapi_test

import (
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/httpapi"
)

var update = flag.Bool("update", false, "write the golden files")

func TestTheContractIsGolden(t *testing.T) {
	t.Parallel()
	got, err := httpapi.Contract()
	require.NoError(t, err)
	const golden = "testdata/openapi.json"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(strings.TrimSpace(string(want)), string(got)), "go test ./shared/httpapi -run Golden -update, after a look at what callers will see")
}

func TestTheContractIsOpenAPI(t *testing.T) {
	t.Parallel()
	b, err := httpapi.Contract()
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(b)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
}

// TestEveryRouteIsInTheContractAndTheOtherWayRound calls each operation of the document without
// a key, and addresses that it lacks.
func TestEveryRouteIsInTheContractAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, err := contract()
	require.NoError(t, err)
	served := 0
	for path, item := range doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			served++
			r := w.ask(strings.ToUpper(method), strings.NewReplacer("{id}", unknown, "{task}", "entra-export").Replace(path), "", "")
			if len(op.(map[string]any)["security"].([]any)) > 0 {
				require.Equal(t, 401, r.status, path)
			} else {
				require.Equal(t, 200, r.status, path)
			}
		}
		require.Equal(t, 405, w.ask("PATCH", strings.NewReplacer("{id}", unknown, "{task}", "entra-export").Replace(path), "", "").status)
	}
	require.Equal(t, served, httpapi.Served())
}

func TestExamplesConform(t *testing.T) {
	t.Parallel()
	doc, err := contract()
	require.NoError(t, err)
	for name, schema := range doc["components"].(map[string]any)["schemas"].(map[string]any) {
		examples, _ := schema.(map[string]any)["examples"].([]any)
		for _, e := range examples {
			b, err := json.Marshal(e)
			require.NoError(t, err)
			conforms(t, name, string(b))
		}
	}
}

func TestTheContractNamesTheSameWords(t *testing.T) {
	t.Parallel()
	doc, err := contract()
	require.NoError(t, err)
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	enum := func(path ...string) []string {
		at := schemas
		for _, p := range path {
			at = at[p].(map[string]any)
		}
		var out []string
		for _, v := range at["enum"].([]any) {
			out = append(out, v.(string))
		}
		return out
	}
	require.Equal(t, texts(dsr.States()), enum("State"))
	require.Equal(t, texts(dsr.Endings()), enum("Ending"))
	require.Equal(t, texts(dsr.Requestable()), enum("Action"))
	require.ElementsMatch(t, constants(t, "Regime"), enum("Regime"))
	require.ElementsMatch(t, constants(t, "OutcomeCode"), enum("OutcomeCode"))
	require.ElementsMatch(t, constants(t, "TaskState"), enum("Task", "properties", "state"))
	shown := slices.DeleteFunc(constants(t, "PackageState"), func(s string) bool { return s == string(dsr.PackageExpiring) })
	require.ElementsMatch(t, shown, enum("Package", "properties", "state"), "a package that is expiring is shown as expired")
	require.Equal(t, texts(dsr.Relationships()), enum("Subject", "properties", "relationship"))
	require.Equal(t, texts(dsr.FinalCodes()), enum("TaskEnd", "properties", "outcome"))
	for _, r := range auth.Rights() {
		b, err := httpapi.Contract()
		require.NoError(t, err)
		require.Contains(t, string(b), string(r)+".", "every right is needed by some call")
	}
}

// constants are the values of the constants of a type in package dsr, as its source has them.
func constants(t *testing.T, typ string) []string {
	t.Helper()
	files, err := filepath.Glob("../dsr/*.go")
	require.NoError(t, err)
	var out []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		if file.Name.Name != "dsr" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			of, typed := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if typed && literal && of.Name == typ {
				text, err := strconv.Unquote(value.Value)
				require.NoError(t, err)
				out = append(out, text)
			}
			return true
		})
	}
	require.NotEmpty(t, out, "package dsr has no constant of type %s", typ)
	return out
}

func texts[S ~string](in []S) []string {
	var out []string
	for _, s := range in {
		out = append(out, string(s))
	}
	return out
}

// FuzzAddress sends any path and query. Every answer is one of the API's, and nobody without a
// key gets further than 401.
func FuzzAddress(f *testing.F) {
	for _, seed := range [][2]string{
		{"/api/requests", "tenant=x&limit=2"},
		{"/api/requests/" + unknown + "/tasks/x", ""},
		{"/api/bulk", "reference=%zz"},
		{"/api/../api/health", "code=x"},
		{"/api//requests", ""},
		{"/API/health", ";"},
		{"/api/requests/..%2f", "a&b"},
	} {
		f.Add("GET", seed[0], seed[1])
		f.Add("POST", seed[0], seed[1])
	}
	api, err := httpapi.New(httpapi.ForFuzzing())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, method, path, query string) {
		if strings.ContainsAny(method, " \r\n\t") || method == "" {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: query}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		require.Contains(t, []int{200, 400, 401, 404, 405}, w.Code)
		if w.Code == 200 {
			require.Contains(t, []string{"/api/health", "/api/openapi.json"}, path)
			require.Empty(t, query)
		}
		require.True(t, json.Valid(w.Body.Bytes()))
	})
}
