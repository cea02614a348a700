package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// ledger is a policy under the SDK's retries: it sees every storage call that leaves, counts it and, when asked, keeps it.
type ledger struct {
	services map[string]string // "table", "queue" or "blob" by host
	prefix   string            // of the names of tables, queues and containers
	keep     bool              // keep the calls, in the order in which they were sent

	mu     sync.Mutex
	counts map[string]int // by name
	total  int
	rows   int // that queries returned
	calls  []call
	err    error
}

func newLedger(e azurite.Endpoints, prefix string, keep bool) *ledger {
	l := &ledger{services: map[string]string{}, prefix: prefix, keep: keep, counts: map[string]int{}}
	for service, endpoint := range map[string]string{"table": e.TableURL, "queue": e.QueueURL, "blob": e.BlobURL} {
		if u, err := url.Parse(endpoint); err == nil {
			l.services[u.Host] = service
		}
	}
	return l
}

// Do implements policy.Policy.
func (l *ledger) Do(req *policy.Request) (*http.Response, error) {
	c, err := l.read(req)
	l.mu.Lock()
	l.total++
	l.counts[c.name()]++
	if l.keep {
		l.calls = append(l.calls, c)
	}
	if l.err == nil {
		l.err = err
	}
	l.mu.Unlock()
	resp, err := req.Next()
	if err == nil && c.Op == opQuery {
		l.returned(resp)
	}
	return resp, err
}

func (l *ledger) read(req *policy.Request) (call, error) {
	raw := req.Raw()
	service := l.services[raw.URL.Host]
	if service == "blob" {
		return parseBlob(raw, int(raw.ContentLength), l.prefix), nil
	}
	var body []byte
	if req.Body() != nil {
		var err error
		if body, err = io.ReadAll(req.Body()); err != nil {
			return call{Op: opOther}, err
		}
		if err := req.RewindBody(); err != nil {
			return call{Op: opOther}, err
		}
	}
	switch service {
	case "table":
		return parseTable(raw, body, l.prefix)
	case "queue":
		return parseQueue(raw, body, l.prefix), nil
	}
	return call{Op: opOther}, fmt.Errorf("a call to %s, which is not Azurite", raw.URL.Host)
}

// returned counts the rows of a query's answer and puts the answer back.
func (l *ledger) returned(resp *http.Response) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var page struct {
		Value []json.RawMessage `json:"value"`
	}
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(body, &page) != nil {
		return
	}
	n := len(page.Value)
	if page.Value == nil {
		n = 1 // one row by its key
	}
	l.mu.Lock()
	l.rows += n
	l.mu.Unlock()
}

// take returns what was seen since the last take.
func (l *ledger) take() (seen ledgerPage, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen = ledgerPage{l.total, l.rows, maps.Clone(l.counts), l.calls}
	l.total, l.rows, l.calls, err = 0, 0, nil, l.err
	clear(l.counts)
	return seen, err
}

// ledgerPage is a stretch of a ledger.
type ledgerPage struct {
	total, rows int
	counts      map[string]int
	calls       []call
}

// text says which calls there were.
func (p ledgerPage) text() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.counts)) {
		out = append(out, fmt.Sprintf("%d × %s", p.counts[name], strings.TrimSpace(name)))
	}
	return strings.Join(out, ", ")
}
