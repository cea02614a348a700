package dsr

import "slices"

// Step is a part of the product that carries tasks out, or acts on requests by the clock. Its
// package, its line in the log and the signature of its events carry this name.
type Step string

// The steps.
const (
	StepDiscover Step = "discover" // finds the person in one system
	StepFulfil   Step = "fulfil"   // carries out what was asked, in one system
	StepDeliver  Step = "deliver"  // makes the package and hands it over
	StepBulk     Step = "bulk"     // takes lists in and imports them
	StepPoison   Step = "poison"   // ends a task whose messages failed again and again
	StepWake     Step = "wake"     // sends lost messages again
	StepPurge    Step = "purge"    // deletes what has reached the end of its retention
)

// By is how the step signs its events.
func (s Step) By() string { return "step:" + string(s) }

// Lane is a queue that carries messages about tasks. Lanes are apart so that many long exports do
// not hold up discovery and delivery.
type Lane string

// The lanes.
const (
	LaneWork   Lane = "work"
	LaneFulfil Lane = "fulfil"
)

// Lanes are all lanes.
func Lanes() []Lane { return []Lane{LaneWork, LaneFulfil} }

// Leg is a part of the way of a request.
type Leg int

// The legs. What data subjects ask for is a copy or an effect. Effects change or delete data in a
// system, so none of them starts before the package of the copies is ready.
const (
	Preparation Leg = iota
	Copies
	Effects
	Delivery
)

// row is one row of the table of steps.
type row struct {
	Action Action
	Step   Step  // that does the task
	In     State // of the request: the only one in which a worker may do the task
	Lane   Lane  // that carries the message about the task
	Leg    Leg
	// Follows is the event that the request takes by itself when nothing of this step is left
	// to do. It is empty when the end of the task moves the request on.
	Follows EventType
	// LeavesOut are the provenances of data that the action does not hand over.
	LeavesOut []Provenance
	// Explained says that the package shows the data in words, with the statements of GDPR
	// Art. 15(1), so that the tenant has to write them.
	Explained bool
}

// table is a table of steps.
type table []row

// steps says which task is done in which state, by which step, over which lane, and what follows.
// Everything else that depends on the action of a task is derived from it: a new action is one row
// here and its words in shared/archive.
var steps = table{
	{Action: Discover, Step: StepDiscover, In: StateDiscovering, Lane: LaneWork, Leg: Preparation, Follows: EventPlanned},
	{
		Action: Access, Step: StepFulfil, In: StateFulfilling, Lane: LaneFulfil, Leg: Copies, Follows: EventTasksEnded,
		Explained: true,
	},
	{
		Action: Export, Step: StepFulfil, In: StateFulfilling, Lane: LaneFulfil, Leg: Copies, Follows: EventTasksEnded,
		// Art. 20 covers what was provided. The EDPB reads that as provided or observed (WP 242
		// rev.01, p. 10).
		LeavesOut: []Provenance{Derived},
	},
	{Action: Deliver, Step: StepDeliver, In: StateAssembling, Lane: LaneWork, Leg: Delivery},
}

// of returns the row of an action; the zero row, which nothing matches, for an unknown one.
func (t table) of(a Action) row {
	for _, r := range t {
		if r.Action == a {
			return r
		}
	}
	return row{}
}

// asked reports whether data subjects can ask for what the row does.
func (r row) asked() bool { return r.Leg == Copies || r.Leg == Effects }

// Requestable are the actions that a request may name, in the order of the documentation.
func Requestable() []Action {
	var out []Action
	for _, r := range steps {
		if r.asked() {
			out = append(out, r.Action)
		}
	}
	return out
}

// Step is the step that does tasks of the action; empty for an unknown action.
func (a Action) Step() Step { return steps.of(a).Step }

// State is the state of a request in which tasks of the action are done.
func (a Action) State() State { return steps.of(a).In }

// Lane is the lane that carries messages about tasks of the action.
func (a Action) Lane() Lane { return steps.of(a).Lane }

// Leg is the part of the way in which tasks of the action are done.
func (a Action) Leg() Leg { return steps.of(a).Leg }

// Includes reports whether the action hands over data of that provenance.
func (a Action) Includes(p Provenance) bool { return !slices.Contains(steps.of(a).LeavesOut, p) }

// Explained reports whether the package shows the data of the action in words, with the statements
// of GDPR Art. 15(1).
func (a Action) Explained() bool { return steps.of(a).Explained }

// Listed reports whether callers see the task. Discovery and delivery are steps of the product and
// are not shown as tasks.
func (t Task) Listed() bool { return steps.of(t.Action).asked() }

// Workable returns the tasks that a worker could do in the present state. Before anybody has
// started a received request, its discoveries can be done.
func (r *Request) Workable() []*Task { return steps.workable(r) }

func (t table) workable(r *Request) []*Task {
	state := r.State
	if state == StateReceived {
		state = StateDiscovering
	}
	safe := t.copiesAreSafe(r)
	var out []*Task
	for i := range r.Tasks {
		task := &r.Tasks[i]
		row := t.of(task.Action)
		if task.State != TaskOpen || row.In != state || row.Leg == Effects && !safe {
			continue
		}
		out = append(out, task)
	}
	return out
}

// copiesAreSafe reports whether every copy has ended without a failure and a ready package holds
// all that was copied. A copy that was opened again after the package is not in it. A request
// without copies has nothing to wait for.
func (t table) copiesAreSafe(r *Request) bool {
	ready := r.Package != nil && r.Package.State == PackageReady
	for _, task := range r.Tasks {
		if t.of(task.Action).Leg != Copies {
			continue
		}
		if !ready || task.State != TaskEnded || task.Outcome.Code == OutcomeFailed || task.Round > r.Package.Round {
			return false
		}
	}
	return true
}

// has reports whether the request has a task on the leg.
func (t table) has(r *Request, l Leg) bool {
	return slices.ContainsFunc(r.Tasks, func(task Task) bool { return t.of(task.Action).Leg == l })
}

// Follows returns the event that the present state calls for by itself, if any. When a worker has
// nothing left to do, it is the one that the table names. Once the package is there, the effects
// begin as soon as the copies are safe, and completed follows when no task is left at all. The
// store applies it in the transaction of the event that brought it about, so that no crash can come
// between the two.
func (r *Request) Follows() (EventType, bool) { return steps.follows(r) }

func (t table) follows(r *Request) (EventType, bool) {
	if r.State == StateWaiting {
		return t.followsWaiting(r)
	}
	i := slices.IndexFunc(t, func(row row) bool { return row.In == r.State && row.Follows != "" })
	if i < 0 || len(t.workable(r)) > 0 {
		return "", false
	}
	if r.State == StateFulfilling && t.has(r, Effects) && t.has(r, Copies) && t.copiesAreSafe(r) {
		return EventEffectsEnded, true // The package is not made again: it has every copy.
	}
	return t[i].Follows, true
}

func (t table) followsWaiting(r *Request) (EventType, bool) {
	if len(r.Unended()) == 0 {
		return EventCompleted, true
	}
	effect := func(task Task) bool { return task.State == TaskOpen && t.of(task.Action).Leg == Effects }
	if slices.ContainsFunc(r.Tasks, effect) && t.copiesAreSafe(r) {
		return EventEffectsBegun, true
	}
	return "", false
}

// Open returns the tasks of a step that have not ended and wait for no person.
func (r *Request) Open(step Step) []*Task {
	var out []*Task
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.State == TaskOpen && t.Action.Step() == step {
			out = append(out, t)
		}
	}
	return out
}
