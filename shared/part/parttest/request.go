package parttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// The tenant and the request.
const (
	TenantID  = "11111111-1111-1111-1111-111111111111"
	RequestID = "0f8b4c6e-2d1a-4e53-9b70-6a5d3c2e1f00"
)

// At returns an hour of the day on which everything happens.
func At(hour int) time.Time { return time.Date(2026, 3, 3, hour, 5, 0, 0, time.UTC) }

// Directory returns a system with a provided, an observed and a derived kind.
func Directory() connector.Descriptor {
	return connector.Descriptor{
		System: "entra", Title: "Microsoft Entra ID", Holds: "Accounts, groups and sign-ins of the organisation.",
		Identifiers: []connector.Identifier{{Kind: dsr.Email, Title: "E-mail address"}, {Kind: dsr.UserPrincipalName, Title: "User principal name"}},
		Kinds: []connector.Kind{
			{Name: "profile", Title: "Profile", Category: dsr.CustomerData, Provenance: dsr.Provided, ID: "id", Columns: []connector.Column{
				{Name: "id", Title: "Object id"},
				{Name: "displayName", Title: "Display name"},
				{Name: "mail", Title: "E-mail address"},
				{Name: "businessPhones", Title: "Business phones"},
				{Name: "accountEnabled", Title: "Account enabled"},
			}},
			{Name: "sign-ins", Title: "Sign-ins", Category: dsr.SystemGeneratedLogs, Provenance: dsr.Observed, ID: "id", Columns: []connector.Column{
				{Name: "id", Title: "Sign-in id"}, {Name: "createdDateTime", Title: "When"}, {Name: "location", Title: "Place"},
			}},
			{Name: "risk", Title: "Risk assessment", Category: dsr.SystemGeneratedLogs, Provenance: dsr.Derived, ID: "id", Columns: []connector.Column{
				{Name: "id", Title: "Id"}, {Name: "riskLevel", Title: "Level of risk"},
			}},
		},
	}
}

// tokens hash the queries of a sink.
func tokens() *pii.Tokens {
	t, err := pii.NewTokens(pii.Key{Version: 1, Key: []byte("0123456789abcdef0123456789abcdef")})
	if err != nil {
		panic(err) // the key above is long enough
	}
	return t
}

// Asked returns a request whose tasks have all ended as done.
func Asked(regime dsr.Regime, actions ...dsr.Action) *dsr.Request {
	r := &dsr.Request{
		ID: RequestID, Tenant: TenantID, State: dsr.StateAssembling, Actions: actions, Regime: regime, ReceivedAt: At(8), CreatedAt: At(9),
		Tasks: []dsr.Task{{
			ID: "entra-discover", System: "entra", Action: dsr.Discover, State: dsr.TaskEnded, Outcome: dsr.Outcome{Code: dsr.OutcomeDone},
			Detail: &dsr.Detail{Queries: []dsr.Query{{Hash: "v1-aa", Permission: "User.Read.All", At: At(9), Records: 1}}},
		}},
	}
	for _, a := range actions {
		r.Tasks = append(r.Tasks, dsr.Task{
			ID: dsr.NewTaskID("entra", a), System: "entra", Action: a, State: dsr.TaskEnded, Outcome: dsr.Outcome{Code: dsr.OutcomeDone}, Records: 3,
			Detail: &dsr.Detail{Queries: []dsr.Query{
				{Hash: "v1-bb", Permission: "User.Read.All", At: At(10), Records: 1}, {Hash: "v1-cc", Permission: "AuditLog.Read.All", At: At(10), Records: 2},
			}},
		})
	}
	return r
}

// WithTrouble adds tasks that ended in other ways.
func WithTrouble(r *dsr.Request) *dsr.Request {
	for i, o := range []dsr.Outcome{
		{Code: dsr.OutcomeRefused, Reason: "The mailbox is under a hold.", Basis: "GDPR Art. 15(4)"},
		{Code: dsr.OutcomeManual, Reason: "Ask the archive in writing.", Link: "https://intranet.contoso.example/archive"},
		{Code: dsr.OutcomeFailed, Reason: "The permission Device.Read.All is missing."},
		{Code: dsr.OutcomePending, Reason: "A copy is being made.", Until: At(20)},
		{Code: dsr.OutcomeNothingFound},
	} {
		system := fmt.Sprintf("system-%d", i+1)
		r.Tasks = append(r.Tasks, dsr.Task{ID: dsr.NewTaskID(system, dsr.Access), System: system, Action: dsr.Access, State: dsr.TaskEnded, Outcome: o, Declared: i == 1, Detail: &dsr.Detail{}})
	}
	return r
}

// Private returns the person whom the request is about.
func Private() dsr.Private {
	return dsr.Private{Subject: dsr.Subject{
		Name: pii.New("Jane O'Brien"), Identifiers: []dsr.Identifier{{Kind: dsr.Email, Value: pii.New("jane@contoso.example")}, {Kind: "customer-number", Value: pii.New("<0815>")}},
	}}
}

// Array returns the records as a stored JSON member.
func Array(records ...string) []byte {
	var b bytes.Buffer
	b.WriteString("[\n")
	for i, r := range records {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(r)
	}
	b.WriteString("\n]\n")
	return b.Bytes()
}

// Raws returns texts as raw records.
func Raws(records ...string) []json.RawMessage {
	var out []json.RawMessage
	for _, r := range records {
		out = append(out, json.RawMessage(r))
	}
	return out
}

// Columns returns a kind with columns of those names.
func Columns(names ...string) connector.Kind {
	k := connector.Kind{Name: "things"}
	for _, n := range names {
		k.Columns = append(k.Columns, connector.Column{Name: n, Title: strings.ToUpper(n)})
	}
	return k
}
