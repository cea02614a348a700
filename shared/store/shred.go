package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// ledgerEntry is what a blob of the ledger says about a destroyed key. It names neither the request
// nor the person.
type ledgerEntry struct {
	Version int       `json:"v"`
	Key     string    `json:"key"`
	At      time.Time `json:"at"` // by the business clock, to the millisecond
}

// Shred destroys the key of a case, and so everything that was sealed with it. The keys of other
// cases stay. At is the time by the business clock.
//
// The ledger says so first. A key that comes back with a backup of table keys is destroyed again by
// what the ledger names. Then the row is deleted if it is unchanged, and read again. From the entry
// on, c returns ErrShredded. Another worker may keep the key for as long as it keeps the case
// loaded.
//
// Shred may be repeated after any error, and later to make sure that no late writer has brought the
// row back. The entry of the first try stays as it is.
func (s *Store) Shred(ctx context.Context, c *Case, at time.Time) error {
	entry, err := json.Marshal(ledgerEntry{Version: 1, Key: c.KeyID, At: clock.Stored(at)})
	if err != nil {
		return err
	}
	ref := blob.Ref{Container: retention.Ledger, Name: layout.LedgerName(c.Tenant, c.Shard, c.KeyID)}
	if err := s.Blobs.Put(ctx, ref, entry, nil, "application/json"); err != nil && !errors.Is(err, ErrExists) {
		return err
	}
	c.ring.Forget()
	key, err := s.keys.Get(ctx, layout.ShardPartition(c.Tenant, c.Shard), c.KeyID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := row.Drop(ctx, s.keys, key); err != nil {
		return err
	}
	switch _, err := s.keys.Get(ctx, key.Partition, key.Key); {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return ErrConflict // another writer has brought the row back
}
