package calls

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

// Ledger is a policy below the SDK's retries. It sees every storage call that leaves and counts
// it. It can keep the calls as well.
type Ledger struct {
	services map[string]string // by host
	prefix   string            // of the names of tables, queues and containers
	keep     bool              // keep the calls, in the order in which they were sent

	mu     sync.Mutex
	counts map[string]int // by name
	total  int
	rows   int // that queries returned
	calls  []Call
	err    error
}

// NewLedger watches calls to one Azurite whose resources' names begin with prefix. With keep it
// keeps the calls.
func NewLedger(e azurite.Endpoints, prefix string, keep bool) *Ledger {
	l := &Ledger{services: map[string]string{}, prefix: prefix, keep: keep, counts: map[string]int{}}
	for service, endpoint := range map[string]string{Tables: e.TableURL, Queues: e.QueueURL, Blobs: e.BlobURL} {
		if u, err := url.Parse(endpoint); err == nil {
			l.services[u.Host] = service
		}
	}
	return l
}

// Do implements policy.Policy.
func (l *Ledger) Do(req *policy.Request) (*http.Response, error) {
	c, err := l.read(req)
	l.mu.Lock()
	l.total++
	l.counts[c.Name()]++
	if l.keep {
		l.calls = append(l.calls, c)
	}
	if l.err == nil {
		l.err = err
	}
	l.mu.Unlock()
	resp, err := req.Next()
	if err == nil && (c.Op == Query || c.Op == Get) {
		l.returned(resp)
	}
	return resp, err
}

func (l *Ledger) read(req *policy.Request) (Call, error) {
	raw := req.Raw()
	service := l.services[raw.URL.Host]
	if service == "" {
		return Call{Op: Other}, fmt.Errorf("a call to %s, which is not Azurite", raw.URL.Host)
	}
	var body []byte
	if service != Blobs && req.Body() != nil {
		var err error
		if body, err = io.ReadAll(req.Body()); err != nil {
			return Call{Op: Other}, err
		}
		if err := req.RewindBody(); err != nil {
			return Call{Op: Other}, err
		}
	}
	return Parse(service, raw, body, int(raw.ContentLength), l.prefix)
}

// returned counts the rows of a query's answer and restores the answer's body.
func (l *Ledger) returned(resp *http.Response) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil || resp.StatusCode != http.StatusOK {
		return
	}
	n := Returned(body)
	l.mu.Lock()
	l.rows += n
	l.mu.Unlock()
}

// Returned counts the rows in the answer of a query or of a point read.
func Returned(answer []byte) int {
	var page struct {
		Value []json.RawMessage `json:"value"`
	}
	switch err := json.Unmarshal(answer, &page); {
	case err != nil:
		return 0
	case page.Value == nil:
		return 1 // one row by its key
	}
	return len(page.Value)
}

// Take returns what was seen since the last Take.
func (l *Ledger) Take() (seen Page, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen = Page{l.total, l.rows, maps.Clone(l.counts), l.calls}
	l.total, l.rows, l.calls, err = 0, 0, nil, l.err
	clear(l.counts)
	return seen, err
}

// Page is what a ledger saw between two Takes.
type Page struct {
	Total, Rows int // calls; rows that queries returned
	Counts      map[string]int
	Calls       []Call // in the order in which they were sent, when they are kept
}

// Text lists the calls.
func (p Page) Text() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Counts)) {
		out = append(out, fmt.Sprintf("%d × %s", p.Counts[name], strings.TrimSpace(name)))
	}
	return strings.Join(out, ", ")
}
