// Package examplesim plays the made-up loyalty club of the worked example.
//
// It serves tests and the local world; the product never links it. It refuses unknown tokens and
// missing permissions. It throttles, pages and cuts bodies on demand.
package examplesim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Grant is what a bearer token stands for.
type Grant struct {
	Tenant      string
	Permissions []string
}

// Failure is a way in which the simulator misbehaves.
type Failure string

// The failures. Each strikes every call.
const (
	Works       Failure = ""
	Throttles   Failure = "throttles"
	Unavailable Failure = "unavailable"
	CutsBodies  Failure = "cuts-bodies"
)

const pageSize = 50

// Sim is the simulated service: an http.Handler that serves /v1/clubs/{club}/….
type Sim struct {
	tokens map[string]Grant
	people map[[2]string][]*person // by tenant and club

	mu      sync.Mutex
	failure Failure
	calls   int
}

// New returns a simulator with the sample members for each tenant that a token names.
func New(tokens map[string]Grant) *Sim {
	s := &Sim{tokens: tokens, people: map[[2]string][]*person{}}
	for _, g := range tokens {
		for i, club := range clubs {
			s.people[[2]string{g.Tenant, club}] = sample(i)
		}
	}
	return s
}

// Fail makes the simulator misbehave from now on.
func (s *Sim) Fail(f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = f
}

// Calls counts the calls since the start.
func (s *Sim) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Records returns what is stored about a member, by kind of record; false for an unknown one.
func (s *Sim) Records(tenant, id string) (map[string][]Record, bool) {
	p := s.find(tenant, id)
	if p == nil {
		return nil, false
	}
	out := map[string][]Record{"profile": {p.Profile}, "visits": p.Visits}
	if p.Segment != nil {
		out["segment"] = []Record{p.Segment}
	}
	return out, true
}

// find looks in all clubs of a tenant, since an id is used once.
func (s *Sim) find(tenant, id string) *person {
	for _, club := range clubs {
		if p := member(s.people[[2]string{tenant, club}], id); p != nil {
			return p
		}
	}
	return nil
}

func member(people []*person, id string) *person {
	i := slices.IndexFunc(people, func(p *person) bool { return p.Profile["id"] == id })
	if i < 0 {
		return nil
	}
	return people[i]
}

// ServeHTTP answers a call.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	failure := s.failure
	s.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	grant, ok := s.tokens[token]
	switch {
	case !ok:
		w.WriteHeader(http.StatusUnauthorized)
	case failure == Throttles:
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	case failure == Unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
	case failure == CutsBodies:
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"items":[`))
	default:
		s.answer(w, r, grant)
	}
}

func (s *Sim) answer(w http.ResponseWriter, r *http.Request, g Grant) {
	club, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/clubs/"), "/members/")
	people, known := s.people[[2]string{g.Tenant, club}]
	if !known {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	parts := strings.Split(rest, "/")
	what := strings.Join(parts[1:], "/")
	if r.Method == http.MethodPost && parts[0] == "search" {
		what = "search"
	}
	permission := map[string]string{"search": "members.read", "": "members.read", "visits": "visits.read", "segment": "segments.read"}[what]
	if !slices.Contains(g.Permissions, permission) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if what == "search" {
		search(w, r, people)
		return
	}
	p := member(people, parts[0])
	switch {
	case p == nil, what == "segment" && p.Segment == nil:
		w.WriteHeader(http.StatusNotFound)
	case what == "visits":
		send(w, page(p.Visits, r.URL.Query().Get("after")))
	case what == "segment":
		send(w, labelled(p.Segment, r.Header.Get("Accept-Language")))
	default:
		send(w, p.Profile)
	}
}

// labelled is a segment in the language that was asked for.
func labelled(segment Record, language string) Record {
	if language != "de" {
		return segment
	}
	out := maps.Clone(segment)
	out["label"] = "Stammgast"
	return out
}

func search(w http.ResponseWriter, r *http.Request, people []*person) {
	var want map[string]string
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&want) != nil || len(want) != 1 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	items := []Record{}
	for _, p := range people {
		for field, value := range want {
			if p.Profile[field] == value {
				items = append(items, Record{"id": p.Profile["id"], "state": p.Profile["state"]})
			}
		}
	}
	send(w, Record{"items": items})
}

func page(all []Record, after string) Record {
	start, _ := strconv.Atoi(after) // no token: from the beginning
	start = min(max(start, 0), len(all))
	end := min(start+pageSize, len(all))
	out := Record{"items": append([]Record{}, all[start:end]...)} // an empty page is [], not null
	if end < len(all) {
		out["next"] = strconv.Itoa(end)
	}
	return out
}

func send(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// NewSample is New for the local world, where each tenant has one token that may read everything.
func NewSample(tenants []string, token func(tenant string) string) *Sim {
	tokens := map[string]Grant{}
	for _, t := range tenants {
		tokens[token(t)] = Grant{Tenant: t, Permissions: []string{"members.read", "visits.read", "segments.read"}}
	}
	return New(tokens)
}
