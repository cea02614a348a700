package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/host"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// New makes the handler and refuses a missing part.
func New(o Options) (*API, error) {
	switch {
	case o.Store == nil || o.Intake == nil || o.Decide == nil || o.Bulk == nil:
		return nil, errors.New("httpapi: the store or a service is missing")
	case o.Callers == nil:
		return nil, errors.New("httpapi: the callers are missing")
	case o.Clocks.Wall == nil || o.Clocks.Business == nil || o.Log == nil:
		return nil, errors.New("httpapi: the clocks or the log are missing")
	}
	return &API{Options: o, addresses: newAddresses(routes())}, nil
}

// ServeHTTP answers one call. It leaves the pattern of the route in the request, as ServeMux does.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := a.Clocks.Wall()
	id := requestID()
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	c := &call{api: a, w: host.Record(w), r: r}
	err := host.Guard(func() error { return a.serve(c) })
	whole := err == nil || a.fail(c, id, err)
	// Never the path nor the query: ids are in one, a key may be in the other.
	a.Log.InfoContext(r.Context(), "call", "method", telemetry.Method(r.Method), "route", r.Pattern, "status", c.w.Status(),
		"caller", c.caller.Name, "request_id", id, "duration_ms", a.Clocks.Wall().Sub(began).Milliseconds())
	if !whole {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
}

// serve finds the route, the caller and the right, in this order, and runs the route.
func (a *API) serve(c *call) error {
	if err := auth.RefuseKeyInURL(c.r.URL.RawQuery); err != nil {
		return err
	}
	route, err := a.addresses.find(c.r, c.w.Header())
	if err != nil {
		return err
	}
	c.r.Pattern = route.pattern
	if route.right != "" {
		if c.caller, err = a.Callers.Admit(c.r.Header, c.w.Header(), route.right); err != nil {
			return err
		}
	}
	if err := c.ids(route.pattern); err != nil {
		return err
	}
	if c.query, err = parseQuery(c.r.URL.RawQuery, route.params); err != nil {
		return err
	}
	return route.run(c)
}

// fail answers with a problem. An error that holds no problem is a fault of this program or of its
// storage, and only the log says why. It is false when the answer had begun and cannot be changed.
func (a *API) fail(c *call, id string, err error) (answered bool) {
	p := asProblem(err)
	if p.Status >= http.StatusInternalServerError {
		a.Log.ErrorContext(c.r.Context(), "call failed", "request_id", id, "code", p.Code, "cause", fmt.Sprint(p.Unwrap()))
	}
	if c.w.Status() != 0 {
		return false
	}
	if p.Status == http.StatusServiceUnavailable {
		c.w.Header().Set("Retry-After", "5")
	}
	for _, name := range []string{"Etag", "Location"} {
		c.w.Header().Del(name)
	}
	p.ServeHTTP(c.w, c.r)
	return true
}

// asProblem finds the problem that an error shows to a caller.
func asProblem(err error) *problem.Error {
	if p := problem.As(err); p != nil {
		return p
	}
	var fault *failure.Error
	var network net.Error
	switch {
	case errors.Is(err, store.ErrNotFound):
		return problem.Absent()
	case errors.Is(err, store.ErrShredded):
		return problem.New(problem.CaseKeyDestroyed, "", "the key of the case was destroyed: what it sealed can no longer be read")
	case errors.Is(err, store.ErrConflict):
		return problem.New(problem.ChangedMeanwhile, "", "other calls changed it at the same time: try again")
	case errors.As(err, &fault), errors.As(err, &network), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem.New(problem.Unavailable, "", "the storage does not answer: try again").Because(err)
	}
	return problem.New(problem.Internal, "",
		"Rightsdesk could not serve the call: the log says why, under the id in the header X-Request-Id").Because(err)
}

// requestID is 128 random bits. A caller quotes it, and an operator finds the call in the log
// by it.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
