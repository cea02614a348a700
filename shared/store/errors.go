package store

import (
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// What callers tell apart. Everything else is a fault of our own storage: nothing is known to
// have been written.
var (
	ErrNotFound    = failure.ErrNotFound
	ErrConflict    = failure.ErrConflict
	ErrExists      = failure.ErrExists
	ErrTooLarge    = failure.ErrTooLarge
	ErrClaimed     = lease.ErrClaimed
	ErrIdempotency = imports.ErrIdempotency
	ErrShredded    = seal.ErrShredded
)
