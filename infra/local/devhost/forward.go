package devhost

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// forward serves the mode enableForwardingHttpRequest. The request is rebuilt, the answer is held
// back until it is whole, and nothing is sent twice.
func (h *host) forward(w http.ResponseWriter, r *http.Request, function string) {
	status, header, body := h.forwarded(r, function)
	for name, values := range header {
		if !hopByHop[name] {
			w.Header()[name] = values
		}
	}
	if r.Method != http.MethodHead {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// forwarded is the handler's answer, or a bare 500.
func (h *host) forwarded(r *http.Request, function string) (status int, header http.Header, body []byte) {
	fail := func(reason string) (int, http.Header, []byte) {
		h.log.Error("Exception while forwarding an HTTP request", "function", function, "reason", reason)
		return http.StatusInternalServerError, nil, nil
	}
	switch {
	case r.ContentLength < 0:
		return fail("chunked bodies cannot be forwarded; set enableProxyingHttpRequest")
	case r.ContentLength > h.tune.maxBody:
		return fail("the body is over the host's limit")
	case len(r.Header["Content-Type"]) > 1:
		return fail("two Content-Type headers")
	}
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return fail("the request broke off")
	}
	worker, err := h.ready(r.Context())
	if err != nil {
		return fail(err.Error())
	}
	id, end := h.begin(function)
	defer end()
	// The host does not cancel an invocation whose caller has gone.
	ctx, cancel := h.limit(context.WithoutCancel(r.Context()), worker, function, id)
	defer cancel()
	resp, err := worker.transport.RoundTrip(forwardedRequest(ctx, r, worker, id, sent))
	if err != nil {
		h.awaitEnd(ctx, worker)
		return fail(err.Error())
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		h.awaitEnd(ctx, worker)
		return fail(err.Error())
	}
	return resp.StatusCode, resp.Header, body
}

func forwardedRequest(ctx context.Context, r *http.Request, worker *handler, id string, body []byte) *http.Request {
	u := &url.URL{Scheme: "http", Host: worker.address, Path: r.URL.Path, RawPath: r.URL.EscapedPath(), RawQuery: forwardedQuery(r.URL.RawQuery)}
	out := (&http.Request{Method: r.Method, URL: u, Host: r.Host, Header: joined(r.Header)}).WithContext(ctx)
	for name := range out.Header {
		if hopByHop[name] || strings.HasPrefix(name, "Content-") && name != "Content-Type" {
			delete(out.Header, name)
		}
	}
	announce(out.Header, id)
	out.Header.Set("Traceparent", traceparent(out.Header.Get("Traceparent")))
	out.Header.Set("User-Agent", strings.TrimSpace(r.Header.Get("User-Agent")+" Azure-Functions-Host/"+hostVersion))
	switch {
	case len(body) > 0:
		out.ContentLength, out.Body = int64(len(body)), io.NopCloser(bytes.NewReader(body))
	case !safe(r.Method):
		out.Body = emptyBody{}
	}
	return out
}

// hopByHop are the headers of one connection. The length is set anew.
var hopByHop = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Connection": true, "Te": true, "Trailer": true,
	"Transfer-Encoding": true, "Upgrade": true, "Content-Length": true,
}
