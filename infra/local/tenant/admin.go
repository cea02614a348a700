package tenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
	"github.com/rightsdesk/rightsdesk/shared/jsonbody"
)

func (s *Server) routes() {
	s.mux.HandleFunc("GET /{$}", s.index)
	s.mux.HandleFunc("GET /clock", s.getClock)
	s.mux.HandleFunc("POST /clock", s.postClock)
	s.mux.HandleFunc("GET /sim/faults", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.graph.Faults()) })
	s.mux.HandleFunc("POST /sim/faults", s.postFaults)
	s.mux.HandleFunc("GET /sim/stats", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.graph.Stats()) })
	s.mux.HandleFunc("GET /sim/{tenant}/users", s.getUsers)
	s.mux.HandleFunc("GET /sim/{tenant}/users/{id}/records", s.getRecords)
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, `The simulated tenant. Nothing here is real. Systems: %s.

Microsoft Graph     http://%[2]s/v1.0/users            Authorization: Bearer %[3]s or %[4]s
                    changes and deletions too:         Bearer %[5]s or %[6]s
tokens              POST /{tenant id}/oauth2/v2.0/token
business clock      GET /clock    POST /clock {"advance":"744h"}
faults              GET /sim/faults    POST /sim/faults {"seed":1,"rules":[{"throttle":0.1,"cutBody":0.05}]}
counts              GET /sim/stats
what is stored      GET /sim/{tenant id}/users    GET /sim/{tenant id}/users/{user id}/records

`, strings.Join(s.names, ", "), r.Host, ReaderToken(entrasim.Contoso), ReaderToken(entrasim.Fabrikam), AdminToken("contoso"), AdminToken("fabrikam"))
	for _, t := range localTenants {
		fmt.Fprintf(w, "%s  %s\n", t.id, t.name)
	}
}

type clockAnswer struct {
	Now    time.Time `json:"now"`
	Offset string    `json:"offset"`
}

func (s *Server) getClock(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, clockAnswer{Now: s.clock.Now().UTC(), Offset: s.clock.Offset().String()})
}

func (s *Server) postClock(w http.ResponseWriter, r *http.Request) {
	in, err := decode[struct {
		Advance *string `json:"advance"`
	}](r)
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-body", err.Error())
		return
	}
	if in.Advance == nil {
		problem(w, http.StatusBadRequest, "invalid-advance", "advance: required, a duration such as 744h")
		return
	}
	d, err := time.ParseDuration(*in.Advance)
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-advance", "advance: must be a duration such as 744h")
		return
	}
	if err := s.clock.Advance(d); err != nil {
		problem(w, http.StatusBadRequest, "invalid-advance", err.Error())
		return
	}
	s.getClock(w, r)
}

func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	f, err := decode[graphsim.Faults](r)
	if err == nil {
		err = s.graph.SetFaults(f)
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-faults", err.Error())
		return
	}
	reply(w, http.StatusOK, s.graph.Faults())
}

func (s *Server) getUsers(w http.ResponseWriter, r *http.Request) {
	directory, _ := s.opened["entra"].(*entrasim.Directory)
	users := directory.Users(r.PathValue("tenant"))
	if users == nil {
		problem(w, http.StatusNotFound, "not-found", "no such tenant")
		return
	}
	reply(w, http.StatusOK, users)
}

// getRecords joins what every system with an oracle stores about the person.
func (s *Server) getRecords(w http.ResponseWriter, r *http.Request) {
	out := map[string][]map[string]any{}
	known := false
	for _, o := range s.oracles {
		records, ok := o.Records(r.PathValue("tenant"), r.PathValue("id"))
		known = known || ok
		maps.Copy(out, records)
	}
	if !known {
		problem(w, http.StatusNotFound, "not-found", "no such person")
		return
	}
	reply(w, http.StatusOK, out)
}

const maxAdminBody = 64 << 10

// decode reads a body that is one JSON object without unknown members.
func decode[T any](r *http.Request) (T, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxAdminBody+1))
	if err != nil {
		var none T
		return none, errors.New("the body cannot be read")
	}
	return jsonbody.Decode[T](raw, maxAdminBody)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

func problem(w http.ResponseWriter, status int, code, detail string) {
	raw, _ := json.Marshal(map[string]any{"status": status, "code": code, "detail": detail})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
