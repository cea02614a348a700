package tape

import (
	"net/url"
	"slices"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
)

// Lane is the calls for one request, in the order of their beginning.
type Lane []Call

// Lanes sorts calls by the request that they were made for. A call for no request, such as the look
// into an empty queue, has a lane of its own. The lanes are in the order of their beginning.
func Lanes(cs []Call, tenants ...string) []Lane {
	s := sorter{Fresh: Fresh{Tenants: tenants}, requests: map[string]bool{}, owner: map[string]string{}}
	for _, c := range cs {
		s.learn(c)
	}
	var order []string
	lanes := map[string]Lane{}
	var out []Lane
	for _, c := range cs {
		request := s.of(c)
		if request == "" {
			out = append(out, Lane{c})
			continue
		}
		if lanes[request] == nil {
			order = append(order, request)
		}
		lanes[request] = append(lanes[request], c)
	}
	for _, request := range order {
		out = append(out, lanes[request])
	}
	slices.SortStableFunc(out, func(a, b Lane) int { return earlier(a[0], b[0]) })
	return out
}

// sorter knows which request an id belongs to.
type sorter struct {
	Fresh
	requests map[string]bool   // ids of requests
	owner    map[string]string // request by another id, "" where several have it
}

// learn reads which ids a call brings together.
func (s *sorter) learn(c Call) {
	if c.Op == calls.Change && c.Target == "requests" {
		ids := s.ids(c)
		if len(c.Rows) > 0 {
			if of := s.in(c.Rows[0].Entity, []byte(c.Rows[0].Path)); len(of) > 0 {
				s.requests[of[0]] = true
			}
		}
		if request := s.request(ids); request != "" {
			for _, id := range ids {
				s.own(id, request)
			}
		}
	}
	for _, m := range c.Messages {
		if request := s.request(s.in([]byte(m.Text))); request != "" {
			s.own(m.ID, request)
		}
	}
}

func (s *sorter) own(id, request string) {
	if old, ok := s.owner[id]; ok && old != request {
		request = ""
	}
	s.owner[id] = request
}

// of returns the request of a call, "" for none.
func (s *sorter) of(c Call) string {
	if c.Op == calls.Receive {
		if len(c.Messages) == 0 {
			return ""
		}
		return s.request(s.in([]byte(c.Messages[0].Text)))
	}
	ids := s.ids(c)
	if request := s.request(ids); request != "" {
		return request
	}
	for _, id := range ids {
		if request := s.owner[id]; request != "" {
			return request
		}
	}
	return ""
}

// request returns the first id that is one of a request.
func (s *sorter) request(ids []string) string {
	for _, id := range ids {
		if s.requests[id] {
			return id
		}
	}
	return ""
}

// ids returns the ids in a call. Those in blobs are not looked for.
func (s *sorter) ids(c Call) []string {
	uri, err := url.PathUnescape(c.URI)
	if err != nil {
		uri = c.URI
	}
	if c.Service == calls.Blobs {
		return s.in([]byte(uri))
	}
	return s.in([]byte(uri), c.Body)
}
