package store

import (
	"context"
	"fmt"
	"math"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// get reads one row, or ErrNotFound.
func (s *Store) get(ctx context.Context, t *aztables.Client, pk, rk string) (*row, error) {
	resp, err := t.GetEntity(ctx, pk, rk, nil)
	if failure.NotFound(err) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, failure.Wrap("read row", err)
	}
	return decodeRow(resp.Value, string(resp.ETag))
}

// put inserts a row that has no ETag and replaces one that has, under it. Its errors are those of the SDK.
func (s *Store) put(ctx context.Context, t *aztables.Client, r *row) error {
	b, err := r.encode()
	if err != nil {
		return err
	}
	if r.etag == "" {
		resp, err := t.AddEntity(ctx, b, nil)
		if err != nil {
			return err
		}
		r.etag = string(resp.ETag)
		return nil
	}
	etag := azcore.ETag(r.etag)
	resp, err := t.UpdateEntity(ctx, b, &aztables.UpdateEntityOptions{IfMatch: &etag, UpdateMode: aztables.UpdateModeReplace})
	if err != nil {
		return err
	}
	r.etag = string(resp.ETag)
	return nil
}

// drop deletes a row that is unchanged. One that is not there is no error, a changed one is ErrConflict.
func (s *Store) drop(ctx context.Context, t *aztables.Client, r *row) error {
	if r.etag == "" || r.etag == "*" {
		return fmt.Errorf("store: an unconditional deletion of row %s was refused", r.rk)
	}
	etag := azcore.ETag(r.etag)
	_, err := t.DeleteEntity(ctx, r.pk, r.rk, &aztables.DeleteEntityOptions{IfMatch: &etag})
	switch {
	case err == nil, failure.NotFound(err):
		return nil
	case failure.LostRace(err):
		return ErrConflict
	}
	return failure.Wrap("delete row", err)
}

// span reads the rows of a partition from one row key up to, but without, another; limit 0 means all. Pages may be empty.
func (s *Store) span(ctx context.Context, t *aztables.Client, pk, from, below string, limit int) ([]*row, error) {
	filter := fmt.Sprintf("PartitionKey eq '%s' and RowKey ge '%s' and RowKey lt '%s'", pk, from, below)
	o := &aztables.ListEntitiesOptions{Filter: &filter}
	if limit > 0 {
		o.Top = to.Ptr(int32(min(limit, 1000, math.MaxInt32)))
	}
	var out []*row
	for pager := t.NewListEntitiesPager(o); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, failure.Wrap("read rows", err)
		}
		for _, b := range page.Entities {
			r, err := decodeRow(b, "")
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		if limit > 0 && len(out) >= limit {
			return out[:limit], nil
		}
	}
	return out, nil
}
