package app_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// sighting is a text and the place where it was seen.
type sighting struct{ where, text string }

// tap is an azcore policy that keeps what leaves the process.
type tap struct {
	services map[string]string // of storage, by host and port

	mu   sync.Mutex
	seen []sighting
}

func newTap(e azurite.Endpoints) *tap {
	p := &tap{services: map[string]string{}}
	for service, raw := range map[string]string{"blob": e.BlobURL, "queue": e.QueueURL, "table": e.TableURL} {
		if u, err := url.Parse(raw); err == nil {
			p.services[u.Host] = service
		}
	}
	return p
}

func (p *tap) saw(where, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, sighting{where, text})
}

func (p *tap) all() []sighting {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]sighting(nil), p.seen...)
}

// answer keeps an answer of the HTTP interface.
func (p *tap) answer(method, path string, r reply) {
	where := "API answer"
	if r.status >= 400 {
		where = "API error"
	}
	for _, view := range []string{"findings", "events"} {
		if r.status == http.StatusOK && strings.HasSuffix(path, "/"+view) {
			where = "API " + view
		}
	}
	for name, values := range r.header {
		p.saw(where, name+": "+strings.Join(values, " "))
	}
	p.saw(where, r.body)
	if _, query, ok := strings.Cut(r.body, "?se="); ok || strings.HasSuffix(path, "/package") {
		plain, _ := url.QueryUnescape(query)
		p.saw("link", plain)
	}
}

// unsealed are the containers whose blobs must hold no personal data in plain text.
var unsealed = []string{retention.Results, retention.Findings}

// Do keeps the URL and the headers of every attempt of a storage call. It keeps the body where
// it may hold no personal data: rows, messages, and blobs that are sealed or hold codes only.
func (p *tap) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	service := p.services[raw.URL.Host]
	p.saw(service+" URL", raw.URL.String())
	for name, values := range raw.Header {
		if name != "Authorization" {
			p.saw(service+" header", name+": "+strings.Join(values, " "))
		}
	}
	keep := service == "table" || service == "queue" && !strings.Contains(raw.URL.Path, queue.Bulk)
	for _, c := range unsealed {
		keep = keep || service == "blob" && strings.Contains(raw.URL.Path, c)
	}
	if keep && req.Body() != nil {
		b, err := io.ReadAll(req.Body())
		if err != nil {
			return nil, err
		}
		if err := req.RewindBody(); err != nil {
			return nil, err
		}
		p.saw(service+" body", string(b))
	}
	return req.Next()
}

// gate carries calls to Graph, remembers where each went, and gives some to another transport.
type gate struct {
	next http.RoundTripper
	host string

	mu    sync.Mutex
	urls  []*url.URL
	spoil func(*http.Request) http.RoundTripper // nil, or returning nil: the usual transport
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	u := *r.URL
	g.urls = append(g.urls, &u)
	spoil := g.spoil
	g.mu.Unlock()
	if spoil != nil {
		if other := spoil(r); other != nil {
			return other.RoundTrip(r)
		}
	}
	return g.next.RoundTrip(r)
}

func (g *gate) set(spoil func(*http.Request) http.RoundTripper) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spoil = spoil
}

func (g *gate) calls() []*url.URL {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*url.URL(nil), g.urls...)
}

// rows returns the rows of all tables, as the service sends them and with binary properties
// decoded.
func (w *world) rows() []sighting {
	w.t.Helper()
	var out []sighting
	for _, table := range []string{"requests", "lists", "keys"} {
		for pager := w.clients.Tables.NewClient(w.prefix + table).NewListEntitiesPager(nil); pager.More(); {
			page, err := pager.NextPage(context.Background())
			require.NoError(w.t, err)
			for _, raw := range page.Entities {
				out = append(out, sighting{"row of " + table, string(raw)}, sighting{"row of " + table, string(binary(w.t, raw))})
			}
		}
	}
	return out
}

// binary returns the decoded binary properties of a row.
func binary(t *testing.T, raw []byte) (out []byte) {
	t.Helper()
	var row map[string]any
	require.NoError(t, json.Unmarshal(raw, &row))
	for name, v := range row {
		if text, ok := v.(string); ok && row[name+"@odata.type"] == "Edm.Binary" {
			b, err := base64.StdEncoding.DecodeString(text)
			require.NoError(t, err)
			out = append(append(out, b...), '\n')
		}
	}
	return out
}

// blobs returns the names and metadata of all blobs and the contents of the unsealed
// containers.
func (w *world) blobs() []sighting {
	w.t.Helper()
	var out []sighting
	for _, name := range retention.Containers() {
		client := w.clients.Blobs.NewContainerClient(w.prefix + name)
		for pager := client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Include: container.ListBlobsInclude{Metadata: true}}); pager.More(); {
			page, err := pager.NextPage(context.Background())
			require.NoError(w.t, err)
			for _, b := range page.Segment.BlobItems {
				text := *b.Name
				for k, v := range b.Metadata {
					text += "\n" + k + ": " + *v
				}
				out = append(out, sighting{"blob in " + name, text})
			}
		}
	}
	return out
}

// told returns the logs, traces and metrics.
func (w *world) told() []sighting {
	w.t.Helper()
	out := []sighting{{"log", w.lines.String()}, {"simulator's log", w.simLines.String()}, {"default log", fallback.String()}}
	for _, s := range spans.GetSpans() {
		text := fmt.Sprint(s.Name, s.Status, s.Attributes, s.Events, s.Links, s.Resource)
		out = append(out, sighting{"span", text})
	}
	var rm metricdata.ResourceMetrics
	require.NoError(w.t, metrics.Collect(context.Background(), &rm))
	raw, err := json.Marshal(rm)
	require.NoError(w.t, err)
	return append(out, sighting{"metric", string(raw) + fmt.Sprintf("%+v", rm)})
}
