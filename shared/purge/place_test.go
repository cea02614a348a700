package purge_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// lastTypes are the types of the last n events of a request.
func lastTypes(w *tasktest.World, id string, n int) (out []dsr.EventType) {
	w.T.Helper()
	history, err := w.Clean.History(context.Background(), w.Tenant, id)
	require.NoError(w.T, err)
	for _, h := range history[len(history)-n:] {
		out = append(out, h.Event.Type)
	}
	return out
}

// What the document says about a destination later does not matter: a package is read and deleted
// where it was put.
func TestAPackageIsFoundWhereItWasPut(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*tenant.Tenant){
		"the destination was moved": func(t *tenant.Tenant) {
			t.Destinations = []tenant.Destination{{Name: "legal", Container: retention.Findings}}
		},
		"the destination was moved to an account that does not exist": func(t *tenant.Tenant) {
			t.Destinations = []tenant.Destination{{Name: "legal", Account: "https://other.blob.core.windows.net", Container: retention.Results}}
		},
		"the destination was taken out": func(t *tenant.Tenant) { t.Destinations = nil },
		"another destination got its name": func(t *tenant.Tenant) {
			t.Destinations = []tenant.Destination{{Name: "archive", Container: retention.Results}, {Name: "legal", Container: retention.Ledger}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha")
			w.Destination("legal", retention.Results)
			id := w.SubmitWith(func(r *dsr.Request) { r.Dest = "legal" }, dsr.Export)
			c := w.Host.Finish(id)
			require.Equal(t, dsr.Place{Container: retention.Results, Name: w.Blobs(retention.Results)[0], ETag: c.Package.Place.ETag}, c.Package.Place)
			change(&w.Tenants[0])
			require.NotEmpty(t, w.Look(id).Records)
			url, err := w.Store.Blobs.SignedURL(t.Context(), blob.PackageRef(c.Package.Place), w.Clock.Now().Add(time.Minute), "x.zip", c.Package.Place.ETag)
			require.NoError(t, err)
			require.Contains(t, url, c.Package.Place.Name)
			w.Business.Advance(tasktest.Retention + time.Hour)
			purge(w)
			purge(w)
			require.Empty(t, w.Blobs(retention.Results))
			require.Equal(t, dsr.PackageExpired, w.Load(id).Package.State)
		})
	}
}

// A package in an account that nothing opens any more stays due, with a code in the log. Once the
// account can be opened again, it is deleted there.
func TestAPackageInAnAccountThatNobodyNames(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	c := w.Host.Finish(id)
	was := c.Package.Place
	moved := was
	moved.Account = "https://gone.blob.core.windows.net"
	c.Package.Place = moved
	require.NoError(t, w.Clean.Commit(t.Context(), c, store.Change{Wakes: c.Wakes}))
	w.Business.Advance(tasktest.Retention + time.Hour)
	for range 2 {
		_, err := w.Steps.Purge.Run(t.Context())
		require.ErrorIs(t, err, store.ErrNoAccount)
		require.Equal(t, dsr.PackageExpiring, w.Load(id).Package.State, "nobody gets a link")
	}
	require.Contains(t, w.Log(), "code=destination-unknown")
	c = w.Load(id)
	c.Package.Place = was
	require.NoError(t, w.Clean.Commit(t.Context(), c, store.Change{Wakes: c.Wakes}))
	purge(w)
	require.Empty(t, w.Blobs(retention.Packages))
}

// A blob that somebody else put under the name of a package is not the one that was recorded.
func TestAPurgeDeletesOnlyWhatWasRecorded(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	c := w.Host.Finish(id)
	ref := blob.PackageRef(c.Package.Place)
	require.NoError(t, w.Clean.Blobs.Delete(t.Context(), ref, c.Package.Place.ETag))
	require.NoError(t, w.Clean.Blobs.Put(t.Context(), ref, []byte("the minutes of a meeting"), nil, "text/plain"))
	w.Business.Advance(tasktest.Retention + time.Hour)
	for range 2 {
		_, err := w.Steps.Purge.Run(t.Context())
		require.ErrorContains(t, err, "another version")
		require.Len(t, w.Blobs(retention.Packages), 1)
		require.Equal(t, dsr.PackageExpiring, w.Load(id).Package.State, "it is not recorded as deleted")
	}
	require.Contains(t, w.Log(), "code=package-changed")
	require.NoError(t, w.Clean.Blobs.Delete(t.Context(), ref, ""), "an operator looked at it")
	purge(w)
	require.Equal(t, dsr.PackageMissing, w.Load(id).Package.State, "ours was never deleted by us")
	require.Empty(t, w.Load(id).Wakes)
}

// A package that is gone before its time was not deleted by the purge, and its request does not say
// so.
func TestAPackageThatIsMissingIsNotRecordedAsDeleted(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	c := w.Host.Finish(id)
	require.NoError(t, w.Clean.Blobs.Delete(t.Context(), blob.PackageRef(c.Package.Place), c.Package.Place.ETag))
	w.Business.Advance(tasktest.Retention + time.Hour)
	purge(w)
	purge(w)
	require.Equal(t, dsr.PackageMissing, w.Load(id).Package.State)
	require.Equal(t, []dsr.EventType{dsr.EventCompleted, dsr.EventPackageMissing}, lastTypes(w, id, 2))
	require.Contains(t, w.Log(), "code=package-missing")
	require.Empty(t, w.Load(id).Wakes)
}

// What a package left that was given up is deleted when no writer of it can be alive. A blob that
// somebody else put there is not.
func TestWhatAGivenUpPackageLeft(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateAssembling)
	ref := blob.PackageRef(w.Load(id).Next.Place)
	w.Cancel(id)
	require.Nil(t, w.Load(id).Next)
	require.Contains(t, w.Load(id).Wakes, retention.WakeFormer)
	require.NoError(t, w.Clean.Blobs.Put(t.Context(), ref, []byte("x"), nil, "text/plain"))
	w.Business.Advance(retention.KeepFormer + time.Minute)
	_, err := w.Steps.Purge.Run(t.Context())
	require.ErrorContains(t, err, "another version")
	require.NoError(t, w.Clean.Blobs.Delete(t.Context(), ref, ""))
	require.NoError(t, w.Clean.Blobs.Put(t.Context(), ref, []byte("late"), map[string]string{blob.MetaRequest: id}, "application/zip"))
	purge(w)
	require.Empty(t, w.Blobs(retention.Packages))
	require.Equal(t, []dsr.EventType{dsr.EventCancelled, dsr.EventPackageRemoved}, lastTypes(w, id, 2))
	require.Empty(t, w.Load(id).Wakes)
	require.Empty(t, w.Load(id).Former)
}

// Each write of the purge of a former package is lost, done and reported as failed, or late.
func TestAWriteOfThePurgeOfAFormerPackageMeetsAFault(t *testing.T) {
	t.Parallel()
	writes := map[string]func(storetest.Call) bool{
		"the deletion":  func(c storetest.Call) bool { return c.Is("blob", retention.Packages) && c.Method == "DELETE" },
		"the record":    func(c storetest.Call) bool { return c.Batch && c.Is("table", "requests") },
		"the list rows": func(c storetest.Call) bool { return c.Batch && c.Is("table", "lists") },
	}
	for name, match := range writes {
		for how, action := range map[string]storetest.Action{"lost": storetest.Lost, "unheard": storetest.DoneButFailed, "late": storetest.Late} {
			for tries, times := range map[string]int{"once": 1, "until the end of the run": 0} {
				t.Run(name+", "+how+", "+tries, func(t *testing.T) {
					t.Parallel()
					w := tasktest.New(t, "alpha")
					defer w.Forget()
					id := w.Submit(dsr.Export)
					w.Host.DrainTo(id, dsr.StateAssembling)
					ref := blob.PackageRef(w.Load(id).Next.Place)
					w.Cancel(id)
					require.NoError(t, w.Clean.Blobs.Put(t.Context(), ref, []byte("x"), map[string]string{blob.MetaRequest: id}, "application/zip"))
					w.Business.Advance(retention.KeepFormer + time.Minute)
					heal := w.Faults.Add(storetest.Fault{Action: action, Match: match, Times: times})
					_, _ = w.Steps.Purge.Run(t.Context())
					heal()
					purge(w)
					w.Faults.Arrive(t)
					purge(w)
					require.Positive(t, w.Faults.Met())
					require.Empty(t, w.Blobs(retention.Packages))
					c := w.Load(id)
					require.Empty(t, c.Former)
					require.Empty(t, c.Wakes)
					require.Equal(t, []dsr.EventType{dsr.EventCancelled, dsr.EventPackageRemoved}, lastTypes(w, id, 2))
				})
			}
		}
	}
}
