package row

import (
	"context"
	"errors"
)

// MaxOps is how many rows one transaction changes at most.
const MaxOps = 100

// Table keeps rows. No write of it is unconditional but Upsert. Implementations are safe for
// concurrent use.
//
// A write that fails returns a *Refusal when a condition did not hold. After any other error
// nothing is known: the write may have been done. A client that tries again by itself may also
// lose against its own first try, so that a Refusal does not say who was first. A write that
// succeeds sets the ETag of its rows.
type Table interface {
	// Get reads one row, or failure.ErrNotFound.
	Get(ctx context.Context, partition, key string) (*Row, error)
	// Range reads the rows of a partition from one key up to, but without, another, in order of the
	// keys; limit 0 means all.
	Range(ctx context.Context, partition, from, below string, limit int) ([]*Row, error)
	// Insert stores a row that must not exist.
	Insert(ctx context.Context, r *Row) error
	// Replace stores a row in the place of the version that its ETag names.
	Replace(ctx context.Context, r *Row) error
	// Delete deletes the version that the row's ETag names.
	Delete(ctx context.Context, r *Row) error
	// Transact changes up to 100 rows of one partition, all or none.
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

// The kinds. Upsert is for rows that are wholly a function of their key: it sets the values
// that are given and keeps the others.
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
	Exists  Reason = iota + 1 // the row of an Insert is there
	Changed                   // the row is there in another version
	Missing                   // the row is not there
)

// Refusal is the answer of a table that refused a write: this try has changed nothing.
type Refusal struct {
	Reason Reason
	// index in the transaction of the operation that was refused; -1 when it is not known
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
