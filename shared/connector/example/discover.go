package example

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// fields are the service's names of the kinds of identifier.
var fields = map[string]string{dsr.ObjectID: "id", dsr.Email: "email", dsr.Phone: "phone", MemberNumber: "number"}

// member is what a look-up returns of a person.
type member struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	matched []string
}

// Discover looks for members whom any of the identifiers names.
func (c *Connector) Discover(ctx context.Context, l connector.Lookup) (connector.Discovery, error) {
	identifiers := l.Subject.Identifiers
	if !l.Subject.Decided.Empty() {
		identifiers = []dsr.Identifier{{Kind: dsr.ObjectID, Value: l.Subject.Decided}}
	}
	var out connector.Discovery
	var people []member
	for _, id := range identifiers {
		field, ok := fields[id.Kind]
		if !ok {
			continue // it belongs to another system
		}
		found, asked, err := c.search(ctx, field, id.Value)
		if err != nil {
			return connector.Discovery{}, err
		}
		out.Asked = append(out.Asked, asked)
		for _, m := range found {
			people = addMatch(people, m, id.Kind)
		}
	}
	if len(out.Asked) == 0 {
		out.Reason = "Nothing was given by which the club can find a person, so nothing was looked for."
	}
	c.report(&out, people)
	return out, nil
}

func (c *Connector) search(ctx context.Context, field string, value pii.Value) ([]member, connector.Asked, error) {
	body, err := json.Marshal(map[string]string{field: value.Reveal()})
	if err != nil {
		return nil, connector.Asked{}, c.client.fault(ctx, connector.Rejected, "bad-request")
	}
	var page struct {
		// Absent is not the same as empty: without an answer nothing is known.
		Items *[]member `json:"items"`
	}
	err = c.client.ask(ctx, question{path: "members/search", body: body, permission: readMembers}, &page)
	switch {
	case errors.Is(err, errAbsent):
		return nil, connector.Asked{}, c.client.fault(ctx, connector.Rejected, "no-search")
	case err != nil:
		return nil, connector.Asked{}, err
	case page.Items == nil:
		return nil, connector.Asked{}, c.client.fault(ctx, connector.Unavailable, "not-a-page")
	}
	return *page.Items, connector.Asked{Query: pii.New("search " + string(body)), Permission: readMembers, Records: int64(len(*page.Items))}, nil
}

// addMatch adds a match to the people, each once.
func addMatch(people []member, m member, kind string) []member {
	i := slices.IndexFunc(people, func(p member) bool { return p.ID == m.ID })
	if i < 0 {
		m.matched = []string{kind}
		return append(people, m)
	}
	if !slices.Contains(people[i].matched, kind) {
		people[i].matched = append(people[i].matched, kind)
	}
	return people
}

// report makes findings of one person, one for each kind of record, and candidates of several
// people.
func (c *Connector) report(out *connector.Discovery, people []member) {
	for _, p := range people {
		if len(people) > 1 {
			out.Candidates = append(out.Candidates, dsr.Candidate{System: c.client.name, ObjectID: p.ID, Matched: p.matched, State: p.State})
			continue
		}
		for _, k := range kinds {
			out.Findings = append(out.Findings, dsr.Finding{System: c.client.name, Kind: k.Name, ID: p.ID, Category: k.Category, Count: -1, State: p.State})
		}
	}
}
