package purge_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

func TestUploadsThatNoImportNamesAreDeletedAfterADay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := tasktest.New(t)
	id := w.Clean.Imports.ID(w.Tenant, "list-1")
	put := func(name string, meta map[string]string) string {
		require.NoError(t, w.Clean.Blobs.Put(ctx, blob.InputRef(name), []byte("x"), meta, "text/csv"))
		return name
	}
	written := map[string]string{blob.MetaAt: w.Business.Now().UTC().Format(time.RFC3339)}
	named := put(w.Tenant+"/"+id+"/first.csv", written)
	put(w.Tenant+"/"+id+"/second.csv", written)
	put(w.Tenant+"/"+uuid.NewString()+"/cut-off.csv", written)
	producers := put(w.Tenant+"/in/people.csv", nil)
	strangers := put(uuid.NewString()+"/"+uuid.NewString()+"/list.csv", written)
	_, _, err := w.Clean.Imports.Create(ctx, imports.Import{
		ID: id, Tenant: w.Tenant, Reference: "list-1", Caller: "tester", State: imports.Received, Blob: named, Format: "csv", CreatedAt: w.Business.Now(),
	})
	require.NoError(t, err)

	purge(w)
	require.Len(t, w.Blobs(retention.BulkInputs), 5, "they may still become imports")
	w.Business.Advance(25 * time.Hour)
	res, err := w.Steps.Purge.Run(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, res.Done)
	require.ElementsMatch(t, []string{named, producers, strangers}, w.Blobs(retention.BulkInputs))
}

func TestAnIdlePurgeMakesOneCallForATenant(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t)
	tenants := []string{w.Tenant}
	for range 39 {
		tenants = append(tenants, uuid.NewString())
	}
	require.NoError(t, w.Clean.Lists.Remember(t.Context(), tenants))
	w.Counter.Reset()
	res, err := w.Steps.Purge.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, due.Result{}, res)
	require.Equal(t, len(tenants)+4, w.Counter.Total(), "the tenants twice, rejected messages and uploads")
}
