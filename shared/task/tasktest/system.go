package tasktest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// Person is the data subject's e-mail address. It must appear in no log line and no key.
const Person = "canary@contoso.example"

// Pages is the number of pages of each kind of record, with two records each, unless a test
// sets another.
const Pages = 2

// System is a system that finds the person and has two pages of each of three kinds, unless a
// test says otherwise.
type System struct {
	Name string
	// OnDiscover and OnPage run before each discovery and each page, with the number of earlier
	// ones. The system answers with their error. OnPage may also change the world.
	OnDiscover func(n int) error
	OnPage     func(n int) error
	Found      *connector.Discovery // instead of the one person
	Outcome    dsr.Outcome          // of an export; zero means done
	Pages      int                  // of each kind
	Empty      bool                 // pages have no records
	Hangs      bool                 // a page comes when its context has ended, and is a fault
	Kind       string               // the name that it gives its records instead of their kind

	mu                 sync.Mutex
	discoveries, pages int
	looked             []dsr.Subject
}

// newSystem returns a system that knows the person.
func newSystem(name string) *System { return &System{Name: name, Pages: Pages} }

// Descriptor implements connector.Connector.
func (s *System) Descriptor() connector.Descriptor {
	d := connector.Descriptor{
		System: s.Name, Title: "System " + s.Name, Holds: "Things.", Identifiers: []connector.Identifier{{Kind: dsr.Email, Title: "E-mail address"}},
	}
	kind := func(name string, p dsr.Provenance) {
		d.Kinds = append(d.Kinds, connector.Kind{
			Name: name, Title: name, Category: dsr.CustomerData, Provenance: p, ID: "id",
			Columns: []connector.Column{{Name: "id", Title: "Id"}, {Name: "mail", Title: "E-mail"}},
		})
	}
	kind("profile", dsr.Provided)
	kind("sign-ins", dsr.Observed)
	kind("risk", dsr.Derived)
	return d
}

// Discover implements connector.Discoverer.
func (s *System) Discover(_ context.Context, l connector.Lookup) (connector.Discovery, error) {
	s.mu.Lock()
	n := s.discoveries
	s.discoveries++
	s.looked = append(s.looked, l.Subject)
	s.mu.Unlock()
	if s.OnDiscover != nil {
		if err := s.OnDiscover(n); err != nil {
			return connector.Discovery{}, err
		}
	}
	if s.Found != nil {
		return *s.Found, nil
	}
	return connector.Discovery{
		Findings: []dsr.Finding{{System: s.Name, Kind: "profile", ID: s.Name + "-1", Category: dsr.CustomerData, Count: 1}},
		Asked:    []connector.Asked{{Query: pii.New("mail eq " + Person), Permission: "Read.All", Records: 1}},
	}, nil
}

// place is a cursor: the next page.
type place struct{ Kind, Page int }

// Export implements connector.Exporter.
func (s *System) Export(ctx context.Context, scope connector.Scope, from []byte, sink connector.Sink) (dsr.Outcome, error) {
	var at place
	if from != nil {
		if err := json.Unmarshal(from, &at); err != nil {
			return dsr.Outcome{}, err
		}
	}
	if len(scope.Findings) == 0 {
		return dsr.Outcome{Code: dsr.OutcomeNothingFound}, nil
	}
	for ; at.Kind < len(scope.Kinds); at = (place{at.Kind + 1, 0}) {
		for at.Page < s.Pages {
			if s.Hangs {
				<-ctx.Done()
				return dsr.Outcome{}, Unavailable(0, 1)
			}
			if err := s.page(); err != nil {
				return dsr.Outcome{}, err
			}
			kind, n := scope.Kinds[at.Kind], at.Page
			if s.Kind != "" {
				kind = s.Kind
			}
			at.Page++
			next, err := json.Marshal(at)
			if err != nil {
				return dsr.Outcome{}, err
			}
			records := []json.RawMessage{record(scope.Findings[0].ID, kind, 2*n), record(scope.Findings[0].ID, kind, 2*n+1)}
			if s.Empty {
				records = nil
			}
			sink.Asked(connector.Asked{Kind: kind, Query: pii.New(kind + " of " + Person), Permission: "Read.All", Records: int64(len(records))})
			if err := sink.Put(ctx, kind, records, next); err != nil {
				return dsr.Outcome{}, err
			}
		}
	}
	if s.Outcome.Code == "" {
		return dsr.Outcome{Code: dsr.OutcomeDone}, nil
	}
	return s.Outcome, nil
}

func record(of, kind string, n int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"id":"%s-%s-%d","mail":"%s"}`, of, kind, n, Person))
}

func (s *System) page() error {
	s.mu.Lock()
	n := s.pages
	s.pages++
	s.mu.Unlock()
	if s.OnPage == nil {
		return nil
	}
	return s.OnPage(n)
}

// Asked returns how often the system was asked to discover and for a page.
func (s *System) Asked() (discoveries, pages int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.discoveries, s.pages
}

// Looked returns the subjects that discoveries looked for.
func (s *System) Looked() []dsr.Subject {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]dsr.Subject(nil), s.looked...)
}

// Forbidden is the answer of a system that lacks a permission.
func Forbidden() error {
	return &connector.Fault{Kind: connector.Forbidden, System: "alpha", Status: 403, Permission: "User.Read.All"}
}

// Unavailable is the answer of a system that is down while n is less than times.
func Unavailable(n, times int) error {
	if n < times {
		return &connector.Fault{Kind: connector.Unavailable, System: "alpha", Status: 503}
	}
	return nil
}
