package dsr

import (
	"fmt"
	"slices"
	"time"
)

// PackageState is where the package stands.
type PackageState string

// The states of a package.
const (
	PackageBuilding PackageState = "building"
	PackageReady    PackageState = "ready"
	PackageExpiring PackageState = "expiring" // shown as expired: nobody may fetch it any more
	PackageExpired  PackageState = "expired"
)

// Package is the export that is handed over: one archive per request.
type Package struct {
	State       PackageState `json:"state"`
	Destination string       `json:"destination,omitempty"` // name in the tenant's configuration; empty means our own container
	Blob        string       `json:"blob,omitempty"`
	ETag        string       `json:"etag,omitempty"`
	Bytes       int64        `json:"bytes,omitempty"`
	SHA256      string       `json:"sha256,omitempty"`   // lower-case hex, of the archive
	ExpiresAt   time.Time    `json:"expiresAt,omitzero"` // business time
}

// Origin is the line of a bulk import that a request came from.
type Origin struct {
	Bulk string `json:"bulk,omitempty"`
	Line int64  `json:"line,omitempty"` // 1, 2, …
}

// Request is one DSR: who may see it, what is asked, where it stands. Apply is the only way in which it changes.
type Request struct {
	ID         string
	Tenant     string
	State      State
	Actions    []Action
	Regime     Regime
	Systems    []string // asked for; empty in a submission means all
	Caller     string   // name of the caller who submitted it
	ReceivedAt time.Time
	DueAt      time.Time
	CreatedAt  time.Time // business time at which we took it in
	AnsweredAt time.Time
	EndedAt    time.Time
	Origin     Origin
	Dest       string // name of a destination of the tenant
	Tasks      []Task
	Package    *Package
	Round      int // times that it was retried
	Seq        int64
	LastHash   string
}

// Task returns the task with that id, or nil.
func (r *Request) Task(id TaskID) *Task {
	for i := range r.Tasks {
		if r.Tasks[i].ID == id {
			return &r.Tasks[i]
		}
	}
	return nil
}

// Open returns the tasks of an action that a worker could do.
func (r *Request) Open(actions ...Action) []*Task {
	var out []*Task
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.State == TaskOpen && t.ID != PackageTask && slices.Contains(actions, t.Action) {
			out = append(out, t)
		}
	}
	return out
}

// Unended returns the listed tasks that have not ended: open or waiting.
func (r *Request) Unended() []*Task {
	var out []*Task
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.Listed() && (t.State == TaskOpen || t.State == TaskWaiting) {
			out = append(out, t)
		}
	}
	return out
}

// Workable returns the tasks that the present state lets a worker do.
func (r *Request) Workable() []*Task {
	switch r.State {
	case Received, Discovering:
		return r.Open(Discover)
	case Fulfilling:
		return r.Open(Access, Export)
	case Assembling:
		if t := r.Task(PackageTask); t != nil && t.State == TaskOpen {
			return []*Task{t}
		}
	}
	return nil
}

// Retryable returns the tasks that a retry opens again, each system's discovery before its other tasks: the failed ones that a worker
// did. Where no package is ready that holds what the other tasks handed over, they are opened as well: their parts are gone.
func (r *Request) Retryable() []TaskID {
	failed := func(t Task) bool {
		return t.Listed() && !t.Declared && t.State == TaskEnded && t.Outcome.Code == Failed
	}
	if r.State != FailedState && !slices.ContainsFunc(r.Tasks, failed) {
		return nil
	}
	kept := r.Package != nil && r.Package.State == PackageReady
	var out []TaskID
	for _, t := range r.Tasks {
		gone := !kept && t.Listed() && !t.Declared && t.State == TaskEnded && t.Records > 0
		if !failed(t) && !gone {
			continue
		}
		if d := NewTaskID(t.System, Discover); r.Task(d) != nil && !slices.Contains(out, d) {
			out = append(out, d)
		}
		out = append(out, t.ID)
	}
	return out
}

// Apply moves the request by one event. The event's Seq and Prev must continue the history. On an error nothing has changed.
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
	if err := r.effect(e); err != nil {
		return err
	}
	r.State, r.Seq, r.LastHash = to, e.Seq, HashEvent(stored)
	return nil
}

// effect is what an event changes beside the state.
func (r *Request) effect(e Event) error {
	switch e.Type {
	case EventDiscovered, EventTaskEnded, EventTaskWaiting:
		return r.endTask(e)
	case EventTasksEnded:
		r.reopen(PackageTask)
		r.Package = &Package{State: PackageBuilding, Destination: r.Dest}
	case EventDecided:
		for _, id := range e.Tasks {
			r.reopen(id)
		}
	case EventAnswered:
		r.Package, r.AnsweredAt = e.Package, e.At
		r.endPackage(e, Outcome{Code: Done})
	case EventAssemblyFailed:
		r.Package, r.EndedAt = nil, e.At
		r.endPackage(e, *e.Outcome)
	case EventCompleted:
		r.EndedAt = e.At
	case EventRetried:
		r.Round++
		r.EndedAt = time.Time{}
		for _, id := range e.Tasks {
			r.reopen(id)
		}
	case EventCancelled:
		r.EndedAt = e.At
		for i := range r.Tasks {
			if t := &r.Tasks[i]; t.State == TaskOpen || t.State == TaskWaiting {
				t.State, t.EndedAt = TaskCancelled, e.At
			}
		}
		if r.Package != nil && r.Package.State == PackageBuilding {
			r.Package = nil
		}
	case EventPackageExpiring, EventPackageExpired:
		if r.Package == nil {
			return &StateError{State: r.State, Event: e.Type}
		}
		p := *r.Package
		p.State = PackageExpiring
		if e.Type == EventPackageExpired {
			p.State = PackageExpired
		}
		r.Package = &p
	}
	return nil
}

func (r *Request) endTask(e Event) error {
	t := r.Task(e.Task)
	if t == nil || e.Outcome == nil {
		return fmt.Errorf("dsr: event %d names no task of this request, or no outcome", e.Seq)
	}
	if t.State != TaskOpen && t.State != TaskWaiting {
		return fmt.Errorf("dsr: task %s is %s and cannot end again", t.ID, t.State)
	}
	t.Outcome, t.Queries, t.Records, t.EndedAt, t.EndedBy = *e.Outcome, e.Queries, e.Records, e.At, e.By
	t.Findings, t.Text, t.Claim = e.Findings, e.Sealed, Claim{}
	t.State = TaskEnded
	if e.Type == EventTaskWaiting {
		t.State, t.EndedAt = TaskWaiting, time.Time{}
	}
	return nil
}

func (r *Request) endPackage(e Event, o Outcome) {
	if t := r.Task(PackageTask); t != nil {
		t.State, t.Outcome, t.EndedAt, t.Claim = TaskEnded, o, e.At, Claim{}
	}
}

func (r *Request) reopen(id TaskID) {
	if t := r.Task(id); t != nil {
		*t = Task{ID: t.ID, System: t.System, Action: t.Action, State: TaskOpen, Declared: t.Declared, Round: r.Round}
	}
}

// Settle returns the event that the present state calls for by itself, if any: planned when no discovery is open, tasks-ended when
// nothing is left that a worker could do, completed when the package is there and no task is left at all. A step applies
// it in the transaction of the event that brought it about, so that no crash can come between.
func (r *Request) Follows() (EventType, bool) {
	switch {
	case r.State == Discovering && len(r.Open(Discover)) == 0:
		return EventPlanned, true
	case r.State == Fulfilling && len(r.Open(Access, Export)) == 0:
		return EventTasksEnded, true
	case r.State == Waiting && len(r.Unended()) == 0:
		return EventCompleted, true
	}
	return "", false
}

// Clone returns a deep enough copy: changing it by Apply leaves the original as it was.
func (r *Request) Clone() *Request {
	c := *r
	c.Tasks = slices.Clone(r.Tasks)
	if r.Package != nil {
		p := *r.Package
		c.Package = &p
	}
	return &c
}

// Due is the day by which the request must be answered until the law's own calendars come: one calendar month (GDPR Art. 12(3)) or
// 45 days (Cal. Civ. Code § 1798.130(a)(2)(A)) after receipt, UTC. A month that lacks the day ends on its last day (Regulation (EEC,
// Euratom) No 1182/71 Art. 3(2)(c)).
func Due(regime Regime, received time.Time) time.Time {
	received = received.UTC()
	if regime == CCPA {
		return received.AddDate(0, 0, 45)
	}
	due := received.AddDate(0, 1, 0)
	if due.Day() != received.Day() {
		due = due.AddDate(0, 0, -due.Day())
	}
	return due
}
