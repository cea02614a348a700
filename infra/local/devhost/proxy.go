package devhost

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// call is what the transport has to know about a request.
type call struct {
	host           *host
	function, path string
}

type callKey struct{}

// newProxy serves the mode enableProxyingHttpRequest. Both directions are streamed.
func newProxy(log *slog.Logger) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:       rewrite,
		Transport:     toHandler{},
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				log.Error("Exception while proxying an HTTP request", "reason", err.Error())
			}
			w.WriteHeader(http.StatusInternalServerError)
		},
	}
}

// rewrite makes the request as the host's proxy sends it. The address and the invocation's id
// come with each attempt.
func rewrite(p *httputil.ProxyRequest) {
	c := p.In.Context().Value(callKey{}).(*call)
	out := p.Out
	out.URL = &url.URL{Scheme: "http", Host: "handler", Path: c.path, RawPath: encodePath(c.path), RawQuery: proxiedQuery(p.In.URL.RawQuery)}
	// Unlike the reverse proxy of net/http, the host keeps a Forwarded header and the protocol
	// that a caller claims.
	kept := out.Header
	for _, name := range []string{"Forwarded", "X-Forwarded-Proto"} {
		if v, ok := p.In.Header[name]; ok {
			kept[name] = v
		}
	}
	header := joined(kept)
	if ip, _, err := net.SplitHostPort(p.In.RemoteAddr); err == nil {
		header.Set("X-Forwarded-For", ip)
	}
	header.Set("X-Forwarded-Host", p.In.Host)
	if header.Get("X-Forwarded-Proto") == "" {
		header.Set("X-Forwarded-Proto", "http")
	}
	header.Set("Traceparent", traceparent(header.Get("Traceparent")))
	out.Header = header
}

// joined are the headers as the host passes them on: one line a name.
func joined(in http.Header) http.Header {
	out := make(http.Header, len(in)+8)
	for name, values := range in {
		separator := ", "
		if name == "Cookie" {
			separator = "; "
		}
		out[name] = []string{strings.Join(values, separator)}
	}
	return out
}

// traceparent begins a trace, or a span in the caller's trace.
func traceparent(from string) string {
	var random [24]byte
	_, _ = rand.Read(random[:])
	trace, flags := hex.EncodeToString(random[:16]), "00"
	if parts := strings.Split(from, "-"); len(parts) == 4 && len(parts[1]) == 32 && len(parts[3]) == 2 {
		trace, flags = parts[1], parts[3]
	}
	return "00-" + trace + "-" + hex.EncodeToString(random[16:]) + "-" + flags
}

// toHandler sends a request to the present process of its host.
type toHandler struct{}

// maxAttempts is the limit of YARP, the host's proxy.
const maxAttempts = 10

func (toHandler) RoundTrip(req *http.Request) (*http.Response, error) {
	c := req.Context().Value(callKey{}).(*call)
	for attempt := 1; ; attempt++ {
		worker, err := c.host.ready(req.Context())
		if err != nil {
			return nil, err
		}
		resp, err := c.try(worker, req)
		if err == nil {
			return resp, nil
		}
		if req.Context().Err() != nil || errors.Is(err, errTimeout) {
			return nil, err
		}
		c.host.awaitEnd(req.Context(), worker)
		if attempt == maxAttempts || !repeatable(req, err) {
			return nil, err
		}
	}
}

// try is one attempt. Its invocation ends with the answer's body.
func (c *call) try(worker *handler, req *http.Request) (*http.Response, error) {
	id, end := c.host.begin(c.function)
	ctx, cancel := c.host.limit(req.Context(), worker, c.function, id)
	out := req.Clone(ctx)
	out.URL.Host, out.Host = worker.address, worker.address
	announce(out.Header, id)
	out.Header.Set("X-Ms-Invocation-Id", id)
	switch {
	case out.Body != nil:
		out.Body = io.NopCloser(out.Body) // it stays whole when no connection is made
	case !safe(out.Method):
		// Without a body net/http itself would repeat a request that has an Idempotency-Key.
		out.Body = emptyBody{}
	}
	resp, err := worker.transport.RoundTrip(out)
	if err != nil {
		if errors.Is(context.Cause(ctx), errTimeout) {
			err = errTimeout
		}
		cancel()
		end()
		return nil, err
	}
	resp.Body = &endingBody{ReadCloser: resp.Body, end: sync.OnceFunc(func() { cancel(); end() })}
	return resp, nil
}

// repeatable reports whether the host sends a broken request again. It does so with a request
// that was never sent, and with a GET.
func repeatable(req *http.Request, err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial" || safe(req.Method) && req.Body == nil
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// emptyBody is a body that is not nil and holds nothing.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }

// endingBody tells when an answer has ended.
type endingBody struct {
	io.ReadCloser
	end func()
}

func (b *endingBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
