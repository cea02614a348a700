package task

import "sync"

// slots bounds how many new requests go on at once in the process that took them in, and gives a
// tenant at most half of them while there are several.
type slots struct {
	most int

	mu   sync.Mutex
	all  int
	of   map[string]int
	wait sync.WaitGroup
}

// take reports whether a tenant may use one more slot, and takes it.
func (s *slots) take(tenant string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.most || s.of[tenant] >= max(1, s.most/2) {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.all++
	s.of[tenant]++
	s.wait.Add(1)
	return true
}

// free gives a slot of a tenant back.
func (s *slots) free(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[tenant]--; s.of[tenant] == 0 {
		delete(s.of, tenant)
	}
	s.wait.Done()
}
