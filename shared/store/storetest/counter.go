package storetest

import (
	"net/http"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Counter is an azcore policy that counts tries of calls. It is safe for concurrent use.
type Counter struct {
	prefix string

	mu    sync.Mutex
	calls []Call
}

// Do implements policy.Policy.
func (c *Counter) Do(req *policy.Request) (*http.Response, error) {
	call := callOf(req, c.prefix)
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
