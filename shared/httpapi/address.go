package httpapi

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

func newAddresses(table []route) addresses {
	a := addresses{http.NewServeMux(), map[string]map[string]route{}}
	for _, r := range table {
		if a.routes[r.pattern] == nil {
			a.routes[r.pattern] = map[string]route{}
			a.mux.Handle(r.pattern, http.NotFoundHandler())
		}
		a.routes[r.pattern][r.method] = r
	}
	return a
}

// maxPath is the longest path that is looked at, in bytes.
const maxPath = 512

// find returns the route of a request. A path must be written as in the table: without escapes,
// empty or dot segments, a slash at the end, or another case. Nothing is redirected, so every
// host in front of the API sees the same address as the API. For another method than the
// address takes, h gets the header Allow.
func (a addresses) find(r *http.Request, h http.Header) (route, error) {
	nowhere := problem.New(problem.NoRoute, "", "nothing is served at this address")
	p := r.URL.Path
	if r.URL.EscapedPath() != p || len(p) > maxPath || !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		return route{}, nowhere
	}
	_, pattern := a.mux.Handler(r)
	methods, ok := a.routes[pattern]
	if !ok {
		return route{}, nowhere
	}
	found, ok := methods[r.Method]
	if !ok {
		allow := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
		h.Set("Allow", allow)
		return route{}, problem.New(problem.WrongMethod, "", "this address takes "+allow)
	}
	return found, nil
}

// ids takes the variable segments of the path.
func (c *call) ids(pattern string) error {
	segments := strings.Split(c.r.URL.Path, "/")
	for i, p := range strings.Split(pattern, "/") {
		switch p {
		case "{id}":
			if c.id = segments[i]; !dsr.ValidGUID(c.id) {
				return problem.New(problem.MalformedID, "", "the id in the address must be lower-case hex digits in groups of 8-4-4-4-12")
			}
		case "{task}":
			if c.task = segments[i]; !dsr.ValidTaskID(c.task) {
				return problem.New(problem.MalformedID, "", "the id of a task must be the name of its system, a hyphen and its action")
			}
		}
	}
	return nil
}
