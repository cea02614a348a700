package store

import (
	"context"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// Store keeps all that Rightsdesk stores. It is safe for concurrent use.
type Store struct {
	Blobs  *blob.Store
	Queues *queue.Queues
	Lists  *lists.Lists
	// Imports keeps the bulk imports.
	Imports *imports.Imports

	requests, lists, keys row.Table

	tables  row.Tables
	sealing *seal.Keys
	idKey   []byte
	wall    func() time.Time
	log     *slog.Logger
	random  io.Reader

	parallel int
	leases   lease.Leases
}

// Init creates the tables, containers and queues that do not exist yet.
func (s *Store) Init(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range []string{layout.TableRequests, layout.TableLists, layout.TableKeys} {
		g.Go(func() error { return s.tables.Create(ctx, name) })
	}
	g.Go(func() error { return s.Blobs.Init(ctx) })
	g.Go(func() error { return s.Queues.Init(ctx) })
	return g.Wait()
}

func (s *Store) newID() string { return row.NewID(s.random) }
