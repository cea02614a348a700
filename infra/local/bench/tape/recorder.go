package tape

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
)

// Recorder is a proxy in front of each service of an Azurite. It records every call.
type Recorder struct {
	// Connection opens the account through the proxies.
	Connection string

	forward *http.Transport
	servers []*http.Server
	began   time.Time

	mu    sync.Mutex
	calls []Call
	err   error
}

// Record starts the proxies. Close ends them.
func Record(e azurite.Endpoints) (*Recorder, error) {
	r := &Recorder{
		Connection: e.ConnectionString, began: time.Now(),
		forward: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 60 * time.Second, DisableCompression: true},
	}
	for service, endpoint := range map[string]string{calls.Tables: e.TableURL, calls.Queues: e.QueueURL, calls.Blobs: e.BlobURL} {
		u, err := url.Parse(endpoint)
		if err != nil {
			return nil, err
		}
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		server := &http.Server{Handler: &proxy{r, service, u.Host}, ReadHeaderTimeout: 10 * time.Second}
		r.servers = append(r.servers, server)
		go func() { _ = server.Serve(l) }()
		r.Connection = strings.ReplaceAll(r.Connection, u.Host, l.Addr().String())
	}
	return r, nil
}

// Close ends the proxies.
func (r *Recorder) Close() {
	for _, s := range r.servers {
		_ = s.Close()
	}
	r.forward.CloseIdleConnections()
}

// Take returns the calls that were answered since the last Take, in the order of their beginning.
func (r *Recorder) Take() ([]Call, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.calls
	r.calls = nil
	slices.SortStableFunc(out, earlier)
	return out, r.err
}

// proxy stands before one service.
type proxy struct {
	*Recorder
	service, to string
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	began := time.Since(p.began)
	body, err := io.ReadAll(in.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	out := in.Clone(in.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = "http", p.to, ""
	out.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := p.forward.RoundTrip(out)
	if err != nil {
		p.fail(err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		p.fail(err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	p.keep(in, body, resp.StatusCode, answer, began)
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(answer)
}

// fail notes a call that was not answered: what is recorded then is not the whole run.
func (p *proxy) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = fmt.Errorf("record: a call was not answered: %w", err)
	}
}

// keep records one call.
func (p *proxy) keep(in *http.Request, body []byte, status int, answer []byte, began time.Duration) {
	parsed, err := calls.Parse(p.service, in, body, len(body), "")
	c := Call{
		Call: parsed, Service: p.service, Method: in.Method, URI: in.URL.RequestURI(), Header: in.Header, Body: body,
		Host: !strings.Contains(in.UserAgent(), "rightsdesk"), Status: status, Began: began, Ended: time.Since(p.began),
	}
	if c.Op == calls.Get || c.Op == calls.Query {
		c.Returned = calls.Returned(answer)
	}
	if c.Op == calls.Message || c.Op == calls.Receive {
		c.Messages = messagesIn(answer, parsed.Text)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, c)
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("record: %w", err)
	}
}
