package storetest

import (
	"net/http"
	"slices"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// Counter is an azcore policy that counts calls. A call that the client repeats since the store did
// not answer in time is one call. It is safe for concurrent use.
type Counter struct {
	where addresses

	mu    sync.Mutex
	calls []Call
}

// NewCounter counts calls to one Azurite. The names of resources begin with prefix.
func NewCounter(e azurite.Endpoints, prefix string) *Counter {
	return &Counter{where: addressesOf(e, prefix)}
}

// Do implements policy.Policy.
func (c *Counter) Do(req *policy.Request) (*http.Response, error) {
	call := c.where.call(req)
	c.mu.Lock()
	if !slices.ContainsFunc(c.calls, func(o Call) bool { return o.ID != "" && o.ID == call.ID }) {
		c.calls = append(c.calls, call)
	}
	c.mu.Unlock()
	return req.Next()
}

// Calls returns the calls since the last Reset.
func (c *Counter) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call(nil), c.calls...)
}

// Total returns the number of calls since the last Reset.
func (c *Counter) Total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// Reset sets the count to zero.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = nil
}
