package httpapi

import (
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
)

// links are relative: an absolute link would have to believe what a caller says about the address.
type links map[string]string

type requestView struct {
	ID          string       `json:"id"`
	Tenant      string       `json:"tenant"`
	State       dsr.State    `json:"state"`
	Ending      dsr.Ending   `json:"ending,omitempty"` // once it is over
	Actions     []dsr.Action `json:"actions"`
	Regime      dsr.Regime   `json:"regime"`
	ReceivedAt  time.Time    `json:"receivedAt"`
	DueAt       time.Time    `json:"dueAt"`
	CreatedAt   time.Time    `json:"createdAt"`
	AnsweredAt  time.Time    `json:"answeredAt,omitzero"`
	EndedAt     time.Time    `json:"endedAt,omitzero"`
	Systems     []string     `json:"systems"`
	Destination string       `json:"destination,omitempty"`
	Origin      *originView  `json:"origin,omitempty"`
	Tasks       []taskView   `json:"tasks"`
	Package     *packageView `json:"package,omitempty"`
	// NextPackage is there while the package before it can still be fetched.
	NextPackage *packageView `json:"nextPackage,omitempty"`
	Links       links        `json:"links"`
}

type originView struct {
	Bulk string `json:"bulk"`
	Line int64  `json:"line"`
}

type taskView struct {
	ID      dsr.TaskID       `json:"id"`
	System  string           `json:"system"`
	Action  dsr.Action       `json:"action"`
	State   dsr.TaskState    `json:"state"`
	Outcome *dsr.OutcomeCode `json:"outcome"` // null until the task has ended
	Reason  string           `json:"reason,omitempty"`
	Basis   string           `json:"basis,omitempty"`
	Link    string           `json:"link,omitempty"`
	Until   time.Time        `json:"until,omitzero"`
	Records int64            `json:"records"`
	EndedAt time.Time        `json:"endedAt,omitzero"`
	EndedBy string           `json:"endedBy,omitempty"`
}

type packageView struct {
	State     dsr.PackageState `json:"state"`
	Bytes     int64            `json:"bytes,omitempty"`
	SHA256    string           `json:"sha256,omitempty"`
	ExpiresAt time.Time        `json:"expiresAt,omitzero"`
}

// viewRequest shows the callers under their present names.
func (c *call) viewRequest(r *dsr.Request) requestView {
	self := "/api/requests/" + r.ID
	v := requestView{
		ID: r.ID, Tenant: r.Tenant, State: r.State, Ending: r.Ending(), Actions: r.Actions, Regime: r.Regime, ReceivedAt: r.ReceivedAt.UTC(), DueAt: r.DueAt.UTC(),
		CreatedAt: r.CreatedAt.UTC(), AnsweredAt: r.AnsweredAt.UTC(), EndedAt: r.EndedAt.UTC(), Systems: r.Systems, Destination: r.Dest,
		Tasks: []taskView{}, Package: viewPackage(shownPackage(r)),
		Links: links{"self": self, "events": self + "/events", "findings": self + "/findings"},
	}
	if r.Origin.Bulk != "" {
		v.Origin = &originView{Bulk: r.Origin.Bulk, Line: r.Origin.Line}
		v.Links["bulk"] = "/api/bulk/" + r.Origin.Bulk
	}
	if v.Package != nil && v.Package.State == dsr.PackageReady {
		v.Links["package"] = self + "/package"
	}
	if v.Package != nil && r.Next != nil && v.Package.State != dsr.PackageBuilding {
		v.NextPackage = viewPackage(r.Next)
	}
	for _, t := range r.Tasks {
		if t.Listed() {
			t.EndedBy = c.api.Callers.Name(t.EndedBy)
			v.Tasks = append(v.Tasks, viewTask(t))
		}
	}
	return v
}

func viewTask(t dsr.Task) taskView {
	v := taskView{
		ID: t.ID, System: t.System, Action: t.Action, State: t.State, Reason: t.Outcome.Reason, Basis: t.Outcome.Basis, Link: t.Outcome.Link,
		Until: t.Outcome.Until.UTC(), Records: t.Records, EndedAt: t.EndedAt.UTC(), EndedBy: t.EndedBy,
	}
	if t.Outcome.Code != "" {
		v.Outcome = &t.Outcome.Code
	}
	return v
}

// shownPackage is the package that a caller is interested in: the one that can be fetched, and
// otherwise the one that is being made.
func shownPackage(r *dsr.Request) *dsr.Package {
	if r.Next == nil || r.Package != nil && r.Package.State == dsr.PackageReady {
		return r.Package
	}
	return r.Next
}

// viewPackage never tells where the blob is. One whose deletion has begun is shown as expired.
func viewPackage(p *dsr.Package) *packageView {
	if p == nil {
		return nil
	}
	v := &packageView{State: p.State, Bytes: p.Bytes, SHA256: p.SHA256, ExpiresAt: p.ExpiresAt.UTC()}
	if p.State == dsr.PackageExpiring {
		v.State = dsr.PackageExpired
	}
	return v
}

type listView[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

type eventView struct {
	Seq     int64            `json:"seq"`
	Type    dsr.EventType    `json:"type"`
	At      time.Time        `json:"at"`
	By      string           `json:"by"`
	Task    dsr.TaskID       `json:"task,omitempty"`
	Outcome *dsr.Outcome     `json:"outcome,omitempty"`
	Queries []dsr.Query      `json:"queries,omitempty"`
	Records int64            `json:"records,omitempty"`
	Tasks   []dsr.TaskID     `json:"tasks,omitempty"`
	Ended   []dsr.EndedTasks `json:"ended,omitempty"`
	Package *packageView     `json:"package,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	Hash    string           `json:"hash"`
	Prev    string           `json:"prev,omitempty"`
}

type eventsView struct {
	Items  []eventView `json:"items"`
	Intact bool        `json:"intact"`
}

type findingsView struct {
	Items      []dsr.Finding   `json:"items"`
	Candidates []dsr.Candidate `json:"candidates,omitempty"`
}

type packageLinkView struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expiresAt"` // of the link
	SHA256    string    `json:"sha256"`
	Bytes     int64     `json:"bytes"`
}

type bulkView struct {
	ID        string       `json:"id"`
	Tenant    string       `json:"tenant"`
	Reference string       `json:"reference"`
	State     string       `json:"state"`
	Lines     int64        `json:"lines"`
	Accepted  int64        `json:"accepted"`
	Duplicate int64        `json:"duplicate"`
	Rejected  int64        `json:"rejected"`
	CreatedAt time.Time    `json:"createdAt"`
	EndedAt   time.Time    `json:"endedAt,omitzero"`
	Failure   *failureView `json:"failure,omitempty"`
	Links     links        `json:"links"`
}

type failureView struct {
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

func viewBulk(b *imports.Import) bulkView {
	self := "/api/bulk/" + b.ID
	v := bulkView{
		ID: b.ID, Tenant: b.Tenant, Reference: b.Reference, State: b.State, Lines: b.Lines, Accepted: b.Accepted, Duplicate: b.Duplicate,
		Rejected: b.Rejected, CreatedAt: b.CreatedAt.UTC(), EndedAt: b.EndedAt.UTC(), Links: links{"self": self},
	}
	if b.State == imports.Completed || b.State == imports.Failed {
		v.Links["results"] = self + "/results"
	}
	if b.Failure != "" {
		v.Failure = &failureView{Code: b.Failure}
	}
	return v
}
