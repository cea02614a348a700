package archive

import (
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
)

// newManifest says what became of the tasks. reason returns what a person wrote when ending a
// task, or "".
func newManifest(r *dsr.Request, created time.Time, reason func(dsr.Task) string) manifest.Manifest {
	m := manifest.Manifest{
		Version: manifest.Version, Request: r.ID, Tenant: r.Tenant, Actions: r.Actions, Regime: r.Regime,
		ReceivedAt: r.ReceivedAt.UTC(), CreatedAt: clock.Stored(created), Systems: []manifest.System{}, Files: []manifest.File{},
	}
	for _, t := range listed(r) {
		s := manifest.System{
			System: t.System, Action: t.Action, Outcome: t.Outcome.Code, Reason: t.Outcome.Reason, Basis: t.Outcome.Basis,
			Until: t.Outcome.Until, Queries: []dsr.Query{},
		}
		if text := reason(t); text != "" {
			s.Reason = text
		}
		if d := r.Task(dsr.NewTaskID(t.System, dsr.Discover)); d != nil {
			s.Queries = append(s.Queries, d.Queries...)
		}
		s.Queries = append(s.Queries, t.Queries...)
		m.Systems = append(m.Systems, s)
	}
	return m
}

// listed returns the tasks that a package tells of, in its order: by action, and within an
// action as the request has them.
func listed(r *dsr.Request) []dsr.Task {
	var out []dsr.Task
	for _, a := range dsr.Requestable() {
		for _, t := range r.Tasks {
			if t.Action == a {
				out = append(out, t)
			}
		}
	}
	return slices.Clip(out)
}
