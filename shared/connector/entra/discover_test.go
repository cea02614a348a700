package entra_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

func discover(t *testing.T, w *world, ids ...dsr.Identifier) connector.Discovery {
	t.Helper()
	d, err := w.open(t, "all").Discover(t.Context(), connector.Lookup{Subject: dsr.Subject{Identifiers: ids}})
	require.NoError(t, err)
	return d
}

func TestCandidatesSayWhyAndWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	jane, former := w.id(t, "jane@contoso.example"), w.id(t, "former.worker@contoso.example")
	d := discover(t, w, ident(dsr.Email, "jane@contoso.example"), ident(dsr.EmployeeID, "E00042"), ident(dsr.UserPrincipalName, "former.worker@contoso.example"))
	require.Empty(t, d.Findings)
	require.ElementsMatch(t, []dsr.Candidate{
		{System: "entra", ObjectID: jane, Matched: []string{dsr.Email, dsr.EmployeeID}, State: "active"},
		{System: "entra", ObjectID: former, Matched: []string{dsr.UserPrincipalName}, State: "deleted"},
	}, d.Candidates)
}

func TestIdentifierThatNobodyHasIsNoContradiction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := discover(t, w, ident(dsr.Email, "jane@contoso.example"), ident(dsr.Phone, "+4930231250"))
	require.NotEmpty(t, d.Findings)
	require.Empty(t, d.Candidates)
}

func TestDeletedAccountHasItsProfileOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.id(t, "former.worker@contoso.example")
	d := discover(t, w, ident(dsr.Email, "former.worker@contoso.example"))
	require.Equal(t, []dsr.Finding{{System: "entra", Kind: "profile", ID: id, Category: dsr.CustomerData, Count: 1, State: "deleted"}}, d.Findings)

	require.NoError(t, w.dir.RestoreUser(entrasim.Contoso, id))
	d = discover(t, w, ident(dsr.Email, "former.worker@contoso.example"))
	require.Len(t, d.Findings, len(entra.Entry().Descriptor.Kinds))
	require.Equal(t, "active", d.Findings[0].State)
}

func TestWhatCouldNotBeAskedIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Contains(t, discover(t, w, ident(entra.ExternalSignInName, "jane.customer@shop.example")).Reason, "without its issuer")
	require.Contains(t, discover(t, w, ident(dsr.ObjectID, "vendor-17")).Reason, "object id")
	require.Empty(t, discover(t, w, ident(entra.ExternalSignInName, "google.com|luis@mail.example")).Reason)
}
