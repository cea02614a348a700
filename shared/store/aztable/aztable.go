// Package aztable keeps rows in Azure Table storage.
package aztable

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Tables are the tables of an account. It is safe for concurrent use.
type Tables struct {
	client *aztables.ServiceClient
	prefix string
}

// New refuses a missing client. The prefix is of the names of the tables, [a-z0-9]*; it is for
// tests and empty in production. New makes no call.
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

// Range implements row.Table. Pages of the service may be empty.
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

// version is the condition that the row is unchanged. The SDK takes a missing ETag for "*",
// which is any version.
func version(r *row.Row) (*azcore.ETag, error) {
	if r.ETag == "" || r.ETag == "*" {
		return nil, fmt.Errorf("store: an unconditional change of row %s was refused", r.Key)
	}
	return to.Ptr(azcore.ETag(r.ETag)), nil
}

// classify tells a condition that did not hold from every other error of a write.
func classify(err error) error {
	refused := &row.Refusal{Op: -1, Cause: err}
	switch {
	case failure.IsStatus(err, http.StatusConflict):
		refused.Reason = row.Exists
	case failure.IsStatus(err, http.StatusPreconditionFailed):
		refused.Reason = row.Changed
	case failure.NotFound(err):
		refused.Reason = row.Missing
	default:
		return err
	}
	var inner *batchError
	if errors.As(err, &inner) {
		refused.Op = inner.index
	}
	return refused
}
