package entrasim_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestSampleCounts pins how much there is of everything, so that a change to the sample is seen.
func TestSampleCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	counts := map[string]map[string]int{}
	for name, tenant := range map[string]string{"contoso": entrasim.Contoso, "fabrikam": entrasim.Fabrikam} {
		n := map[string]int{}
		for _, p := range w.directory.Users(tenant) {
			records, ok := w.directory.Records(tenant, p.ID)
			require.True(t, ok)
			for resource, rs := range records {
				n[resource] += len(rs)
			}
			if records["user"][0]["employeeLeaveDateTime"] != nil {
				n["user with a leave date"]++
			}
		}
		counts[name] = n
	}
	got, err := json.MarshalIndent(counts, "", "  ")
	require.NoError(t, err)
	golden := filepath.Join("testdata", "sample-counts.json")
	if *update {
		require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), string(got)+"\n"))
}

func TestSampleIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	a, b := newWorld(t), newWorld(t)
	require.Equal(t, a.directory.Users(entrasim.Contoso), b.directory.Users(entrasim.Contoso))
	for _, p := range a.directory.Users(entrasim.Fabrikam) {
		left, _ := a.directory.Records(entrasim.Fabrikam, p.ID)
		right, _ := b.directory.Records(entrasim.Fabrikam, p.ID)
		require.Equal(t, left, right)
	}
}

// TestSampleIsRich holds what the local world promises: 500 people with 6 kinds of record, 20
// with several pages of a kind.
func TestSampleIsRich(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sixKinds, severalPages, active := 0, 0, 0
	for _, p := range w.directory.Users(entrasim.Contoso) {
		records, _ := w.directory.Records(entrasim.Contoso, p.ID)
		kinds, paged := 0, false
		for _, rs := range records {
			if len(rs) > 0 {
				kinds++
			}
			paged = paged || len(rs) > 100
		}
		if !p.Deleted {
			active++
		}
		if kinds >= 6 {
			sixKinds++
		}
		if paged {
			severalPages++
		}
	}
	require.Equal(t, 520, active)
	require.GreaterOrEqual(t, sixKinds, 500)
	require.GreaterOrEqual(t, severalPages, 20)
}

func TestSampleStartsFast(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	newWorld(t)
	require.Less(t, time.Since(begin), 20*time.Second, "about 0.2 s on an idle machine")
}

func TestPeopleCanBeFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		filter string
		want   []string
	}{
		"principal name":        {`userPrincipalName eq 'JANE@contoso.example'`, []string{"jane@contoso.example"}},
		"mail":                  {`mail eq 'john@contoso.example'`, []string{"john@contoso.example"}},
		"other mail":            {`otherMails/any(x:x eq 'jane.doe@home.example')`, []string{"jane@contoso.example"}},
		"shared other mail":     {`otherMails/any(x:x eq 'family.lee@home.example')`, []string{"sam.lee@contoso.example", "sam.lee2@contoso.example"}},
		"shared name":           {`displayName eq 'Sam Lee'`, []string{"sam.lee@contoso.example", "sam.lee2@contoso.example"}},
		"proxy address":         {`proxyAddresses/any(x:x eq 'smtp:jane@mail.contoso.example')`, []string{"jane@contoso.example"}},
		"mobile phone":          {`mobilePhone eq '+14255550100'`, []string{"jane@contoso.example"}},
		"business phone":        {`businessPhones/any(x:x eq '+1 425 555 0101')`, []string{"jane@contoso.example"}},
		"employee id":           {`employeeId eq 'E00042'`, []string{"jane@contoso.example"}},
		"external sign-in name": {`identities/any(c:c/issuerAssignedId eq 'jane.customer@shop.example' and c/issuer eq 'contoso.example')`, []string{"jane@contoso.example"}},
		"federated identity":    {`identities/any(c:c/issuerAssignedId eq 'luis@mail.example' and c/issuer eq 'google.com')`, []string{"luis_mail.example#EXT#@contoso.example"}},
		"invited address":       {`mail eq 'maria.guest@partner.example'`, []string{"maria.guest_partner.example#EXT#@contoso.example"}},
		"apostrophe":            {`userPrincipalName eq 'pat.o''brien@contoso.example'`, []string{"pat.o'brien@contoso.example"}},
		"on premises":           {`onPremisesUserPrincipalName eq 'ona.prem@corp.contoso.example'`, []string{"ona.prem@contoso.example"}},
		"the deleted are not":   {`mail eq 'former.worker@contoso.example'`, []string{}},
		"nor the neighbours":    {`userPrincipalName eq 'jane@fabrikam.example'`, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, w.find(t, "contoso", c.filter))
		})
	}
}
