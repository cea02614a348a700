// Package imports keeps bulk imports as rows, with their wakes and idempotency keys.
package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// ErrIdempotency says that the caller used the idempotency key for something else before.
var ErrIdempotency = errors.New("store: the idempotency key was used with another body or reference")

// Shards chooses where the wakes of a new import lie.
type Shards interface {
	Shard(ctx context.Context, tenant, id string, things int) int
}

// Options is what New needs.
type Options struct {
	Requests, Lists row.Table
	Shards          Shards
	Leases          lease.Leases // on the rows of table requests
	IDKey           []byte       // makes the ids of imports; at least 32 bytes, never rotated
	Random          io.Reader    // source of write ids
}

// Imports keeps bulk imports. It is safe for concurrent use.
type Imports struct{ o Options }

// New refuses missing parts. It makes no call.
func New(o Options) (*Imports, error) {
	switch {
	case o.Requests == nil || o.Lists == nil || o.Shards == nil || o.Leases.Table == nil || o.Random == nil:
		return nil, errors.New("store: imports need tables, shards, leases and random numbers")
	case len(o.IDKey) < 32:
		return nil, fmt.Errorf("store: the id key has %d bytes, at least 32 are needed", len(o.IDKey))
	}
	return &Imports{o}, nil
}

// The states of an import.
const (
	Received  = "received"
	Importing = "importing"
	Completed = "completed"
	Failed    = "failed"
)

// Import is a bulk import. Times are kept to the millisecond. An import whose EndedAt is set cannot
// be claimed.
type Import struct {
	ID, Tenant, Reference, Caller string
	State                         string
	Blob                          string // name of the blob of the input
	Format                        string // ndjson, csv or json
	Digest                        string // digest of the input
	Lines, Accepted               int64
	Duplicate, Rejected           int64
	Offset, Line                  int64 // progress: bytes and lines that are done
	Chunk                         int   // progress: chunks that are done
	CreatedAt, EndedAt            time.Time
	Wakes                         map[retention.WakeKind]time.Time
	Shard                         int
	Claim                         dsr.Claim // set by Claim and Save only
	Failure                       string    // a code when the state is Failed
	InputETag                     string    // version of the input blob that was received
}

// Case is an import as it was loaded. It is not safe for concurrent use.
type Case struct {
	Import

	s      *Imports
	etag   string
	writes []string
	named  map[retention.WakeKind]time.Time // the wakes that the stored row names
	claim  *lease.Claim
}

// ID returns the id of the import with a reference in a tenant.
func (s *Imports) ID(tenant, reference string) string {
	return layout.GUID(pii.MAC(s.o.IDKey, "bulk", tenant, reference))
}

// Load reads an import, or failure.ErrNotFound.
func (s *Imports) Load(ctx context.Context, tenant, id string) (*Case, error) {
	if !layout.ValidSegment(tenant) || !layout.ValidSegment(id) {
		return nil, failure.ErrNotFound
	}
	r, err := s.o.Requests.Get(ctx, layout.Partition(tenant, id), layout.RowBulk)
	if err != nil {
		return nil, err
	}
	return s.caseOf(tenant, id, r)
}

// Claim takes the lease of an import that has not ended. From then on Save of the same case writes
// under the lease. Claim returns ErrClaimed when another lease is live or the import has ended, and
// failure.ErrConflict when the import has changed since it was loaded.
func (s *Imports) Claim(ctx context.Context, b *Case, owner string) (*lease.Claim, error) {
	if !b.EndedAt.IsZero() || b.Import.Claim.Live(s.o.Leases.Clocks.Wall()) {
		return nil, lease.ErrClaimed
	}
	next := *b
	next.Import.Claim = dsr.Claim{Owner: owner, Until: s.o.Leases.End(), Count: b.Import.Claim.Count + 1}
	next.Wakes = b.named // only Save changes wakes, because it writes their rows first
	r := next.row(b.writes)
	r.ETag = b.etag
	cl, err := s.o.Leases.Take(ctx, r, "")
	if err != nil {
		return nil, err
	}
	h := cl.Lock()
	defer h.Unlock()
	b.Import.Claim, b.claim, b.etag = h.Lease(), cl, h.Row().ETag
	return cl, nil
}
