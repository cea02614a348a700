package example

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// cursor is where an export is after a page.
type cursor struct {
	Kind    string   `json:"kind"` // to go on with; empty when all were read
	After   string   `json:"after,omitempty"`
	Missing []string `json:"missing,omitempty"` // kinds that could not be read
	Records int64    `json:"records"`
}

// Export hands over the records of the member that discovery found, kind by kind.
func (c *Connector) Export(ctx context.Context, s connector.Scope, from []byte, sink connector.Sink) (dsr.Outcome, error) {
	var scope []kind
	for _, k := range kinds {
		if slices.Contains(s.Kinds, k.Name) {
			scope = append(scope, k)
		}
	}
	if len(s.Findings) == 0 || len(scope) == 0 {
		return dsr.Outcome{Code: dsr.OutcomeNothingFound}, nil
	}
	at := cursor{Kind: scope[0].Name}
	if len(from) > 0 && json.Unmarshal(from, &at) != nil {
		return dsr.Outcome{}, errors.New("example: the cursor was not made by this connector")
	}
	e := &export{client: c.client, member: s.Findings[0].ID, sink: sink, at: at}
	for i, k := range scope {
		if e.at.Kind != k.Name {
			continue
		}
		following := ""
		if i+1 < len(scope) {
			following = scope[i+1].Name
		}
		if err := e.read(ctx, k, following); err != nil {
			return dsr.Outcome{}, err
		}
		e.at.Kind, e.at.After = following, ""
	}
	return e.outcome(), nil
}

type export struct {
	client *client
	member string
	sink   connector.Sink
	at     cursor
}

// read hands over the rest of a kind. A kind that may not be read is remembered and does not
// stop the others.
func (e *export) read(ctx context.Context, k kind, following string) error {
	for {
		records, after, err := e.page(ctx, k)
		f := connector.AsFault(err)
		switch {
		case f != nil && f.Kind == connector.Forbidden:
			e.at.Missing = append(slices.Clip(e.at.Missing), k.Name)
			return nil
		case err != nil:
			return err
		}
		e.sink.Asked(connector.Asked{Kind: k.Name, Query: pii.New("member " + e.member + k.path), Permission: k.permission, Records: int64(len(records))})
		e.at.After, e.at.Records = after, e.at.Records+int64(len(records))
		next := e.at
		if after == "" {
			next.Kind = following
		}
		b, err := json.Marshal(next)
		if err != nil {
			return errors.New("example: the cursor cannot be encoded")
		}
		if len(records) > 0 {
			if err := e.sink.Put(ctx, k.Name, records, b); err != nil {
				return err
			}
		}
		if after == "" {
			return nil
		}
	}
}

// page asks for the next records of a kind. 404 means that there are none.
func (e *export) page(ctx context.Context, k kind) (records []json.RawMessage, after string, err error) {
	q := question{path: "members/" + url.PathEscape(e.member) + k.path, permission: k.permission}
	if k.list {
		var page struct {
			Items *[]json.RawMessage `json:"items"`
			Next  string             `json:"next"`
		}
		q.query = url.Values{"after": {e.at.After}}
		err = e.client.ask(ctx, q, &page)
		if err == nil && page.Items == nil {
			err = e.client.fault(ctx, connector.Unavailable, "not-a-page")
		}
		if err == nil {
			records, after = *page.Items, page.Next
		}
	} else {
		var record json.RawMessage
		err = e.client.ask(ctx, q, &record)
		records = []json.RawMessage{record}
	}
	if errors.Is(err, errAbsent) {
		return nil, "", nil
	}
	return records, after, err
}

func (e *export) outcome() dsr.Outcome {
	var reasons []string
	for _, k := range kinds {
		if slices.Contains(e.at.Missing, k.Name) {
			reasons = append(reasons, k.Title+" could not be read: the permission "+k.permission+" is missing.")
		}
	}
	switch {
	case len(reasons) > 0:
		return dsr.Outcome{Code: dsr.OutcomePartial, Reason: strings.Join(reasons, " ")}
	case e.at.Records == 0:
		return dsr.Outcome{Code: dsr.OutcomeNothingFound}
	}
	return dsr.Outcome{Code: dsr.OutcomeDone}
}
