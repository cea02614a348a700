package entra

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

const profileKind = "profile"

// Export hands over the records of the account that discovery found, kind by kind. A kind that
// the app may not read is a gap and does not stop the others.
func (c *Connector) Export(ctx context.Context, s connector.Scope, from []byte, sink connector.Sink) (dsr.Outcome, error) {
	scope := kindsOf(s)
	id, err := account(c.name, s.Findings)
	if err != nil {
		return dsr.Outcome{}, err
	}
	if id == "" || len(scope) == 0 {
		return dsr.Outcome{Code: dsr.OutcomeNothingFound}, nil
	}
	at, err := decodeCursor(from, scope)
	if err != nil {
		return dsr.Outcome{}, err
	}
	e := &export{name: c.name, graph: c.graph, id: id, scope: scope, at: at, sink: sink}
	return e.run(ctx)
}

// account is the object id that all findings share.
func account(system string, fs []dsr.Finding) (string, error) {
	id := ""
	for _, f := range fs {
		if f.System != system || f.ID == "" {
			continue
		}
		if id != "" && id != f.ID {
			return "", errors.New("entra: the findings name more than one account")
		}
		id = f.ID
	}
	return id, nil
}

type export struct {
	name  string // of the system in the tenant
	graph *msgraph.Client
	id    string
	scope []kind
	at    cursor
	sink  connector.Sink
	// refusal is the last 403. It is returned when nothing at all could be read.
	refusal error
}

func (e *export) run(ctx context.Context) (dsr.Outcome, error) {
	for i, k := range e.scope {
		if e.at.Kind != k.Name {
			continue
		}
		if e.at.State == "" {
			if err := e.read(ctx, k, e.after(i)); err != nil {
				return dsr.Outcome{}, err
			}
		}
		e.at.Kind, e.at.Next, e.at.Seen = e.after(i), "", nil
	}
	if e.at.Records == 0 && e.refusal != nil {
		return dsr.Outcome{}, e.refusal
	}
	return e.outcome(), nil
}

// after is the name of the kind that follows. It is empty after the last.
func (e *export) after(i int) string {
	if i+1 < len(e.scope) {
		return e.scope[i+1].Name
	}
	return ""
}

// read hands over the rest of a kind.
func (e *export) read(ctx context.Context, k kind, following string) error {
	q, err := k.query(ctx, e.graph, e.id)
	if err != nil {
		return errors.New("entra: a request for " + k.Name + " cannot be built")
	}
	for resumed := e.at.Next != ""; ; resumed = false {
		page, err := e.page(ctx, k, q)
		f := connector.AsFault(err)
		switch {
		case err == nil:
		case resumed && f != nil && (f.Status == http.StatusBadRequest || f.Status == http.StatusGone):
			// The service has forgotten the page (Directory_ExpiredPageToken). The kind is read
			// from its beginning again, without what was taken.
			e.at.Next = ""
			continue
		case f != nil && f.Kind == connector.Forbidden:
			e.refusal = err
			e.at.addGap(gapOf(k, f))
			return nil
		case msgraph.IsNotFound(err):
			return e.absent(ctx, k, q)
		default:
			return err
		}
		if err := e.put(ctx, k, q, page, following); err != nil || page.Next == "" {
			return err
		}
	}
}

// gapOf is the gap that a 403 leaves.
func gapOf(k kind, f *connector.Fault) gap {
	if f.Code == "Authentication_RequestFromNonPremiumTenantOrB2CTenant" {
		return gap{Kind: k.Name, Why: whyPremium}
	}
	return gap{Kind: k.Name, Why: whyForbidden, Permission: f.Permission}
}

func (e *export) page(ctx context.Context, k kind, q msgraph.Query) (msgraph.Page, error) {
	if !k.single {
		return e.graph.List(ctx, q, e.at.Next)
	}
	record, err := e.graph.Object(ctx, q)
	if err != nil || k.needs != "" && !has(record, k.needs) {
		return msgraph.Page{}, err
	}
	return msgraph.Page{Records: []json.RawMessage{record}}, nil
}

// put hands over what is new on a page, with the cursor that continues after it.
func (e *export) put(ctx context.Context, k kind, q msgraph.Query, page msgraph.Page, following string) error {
	records := make([]json.RawMessage, 0, len(page.Records))
	for _, r := range page.Records {
		if k.hidden(r) {
			e.at.addGap(gap{Kind: k.Name, Why: whyHidden, Permission: readDirectory})
		}
		r, err := k.withoutWithheld(r)
		if err != nil {
			return &connector.Fault{Kind: connector.Unavailable, System: e.name, Code: "not-json"}
		}
		if e.at.take(r, k.ID) {
			records = append(records, r)
		}
	}
	e.sink.Asked(connector.Asked{Kind: k.Name, Query: e.graph.Text(q), Permission: q.Permission, Records: int64(len(records))})
	e.at.Next, e.at.Records = page.Next, e.at.Records+int64(len(records))
	if len(records) == 0 {
		return nil
	}
	next := e.at
	if page.Next == "" {
		next.Kind, next.Next, next.Seen = following, "", nil
	}
	b, err := next.encode()
	if err != nil {
		return errCursor
	}
	return e.sink.Put(ctx, k.Name, records, b)
}

// absent follows up a 404: either there is no such record, or the user is deleted or gone.
func (e *export) absent(ctx context.Context, k kind, q msgraph.Query) error {
	if k.single && k.Name != profileKind {
		e.sink.Asked(connector.Asked{Kind: k.Name, Query: e.graph.Text(q), Permission: q.Permission})
		return nil
	}
	r, err := askDeleted(ctx, e.graph, e.id)
	if err != nil {
		return errors.New("entra: a request for a deleted account cannot be built")
	}
	q = msgraph.Query{Request: r, Permission: readUsers}
	page, err := e.graph.List(ctx, q, "")
	if err != nil {
		return asFault(e.name, err)
	}
	if page.Next = ""; len(page.Records) == 0 {
		e.at.State = userGone
	} else {
		e.at.State = userDeleted
	}
	if k.Name != profileKind {
		page.Records = nil
	}
	return e.put(ctx, k, q, page, "")
}
