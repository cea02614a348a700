package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/directory"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// The states of an account.
const (
	active  = "active"
	deleted = "deleted"
)

// lookupSelect holds otherMails although no look-up reads it. An app that may read basic
// profiles only is refused that property with 403. Without it, Graph would leave such an app's
// matches out without an error, and a missing permission would look like missing data.
var lookupSelect = []string{"id", "userPrincipalName", "otherMails"}

// found is an account that matched.
type found struct {
	ID    string `json:"id"`
	UPN   string `json:"userPrincipalName"`
	state string
	kinds []string // of identifier, that led here
}

// Discover looks for accounts that any of the identifiers names. One account gives a finding
// for each kind of record. Two or more accounts, by the same identifier or by different ones,
// are candidates.
func (c *Connector) Discover(ctx context.Context, l connector.Lookup) (connector.Discovery, error) {
	d := discovery{name: c.name, graph: c.graph, people: map[string]found{}}
	identifiers := l.Subject.Identifiers
	if !l.Subject.Decided.Empty() {
		identifiers = []dsr.Identifier{{Kind: dsr.ObjectID, Value: l.Subject.Decided}}
	}
	for _, id := range identifiers {
		asks, gap := lookups(id.Kind, id.Value.Reveal())
		if gap != "" && !slices.Contains(d.gaps, gap) {
			d.gaps = append(d.gaps, gap)
		}
		for _, ask := range asks {
			if err := d.look(ctx, id.Kind, ask); err != nil {
				return connector.Discovery{}, err
			}
		}
	}
	return d.result(), nil
}

type discovery struct {
	name   string // of the system in the tenant
	graph  *msgraph.Client
	people map[string]found
	asked  []connector.Asked
	gaps   []string
}

// look asks one question and notes who matched.
func (d *discovery) look(ctx context.Context, identifier string, l lookup) error {
	q, err := d.query(ctx, l)
	if err != nil {
		return err
	}
	asked := connector.Asked{Query: d.graph.Text(q), Permission: q.Permission}
	for next := ""; ; {
		page, err := d.graph.List(ctx, q, next)
		if err != nil {
			return asFault(d.name, err)
		}
		for _, r := range page.Records {
			var f found
			if err := json.Unmarshal(r, &f); err != nil || f.ID == "" {
				return &connector.Fault{Kind: connector.Unavailable, System: d.name, Code: "user-without-id"}
			}
			if !l.accepts(f) {
				continue
			}
			asked.Records++
			d.note(f, identifier, l.deleted)
		}
		if next = page.Next; next == "" {
			d.asked = append(d.asked, asked)
			return nil
		}
	}
}

func (d *discovery) note(f found, identifier string, gone bool) {
	f.state = active
	if gone {
		f.state = deleted
	}
	f.ID = strings.ToLower(f.ID)
	f.kinds = d.people[f.ID].kinds
	if !slices.Contains(f.kinds, identifier) {
		f.kinds = append(f.kinds, identifier)
	}
	d.people[f.ID] = f
}

func (d *discovery) query(ctx context.Context, l lookup) (msgraph.Query, error) {
	headers, count := msgraph.Advanced(), &l.advanced
	if !l.advanced {
		headers, count = nil, nil
	}
	q := msgraph.Query{Permission: readUsers}
	var err error
	if l.deleted {
		q.Request, err = d.graph.SDK().Directory().DeletedItems().GraphUser().ToGetRequestInformation(ctx, &directory.DeletedItemsGraphUserRequestBuilderGetRequestConfiguration{
			Headers:         headers,
			QueryParameters: &directory.DeletedItemsGraphUserRequestBuilderGetQueryParameters{Filter: &l.filter, Count: count, Select: lookupSelect},
		})
	} else {
		q.Request, err = d.graph.SDK().Users().ToGetRequestInformation(ctx, &users.UsersRequestBuilderGetRequestConfiguration{
			Headers:         headers,
			QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Filter: &l.filter, Count: count, Select: lookupSelect},
		})
	}
	if err != nil {
		return q, errors.New("entra: a look-up cannot be built") // the cause may quote the filter
	}
	return q, nil
}

func (d *discovery) result() connector.Discovery {
	if len(d.asked) == 0 && len(d.gaps) == 0 {
		d.gaps = append(d.gaps, "Nothing was given by which Microsoft Entra ID can find a person, so nothing was looked for.")
	}
	out := connector.Discovery{Asked: d.asked, Reason: strings.Join(d.gaps, " ")}
	for _, id := range slices.Sorted(maps.Keys(d.people)) {
		f := d.people[id]
		if len(d.people) > 1 {
			out.Candidates = append(out.Candidates, dsr.Candidate{System: d.name, ObjectID: f.ID, Matched: f.kinds, State: f.state})
			continue
		}
		out.Findings = findings(d.name, f)
	}
	return out
}

// findings are the kinds of record that can be read of an account. Their records are not
// counted: that would take as many calls as reading them.
func findings(system string, f found) []dsr.Finding {
	var out []dsr.Finding
	for _, k := range kinds {
		n := int64(-1)
		if k.Name == profileKind {
			n = 1
		} else if f.state == deleted {
			continue
		}
		out = append(out, dsr.Finding{System: system, Kind: k.Name, ID: f.ID, Category: k.Category, Count: n, State: f.state})
	}
	return out
}

// asFault makes a fault of a 404 for a collection, which means that the question is wrong.
func asFault(system string, err error) error {
	var missing *msgraph.NotFoundError
	if errors.As(err, &missing) {
		return &connector.Fault{Kind: connector.Rejected, System: system, Code: missing.Code, Status: 404, RequestID: missing.RequestID}
	}
	if connector.AsFault(err) == nil {
		return fmt.Errorf("entra: %w", err)
	}
	return err
}
