package dsr

import (
	"fmt"
	"time"
)

// effects are what events change beside the state of the request. An event that is not listed
// changes the state alone. On an error nothing has changed.
var effects = map[EventType]func(*Request, Event) error{
	EventDiscovered:      (*Request).endTask,
	EventTaskEnded:       (*Request).endTask,
	EventTaskWaiting:     (*Request).endTask,
	EventTasksEnded:      (*Request).beginPackage,
	EventDecided:         (*Request).reopenTasks,
	EventAnswered:        (*Request).answer,
	EventAssemblyFailed:  (*Request).failAssembly,
	EventCompleted:       (*Request).end,
	EventRetried:         (*Request).retry,
	EventCancelled:       (*Request).cancel,
	EventPackageExpiring: (*Request).markPackage,
	EventPackageExpired:  (*Request).markPackage,
	EventPackageMissing:  (*Request).markPackage,
	EventPackageRemoved:  (*Request).forget,
}

// Apply moves the request by one event. The event's Seq and Prev must continue the history.
// After an error nothing has changed.
func (r *Request) Apply(e Event) error {
	to, err := Next(r.State, e.Type)
	if err != nil {
		return err
	}
	if e.Seq != r.Seq+1 || e.Prev != r.LastHash {
		return fmt.Errorf("dsr: event %d does not follow event %d", e.Seq, r.Seq)
	}
	stored, err := e.Encode()
	if err != nil {
		return fmt.Errorf("dsr: encode event %d: %w", e.Seq, err)
	}
	if effect := effects[e.Type]; effect != nil {
		if err := effect(r, e); err != nil {
			return err
		}
	}
	r.State, r.Seq, r.LastHash = to, e.Seq, HashEvent(stored)
	return nil
}

func (r *Request) endTask(e Event) error {
	if err := r.canEnd(e); err != nil {
		return err
	}
	for _, group := range e.Ended {
		for _, id := range group.Tasks {
			r.endOne(r.Task(id), Event{Type: e.Type, At: e.At, By: e.By, Outcome: &group.Outcome})
		}
	}
	if t := r.Task(e.Task); t != nil {
		r.endOne(t, e)
	}
	return nil
}

// canEnd checks that every task of the event can end, each once.
func (r *Request) canEnd(e Event) error {
	all := []EndedTasks{}
	if e.Task != "" || len(e.Ended) == 0 {
		if e.Outcome == nil {
			return fmt.Errorf("dsr: event %d has no outcome", e.Seq)
		}
		all = append(all, EndedTasks{Tasks: []TaskID{e.Task}, Outcome: *e.Outcome})
	}
	seen := map[TaskID]bool{}
	for _, group := range append(all, e.Ended...) {
		for _, id := range group.Tasks {
			switch t := r.Task(id); {
			case t == nil || seen[id]:
				return fmt.Errorf("dsr: event %d names no task of this request, or one twice", e.Seq)
			case t.State != TaskOpen && t.State != TaskWaiting:
				return fmt.Errorf("dsr: task %s is %s and cannot end again", t.ID, t.State)
			case group.Outcome.Code == "":
				return fmt.Errorf("dsr: event %d has no outcome for task %s", e.Seq, t.ID)
			}
			seen[id] = true
		}
	}
	return nil
}

// endOne ends a task as the event says.
func (r *Request) endOne(t *Task, e Event) {
	t.Outcome, t.Records, t.EndedAt, t.EndedBy, t.Claim = *e.Outcome, e.Records, e.At, e.By, Claim{}
	told := Detail{Queries: e.Queries, Text: e.Sealed}
	if e.Findings != nil {
		told.Findings = *e.Findings
	}
	t.end(told)
	t.State = TaskEnded
	if e.Type == EventTaskWaiting {
		t.State, t.EndedAt = TaskWaiting, time.Time{}
	}
}

func (r *Request) failAssembly(e Event) error {
	if e.Outcome == nil {
		return fmt.Errorf("dsr: event %d has no outcome", e.Seq)
	}
	r.dropNext(e.At)
	r.EndedAt = e.At
	r.endDelivery(e, *e.Outcome)
	return nil
}

func (r *Request) endDelivery(e Event, o Outcome) {
	if t := r.Task(PackageTask); t != nil {
		t.State, t.Outcome, t.EndedAt, t.Claim = TaskEnded, o, e.At, Claim{}
	}
}

func (r *Request) end(e Event) error {
	if n := len(r.Unended()); n > 0 {
		return fmt.Errorf("dsr: event %d completes a request with %d open tasks", e.Seq, n)
	}
	r.EndedAt = e.At
	return nil
}

func (r *Request) retry(e Event) error {
	r.Round++
	r.EndedAt = time.Time{}
	return r.reopenTasks(e)
}

func (r *Request) cancel(e Event) error {
	r.EndedAt = e.At
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.State == TaskOpen || t.State == TaskWaiting {
			t.State, t.EndedAt = TaskCancelled, e.At
		}
	}
	r.dropNext(e.At)
	return nil
}

func (r *Request) reopenTasks(e Event) error {
	for _, id := range e.Tasks {
		r.reopen(id)
	}
	return nil
}

func (r *Request) reopen(id TaskID) {
	if t := r.Task(id); t != nil {
		*t = Task{
			ID: t.ID, System: t.System, Action: t.Action, State: TaskOpen, Declared: t.Declared, Round: r.Round,
			Opening: t.Opening + 1, Detail: &Detail{},
		}
	}
}
