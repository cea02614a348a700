package deliver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// whole is how many records a whole package has: two of each of three kinds for access, and two of
// each of two kinds for export.
const whole = 10

// answeredOnce is a request with a ready package in which the access of alpha is missing.
func answeredOnce(t *testing.T, w *tasktest.World) string {
	t.Helper()
	w.Systems["alpha"].Pages = 1
	w.Tenants[0].Package.Formats = nil
	w.Systems["alpha"].OnPage = func(n int) error {
		if n == 0 {
			return tasktest.Forbidden()
		}
		return nil
	}
	id := w.Submit(dsr.Access, dsr.Export)
	require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
	return id
}

// retried is such a request whose next package is about to be made.
func retried(t *testing.T, w *tasktest.World) (id string, first dsr.Package) {
	t.Helper()
	id = answeredOnce(t, w)
	first = *w.Load(id).Package
	w.Retry(id)
	w.Host.DrainTo(id, dsr.StateAssembling)
	return id, first
}

// purgeLater runs the purge twice when no writer of a former package can be alive.
func purgeLater(w *tasktest.World) {
	w.T.Helper()
	w.Business.Advance(retention.KeepFormer + time.Minute)
	for range 2 {
		_, err := w.Steps.Purge.Run(context.Background())
		require.NoError(w.T, err)
	}
}

// The ready package can be fetched until the next one is ready, which lies beside it.
func TestTheNextPackageLiesBesideTheReadyOne(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id, first := retried(t, w)
	c := w.Load(id)
	require.Equal(t, first, *c.Package)
	require.Equal(t, dsr.PackageBuilding, c.Next.State)
	require.NotEqual(t, first.Place.Name, c.Next.Place.Name)
	require.Empty(t, c.Next.Place.ETag)
	require.NotEmpty(t, w.Look(id).Records, "the first one is whole")
	place := c.Next.Place

	c = w.Host.Finish(id)
	require.Nil(t, c.Next)
	place.ETag = c.Package.Place.ETag
	require.Equal(t, place, c.Package.Place)
	require.Equal(t, []string{place.Name}, w.Blobs(retention.Packages), "the one before was deleted at once")
	require.Len(t, c.Former, 1)
	require.Equal(t, first.Place, c.Former[0].Place, "and is looked for again")
	purgeLater(w)
	c = w.Load(id)
	require.Empty(t, c.Former)
	require.NotContains(t, c.Wakes, retention.WakeFormer)
	require.Len(t, w.Look(id).Records, whole)
}

// The destination was moved between two packages: each lies where it was put.
func TestARetryAfterTheDestinationWasMoved(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Destination("legal", retention.Results)
	w.Systems["alpha"].OnPage = func(n int) error {
		if n == 0 {
			return tasktest.Forbidden()
		}
		return nil
	}
	id := w.SubmitWith(func(r *dsr.Request) { r.Dest = "legal" }, dsr.Access, dsr.Export)
	w.Host.Finish(id)
	require.Len(t, w.Blobs(retention.Results), 1)
	w.Tenants[0].Destinations = []tenant.Destination{{Name: "legal", Container: retention.Ledger}}
	w.Retry(id)
	require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
	require.Len(t, w.Look(id).Records, 2*whole, "also what the first one had")
	require.Empty(t, w.Blobs(retention.Results))
	require.Len(t, w.Blobs(retention.Ledger), 1)
	w.Business.Advance(tasktest.Retention + time.Hour)
	purgeLater(w)
	require.Empty(t, w.Blobs(retention.Ledger))
}

// One package is left, whatever call between two packages is the last one of a process.
func TestACrashBetweenTwoPackages(t *testing.T) {
	t.Parallel()
	crash := func(n int) (met bool) {
		w := tasktest.New(t, "alpha")
		defer w.Forget()
		id, first := retried(t, w)
		revive := w.Faults.KillAfter(n)
		_, _ = w.Host.Next()
		revive()
		c := w.Load(id)
		if c.Next != nil {
			require.Equal(t, first, *c.Package, "dead after %d calls", n)
			require.Contains(t, w.Blobs(retention.Packages), first.Place.Name)
		}
		c = w.Host.Finish(id)
		require.Equal(t, dsr.StateCompleted, c.State)
		purgeLater(w)
		require.Equal(t, []string{c.Package.Place.Name}, w.Blobs(retention.Packages), "dead after %d calls", n)
		p := w.Look(id)
		require.Len(t, p.Records, whole, "dead after %d calls", n)
		require.Zero(t, p.Parts)
		require.Equal(t, []retention.WakeKind{retention.WakePackage}, p.Wakes)
		require.Empty(t, w.Load(id).Former)
		return w.Faults.Met() > 0
	}
	n, step := 0, 1
	if testing.Short() {
		step = 4
	}
	for ; crash(n); n += step {
	}
	require.Greater(t, n, 10)
}

// Each write of a delivery that replaces a package is lost, done and reported as failed, or late.
func TestAWriteBetweenTwoPackagesMeetsAFault(t *testing.T) {
	t.Parallel()
	packages := func(method string) func(storetest.Call) bool {
		return func(c storetest.Call) bool { return c.Is("blob", retention.Packages) && c.Method == method }
	}
	writes := map[string]func(storetest.Call) bool{
		"the package":  packages("PUT"),
		"the deletion": packages("DELETE"),
		"the commit":   func(c storetest.Call) bool { return c.Batch && c.Is("table", "requests") },
		"every write":  storetest.Call.Write,
	}
	for name, match := range writes {
		for how, action := range map[string]storetest.Action{"lost": storetest.Lost, "unheard": storetest.DoneButFailed, "late": storetest.Late} {
			for tries, times := range map[string]int{"once": 1, "until the end of the attempt": 0} {
				t.Run(strings.Join([]string{name, how, tries}, ", "), func(t *testing.T) {
					t.Parallel()
					w := tasktest.New(t, "alpha")
					defer w.Forget()
					id, _ := retried(t, w)
					heal := w.Faults.Add(storetest.Fault{Action: action, Match: match, Times: times})
					_, _ = w.Host.Next()
					heal()
					if times == 0 {
						w.Faults.Arrive(t) // before another attempt
					}
					w.Host.Finish(id)
					w.Faults.Arrive(t)
					c := w.Host.Finish(id)
					require.Positive(t, w.Faults.Met())
					require.Equal(t, dsr.StateCompleted, c.State)
					require.Len(t, w.Look(id).Records, whole)
					purgeLater(w)
					require.Equal(t, []string{c.Package.Place.Name}, w.Blobs(retention.Packages))
					require.Len(t, w.Look(id).Records, whole)
					require.Equal(t, []retention.WakeKind{retention.WakePackage}, w.Look(id).Wakes)
				})
			}
		}
	}
}

// A next package that is given up leaves the ready one as it is, and nothing of its own. One that
// is written late is found.
func TestANextPackageThatIsGivenUp(t *testing.T) {
	t.Parallel()
	put := func(c storetest.Call) bool { return c.Is("blob", retention.Packages) && c.Method == "PUT" }
	for name, tc := range map[string]struct {
		giveUp func(w *tasktest.World, id string)
		state  dsr.State
	}{
		"the request is cancelled": {func(w *tasktest.World, id string) { w.Cancel(id) }, dsr.StateCancelled},
		"a part of it is missing": {func(w *tasktest.World, id string) {
			for _, name := range w.Blobs(retention.Parts) {
				require.NoError(w.T, w.Clean.Blobs.Delete(context.Background(), blob.Ref{Container: retention.Parts, Name: name}, ""))
			}
			w.Host.Finish(id)
		}, dsr.StateFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha")
			id, first := retried(t, w)
			before := w.Look(id).Records
			heal := w.Faults.Add(storetest.Fault{Action: storetest.Late, Match: put})
			_, _ = w.Host.Next() // it dies with the package on its way
			heal()
			w.Clock.Advance(time.Minute)
			tc.giveUp(w, id)
			w.Faults.Arrive(t)
			c := w.Load(id)
			require.Equal(t, tc.state, c.State)
			require.Nil(t, c.Next)
			require.Equal(t, first, *c.Package)
			require.Empty(t, cmp.Diff(before, w.Look(id).Records))
			require.Len(t, w.Blobs(retention.Packages), 2)
			purgeLater(w)
			require.Equal(t, []string{first.Place.Name}, w.Blobs(retention.Packages))
			require.Equal(t, first, *w.Load(id).Package)
			require.Empty(t, w.Blobs(retention.Parts))
			// Another try reads what is in no package, and only that.
			if tc.state == dsr.StateFailed {
				require.Equal(t, []dsr.TaskID{"alpha-discover", "alpha-access"}, w.Load(id).Retryable())
				w.Retry(id)
				require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
				require.Len(t, w.Look(id).Records, whole)
			}
		})
	}
}

// Where the ready package is gone, no next one can be made of it. The request says so, and another
// retry reads everything.
func TestARetryWhoseReadyPackageIsMissing(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id, first := retried(t, w)
	require.NoError(t, w.Clean.Blobs.Delete(t.Context(), blob.PackageRef(first.Place), first.Place.ETag))
	c := w.Host.Finish(id)
	require.Equal(t, dsr.StateFailed, c.State)
	require.Equal(t, dsr.PackageMissing, c.Package.State)
	require.Contains(t, w.Log(), "code=package-missing")
	require.Equal(t, []dsr.TaskID{"alpha-discover", "alpha-access", "alpha-export"}, c.Retryable())
	w.Retry(id)
	c = w.Host.Finish(id)
	require.Equal(t, dsr.StateCompleted, c.State)
	require.Len(t, w.Look(id).Records, whole)
	purgeLater(w)
	require.Equal(t, []string{c.Package.Place.Name}, w.Blobs(retention.Packages))
}
