package host

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
)

// Guard runs a function and turns its panic into an error that names the place. The error
// quotes only errors of the Go runtime, because any other value may hold personal data. The
// panic [http.ErrAbortHandler] passes through: it breaks off an answer on purpose.
func Guard(run func() error) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { // compared as net/http does
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

// Recorder is a ResponseWriter that remembers the status of the answer.
type Recorder struct {
	http.ResponseWriter
	status int
}

// Record returns w as a Recorder. All handlers of one call share it.
func Record(w http.ResponseWriter) *Recorder {
	if r, ok := w.(*Recorder); ok {
		return r
	}
	return &Recorder{ResponseWriter: w}
}

// Status is the status of the answer, or 0 while the answer has not begun.
func (r *Recorder) Status() int { return r.status }

// WriteHeader sends the status. The first one that is not informational (1xx) is remembered.
func (r *Recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body. It sends the status 200 first when no status was sent.
func (r *Recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the writer of the server.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
