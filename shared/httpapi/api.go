// Package httpapi serves /api/…: it finds out who is calling, reads what is asked, and answers in JSON. Every other answer than the one
// that a call promises is application/problem+json.
package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Options is what the interface is made from.
type Options struct {
	Store   *store.Store
	Tenants tenant.Tenants
	Callers *auth.Callers
	Intake  *intake.Service
	Decide  *decide.Service
	Bulk    *bulk.Service
	Now     func() time.Time // business clock
	Wall    func() time.Time
	Version string // of the program, shown by /api/health; may be empty
	Log     *slog.Logger
}

// API is the handler of /api/….
type API struct {
	Options
	contract []byte
}

// New makes the handler.
func New(o Options) (*API, error) {
	contract, err := Contract()
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	return &API{Options: o, contract: contract}, nil
}

// call is one call on its way through.
type call struct {
	api    *API
	w      http.ResponseWriter
	r      *http.Request
	caller auth.Caller
	id     string // of the path: a request or a bulk
	task   string // of the path
	query  url.Values
}

// ServeHTTP answers one call.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := a.Wall()
	id := requestID()
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	rec := &recorder{ResponseWriter: w}
	c := &call{api: a, w: rec, r: r}
	pattern, err := a.serve(c)
	if err != nil {
		a.fail(rec, r, id, err)
	}
	// Never the path nor the query: ids are in one, a key may be in the other.
	a.Log.InfoContext(r.Context(), "call", "method", known(r.Method), "route", pattern, "status", rec.status, "caller", c.caller.Name,
		"request_id", id, "duration_ms", a.Wall().Sub(began).Milliseconds())
}

// serve finds the route, the caller and the right, in this order, and runs the route. A panic becomes an error.
func (a *API) serve(c *call) (pattern string, err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { // compared as net/http does
				panic(p)
			}
			err = fmt.Errorf("panic of type %T\n%s", p, debug.Stack()) // its text may quote what it met
		}
	}()
	if err := auth.RefuseKeyInURL(c.r.URL.RawQuery); err != nil {
		return "", err
	}
	route, path, err := match(c.r, c.w.Header())
	if err != nil {
		return "", err
	}
	if route.right != "" {
		if c.caller, err = a.Callers.Admit(c.r.Header, c.w.Header(), route.right); err != nil {
			return route.pattern, err
		}
	}
	if err := c.ids(route.pattern, path); err != nil {
		return route.pattern, err
	}
	if c.query, err = parseQuery(c.r.URL.RawQuery, route.params); err != nil {
		return route.pattern, err
	}
	return route.pattern, route.run(c)
}

// fail answers with a problem. What is not one is ours: a fault of storage answers 503, anything else 500, and only the log says why.
func (a *API) fail(w *recorder, r *http.Request, id string, err error) {
	p := asProblem(err)
	if p.Status >= http.StatusInternalServerError {
		a.Log.ErrorContext(r.Context(), "call failed", "request_id", id, "code", p.Code, "cause", fmt.Sprint(p.Unwrap()))
	}
	if w.status != 0 {
		return // the answer has begun: all that is left is to cut it off
	}
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	for _, name := range []string{"Etag", "Location"} {
		w.Header().Del(name)
	}
	write(w, "application/problem+json", p.Status, p.Body())
}

// asProblem finds the problem that an error shows to a caller.
func asProblem(err error) *problem.Error {
	if p := problem.As(err); p != nil {
		return p
	}
	var fault *store.Error
	var network net.Error
	switch {
	case errors.Is(err, store.ErrNotFound):
		return notFound()
	case errors.Is(err, store.ErrShredded):
		return problem.New(problem.CaseKeyDestroyed, "", "the key of the case was destroyed: what it sealed is gone")
	case errors.Is(err, store.ErrConflict):
		return problem.New(problem.ChangedMeanwhile, "", "others changed it at the same time; try once more")
	case errors.As(err, &fault), errors.As(err, &network), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem.New(problem.Unavailable, "", "the storage does not answer; try again").Because(err)
	}
	return problem.New(problem.Internal, "", "something went wrong on our side").Because(err)
}

// notFound is the one answer for what there is not and for what is another tenant's.
func notFound() *problem.Error {
	return problem.New(problem.NotFound, "", "there is no such thing here")
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the real writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// requestID is 128 random bits: what a caller tells us to find a call in the log.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// known keeps methods that strangers invent out of the log.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
