package functionhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/host"
)

// MaxJobBody caps a job's request in bytes. A queue message holds 64 KiB; as a JSON string in a JSON string,
// and once more in Metadata, it can grow to several times that.
const MaxJobBody = 1 << 20

// invocationHeader names the invocation in every request of the host.
const invocationHeader = "X-Azure-Functions-InvocationId"

// Handler is all that the host may call: GET and HEAD / (readiness and health ping, answered at once),
// api under /api/, and POST /{function} for each trigger. Everything else is a 404 problem.
//
// The separation is by the escaped path, byte for byte: an outside caller chooses what stands behind /api/, and must not
// reach a job by any spelling of it. Paths that are not in their shortest form are not passed to api either.
func Handler(api http.Handler, triggers map[string]host.Trigger, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(host.WithInvocation(r.Context(), r.Header.Get(invocationHeader)))
		path := r.URL.EscapedPath()
		switch {
		case path == "/":
			alive(w, r)
		case strings.HasPrefix(path, "/api/") && plain(path):
			serveAPI(w, r, api, log)
		default:
			name := strings.TrimPrefix(path, "/")
			trigger, ok := triggers[name]
			if !ok || r.Method != http.MethodPost || r.RequestURI != path {
				notFound(w)
				return
			}
			serveJob(w, r, name, trigger, log)
		}
	})
}

// plain tells whether every reader of an escaped path sees the same segments in it: no empty and no dot segment, no escaped
// slash, backslash or NUL, also not behind a second escape (the host escapes an escaped slash once more).
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

func alive(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		notFound(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":"alive"}`)
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, `{"type":"about:blank","title":"Not Found","status":404,"code":"not-found","detail":"nothing is here"}`)
}

// serveJob answers as the host needs it: an object, never empty, with a JSON content type. An empty 200 would hang the
// invocation until functionTimeout, and then cost the process.
func serveJob(w http.ResponseWriter, r *http.Request, name string, t host.Trigger, log *slog.Logger) {
	status, err := runJob(w, r, t)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err != nil {
		// The host drops the body of a failure: the log is the only place for the reason.
		log.ErrorContext(r.Context(), "invocation failed", "function", name, "invocation", host.InvocationID(r.Context()), "reason", err.Error())
		_, _ = io.WriteString(w, `{"failed":true}`)
		return
	}
	_, _ = io.WriteString(w, `{"Outputs":{},"Logs":[],"ReturnValue":null}`)
}

func runJob(w http.ResponseWriter, r *http.Request, t host.Trigger) (status int, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxJobBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return http.StatusRequestEntityTooLarge, fmt.Errorf("body: over %d bytes", MaxJobBody)
		}
		return http.StatusBadRequest, errors.New("body: cut short")
	}
	payload, err := decode(t.Kind, body)
	if err != nil {
		return http.StatusBadRequest, err
	}
	// The host's connection ending is no reason to stop half way: it ends only with this process or with the host.
	if err := protect(func() error { return t.Run(context.WithoutCancel(r.Context()), payload) }); err != nil {
		return http.StatusInternalServerError, err
	}
	return http.StatusOK, nil
}

// protect turns a panic into an error with its place. Only runtime errors are quoted: any other value may hold data.
func protect(run func() error) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler {
			panic(v)
		}
		what := fmt.Sprintf("%T", v)
		if re, ok := v.(runtime.Error); ok {
			what = re.Error()
		}
		err = fmt.Errorf("panic: %s at %s", what, debug.Stack())
	}()
	return run()
}

// serveAPI keeps a panic of api from breaking the connection: the host would send a broken GET again.
func serveAPI(w http.ResponseWriter, r *http.Request, api http.Handler, log *slog.Logger) {
	tracked := &trackingWriter{ResponseWriter: w}
	err := protect(func() error { api.ServeHTTP(tracked, r); return nil })
	if err == nil {
		return
	}
	log.ErrorContext(r.Context(), "request failed", "invocation", host.InvocationID(r.Context()), "reason", err.Error())
	if tracked.started {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, `{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal","detail":"the request could not be served"}`)
}

// trackingWriter knows whether an answer has begun.
type trackingWriter struct {
	http.ResponseWriter
	started bool
}

func (t *trackingWriter) WriteHeader(status int) {
	t.started = t.started || status >= 200
	t.ResponseWriter.WriteHeader(status)
}

func (t *trackingWriter) Write(b []byte) (int, error) {
	t.started = true
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the server's own writer.
func (t *trackingWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }
