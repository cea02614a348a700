package intake

import (
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// tasks splits a request: a discovery for every system that can discover, a task for every
// system and action, and the delivery. A task for what a system cannot do is refused from the
// beginning, with the sentence of its descriptor. A task of a declared system waits for a
// person from the beginning. The delivery is closed until every other task has ended or waits.
func (s *Service) tasks(t tenant.Tenant, systems []string, actions []dsr.Action, now time.Time) []dsr.Task {
	var discoveries, rest []dsr.Task
	for _, name := range systems {
		if d, ok := t.DeclaredSystem(name); ok {
			rest = append(rest, declared(d, actions)...)
			continue
		}
		desc, _ := s.Catalogue.Describe(t, name)
		possible := false
		for _, a := range actions {
			one := dsr.Task{ID: dsr.NewTaskID(name, a), System: name, Action: a, State: dsr.TaskOpen}
			if why := desc.Cannot[a]; why != "" {
				one.State, one.EndedAt, one.Outcome = dsr.TaskEnded, now, dsr.Outcome{Code: dsr.OutcomeRefused, Reason: why}
			} else {
				possible = true
			}
			rest = append(rest, one)
		}
		if possible && desc.Cannot[dsr.Discover] == "" {
			discoveries = append(discoveries, dsr.Task{ID: dsr.NewTaskID(name, dsr.Discover), System: name, Action: dsr.Discover, State: dsr.TaskOpen})
		}
	}
	return append(append(discoveries, rest...), dsr.DeliveryTask())
}

func declared(d tenant.Declared, actions []dsr.Action) []dsr.Task {
	var out []dsr.Task
	for _, a := range actions {
		how := d.Actions[string(a)]
		out = append(out, dsr.Task{
			ID: dsr.NewTaskID(d.Name, a), System: d.Name, Action: a, State: dsr.TaskWaiting, Declared: true,
			Outcome: dsr.Outcome{Code: dsr.OutcomeManual, Reason: how.Instructions, Link: how.Link},
		})
	}
	return out
}
