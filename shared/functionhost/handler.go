package functionhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/host"
)

// Timeout is how long the host lets an invocation work before it ends the process: functionTimeout
// in host.json.
const Timeout = 10 * time.Minute

// maxJobBody caps the request of a job, in bytes. A queue message holds at most 64 KiB. It
// arrives as a JSON string in a JSON string, and a second time in Metadata, so the request
// can be several times larger.
const maxJobBody = 1 << 20

// invocationHeader names the invocation in every request of the host.
const invocationHeader = "X-Azure-Functions-InvocationId"

// Handler serves everything that the host may call: GET and HEAD / (readiness and health
// ping, answered at once), the API under /api/, and POST /{function} for each trigger. It
// answers everything else with the program's NotFound, and refuses a program that lacks a
// part.
//
// It tells the API from the jobs by the escaped path, byte for byte: an outside caller chooses
// what follows /api/, and must not reach a job by any spelling of it. For the same reason the
// API gets paths in their shortest form only.
func Handler(p host.Program, log *slog.Logger) (http.Handler, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	return &handler{program: p, log: log}, nil
}

type handler struct {
	program host.Program
	log     *slog.Logger
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(host.WithInvocation(r.Context(), r.Header.Get(invocationHeader)))
	path := r.URL.EscapedPath()
	name := strings.TrimPrefix(path, "/")
	trigger, job := h.program.Triggers[name]
	switch {
	case path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		alive(w)
	case strings.HasPrefix(path, "/api/") && plain(path):
		h.serveAPI(w, r)
	case job && r.Method == http.MethodPost && r.RequestURI == path:
		h.serveJob(w, r, name, trigger)
	default:
		h.program.NotFound.ServeHTTP(w, r)
	}
}

// plain reports whether every reader of an escaped path sees the same segments in it. Such a
// path has no empty segment and no dot segment. It has no escaped slash, backslash or NUL
// either, not even one escaped twice, because the host escapes an escaped slash once more.
func plain(path string) bool {
	lower := strings.ToLower(path)
	for _, bad := range []string{"//", "\\", "%2f", "%5c", "%00", "%252f", "%255c", "%2500", "%2525"} {
		if strings.Contains(lower, bad) {
			return false
		}
	}
	for segment := range strings.SplitSeq(strings.ReplaceAll(strings.ReplaceAll(lower, "%25", "%"), "%2e", "."), "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

func alive(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":"alive"}`)
}

// serveAPI keeps a panic of the API from breaking the connection, because the host would
// repeat a GET.
func (h *handler) serveAPI(w http.ResponseWriter, r *http.Request) {
	answer := host.Record(w)
	err := host.Guard(func() error { h.program.API.ServeHTTP(answer, r); return nil })
	if err == nil {
		return
	}
	h.log.ErrorContext(r.Context(), "request failed", "invocation", host.InvocationID(r.Context()), "reason", err.Error())
	if answer.Status() != 0 {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	h.program.Failed.ServeHTTP(answer, r)
}

// serveJob answers as the host requires: with a JSON object that is not empty. After an empty
// 200 the host would wait until functionTimeout and then kill the process.
func (h *handler) serveJob(w http.ResponseWriter, r *http.Request, name string, t host.Trigger) {
	status, err := runJob(w, r, t)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err != nil {
		// The host drops the body of a failure: the log is the only place for the reason.
		h.log.ErrorContext(r.Context(), "invocation failed", "function", name, "invocation", host.InvocationID(r.Context()), "reason", err.Error())
		_, _ = io.WriteString(w, `{"failed":true}`)
		return
	}
	_, _ = io.WriteString(w, `{"Outputs":{},"Logs":[],"ReturnValue":null}`)
}

func runJob(w http.ResponseWriter, r *http.Request, t host.Trigger) (status int, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJobBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return http.StatusRequestEntityTooLarge, fmt.Errorf("body: over %d bytes", maxJobBody)
		}
		return http.StatusBadRequest, errors.New("body: cut short")
	}
	payload, err := payloadOf(t.Kind, body)
	if err != nil {
		return http.StatusBadRequest, err
	}
	// A closed connection does not stop a job. Only its limit and the end of this process or of the
	// host do.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), t.Limit)
	defer cancel()
	if err := host.Guard(func() error { return t.Run(ctx, payload) }); err != nil {
		return http.StatusInternalServerError, err
	}
	return http.StatusOK, nil
}
