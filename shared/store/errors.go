package store

import (
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// The errors that callers tell apart. Any other error is a fault of the storage account: whether
// anything was written is not known.
var (
	ErrNotFound    = failure.ErrNotFound
	ErrConflict    = failure.ErrConflict
	ErrExists      = failure.ErrExists
	ErrTooLarge    = failure.ErrTooLarge
	ErrNoAccount   = failure.ErrNoAccount
	ErrClaimed     = lease.ErrClaimed
	ErrIdempotency = imports.ErrIdempotency
	ErrShredded    = seal.ErrShredded
)
