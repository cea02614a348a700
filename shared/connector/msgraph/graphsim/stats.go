package graphsim

import (
	"maps"
	"strconv"
	"sync"
)

// Stats counts what the simulator did since it started.
type Stats struct {
	Calls    int            `json:"calls"`
	Routes   map[string]int `json:"routes"`   // by "GET /users/{user-id}"
	Statuses map[string]int `json:"statuses"` // by "200"; "aborted" for a cut body
	Faults   map[string]int `json:"faults"`   // by the rule's member name
	// Violations counts answers that broke the contract, by a mistake in the simulator or its data.
	Violations int `json:"violations"`
}

type counters struct {
	mu sync.Mutex
	s  Stats
}

func newCounters() *counters {
	return &counters{s: Stats{Routes: map[string]int{}, Statuses: map[string]int{}, Faults: map[string]int{}}}
}

func (c *counters) call(route string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Calls++
	c.s.Routes[route]++
	if status == 0 {
		c.s.Statuses["aborted"]++
		return
	}
	c.s.Statuses[strconv.Itoa(status)]++
}

func (c *counters) fault(k faultKind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Faults[string(k)]++
}

func (c *counters) violation() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Violations++
}

func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.s
	out.Routes, out.Statuses, out.Faults = maps.Clone(c.s.Routes), maps.Clone(c.s.Statuses), maps.Clone(c.s.Faults)
	return out
}
