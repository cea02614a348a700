package row

import (
	"context"
	"encoding/hex"
	"io"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// Attempt is one write that leaves an id of its own in what it writes: in the row of an event,
// among the last writers of a head or an import, or as the owner of a lease. By that id it is
// known again when its answer is an error.
type Attempt interface {
	// Write does all of it in one call, or nothing.
	Write(ctx context.Context) error
	// Look reads what is stored there now and says whose it is. That nothing is stored is no error.
	Look(ctx context.Context) (Whose, error)
}

// Whose says who wrote what is stored where an attempt writes.
type Whose int

// Who wrote it.
const (
	Nobodys  Whose = iota // it is as it was before the attempt, as far as can be seen
	Ours                  // it carries the id of the attempt
	Anothers              // somebody else has written since
)

// Fate is what became of an attempt.
type Fate int

// What may become of an attempt.
const (
	Done      Fate = iota + 1 // the table said so
	Found                     // done: the answer was lost, and the id of the attempt was found
	Overtaken                 // not done: somebody else was first
)

// Try writes, and finds out what became of it. The client of the table tries again by itself: a
// refusal may be the echo of our own first try, and an error may be that of a write which was
// done. So after any error the store is asked. What stays unclear is an error, after which all
// or nothing was done.
func Try(ctx context.Context, op string, a Attempt) (Fate, error) {
	cause := a.Write(ctx)
	if cause == nil {
		return Done, nil
	}
	refused := AsRefusal(cause) != nil
	who, err := a.Look(ctx)
	switch {
	case err != nil && refused:
		return 0, failure.Wrap(op, err) // somebody was first, and who it was cannot be read
	case err != nil:
		return 0, failure.Wrap(op, cause)
	case who == Ours:
		return Found, nil
	case who == Anothers, refused:
		return Overtaken, nil
	}
	return 0, failure.Wrap(op, cause)
}

// keptWrites is how many write ids a row remembers, so that a writer knows its own also when
// others have moved on meanwhile.
const keptWrites = 6

// Remember adds the id of a write to those that a row remembers.
func Remember(writes []string, id string) []string {
	out := append(append([]string(nil), writes...), id)
	return out[max(0, len(out)-keptWrites):]
}

// WhoseID says whose write a row is that remembers its last writers. Before are those that it
// remembered when it was last read.
func WhoseID(id string, writes, before []string) Whose {
	switch {
	case slices.Contains(writes, id):
		return Ours
	case slices.Equal(writes, before):
		return Nobodys
	}
	return Anothers
}

// NewID returns 128 random bits as 32 lower-case hex digits: the id of a write or of a row.
func NewID(random io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		panic("store: no random numbers: " + err.Error()) // crypto/rand never fails
	}
	return hex.EncodeToString(b[:])
}
