package devhost

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
)

// Limits of the host's web server.
const (
	maxRequestLine = 8 << 10  // 414 beyond
	maxHeaders     = 32 << 10 // 431 beyond
)

// front is the public side: it spreads HTTP over the hosts and answers the admin calls.
type front struct {
	app   *app
	tune  *tuning
	proxy http.Handler

	turn  atomic.Uint64
	mu    sync.Mutex
	hosts []*host // the present one of each worker
}

func newFront(a *app, tune *tuning, workers int, log *slog.Logger) *front {
	return &front{app: a, tune: tune, proxy: newProxy(log), hosts: make([]*host, workers)}
}

// all are the hosts that have been started, stopped ones included.
func (f *front) all() []*host {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []*host
	for _, h := range f.hosts {
		if h != nil {
			out = append(out, h)
		}
	}
	return out
}

func (f *front) put(h *host) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hosts[h.number] = h
}

// pick takes the hosts in turn and leaves out the stopped ones. It returns nil where all are
// stopped.
func (f *front) pick() *host {
	all := f.all()
	turn := f.turn.Add(1)
	for i := range all {
		h := all[(turn+uint64(i))%uint64(len(all))]
		if s, _, _ := h.now(); s != stopped {
			return h
		}
	}
	return nil
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.RequestURI) > maxRequestLine {
		w.WriteHeader(http.StatusRequestURITooLong)
		return
	}
	if headerSize(r.Header) > maxHeaders {
		w.WriteHeader(http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	escaped := r.URL.EscapedPath()
	path, status := decodePath(escaped)
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	if _, ok := cutPrefixFold(path, "/admin/"); ok {
		f.admin(w, r, path)
		return
	}
	fn, ok := f.match(r.Method, path)
	switch {
	case ok:
		f.dispatch(w, r, fn, path)
	case path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>Functions</title><p>Your Functions app is up and running (on the dev host).\n")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// match is the first function, by name, whose route and methods fit.
func (f *front) match(method, path string) (function, bool) {
	for _, fn := range f.app.functions {
		if fn.kind == kindHTTP && (fn.methods == nil || fn.methods[method]) && fn.route.match(path) {
			return fn, true
		}
	}
	return function{}, false
}

// dispatch hands the request to a handler, in the mode that host.json selects. With both set,
// proxying wins.
func (f *front) dispatch(w http.ResponseWriter, r *http.Request, fn function, path string) {
	h := f.pick()
	if h == nil {
		w.WriteHeader(http.StatusServiceUnavailable) // the platform's answer while no instance runs
		return
	}
	if f.app.host.CustomHandler.Proxying {
		if r.ContentLength > f.tune.maxBody {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, f.tune.maxBody)
		f.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callKey{}, &call{host: h, function: fn.name, path: path})))
		return
	}
	h.forward(w, r, fn.name)
}

// headerSize is about the number of bytes that the headers took on the wire.
func headerSize(header http.Header) int {
	n := 0
	for name, values := range header {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}
