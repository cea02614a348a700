package store

import (
	"context"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Bulk is a bulk import.
type Bulk struct {
	ID, Tenant, Reference, Caller string
	State                         string // received, importing, completed, failed
	Blob                          string // name of the input in its container
	Format                        string // ndjson, csv, json
	Digest                        string // of the input
	Lines, Accepted, Duplicate    int64
	Rejected                      int64
	Offset, Line                  int64 // where the import stands
	Chunk                         int
	CreatedAt, EndedAt            time.Time
	Wakes                         map[WakeKind]time.Time
	Shard                         int
	Claim                         dsr.Claim
	Failure                       string // a code, when the state is failed
	ResultETag                    string
}

// BulkCase is an import as it was loaded.
type BulkCase struct {
	Bulk
	s *Store
}

// CreateBulk stores an import; existing means that one with that id was there before and is returned.
func (s *Store) CreateBulk(ctx context.Context, b Bulk) (c *BulkCase, existing bool, err error) {
	panic("soon")
}

// LoadBulk reads an import, or ErrNotFound.
func (s *Store) LoadBulk(ctx context.Context, tenant, id string) (*BulkCase, error) { panic("soon") }

// SaveBulk replaces an import if it is unchanged. Under a claim it renews the lease; ErrClaimed when that was lost, ErrConflict when
// somebody else changed the import.
func (s *Store) SaveBulk(ctx context.Context, b *BulkCase) error { panic("soon") }

// ClaimBulk takes the lease of an import, or ErrClaimed.
func (s *Store) ClaimBulk(ctx context.Context, b *BulkCase, owner string) (*Claim, error) {
	panic("soon")
}
