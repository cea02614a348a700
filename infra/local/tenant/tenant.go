package tenant

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

// Options configures the server.
type Options struct {
	StateDir string           // keeps the clock; "" keeps nothing
	Wall     func() time.Time // wall time
	Log      *slog.Logger     // gets a line a call, without personal data; nil drops them
	PageSize int              // rows of a page of Graph without $top; 0 is 100
}

// Server is the simulated tenant. It is an [http.Handler].
type Server struct {
	clock   *Clock
	graph   *graphsim.Sim
	mux     *http.ServeMux
	opened  map[string]any
	oracles []Oracle
	names   []string
}

// New opens every system of the list over one clock.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	business, err := openClock(o.StateDir, o.Wall)
	if err != nil {
		return nil, err
	}
	s := &Server{clock: business, mux: http.NewServeMux(), opened: map[string]any{}}
	environment := Environment{Clocks: clock.Clocks{Wall: o.Wall, Business: business.Now}, Born: business.Born(), Log: o.Log}
	for _, t := range localTenants {
		environment.Tenants = append(environment.Tenants, t.id)
	}
	sources, err := s.open(environment)
	if err != nil {
		return nil, err
	}
	s.graph, err = graphsim.New(graphsim.Options{
		Tenants: graphTenants(), Sources: sources, Clocks: environment.Clocks, PageSize: o.PageSize, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	s.routes()
	return s, nil
}

// open starts the systems and puts each to its uses.
func (s *Server) open(environment Environment) ([]graphsim.Source, error) {
	var sources []graphsim.Source
	for _, sys := range systems {
		opened, err := sys.open(environment)
		if err != nil {
			return nil, fmt.Errorf("system %s: %w", sys.name, err)
		}
		s.opened[sys.name] = opened
		s.names = append(s.names, sys.name)
		if source, ok := opened.(graphsim.Source); ok {
			sources = append(sources, source)
		}
		if handler, ok := opened.(http.Handler); ok {
			s.mux.Handle("/"+sys.name+"/", http.StripPrefix("/"+sys.name, handler))
		}
		if oracle, ok := opened.(Oracle); ok {
			s.oracles = append(s.oracles, oracle)
		}
	}
	return sources, nil
}

func graphTenants() map[string]graphsim.TenantOptions {
	out := map[string]graphsim.TenantOptions{}
	for _, t := range localTenants {
		out[t.id] = graphsim.TenantOptions{
			Tokens:  map[string][]string{ReaderToken(t.id): readerPermissions, AdminToken(t.name): adminPermissions},
			Clients: map[string]graphsim.Client{ClientID: {Secret: ClientSecret(t.name), Permissions: readerPermissions}},
		}
	}
	return out
}

// Clock returns the business clock.
func (s *Server) Clock() *Clock { return s.clock }

// Graph returns the simulated Graph, for its faults and counts.
func (s *Server) Graph() *graphsim.Sim { return s.graph }

// System returns what a system of the list opened, such as the *entrasim.Directory of "entra". It
// returns nil for an unknown name.
func (s *Server) System(name string) any { return s.opened[name] }

// ServeHTTP hands Graph's paths to Graph as they came, because a mux would clean them and
// redirect.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1.0/") || strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
		s.graph.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}
