package entra

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind, value string
		want        []string
	}{
		"a quote is doubled":             {dsr.EmployeeID, `x' or startswith(mail,'`, []string{`employeeId eq 'x'' or startswith(mail,'''`}},
		"a name, also of a deleted user": {dsr.UserPrincipalName, "o'b@x.example", []string{"userPrincipalName eq 'o''b@x.example'", "endsWith(userPrincipalName,'o''b@x.example')"}},
		"a proxy address":                {ProxyAddress, "a@x.example", []string{"proxyAddresses/any(x:x eq 'smtp:a@x.example')"}},
		"a proxy of other schemes":       {ProxyAddress, "X500:/o=a/cn=b", []string{"proxyAddresses/any(x:x eq 'X500:/o=a/cn=b')"}},
		"a sign-in name":                 {ExternalSignInName, "google.com|a|b", []string{"identities/any(x:x/issuerAssignedId eq 'a|b' and x/issuer eq 'google.com')"}},
		"a guest":                        {GuestAddress, "a@x.example", []string{"mail eq 'a@x.example' or otherMails/any(x:x eq 'a@x.example') or startsWith(userPrincipalName,'a_x.example#EXT#@')"}},
		"a phone": {dsr.Phone, "+14255550101", []string{
			"mobilePhone eq '+14255550101' or businessPhones/any(x:x eq '+14255550101') or " +
				"mobilePhone eq '+1 425-555-0101' or businessPhones/any(x:x eq '+1 425-555-0101') or " +
				"mobilePhone eq '+1 425 555 0101' or businessPhones/any(x:x eq '+1 425 555 0101') or " +
				"mobilePhone eq '+1 4255550101' or businessPhones/any(x:x eq '+1 4255550101')",
		}},
		"an extension": {dsr.Phone, "ext. 17", []string{"mobilePhone eq 'ext. 17' or businessPhones/any(x:x eq 'ext. 17')"}},
	} {
		asks, _ := lookups(tc.kind, tc.value)
		var got []string
		deletedToo := false
		for _, a := range asks {
			if len(got) == 0 || got[len(got)-1] != a.filter {
				got = append(got, a.filter)
			}
			deletedToo = deletedToo || a.deleted
		}
		require.Equal(t, tc.want, got, name)
		require.True(t, deletedToo, name)
	}
}

// The users and the deleted ones are looked through for every kind of identifier that the
// descriptor declares.
func TestEveryDeclaredIdentifierIsLookedFor(t *testing.T) {
	t.Parallel()
	for _, id := range describe().Identifiers {
		asks, _ := lookups(id.Kind, "11111111-1111-4111-8111-111111111111")
		require.GreaterOrEqual(t, len(asks), 2, id.Kind)
	}
	asks, gap := lookups("customer-number", "1")
	require.Empty(t, asks)
	require.Empty(t, gap)
}

func TestCursorTakesEachRecordOnce(t *testing.T) {
	t.Parallel()
	var c cursor
	require.True(t, c.take(json.RawMessage(`{"id":"1"}`), "id"))
	require.True(t, c.take(json.RawMessage(`{"id":"2"}`), "id"))
	require.False(t, c.take(json.RawMessage(`{"x":0,"id":"1"}`), "id"))
	require.True(t, c.take(json.RawMessage(`{"x":0}`), "id"))
	require.True(t, c.take(json.RawMessage(`{"x":0}`), "id"), "what has no id cannot be told apart")
}

func FuzzCursor(f *testing.F) {
	whole, err := (&cursor{Kind: "member-of", Next: "/v1.0/x", Seen: make([]byte, 16), Gaps: []gap{{Kind: "manager", Why: whyForbidden}}}).encode()
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte(`{"kind":"","records":1}`))
	f.Add([]byte(`{"kind":"unknown"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCursor(b, kinds)
		if err != nil {
			require.ErrorIs(t, err, errCursor)
			return
		}
		for _, g := range c.Gaps {
			_ = g.sentence()
		}
		c.take(json.RawMessage(b), "id")
		require.Zero(t, len(c.Seen)%seenBytes)
	})
}
