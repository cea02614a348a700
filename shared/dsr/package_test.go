package dsr_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// place is a place under a name.
func place(name string) dsr.Place { return dsr.Place{Container: "packages", Name: name, ETag: name} }

func TestOnePackageTakesThePlaceOfAnother(t *testing.T) {
	t.Parallel()
	failed := []dsr.Task{
		{ID: "a-discover", System: "a", Action: dsr.Discover, State: dsr.TaskOpen},
		{ID: "a-access", System: "a", Action: dsr.Access, State: dsr.TaskOpen},
		dsr.DeliveryTask(),
	}
	round := func(r *dsr.Request) {
		do(t, r, dsr.Event{Type: dsr.EventDiscovered, Task: "a-discover", Outcome: &dsr.Outcome{Code: dsr.OutcomeDone}})
		do(t, r, dsr.Event{Type: dsr.EventTaskEnded, Task: "a-access", Outcome: &dsr.Outcome{Code: dsr.OutcomeFailed}})
		require.Equal(t, dsr.StateAssembling, r.State)
		r.Next.Place = dsr.Place{Container: "packages", Name: "building"}
	}
	ready := func(r *dsr.Request, name string) {
		do(t, r, dsr.Event{Type: dsr.EventAnswered, Package: &dsr.Package{State: dsr.PackageReady, Place: place(name)}})
	}
	retry := func(r *dsr.Request) { do(t, r, dsr.Event{Type: dsr.EventRetried, Tasks: r.Retryable()}) }
	given := []dsr.Former{{Place: dsr.Place{Container: "packages", Name: "building"}, Since: noon}}
	first, second := place("first"), place("second")
	for name, tc := range map[string]struct {
		then   func(r *dsr.Request)
		ready  *dsr.Place
		state  dsr.PackageState
		former []dsr.Former
	}{
		"nothing yet":            {func(*dsr.Request) {}, &first, dsr.PackageReady, nil},
		"the next one is ready":  {func(r *dsr.Request) { ready(r, "second") }, &second, dsr.PackageReady, []dsr.Former{{Place: first, Since: noon}}},
		"its assembly fails":     {func(r *dsr.Request) { do(t, r, dsr.Event{Type: dsr.EventAssemblyFailed, Outcome: &dsr.Outcome{}}) }, &first, dsr.PackageReady, given},
		"the request is stopped": {func(r *dsr.Request) { do(t, r, dsr.Event{Type: dsr.EventCancelled}) }, &first, dsr.PackageReady, given},
		"the ready one is marked and replaced": {func(r *dsr.Request) {
			do(t, r, dsr.Event{Type: dsr.EventPackageExpiring})
			ready(r, "second")
		}, &second, dsr.PackageReady, []dsr.Former{{Place: first, Since: noon}}},
		"the ready one is deleted, then replaced": {func(r *dsr.Request) {
			do(t, r, dsr.Event{Type: dsr.EventPackageExpired})
			ready(r, "second")
		}, &second, dsr.PackageReady, nil},
		"the ready one is missing": {func(r *dsr.Request) {
			do(t, r, dsr.Event{Type: dsr.EventPackageMissing})
			do(t, r, dsr.Event{Type: dsr.EventAssemblyFailed, Outcome: &dsr.Outcome{}})
		}, &first, dsr.PackageMissing, given},
		"what it replaced is removed": {func(r *dsr.Request) {
			ready(r, "second")
			do(t, r, dsr.Event{Type: dsr.EventPackageRemoved, Package: &dsr.Package{Place: first}})
		}, &second, dsr.PackageReady, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &dsr.Request{Tasks: append([]dsr.Task{}, failed...)}
			do(t, r, dsr.Event{Type: dsr.EventReceived})
			do(t, r, dsr.Event{Type: dsr.EventDiscoveryStarted})
			round(r)
			require.Nil(t, r.Package)
			ready(r, "first")
			require.Nil(t, r.Next)
			require.False(t, r.Replacing())
			retry(r)
			require.True(t, r.Replacing())
			round(r)
			require.True(t, r.Replacing())
			require.Equal(t, first, r.Package.Place)
			tc.then(r)
			require.Equal(t, *tc.ready, r.Package.Place)
			require.Equal(t, tc.state, r.Package.State)
			if len(tc.former) == 0 {
				require.Empty(t, r.Former)
			} else {
				require.Equal(t, tc.former, r.Former)
			}
			if r.State != dsr.StateAssembling {
				require.Nil(t, r.Next)
				require.False(t, r.Replacing())
			}
			require.Equal(t, noon, r.AnsweredAt)
		})
	}
	r := &dsr.Request{State: dsr.StateCompleted}
	e := dsr.Event{Type: dsr.EventPackageRemoved, Seq: 1, Package: &dsr.Package{Place: first}}
	require.Error(t, r.Apply(e), "a place that is not on the list")
}

// The packages of a head are read for ever: lines are added and never changed.
func TestStoredPackagesDecodeForEver(t *testing.T) {
	t.Parallel()
	p := dsr.Place{Account: "https://contoso.blob.core.windows.net", Container: "legal", Name: "t/r/5f.zip", ETag: "0x1"}
	golden(t, "packages.jsonl", lines(t,
		dsr.Package{State: dsr.PackageBuilding}, dsr.Package{State: dsr.PackageBuilding, Round: 1, Place: dsr.Place{Container: "packages", Name: "t/r/5f.zip"}},
		dsr.Package{State: dsr.PackageReady, Place: p, Round: 1, Bytes: 2, SHA256: "00", ExpiresAt: noon}, dsr.Former{Place: p, Since: noon},
	))
	f, err := os.Open("testdata/packages.jsonl")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for in := bufio.NewScanner(f); in.Scan(); {
		var v any = &dsr.Package{}
		if strings.Contains(in.Text(), `"since"`) {
			v = &dsr.Former{}
		}
		require.NoError(t, json.Unmarshal(in.Bytes(), v))
		require.Empty(t, cmp.Diff(in.Text()+"\n", lines(t, v)))
	}
}

func lines(t *testing.T, values ...any) string {
	t.Helper()
	var out strings.Builder
	for _, v := range values {
		require.NoError(t, json.NewEncoder(&out).Encode(v))
	}
	return out.String()
}
