package devhost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// begin notes an invocation on a handler. The returned function ends it.
func (h *host) begin(function string) (id string, end func()) {
	id = uuid.NewString()
	h.mu.Lock()
	h.inflight[id] = Invocation{ID: id, Function: function, Since: time.Now().UTC()}
	h.mu.Unlock()
	return id, func() {
		h.mu.Lock()
		delete(h.inflight, id)
		h.mu.Unlock()
	}
}

// invoke posts an envelope and reads the verdict in the answer; nil is success. It ends early
// only with the handler, because the host never cancels an invocation.
func (h *host) invoke(function string, body func() []byte) error {
	worker, err := h.ready(context.Background())
	if err != nil {
		return err
	}
	id, end := h.begin(function)
	defer end()
	ctx, cancel := h.limit(context.Background(), worker, function, id)
	defer cancel()
	err = h.post(ctx, worker, function, id, body())
	if errors.Is(context.Cause(ctx), errTimeout) {
		err = errTimeout
	}
	var broken *brokenConnection
	if errors.As(err, &broken) {
		h.awaitEnd(ctx, worker)
	}
	if err != nil {
		h.log.Error("Executed function: failed", "function", function, "invocation", id, "reason", err.Error())
	}
	return err
}

var errTimeout = errors.New("functionTimeout exceeded")

// limit ends ctx after functionTimeout, and a moment later the whole process with all that runs
// in it.
func (h *host) limit(ctx context.Context, worker *handler, function, id string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(h.app.host.FunctionTimeout.Duration, func() {
		h.log.Error("Timeout value was exceeded: the handler and all that runs in it is ended and started anew.",
			"function", function, "invocation", id, "timeout", h.app.host.FunctionTimeout.String())
		cancel(errTimeout)
		time.AfterFunc(h.tune.killDelay, worker.kill)
	})
	return ctx, func() { timer.Stop(); cancel(nil) }
}

func (h *host) post(ctx context.Context, worker *handler, function, id string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+worker.address+"/"+function, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Azure-Functions-Host/"+hostVersion)
	announce(req.Header, id)
	client := &http.Client{Transport: worker.transport}
	if h.app.host.CustomHandler.Forwarding {
		// The host's client follows redirects only without forwarding.
		client.CheckRedirect = noRedirect
	}
	resp, err := client.Do(req)
	if err != nil {
		return &brokenConnection{errors.Unwrap(err)}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return &brokenConnection{err}
	}
	logs, err := judge(resp.StatusCode, resp.Header.Get("Content-Type"), answer)
	if errors.Is(err, errEmpty) {
		return h.hang(ctx, worker, function, id)
	}
	for _, line := range logs {
		h.log.Info(line, "function", function, "invocation", id)
	}
	return err
}

// brokenConnection is an invocation that got no whole answer.
type brokenConnection struct{ cause error }

func (b *brokenConnection) Error() string {
	return fmt.Sprintf("connection to the handler: %v", b.cause)
}

func (b *brokenConnection) Unwrap() error { return b.cause }

// announce adds the headers of every request of the host.
func announce(header http.Header, id string) {
	header.Set("X-Azure-Functions-HostVersion", hostVersion)
	header.Set("X-Azure-Functions-InvocationId", id)
}

// hang does what the host does with an empty 200, but says so at once.
func (h *host) hang(ctx context.Context, worker *handler, function, id string) error {
	h.log.Error("The handler answered 2xx with an empty body. The host would now wait in silence until functionTimeout and then kill the process. Answer {} with Content-Type application/json.",
		"function", function, "invocation", id, "timeout", h.app.host.FunctionTimeout.String())
	select {
	case <-ctx.Done():
		return errTimeout
	case <-worker.process.Done():
		return errors.New("the handler ended")
	}
}

var errEmpty = errors.New("empty answer")

// judge returns nil for a success, errEmpty for an answer that the host takes for none, and
// otherwise the failure.
func judge(status int, contentType string, body []byte) (logs []string, err error) {
	if status < 200 || status > 299 {
		//lint:ignore ST1005 the host's own sentence
		return nil, fmt.Errorf("Response status code does not indicate success: %d (%s).", status, http.StatusText(status))
	}
	if len(body) == 0 {
		return nil, errEmpty
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" && media != "text/json" {
		//lint:ignore ST1005 the host's own sentence
		return nil, fmt.Errorf("Invalid HttpResponseMessage: content type %q is not JSON", contentType)
	}
	if string(bytes.TrimSpace(body)) == "null" {
		return nil, errEmpty
	}
	var result struct{ Logs []string }
	if err := json.Unmarshal(body, &result); err != nil {
		//lint:ignore ST1005 the host's own sentence
		return nil, errors.New("Invalid HttpResponseMessage: the body is not a JSON object of the expected form")
	}
	return result.Logs, nil
}
