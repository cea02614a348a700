package store

import (
	"errors"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// What callers tell apart. Everything else is a fault of our own storage: nothing is known to
// have been written.
var (
	ErrNotFound    = failure.ErrNotFound
	ErrConflict    = failure.ErrConflict
	ErrExists      = failure.ErrExists
	ErrTooLarge    = failure.ErrTooLarge
	ErrClaimed     = errors.New("store: somebody else works on it, or it is over")
	ErrIdempotency = errors.New("store: the idempotency key was used with another body or reference")
	ErrShredded    = seal.ErrShredded
)
