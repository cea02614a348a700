package graphsim

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

// Options configures a simulator.
type Options struct {
	// Tenants by tenant id. A tenant that is not listed does not exist.
	Tenants map[string]TenantOptions
	// Sources answer the operations.
	Sources []Source
	// Clocks are both needed: the data follows Business, tokens and the Date header follow Wall.
	Clocks clock.Clocks
	// PageSize is the length of a page without $top; default 100, as the directory's.
	PageSize int
	// Log gets one line a call: method, path template, status, tenant. It never gets a path as
	// it was asked, or a query. By default nothing is logged.
	Log *slog.Logger
}

// Sim is the simulated service. It answers /v1.0/… and /{tenant}/oauth2/v2.0/token.
type Sim struct {
	contract *contract.Contract
	routes   map[string]Route
	auth     *authority
	faults   faultEngine
	counters *counters
	clocks   clock.Clocks
	pageSize int
	log      *slog.Logger
}

// New builds a simulator. It fails when a source answers an operation that the contract does
// not have or that another source answers.
func New(o Options) (*Sim, error) {
	api, err := contract.Load()
	if err != nil {
		return nil, err
	}
	if o.Clocks.Wall == nil || o.Clocks.Business == nil {
		return nil, errors.New("graphsim: a clock is missing")
	}
	s := &Sim{
		contract: api, routes: map[string]Route{}, counters: newCounters(),
		clocks: o.Clocks, pageSize: o.PageSize, log: o.Log,
	}
	if s.pageSize == 0 {
		s.pageSize = 100
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.auth = newAuthority(o.Tenants, o.Clocks)
	s.faults.set(Faults{})
	return s, s.addRoutes(o.Sources)
}

func (s *Sim) addRoutes(sources []Source) error {
	for _, source := range sources {
		for _, r := range source.Routes() {
			key := r.Method + " " + r.Path
			if !s.contract.Has(r.Method, r.Path) {
				return fmt.Errorf("graphsim: %s is not in the contract", key)
			}
			if _, twice := s.routes[key]; twice {
				return fmt.Errorf("graphsim: %s is answered twice", key)
			}
			s.routes[key] = r
		}
	}
	return nil
}

// SetFaults replaces the faults and restarts their random sequence.
func (s *Sim) SetFaults(f Faults) error {
	if err := f.validate(); err != nil {
		return err
	}
	s.faults.set(f)
	return nil
}

// Faults returns the faults in force.
func (s *Sim) Faults() Faults { return s.faults.get() }

// Stats returns the counts since the start.
func (s *Sim) Stats() Stats { return s.counters.snapshot() }
