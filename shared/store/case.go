package store

import (
	"context"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// Draft is a request to be made. Request.ID, Seq and State are unset, Tenant, Caller and Tasks are set.
type Draft struct {
	Request dsr.Request
	Private dsr.Private
	Key     string // idempotency key
	Body    string // keyed hash of the canonical body
	Wakes   map[WakeKind]time.Time
	By      string // name of the caller, of the first event
}

// Created is the request of a draft. Existing means that it was there before, with the same body; a resumed import compares
// Request.Origin with its own line.
type Created struct {
	Request  *dsr.Request
	Existing bool
	Err      error // of a line of CreateMany
}

// Case is a request as it was loaded, with what a change needs. It is not safe for concurrent use, but for Private, Seal and Unseal.
type Case struct {
	dsr.Request
	Wakes    map[WakeKind]time.Time
	Shard    int
	KeyID    string
	BodyHash string

	s *Store
}

// Change is what a commit does.
type Change struct {
	Events  []dsr.Event            // drafts: Version, Seq, Prev and Write are filled in
	Reason  pii.Value              // sealed into the first event
	Wakes   map[WakeKind]time.Time // to set; a zero time clears
	Private *dsr.Private           // replaces the sealed part of the head
	Claim   *Claim                 // the commit ends it, and fails when it was lost
}

// Create makes a request in at most three calls when it is new.
func (s *Store) Create(ctx context.Context, d Draft) (Created, error) { panic("soon") }

// CreateMany makes up to 100 requests of one tenant in one shard.
func (s *Store) CreateMany(ctx context.Context, tenant string, ds []Draft) []Created { panic("soon") }

// Load reads a request with its tasks in one call, or ErrNotFound.
func (s *Store) Load(ctx context.Context, tenant, id string) (*Case, error) { panic("soon") }

// Commit applies a change.
func (s *Store) Commit(ctx context.Context, c *Case, ch Change) error { panic("soon") }

// Private returns what is sealed under the case's key. The key is read when first needed (one call) and kept; ErrShredded when it was
// destroyed.
func (c *Case) Private(ctx context.Context) (dsr.Private, error) { panic("soon") }

// Seal encrypts under the case's key; what binds the result to its use.
func (c *Case) Seal(ctx context.Context, what string, plain []byte) ([]byte, error) { panic("soon") }

// Unseal decrypts what Seal encrypted for the same use.
func (c *Case) Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error) {
	panic("soon")
}

// Claim is the lease of the one worker on a task or an import. It is safe for concurrent use.
type Claim struct{}

// Claim takes the lease of a task, or ErrClaimed.
func (s *Store) Claim(ctx context.Context, c *Case, id dsr.TaskID, owner string) (*Claim, error) {
	panic("soon")
}

// Renew lengthens the lease; ErrClaimed when it was lost.
func (cl *Claim) Renew(ctx context.Context) error { panic("soon") }

// Release ends the lease.
func (cl *Claim) Release(ctx context.Context) error { panic("soon") }

// Check reads the row once; ErrClaimed when the lease was lost or the work is no longer open.
func (cl *Claim) Check(ctx context.Context) error { panic("soon") }

// Keep renews the lease until stop; the context ends when the lease is lost.
func (cl *Claim) Keep(ctx context.Context) (context.Context, func()) { panic("soon") }

// SealReason is the use under which Change.Reason is sealed, into dsr.Event.Sealed and dsr.Task.Text.
const SealReason = "reason"

// StoredEvent is an entry of a request's history.
type StoredEvent struct {
	Event dsr.Event
	Bytes []byte // exactly as they were hashed
}

// Reason unseals what a person wrote; empty when nobody wrote anything.
func (e StoredEvent) Reason(ctx context.Context) (pii.Value, error) { panic("soon") }

// History returns the events of a request in order, or ErrNotFound.
func (s *Store) History(ctx context.Context, tenant, id string) ([]StoredEvent, error) {
	panic("soon")
}

// ListQuery says which requests to list.
type ListQuery struct {
	Tenants   []string
	State     dsr.State
	DueBefore time.Time
	Limit     int
	Cursor    string
}

// List returns a page of requests and the cursor of the next one, empty at the end.
func (s *Store) List(ctx context.Context, q ListQuery) (items []*dsr.Request, next string, err error) {
	panic("soon")
}
