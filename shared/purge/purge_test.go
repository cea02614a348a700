package purge_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

func purge(w *tasktest.World) {
	w.T.Helper()
	_, err := w.Steps.Purge.Run(context.Background())
	require.NoError(w.T, err)
}

func TestAPackageExpires(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Destination("legal", retention.Results)
	ids := []string{w.Submit(dsr.Export), w.Submit(dsr.Access), w.SubmitWith(func(r *dsr.Request) { r.Dest = "legal" }, dsr.Export)}
	for _, id := range ids {
		w.Host.Finish(id)
	}
	require.Len(t, w.Blobs(retention.Packages), 2)
	require.Len(t, w.Blobs(retention.Results), 1)
	w.Business.Advance(tasktest.Retention - time.Hour)
	purge(w)
	require.Len(t, w.Blobs(retention.Packages), 2, "not before its time")

	w.Business.Advance(40 * 24 * time.Hour) // and the timer missed many days
	purge(w)
	purge(w) // twice
	require.Empty(t, w.Blobs(retention.Packages))
	require.Empty(t, w.Blobs(retention.Results))
	for _, id := range ids {
		c := w.Load(id)
		require.Equal(t, dsr.StateCompleted, c.State)
		require.Equal(t, dsr.PackageExpired, c.Package.State)
		require.Empty(t, c.Wakes)
		var types []dsr.EventType
		history, err := w.Clean.History(context.Background(), w.Tenant, id)
		require.NoError(t, err)
		for _, h := range history[len(history)-2:] {
			types = append(types, h.Event.Type)
		}
		require.Equal(t, []dsr.EventType{dsr.EventPackageExpiring, dsr.EventPackageExpired}, types)
	}
}

// Whatever is deleted on the whole way, is deleted as it was seen.
func TestNothingIsDeletedUnconditionally(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.Finish(id)
	w.Business.Advance(tasktest.Retention + time.Hour)
	purge(w)
	require.Equal(t, dsr.PackageExpired, w.Load(id).Package.State)
	deleted := 0
	for _, c := range w.Counter.Calls() {
		require.NotContains(t, c.Body, "If-Match: *")
		if c.Method == http.MethodDelete {
			deleted++
			require.NotContains(t, []string{"", "*"}, c.IfMatch, c.Path)
		}
	}
	require.Greater(t, deleted, tasktest.Pages, "a part for each page, and the package")
}

// The package is marked first, so that nobody gets a link to what is about to go. The end is
// recorded last, when a read answers 404.
func TestAPurgeThatIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	dead := func(match func(storetest.Call) bool, skip int) func(w *tasktest.World) func() {
		return func(w *tasktest.World) func() {
			var mu sync.Mutex
			n, gone := 0, false
			return w.Faults.Add(storetest.Fault{Action: storetest.Lost, Match: func(c storetest.Call) bool {
				mu.Lock()
				defer mu.Unlock()
				if !gone && match(c) {
					n++
					gone = n > skip
				}
				return gone
			}})
		}
	}
	commit := func(c storetest.Call) bool { return c.Batch && c.Is("table", "requests") }
	deletion := func(c storetest.Call) bool { return c.Is("blob", retention.Packages) && c.Method == "DELETE" }
	for name, tc := range map[string]struct {
		die   func(w *tasktest.World) func()
		state dsr.PackageState
		blobs int
	}{
		"before the mark":     {dead(commit, 0), dsr.PackageReady, 1},
		"before the deletion": {dead(deletion, 0), dsr.PackageExpiring, 1},
		"before the record":   {dead(commit, 1), dsr.PackageExpiring, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha")
			id := w.Submit(dsr.Export)
			w.Host.Finish(id)
			w.Business.Advance(retention.LookAgain)
			purge(w)
			require.Equal(t, []retention.WakeKind{retention.WakePackage}, w.Look(id).Wakes, "the second look at the parts is done")
			w.Business.Advance(tasktest.Retention + time.Hour)
			revive := tc.die(w)
			_, err := w.Steps.Purge.Run(context.Background())
			require.Error(t, err)
			revive()
			require.Equal(t, tc.state, w.Load(id).Package.State)
			require.Len(t, w.Blobs(retention.Packages), tc.blobs)
			purge(w)
			require.Equal(t, dsr.PackageExpired, w.Load(id).Package.State)
			require.Empty(t, w.Blobs(retention.Packages))
		})
	}
}

func TestOneBlobThatCannotBeDeletedStopsNoOther(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	var ids []string
	for range 4 {
		ids = append(ids, w.Submit(dsr.Export))
	}
	for _, id := range ids {
		w.Host.Finish(id)
	}
	w.Business.Advance(tasktest.Retention + time.Hour)
	back := w.Faults.Add(storetest.Fault{Action: storetest.Throttled, Match: func(c storetest.Call) bool {
		return c.Is("blob", retention.Packages) && strings.Contains(c.Path, ids[1])
	}})
	res, err := w.Steps.Purge.Run(context.Background())
	require.Error(t, err)
	require.Equal(t, 1, res.Failed)
	require.Len(t, w.Blobs(retention.Packages), 1)
	require.Equal(t, dsr.PackageExpiring, w.Load(ids[1]).Package.State)
	back()
	purge(w)
	require.Empty(t, w.Blobs(retention.Packages))
}

// A purge that was held up between its look and its deletion does not delete a package that a
// retry has made meanwhile.
func TestAPurgeDoesNotDeleteTheNextPackage(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Systems["alpha"].OnPage = func(n int) error {
		if n == 0 {
			return tasktest.Forbidden()
		}
		return nil
	}
	id := w.Submit(dsr.Access, dsr.Export)
	w.Host.Finish(id)
	w.Business.Advance(tasktest.Retention + time.Hour)
	once := sync.Once{}
	w.Faults.Add(storetest.Fault{
		Action: storetest.Pass, Times: 1,
		Match: func(c storetest.Call) bool { return c.Is("blob", retention.Packages) && c.Method == "HEAD" },
		Before: func() {
			once.Do(func() {
				w.Retry(id)
				w.Host.Finish(id)
			})
		},
	})
	_, err := w.Steps.Purge.Run(context.Background())
	require.NoError(t, err)
	require.Equal(t, dsr.PackageReady, w.Load(id).Package.State)
	require.NotEmpty(t, w.Look(id).Records)
	w.Business.Advance(tasktest.Retention + time.Hour)
	purge(w)
	require.Empty(t, w.Blobs(retention.Packages))
}

func TestImportsExpire(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := tasktest.New(t)
	now := w.Business.Now()
	id := w.Clean.Imports.ID(w.Tenant, "list-1")
	input, result := w.Tenant+"/"+id+"/upload.csv", w.Tenant+"/"+id+".ndjson"
	require.NoError(t, w.Clean.Blobs.Put(ctx, blob.Ref{Container: retention.BulkInputs, Name: input}, []byte("x"), nil, "text/csv"))
	require.NoError(t, w.Clean.Blobs.Put(ctx, blob.Ref{Container: retention.Results, Name: result}, []byte("x"), nil, "application/x-ndjson"))
	_, _, err := w.Clean.Imports.Create(ctx, imports.Import{
		ID: id, Tenant: w.Tenant, Reference: "list-1", Caller: "tester", State: imports.Completed, Blob: input, Format: "csv", CreatedAt: now, EndedAt: now,
		Wakes: map[retention.WakeKind]time.Time{retention.WakeBulkInput: now.Add(7 * 24 * time.Hour), retention.WakeBulkResult: now.Add(30 * 24 * time.Hour)},
	})
	require.NoError(t, err)
	for _, step := range []struct {
		on              time.Duration
		inputs, results int
	}{{6 * 24 * time.Hour, 1, 1}, {25 * time.Hour, 0, 1}, {0, 0, 1}, {30 * 24 * time.Hour, 0, 0}, {0, 0, 0}} {
		w.Business.Advance(step.on)
		purge(w)
		require.Len(t, w.Blobs(retention.BulkInputs), step.inputs)
		require.Len(t, w.Blobs(retention.Results), step.results)
	}
	b, err := w.Clean.Imports.Load(ctx, w.Tenant, id)
	require.NoError(t, err)
	require.Empty(t, b.Wakes)
}

func TestRejectedMessagesExpire(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := tasktest.New(t)
	put := func(age time.Duration) string {
		name := uuid.NewString()
		meta := map[string]string{"code": "unknown-tenant", blob.MetaAt: w.Business.Now().Add(-age).UTC().Format(time.RFC3339)}
		require.NoError(t, w.Clean.Blobs.Put(ctx, blob.Ref{Container: retention.Rejected, Name: name}, []byte("{}"), meta, "application/octet-stream"))
		return name
	}
	put(31 * 24 * time.Hour)
	young := put(29 * 24 * time.Hour)
	res, err := w.Steps.Purge.Run(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, res.Done)
	require.Equal(t, []string{young}, w.Blobs(retention.Rejected))
	w.Business.Advance(2 * 24 * time.Hour)
	purge(w)
	require.Empty(t, w.Blobs(retention.Rejected))
}
