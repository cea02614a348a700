package dsr

import (
	"slices"
	"time"
)

// Origin is the line of a bulk import that a request came from.
type Origin struct {
	Bulk string `json:"bulk,omitempty"`
	Line int64  `json:"line,omitempty"` // 1, 2, …
}

// Request is one DSR: who may see it, what is asked, and how far it has come. It changes by Apply
// only.
type Request struct {
	ID         string
	Tenant     string
	State      State
	Actions    []Action
	Regime     Regime
	Systems    []string // asked for; empty in a submission means all
	Caller     string   // id of the caller who submitted it
	ReceivedAt time.Time
	DueAt      time.Time
	CreatedAt  time.Time // business time at which it was taken in
	AnsweredAt time.Time
	EndedAt    time.Time
	Origin     Origin
	Dest       string // name of a destination of the tenant
	Tasks      []Task
	Package    *Package // the one that was handed over last; nil before the first
	Next       *Package // the one that is being made; nil when none is
	Former     []Former // places whose deletion is not recorded yet
	Round      int      // times that it was retried
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

// Retryable returns the tasks that a retry opens again, each system's discovery before its
// other tasks. These are the tasks that a worker did and that failed. Tasks whose records are in no
// ready package are opened as well, because their parts are gone.
func (r *Request) Retryable() []TaskID {
	failed := func(t Task) bool {
		return t.Listed() && !t.Declared && t.State == TaskEnded && t.Outcome.Code == OutcomeFailed
	}
	if r.State != StateFailed && !slices.ContainsFunc(r.Tasks, failed) {
		return nil
	}
	kept := r.Package != nil && r.Package.State == PackageReady
	var out []TaskID
	for _, t := range r.Tasks {
		gone := (!kept || t.Round > r.Package.Round) && t.Listed() && !t.Declared && t.State == TaskEnded && t.Records > 0
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

// Clone returns a copy that shares nothing with the original.
func (r *Request) Clone() *Request {
	c := *r
	c.Actions, c.Systems, c.Tasks = slices.Clone(r.Actions), slices.Clone(r.Systems), slices.Clone(r.Tasks)
	for i := range c.Tasks {
		c.Tasks[i].Detail = r.Tasks[i].Detail.Clone()
	}
	c.Package, c.Next, c.Former = r.Package.clone(), r.Next.clone(), slices.Clone(r.Former)
	return &c
}

func (p *Package) clone() *Package {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
