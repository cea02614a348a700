package storetest

import (
	"net/http"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// Counter is an azcore policy that counts tries of calls. It is safe for concurrent use.
type Counter struct {
	where where

	mu    sync.Mutex
	calls []Call
}

// NewCounter counts calls to one Azurite; prefix is that of the resources' names.
func NewCounter(e azurite.Endpoints, prefix string) *Counter {
	return &Counter{where: whereOf(e, prefix)}
}

// Do implements policy.Policy.
func (c *Counter) Do(req *policy.Request) (*http.Response, error) {
	call := c.where.call(req)
	c.mu.Lock()
	c.calls = append(c.calls, call)
	c.mu.Unlock()
	return req.Next()
}

// Calls are the tries since the last Reset.
func (c *Counter) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call(nil), c.calls...)
}

// Total is how many tries there were since the last Reset.
func (c *Counter) Total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// Reset starts at zero again.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = nil
}
