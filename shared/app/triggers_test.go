package app_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/httpapi"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// binding is the trigger of a function.json.
type binding struct {
	Type, Direction, Name, AuthLevel, Route, QueueName, Schedule string
	Methods                                                      []string
}

// functions returns the triggers of the folders that the platform sees.
func functions(t *testing.T) map[string]binding {
	t.Helper()
	files, err := filepath.Glob("../../functions/*/function.json")
	require.NoError(t, err)
	out := map[string]binding{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		var f struct{ Bindings []binding }
		require.NoError(t, json.Unmarshal(b, &f))
		require.Equal(t, "in", f.Bindings[0].Direction, file)
		out[filepath.Base(filepath.Dir(file))] = f.Bindings[0]
	}
	require.NotEmpty(t, out)
	return out
}

// TestTriggersAreTheFolders: the handler serves every function that the platform calls, and no
// other.
func TestTriggersAreTheFolders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	var jobs, queues []string
	for name, b := range functions(t) {
		switch b.Type {
		case "queueTrigger":
			jobs, queues = append(jobs, name), append(queues, b.QueueName)
			require.Equal(t, "dsr-"+name, b.QueueName, name)
			require.Equal(t, http.StatusOK, w.deliver(name, "hello!!"), name)
		case "timerTrigger":
			jobs = append(jobs, name)
			require.Len(t, strings.Fields(b.Schedule), 6, name)
			require.Equal(t, http.StatusOK, w.timer(name), name)
		case "httpTrigger":
			require.Equal(t, "anonymous", b.AuthLevel, "%s: the handler itself checks who is calling", name)
			require.False(t, strings.HasPrefix(b.Route, "admin"), "%s: the host keeps such routes for itself", name)
		default:
			t.Errorf("%s: unexpected trigger %s", name, b.Type)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(w.app.Triggers)), jobs)
	require.ElementsMatch(t, queue.Names(), queues, "each queue, its poison twin included, has a function")
}

// TestEveryCallHasAFunction: the host passes on every call of the contract with its method, and
// no job can be reached from outside.
func TestEveryCallHasAFunction(t *testing.T) {
	t.Parallel()
	raw, err := httpapi.Contract()
	require.NoError(t, err)
	var contract struct {
		Paths map[string]map[string]any
	}
	require.NoError(t, json.Unmarshal(raw, &contract))
	served := map[string]bool{}
	all := functions(t)
	for path, methods := range contract.Paths {
		for method := range methods {
			found := ""
			for name, b := range all {
				if b.Type == "httpTrigger" && routed(b.Route, strings.TrimPrefix(path, "/api/")) && slices.Contains(b.Methods, method) {
					require.Empty(t, found, "%s %s has two functions", method, path)
					found = name
				}
			}
			require.NotEmpty(t, found, "%s %s has no function", method, path)
			served[found] = true
		}
	}
	for name, b := range all {
		require.True(t, b.Type != "httpTrigger" || served[name], "%s serves nothing of the contract", name)
	}

	// The host serves jobs at /{function}. Without the prefix, an HTTP function of the same
	// path would let strangers run them.
	b, err := os.ReadFile("../../host.json")
	require.NoError(t, err)
	var host struct {
		Extensions struct {
			HTTP struct{ RoutePrefix string }
		}
	}
	require.NoError(t, json.Unmarshal(b, &host))
	require.Equal(t, "api", host.Extensions.HTTP.RoutePrefix)
	w := newWorld(t, options{})
	for name := range w.app.Triggers {
		for _, path := range []string{"/api/" + name, "/api/../" + name, "/api/..%2f" + name, "/api/%2e%2e/" + name, "/api//" + name} {
			require.GreaterOrEqual(t, w.call("POST", path, contosoKey, `{"Data":{"msg":"x"}}`).status, 400, path)
		}
	}
	require.Empty(t, w.lines.with(`"step":`), "a job began")
}

// routed reports whether a route template takes a path. A catch-all takes any number of
// segments.
func routed(route, path string) bool {
	r, p := strings.Split(route, "/"), strings.Split(path, "/")
	for i, segment := range r {
		if strings.HasPrefix(segment, "{*") {
			return true
		}
		if i >= len(p) || !strings.HasPrefix(segment, "{") && segment != p[i] {
			return false
		}
	}
	return len(r) == len(p)
}
