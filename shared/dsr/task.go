package dsr

import (
	"slices"
	"time"
)

// OutcomeCode says how a task ended, or why it has not.
type OutcomeCode string

// The outcomes. Manual and Pending leave the task open: somebody, or some time, has to end it.
const (
	OutcomeDone         OutcomeCode = "done"
	OutcomeNothingFound OutcomeCode = "nothing-found"
	OutcomePartial      OutcomeCode = "partial" // what could not be had is named in the reason
	OutcomeRefused      OutcomeCode = "refused" // with reason and legal basis
	OutcomeManual       OutcomeCode = "manual"  // by a person, as the reason says
	OutcomePending      OutcomeCode = "pending" // until when
	OutcomeFailed       OutcomeCode = "failed"  // can be retried
)

// FinalCodes are the outcomes that a person may end a manual task with.
func FinalCodes() []OutcomeCode {
	return []OutcomeCode{OutcomeDone, OutcomeNothingFound, OutcomePartial, OutcomeRefused, OutcomeFailed}
}

// Open reports whether the outcome leaves the task open.
func (c OutcomeCode) Open() bool { return c == "" || c == OutcomeManual || c == OutcomePending }

// Found is what a discovery found, sealed: itself while it is small, and otherwise the name of the
// blob that it lies in.
type Found struct {
	Sealed []byte `json:"sealed,omitempty"`
	Blob   string `json:"blob,omitempty"`
}

// Empty reports whether nothing was found.
func (f Found) Empty() bool { return f.Blob == "" && len(f.Sealed) == 0 }

// Query proves that a system was asked: "no data" is a claim with proof.
type Query struct {
	Hash       string    `json:"hash"`       // keyed token of the query with its values
	Permission string    `json:"permission"` // as the system names it
	At         time.Time `json:"at"`         // business time
	Records    int64     `json:"records"`
}

// Outcome is how a task ended. Reason and Basis hold no personal data: the product or the
// descriptor of a system writes them.
type Outcome struct {
	Code   OutcomeCode `json:"code"`
	Reason string      `json:"reason,omitempty"`
	Basis  string      `json:"basis,omitempty"` // of a refusal, such as "GDPR Art. 15(4)"
	Link   string      `json:"link,omitempty"`  // where a person does what is manual
	Until  time.Time   `json:"until,omitzero"`  // of a pending task
}

// TaskState is how far a task has come.
type TaskState string

// The states of a task.
const (
	TaskOpen      TaskState = "open"
	TaskWaiting   TaskState = "waiting" // for a person, or for a time
	TaskEnded     TaskState = "ended"
	TaskCancelled TaskState = "cancelled"
)

// Claim is the lease of the one worker that may work on a task. It follows wall time.
type Claim struct {
	Owner string `json:"owner,omitempty"` // a random id of the invocation
	// when the claim is over, unless renewed; without an owner: until when the task rests
	Until time.Time `json:"until,omitzero"`
	Count int       `json:"count,omitempty"` // claims since the task was last opened
	// Faults counts the attempts in a row that a fault of the system ended. The back-off grows
	// with them, and not with attempts that a crash ended.
	Faults int `json:"faults,omitempty"`
}

// Live reports whether somebody else may be at work on the task.
func (c Claim) Live(wall time.Time) bool { return c.Owner != "" && wall.Before(c.Until) }

// Rests reports whether the task is left alone after a fault of its system, which asked for a
// pause or did not answer too often.
func (c Claim) Rests(wall time.Time) bool { return c.Owner == "" && wall.Before(c.Until) }

// Task is request × system × action: the unit of planning, retry and reporting. What is encoded
// as JSON is kept in the head of the request, so that a reader of the head can decide on all
// tasks. The rest is in the row of the task.
type Task struct {
	ID       TaskID    `json:"id"`
	System   string    `json:"system,omitempty"`
	Action   Action    `json:"action"`
	State    TaskState `json:"state"`
	Outcome  Outcome   `json:"outcome,omitzero"`
	Declared bool      `json:"declared,omitempty"` // by the tenant: no connector serves the system
	// Round is that of the request when the task was opened. Parts of an earlier round do not
	// count.
	Round int `json:"round,omitempty"`
	// Opening is how often the task was opened: 0 for a task that begins as ended.
	Opening int       `json:"opening,omitempty"`
	Records int64     `json:"records,omitempty"` // handed over
	EndedAt time.Time `json:"endedAt,omitzero"`  // business time
	EndedBy string    `json:"endedBy,omitempty"` // caller, of a task that a person ended

	// Claim is empty as long as the row of the task was not read. It changes without an event.
	Claim Claim `json:"-"`
	// Detail is nil as long as the row of the task was not read.
	*Detail `json:"-"`
}

// Detail is what only the worker on a task, and the assembly of what it handed over, have to know.
type Detail struct {
	Queries  []Query // proofs, written when the task ends
	Parts    []Part  // what of it is stored, in order; changed without an event
	Findings Found   // of a discovery; empty when there are none
	Text     []byte  // sealed: what a person wrote when ending it
}

// Clone returns a copy that shares nothing with the original. The copy of nil is nil.
func (d *Detail) Clone() *Detail {
	if d == nil {
		return nil
	}
	return &Detail{
		Queries: slices.Clone(d.Queries), Parts: slices.Clone(d.Parts), Text: slices.Clone(d.Text),
		Findings: Found{Sealed: slices.Clone(d.Findings.Sealed), Blob: d.Findings.Blob},
	}
}

// end replaces what the end of a task tells. The parts stay. A task that was not read, and of which
// there is nothing to tell, stays unread.
func (t *Task) end(d Detail) {
	if t.Detail == nil && len(d.Queries) == 0 && len(d.Text) == 0 && d.Findings.Empty() {
		return
	}
	if t.Detail != nil {
		d.Parts = t.Parts
	}
	t.Detail = &d
}

// Part names one stored part of what a task hands over. A part that no task names is not stored,
// whatever there is in the container.
type Part struct {
	Seq     int    `json:"seq"`  // 1, 2, … within the task
	ID      string `json:"id"`   // random: two workers never store a part under one name
	Size    int64  `json:"size"` // of the blob, in bytes
	ETag    string `json:"etag"`
	Records int64  `json:"records"`
}

// MaxParts is how many parts a task may have. Their list then takes at most 512 KiB of the task's
// row, and they hold at least 46 GiB of JSON at 16 MiB each.
const MaxParts = 3000

// DeliveryTask is the task of every request that makes and hands over its package. It begins as
// ended and is opened when all other tasks have ended or wait.
func DeliveryTask() Task { return Task{ID: PackageTask, Action: Deliver, State: TaskEnded} }
