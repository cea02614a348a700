package schemas

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

const root = "../../../"

// functions is every folder that the platform sees, and what starts it: route, queue or schedule.
var functions = map[string]string{
	"requests":    "http get,post requests/{*path}",
	"bulk-upload": "http get,post bulk/{*path}",
	"contract":    "http get openapi.json",
	"health":      "http get health",

	"bulk":          "queue dsr-bulk",
	"work":          "queue dsr-work",
	"fulfil":        "queue dsr-fulfil",
	"bulk-poison":   "queue dsr-bulk-poison",
	"work-poison":   "queue dsr-work-poison",
	"fulfil-poison": "queue dsr-fulfil-poison",

	"wake":  "timer 0 * * * * *",
	"purge": "timer 0 0 * * * *",
}

type binding struct {
	Type, Direction, Name, Route, AuthLevel, QueueName, Connection, Schedule string
	Methods                                                                  []string
}

// read decodes a JSON file into v, refusing members that v lacks.
func read(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(v), path)
}

// compile loads a schema. Edit changes it first, where it differs from the host's source.
func compile(t *testing.T, name string, edit func(schema map[string]any)) *jsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	require.NoError(t, err)
	schema := doc.(map[string]any)
	if edit != nil {
		edit(schema)
	}
	c := jsonschema.NewCompiler()
	url := "https://json.schemastore.org/" + name
	require.NoError(t, c.AddResource(url, schema))
	s, err := c.Compile(url)
	require.NoError(t, err)
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, path string) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	require.NoError(t, err)
	require.NoError(t, s.Validate(doc), path)
}

func TestHostJSONFitsItsSchema(t *testing.T) {
	t.Parallel()
	validate(t, compile(t, "host.json", nil), root+"host.json")
}

// The published schema lacks a member that the host reads. While this holds, who adds the
// member to host.json has to add it to the edit of the schema's copy as well.
func TestHostSchemaLagsBehindTheHost(t *testing.T) {
	t.Parallel()
	late := map[string]any{"version": "2.0", "customHandler": map[string]any{"initializationTimeout": "00:00:30"}}
	require.Error(t, compile(t, "host.json", nil).Validate(late))
	patched := compile(t, "host.json", func(schema map[string]any) {
		v2 := schema["definitions"].(map[string]any)["version-2"].(map[string]any)
		handler := v2["properties"].(map[string]any)["customHandler"].(map[string]any)
		handler["properties"].(map[string]any)["initializationTimeout"] = map[string]any{"type": "string"}
	})
	require.NoError(t, patched.Validate(late))
}

// constAsEnum writes const as draft-04 can say it. The schema of function.json is draft-04 and
// uses that word of draft-06 by mistake. Without the correction the out binding of sql fits every
// binding, and nothing but sql and unknown types is valid.
func constAsEnum(node any) {
	switch n := node.(type) {
	case map[string]any:
		if v, ok := n["const"]; ok {
			n["enum"] = []any{v}
			delete(n, "const")
		}
		for _, below := range n {
			constAsEnum(below)
		}
	case []any:
		for _, below := range n {
			constAsEnum(below)
		}
	}
}

func TestFunctionFolders(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(root + "functions/*/function.json")
	require.NoError(t, err)
	schema := compile(t, "function.json", func(schema map[string]any) { constAsEnum(schema) })
	got := map[string]string{}
	for _, file := range files {
		validate(t, schema, file)
		var f struct{ Bindings []binding }
		read(t, file, &f)
		got[filepath.Base(filepath.Dir(file))] = describe(t, f.Bindings)
	}
	require.Empty(t, cmp.Diff(functions, got))
}

// describe also holds what all functions of one kind have in common.
func describe(t *testing.T, bindings []binding) string {
	t.Helper()
	first := bindings[0]
	switch first.Type {
	case "httpTrigger":
		require.Len(t, bindings, 2)
		require.Equal(t, binding{Type: "http", Direction: "out", Name: "res"}, bindings[1])
		require.Equal(t, "req", first.Name)
		require.Equal(t, "anonymous", first.AuthLevel, "Rightsdesk checks itself who is calling, on every host alike")
		for _, taken := range []string{"admin", "runtime"} {
			require.False(t, strings.HasPrefix(strings.ToLower(first.Route), taken), "the host refuses the route")
		}
		return "http " + strings.Join(first.Methods, ",") + " " + first.Route
	case "queueTrigger":
		require.Equal(t, []binding{{Type: "queueTrigger", Direction: "in", Name: "msg", QueueName: first.QueueName, Connection: "AzureWebJobsStorage"}}, bindings)
		return "queue " + first.QueueName
	case "timerTrigger":
		require.Equal(t, []binding{{Type: "timerTrigger", Direction: "in", Name: "timer", Schedule: first.Schedule}}, bindings)
		return "timer " + first.Schedule
	}
	return "unknown " + first.Type
}

// Safety rests on these settings. With any other prefix an outside caller could POST a
// job's path. Without both flags HTTP arrives in an envelope on some hosts. With base64 a plain
// message would go to the poison queue unseen.
func TestHostJSONHoldsWhatWeRelyOn(t *testing.T) {
	t.Parallel()
	var h struct {
		Version         string
		ExtensionBundle struct{ ID, Version string }
		Extensions      struct {
			HTTP   struct{ RoutePrefix string }
			Queues struct {
				MessageEncoding, VisibilityTimeout, MaxPollingInterval string
				MaxDequeueCount, BatchSize, NewBatchThreshold          int
			}
		}
		FunctionTimeout string
		CustomHandler   struct {
			Description struct{ DefaultExecutablePath string }

			//lint:ignore ST1003 the names of host.json
			EnableForwardingHttpRequest, EnableProxyingHttpRequest bool
		}
	}
	read(t, root+"host.json", &h)
	require.Equal(t, "2.0", h.Version)
	require.Equal(t, "[4.*, 5.0.0)", h.ExtensionBundle.Version)
	require.Equal(t, "api", h.Extensions.HTTP.RoutePrefix)
	require.Equal(t, "none", h.Extensions.Queues.MessageEncoding)
	require.Equal(t, "00:00:30", h.Extensions.Queues.VisibilityTimeout)
	require.Equal(t, 10, h.Extensions.Queues.MaxDequeueCount)
	require.Equal(t, "00:10:00", h.FunctionTimeout)
	require.Equal(t, "rightsdesk", h.CustomHandler.Description.DefaultExecutablePath, "func sets the run bit of a plain name only")
	require.True(t, h.CustomHandler.EnableForwardingHttpRequest)
	require.True(t, h.CustomHandler.EnableProxyingHttpRequest)
}

// The host tries routes in the order of the functions' names, so no route may swallow a later
// one.
func TestNoRouteSwallowsAnother(t *testing.T) {
	t.Parallel()
	var heads []string
	for _, what := range functions {
		if route, ok := strings.CutPrefix(what, "http "); ok {
			_, route, _ = strings.Cut(route, " ")
			head, _, _ := strings.Cut(route, "/")
			require.NotContains(t, head, "{")
			heads = append(heads, head)
		}
	}
	slices.Sort(heads)
	require.Equal(t, slices.Compact(slices.Clone(heads)), heads)
}
