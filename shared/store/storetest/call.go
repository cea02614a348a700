package storetest

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// Call is one try of a storage call, as the transport sees it.
type Call struct {
	Service  string // "table", "blob" or "queue"
	Method   string
	Resource string // table, container or queue, without the test's prefix
	Batch    bool   // a table transaction
	Path     string
	Body     string // for calls to tables or queues only
	IfMatch  string // the condition; a transaction has its conditions in the body
	Query    string // which operation of a blob it is, such as "comp=block"
	Bytes    int64  // that the call sends
	ID       string // the client's, the same for each try of one call
}

// Write reports whether the call changes something.
func (c Call) Write() bool { return c.Method != http.MethodGet && c.Method != http.MethodHead }

// Is reports whether the call goes to a resource of a service, such as "requests" of "table". An
// empty name matches any.
func (c Call) Is(service, resource string) bool {
	return (service == "" || c.Service == service) && (resource == "" || c.Resource == resource)
}

// addresses tells the services apart by their addresses.
type addresses struct {
	prefix   string
	services map[string]string // by host and port
}

func addressesOf(e azurite.Endpoints, prefix string) addresses {
	w := addresses{prefix: prefix, services: map[string]string{}}
	for service, raw := range map[string]string{"blob": e.BlobURL, "queue": e.QueueURL, "table": e.TableURL} {
		if u, err := url.Parse(raw); err == nil {
			w.services[u.Host] = service
		}
	}
	return w
}

// call reads what a request does. Paths are those of Azurite: /{account}/{resource}….
func (w addresses) call(req *policy.Request) Call {
	raw := req.Raw()
	c := Call{
		Service: w.services[raw.URL.Host], Method: raw.Method, Path: raw.URL.Path, IfMatch: raw.Header.Get("If-Match"),
		Query: raw.URL.RawQuery, Bytes: max(0, raw.ContentLength),
		ID: raw.Header.Get("X-Ms-Client-Request-Id"),
	}
	parts := strings.SplitN(strings.TrimPrefix(raw.URL.Path, "/"), "/", 3)
	if len(parts) > 1 {
		c.Resource, _, _ = strings.Cut(parts[1], "(")
	}
	if c.Service != "blob" {
		c.Body = bodyOf(req)
	}
	if c.Resource == "$batch" {
		c.Batch, c.Resource = true, batchTable(c.Body)
	}
	c.Resource = strings.TrimPrefix(c.Resource, w.prefix)
	return c
}

func bodyOf(req *policy.Request) string {
	if req.Body() == nil {
		return ""
	}
	b, _ := io.ReadAll(req.Body())
	_ = req.RewindBody()
	return string(b)
}

// batchTable finds the table in the first change of a transaction: "POST
// http://host/account/table HTTP/1.1".
func batchTable(body string) string {
	for line := range strings.Lines(body) {
		if fields := strings.Fields(line); len(fields) == 3 && strings.HasPrefix(fields[2], "HTTP/1.") {
			target, _, _ := strings.Cut(fields[1], "(")
			target, _, _ = strings.Cut(target, "?")
			return target[strings.LastIndexByte(target, '/')+1:]
		}
	}
	return ""
}
