package row

import (
	"context"
	"errors"
)

// MaxOps is the largest number of rows that one transaction changes.
const MaxOps = 100

// Table keeps rows. Upsert is its only unconditional write. Implementations are safe for
// concurrent use.
//
// A write returns a *Refusal when a condition did not hold. After any other error nothing is
// known: the write may have been done. A client that retries by itself may be refused because its
// first try succeeded, so a Refusal does not say who was first. A write that succeeds sets the
// ETags of its rows.
type Table interface {
	// Get reads one row, or failure.ErrNotFound.
	Get(ctx context.Context, partition, key string) (*Row, error)
	// Range reads the rows of a partition whose keys are at least from and less than below, in
	// the order of the keys. Limit 0 means all.
	Range(ctx context.Context, partition, from, below string, limit int) ([]*Row, error)
	// Insert stores a row that must not exist yet.
	Insert(ctx context.Context, r *Row) error
	// Replace stores a row in place of the version that its ETag names.
	Replace(ctx context.Context, r *Row) error
	// Delete deletes the version that the row's ETag names.
	Delete(ctx context.Context, r *Row) error
	// Transact changes up to MaxOps rows of one partition, all or none.
	Transact(ctx context.Context, ops []Op) error
}

// Tables are the tables of an account.
type Tables interface {
	// Table returns a table by its name. It makes no call.
	Table(name string) Table
	// Create makes a table unless it exists.
	Create(ctx context.Context, name string) error
}

// Kind is what a transaction does to a row.
type Kind int

// The kinds. Upsert sets the given values and keeps the others. It is for rows that depend on
// nothing but their key.
const (
	Insert Kind = iota
	Replace
	Upsert
	Delete
)

// Op is one row of a transaction.
type Op struct {
	Kind Kind
	Row  *Row
}

// Reason says which condition of a write did not hold.
type Reason int

// The reasons.
const (
	Exists  Reason = iota + 1 // the row of an Insert exists
	Changed                   // the row exists in another version
	Missing                   // the row does not exist
)

// Refusal is the answer of a table that refused a write. This try has changed nothing.
type Refusal struct {
	Reason Reason
	// index of the refused operation in its transaction; -1 when it is not known
	Op    int
	Cause error // what the service said
}

func (r *Refusal) Error() string {
	return "row refused: " + map[Reason]string{Exists: "it exists", Changed: "it has changed", Missing: "it does not exist"}[r.Reason]
}

// Unwrap returns what the service said.
func (r *Refusal) Unwrap() error { return r.Cause }

// AsRefusal returns the refusal in an error, or nil.
func AsRefusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}
