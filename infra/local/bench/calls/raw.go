package calls

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"golang.org/x/sync/errgroup"
)

// Raw makes storage calls and nothing else. It uses the SDK's clients with the product's
// transport and retries.
type Raw struct {
	clients account.Clients
	prefix  string // of tables, queues and containers

	mu     sync.Mutex
	tables map[string]*aztables.Client
}

// OpenRaw opens an account by its connection string. The prefix goes before the names in the
// calls.
func OpenRaw(connection, prefix string) (*Raw, error) {
	c, err := account.ConnectString(connection, account.ClientOptions(nil))
	if err != nil {
		return nil, err
	}
	return &Raw{clients: c, prefix: prefix, tables: map[string]*aztables.Client{}}, nil
}

// Create makes the tables, the queue and the container that the calls need.
func (r *Raw) Create(ctx context.Context, calls []Call) error {
	made := map[string]bool{}
	for _, c := range calls {
		service := map[Op]string{Insert: "t", Replace: "t", Change: "t", Message: "q", Put: "b", Block: "b", Commit: "b"}[c.Op]
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

func (r *Raw) table(name string) *aztables.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tables[name]
	if t == nil {
		t = r.clients.Tables.NewClient(r.prefix + name)
		r.tables[name] = t
	}
	return t
}

// Do makes one call. Replacements become upserts, since the ETags of another run mean nothing
// here; the bytes are the same.
func (r *Raw) Do(ctx context.Context, c Call) error {
	var err error
	switch c.Op {
	case Insert:
		_, err = r.table(c.Target).AddEntity(ctx, c.Rows[0].Entity, nil)
	case Replace:
		_, err = r.table(c.Target).UpsertEntity(ctx, c.Rows[0].Entity, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	case Change:
		err = r.change(ctx, c)
	case Message:
		_, err = r.clients.Queues.NewQueueClient(r.prefix+c.Target).EnqueueMessage(ctx, c.Text, nil)
	case Block:
		id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%08d", c.Size))
		_, err = r.clients.Blobs.NewContainerClient(r.prefix+c.Target).NewBlockBlobClient("raw").StageBlock(ctx, id, streaming.NopCloser(bytes.NewReader(make([]byte, c.Size))), nil)
	case Put:
		_, err = r.clients.Blobs.NewContainerClient(r.prefix+c.Target).NewBlockBlobClient("put").Upload(ctx, streaming.NopCloser(bytes.NewReader(make([]byte, c.Size))), nil)
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("raw %s: %w", c.Name(), err)
	}
	return nil
}

func (r *Raw) change(ctx context.Context, c Call) error {
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
	var re *azcore.ResponseError
	if errors.As(err, &re) && slices.ContainsFunc(c.Rows, func(w Row) bool { return w.Verb == http.MethodDelete }) {
		return nil // calls do not wait for each other, so the row may not exist yet
	}
	return err
}

// named makes an entity of the keys in a path such as PartitionKey='a',RowKey='b').
func named(path string) ([]byte, error) {
	var e aztables.Entity
	keys := splitKeys(path)
	if len(keys) != 2 {
		return nil, fmt.Errorf("the path of a deleted row does not hold two keys")
	}
	e.PartitionKey, e.RowKey = keys[0], keys[1]
	return json.Marshal(e)
}

// All makes the calls in their order, up to limit at a time.
func (r *Raw) All(ctx context.Context, calls []Call, limit int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(limit)
	for _, c := range calls {
		g.Go(func() error { return r.Do(ctx, c) })
	}
	return g.Wait()
}
