// Package aztable keeps rows in Azure Table storage.
package aztable

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Tables gives access to the tables of an account. It is safe for concurrent use.
type Tables struct {
	client *aztables.ServiceClient
	prefix string
}

// New refuses a missing client. All names of tables begin with the prefix, [a-z0-9]*: it keeps
// tests apart and is empty in production. New makes no call.
func New(client *aztables.ServiceClient, prefix string) (*Tables, error) {
	if client == nil {
		return nil, errors.New("store: tables need a client")
	}
	return &Tables{client: client, prefix: prefix}, nil
}

// Table implements row.Tables.
func (t *Tables) Table(name string) row.Table {
	return &table{client: t.client.NewClient(t.prefix + name)}
}

// Create implements row.Tables.
func (t *Tables) Create(ctx context.Context, name string) error {
	_, err := t.client.CreateTable(ctx, t.prefix+name, nil)
	if failure.IsStatus(err, http.StatusConflict) {
		return nil
	}
	return failure.Wrap("create table "+name, err)
}

// table implements row.Table.
type table struct{ client *aztables.Client }

// Get implements row.Table.
func (t *table) Get(ctx context.Context, partition, key string) (*row.Row, error) {
	resp, err := t.client.GetEntity(ctx, partition, key, nil)
	if failure.NotFound(err) {
		return nil, failure.ErrNotFound
	}
	if err != nil {
		return nil, failure.Wrap("read row", err)
	}
	return decode(resp.Value, string(resp.ETag))
}

// Range implements row.Table. A page of the service may be empty although more follow.
func (t *table) Range(ctx context.Context, partition, from, below string, limit int) ([]*row.Row, error) {
	filter := fmt.Sprintf("PartitionKey eq '%s' and RowKey ge '%s' and RowKey lt '%s'", partition, from, below)
	o := &aztables.ListEntitiesOptions{Filter: &filter}
	if limit > 0 {
		o.Top = to.Ptr(int32(min(limit, 1000, math.MaxInt32)))
	}
	var out []*row.Row
	for pager := t.client.NewListEntitiesPager(o); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, failure.Wrap("read rows", err)
		}
		for _, b := range page.Entities {
			r, err := decode(b, "")
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

// Insert implements row.Table.
func (t *table) Insert(ctx context.Context, r *row.Row) error {
	b, err := encode(r)
	if err != nil {
		return err
	}
	resp, err := t.client.AddEntity(ctx, b, nil)
	if err != nil {
		return classify(err)
	}
	r.ETag = string(resp.ETag)
	return nil
}

// Replace implements row.Table.
func (t *table) Replace(ctx context.Context, r *row.Row) error {
	etag, err := version(r)
	if err != nil {
		return err
	}
	b, err := encode(r)
	if err != nil {
		return err
	}
	resp, err := t.client.UpdateEntity(ctx, b, &aztables.UpdateEntityOptions{IfMatch: etag, UpdateMode: aztables.UpdateModeReplace})
	if err != nil {
		return classify(err)
	}
	r.ETag = string(resp.ETag)
	return nil
}

// Delete implements row.Table.
func (t *table) Delete(ctx context.Context, r *row.Row) error {
	etag, err := version(r)
	if err != nil {
		return err
	}
	_, err = t.client.DeleteEntity(ctx, r.Partition, r.Key, &aztables.DeleteEntityOptions{IfMatch: etag})
	return classify(err)
}
