package devhost

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

var started = time.Now()

// admin answers the host's own calls. It asks for no key, as Core Tools do not.
func (f *front) admin(w http.ResponseWriter, r *http.Request, path string) {
	call := r.Method + " " + strings.ToLower(strings.TrimSuffix(path, "/"))
	if call == "POST /admin/host/ping" {
		call = "GET /admin/host/ping"
	}
	switch call {
	case "GET /admin/host/ping":
		w.WriteHeader(http.StatusOK)
	case "GET /admin/host/status":
		f.status(w)
	case "GET /admin/devhost/workers":
		writeJSON(w, f.workers())
	default:
		if name, ok := cutPrefixFold(strings.TrimSuffix(path, "/"), "/admin/functions/"); ok && r.Method == http.MethodPost {
			f.invokeByAdmin(w, r, name)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}

func (f *front) status(w http.ResponseWriter) {
	state := "Error"
	for _, h := range f.all() {
		if s, _, _ := h.now(); s != stopped {
			state = "Running"
		}
	}
	writeJSON(w, map[string]any{
		"id": f.app.id, "state": state, "version": hostVersion, "versionDetails": hostVersion + " (devhost)",
		"processUptime": time.Since(started).Milliseconds(),
	})
}

// Worker is what GET /admin/devhost/workers tells of one host. The real host has no such call:
// a test that kills handlers has to know which process works on what.
type Worker struct {
	Worker      int          `json:"worker"`
	PID         int          `json:"pid"` // 0 while there is no process
	State       string       `json:"state"`
	Invocations []Invocation `json:"invocations"`
}

func (f *front) workers() []Worker {
	all := []Worker{}
	for _, h := range f.all() {
		h.mu.Lock()
		one := Worker{Worker: h.number, State: string(h.state), Invocations: []Invocation{}}
		if h.handler != nil {
			one.PID = h.handler.process.Pid()
		}
		for _, i := range h.inflight {
			one.Invocations = append(one.Invocations, i)
		}
		h.mu.Unlock()
		slices.SortFunc(one.Invocations, func(a, b Invocation) int { return a.Since.Compare(b.Since) })
		all = append(all, one)
	}
	return all
}

// invokeByAdmin runs a function outside of its trigger. The caller does not wait for it.
func (f *front) invokeByAdmin(w http.ResponseWriter, r *http.Request, name string) {
	i := slices.IndexFunc(f.app.functions, func(fn function) bool { return strings.EqualFold(fn.name, name) })
	if i < 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	fn := f.app.functions[i]
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "application/json" {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, f.tune.maxBody))
	var asked struct{ Input string }
	if err != nil || json.Unmarshal(body, &asked) != nil || fn.kind == kindHTTP {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h := f.pick()
	if h == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	go h.byAdmin(fn, asked.Input)
	w.WriteHeader(http.StatusAccepted)
}

func (h *host) byAdmin(fn function, input string) {
	if fn.kind == kindQueue {
		_ = h.invoke(fn.name, func() []byte { now := time.Now(); return queueEnvelope(fn, adminMessage(input, now), now) })
		return
	}
	l, err := newTimerListener(h, fn)
	if err != nil {
		h.log.Error("cannot run a timer", "function", fn.name, "reason", err.Error())
		return
	}
	l.now(context.Background())
}
