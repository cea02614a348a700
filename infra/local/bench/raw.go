package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/store"
)

// raw makes storage calls and nothing else: the SDK's own clients on the same transport, with the same retries, as ours have.
type raw struct {
	clients store.Clients
	prefix  string // of tables, queues and containers

	mu     sync.Mutex
	tables map[string]*aztables.Client
}

func newRaw(connection, prefix string) (*raw, error) {
	c, err := store.Connect(connection, store.ClientOptions(nil))
	if err != nil {
		return nil, err
	}
	return &raw{clients: c, prefix: prefix, tables: map[string]*aztables.Client{}}, nil
}

// create makes the tables, the queue and the container that the calls need.
func (r *raw) create(ctx context.Context, calls []call) error {
	made := map[string]bool{}
	for _, c := range calls {
		service := map[op]string{opInsert: "t", opReplace: "t", opChange: "t", opMessage: "q", opPut: "b", opBlock: "b", opCommit: "b"}[c.Op]
		name := r.prefix + c.Target
		if service == "" || made[service+name] {
			continue
		}
		made[service+name] = true
		var err error
		switch service {
		case "t":
			_, err = r.clients.Tables.CreateTable(ctx, name, nil)
		case "q":
			_, err = r.clients.Queues.CreateQueue(ctx, name, nil)
		case "b":
			_, err = r.clients.Blobs.CreateContainer(ctx, name, nil)
		}
		var re *azcore.ResponseError
		if err != nil && (!errors.As(err, &re) || re.StatusCode != http.StatusConflict) {
			return fmt.Errorf("make %s: %w", name, err)
		}
	}
	return nil
}

func (r *raw) table(name string) *aztables.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tables[name]
	if t == nil {
		t = r.clients.Tables.NewClient(r.prefix + name)
		r.tables[name] = t
	}
	return t
}

// do makes one call. Replacements become upserts: the ETags of another run mean nothing here, and the bytes are the same.
func (r *raw) do(ctx context.Context, c call) error {
	var err error
	switch c.Op {
	case opInsert:
		_, err = r.table(c.Target).AddEntity(ctx, c.Rows[0].Entity, nil)
	case opReplace:
		_, err = r.table(c.Target).UpsertEntity(ctx, c.Rows[0].Entity, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	case opChange:
		err = r.change(ctx, c)
	case opMessage:
		_, err = r.clients.Queues.NewQueueClient(r.prefix+c.Target).EnqueueMessage(ctx, c.Text, nil)
	case opBlock:
		id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%08d", c.Size))
		_, err = r.clients.Blobs.NewContainerClient(r.prefix+c.Target).NewBlockBlobClient("raw").StageBlock(ctx, id, streaming.NopCloser(bytes.NewReader(make([]byte, c.Size))), nil)
	case opPut:
		_, err = r.clients.Blobs.NewContainerClient(r.prefix+c.Target).NewBlockBlobClient("put").Upload(ctx, streaming.NopCloser(bytes.NewReader(make([]byte, c.Size))), nil)
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("raw %s: %w", c.name(), err)
	}
	return nil
}

func (r *raw) change(ctx context.Context, c call) error {
	actions := make([]aztables.TransactionAction, 0, len(c.Rows))
	for _, w := range c.Rows {
		a := aztables.TransactionAction{ActionType: aztables.TransactionTypeInsertMerge, Entity: w.Entity}
		switch w.Verb {
		case http.MethodPost:
			a.ActionType = aztables.TransactionTypeAdd
		case http.MethodPut:
			a.ActionType = aztables.TransactionTypeInsertReplace
		case http.MethodDelete:
			a.ActionType, a.IfMatch = aztables.TransactionTypeDelete, to.Ptr(azcore.ETagAny)
			var err error
			if a.Entity, err = named(w.Path); err != nil {
				return err
			}
		}
		actions = append(actions, a)
	}
	_, err := r.table(c.Target).SubmitTransaction(ctx, actions, nil)
	return err
}

// named is the entity that a path such as PartitionKey='a',RowKey='b') names.
func named(path string) ([]byte, error) {
	var e aztables.Entity
	keys := splitKeys(path)
	if len(keys) != 2 {
		return nil, fmt.Errorf("a deleted row is not named by two keys")
	}
	e.PartitionKey, e.RowKey = keys[0], keys[1]
	return json.Marshal(e)
}

// all makes the calls in their order, up to limit at a time.
func (r *raw) all(ctx context.Context, calls []call, limit int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(limit)
	for _, c := range calls {
		g.Go(func() error { return r.do(ctx, c) })
	}
	return g.Wait()
}
