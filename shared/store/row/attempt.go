package row

import (
	"context"
	"encoding/hex"
	"io"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// Attempt is one write that leaves its id in what it writes: in the row of an event, among the
// last writers of a head or an import, or as the owner of a lease. The id identifies the write
// when its answer is an error.
type Attempt interface {
	// Write writes everything in one call, or nothing.
	Write(ctx context.Context) error
	// Look reads what is stored there now and says who wrote it. A missing row is not an error.
	Look(ctx context.Context) (Writer, error)
}

// Writer says who wrote the row that an attempt writes.
type Writer int

// The writers.
const (
	Unwritten Writer = iota // the row is as it was before the attempt, as far as can be seen
	Own                     // the row carries the id of the attempt
	Other                   // another attempt has written since
)

// Result is what became of an attempt.
type Result int

// The results.
const (
	Done      Result = iota + 1 // the table confirmed the write
	FoundDone                   // the answer was lost, but the row carries the id of the attempt
	Overtaken                   // nothing was written: another attempt was first
)

// Try writes and finds out what became of the write. The client of the table retries by itself.
// A refusal may therefore answer a retry of a write that was done, and so may any other error.
// Try reads the row after every error. It returns an error when the result is still unknown:
// then all or nothing was written.
func Try(ctx context.Context, op string, a Attempt) (Result, error) {
	cause := a.Write(ctx)
	if cause == nil {
		return Done, nil
	}
	refused := AsRefusal(cause) != nil
	who, err := a.Look(ctx)
	switch {
	case err != nil && refused:
		return 0, failure.Wrap(op, err) // another write may have won: the row cannot be read
	case err != nil:
		return 0, failure.Wrap(op, cause)
	case who == Own:
		return FoundDone, nil
	case who == Other, refused:
		return Overtaken, nil
	}
	return 0, failure.Wrap(op, cause)
}

// keptWrites is how many write ids a row remembers. A writer finds its id there even when
// others have written since.
const keptWrites = 6

// Remember adds the id of a write to those that a row remembers, and forgets the oldest.
func Remember(writes []string, id string) []string {
	out := append(append([]string(nil), writes...), id)
	return out[max(0, len(out)-keptWrites):]
}

// WriterOf says who wrote a row that remembers the ids of its last writes. Before is what it
// remembered when it was last read.
func WriterOf(id string, writes, before []string) Writer {
	switch {
	case slices.Contains(writes, id):
		return Own
	case slices.Equal(writes, before):
		return Unwritten
	}
	return Other
}

// NewID returns 128 random bits as 32 lower-case hex digits: the id of a write or of a row.
func NewID(random io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		panic("store: no random numbers: " + err.Error()) // crypto/rand never fails
	}
	return hex.EncodeToString(b[:])
}
