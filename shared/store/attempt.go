package store

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// attempt is one write that leaves an id of its own in what it writes: in the row of an event, among
// the last writers of a head or an import, or as the owner of a lease. By that id it is known again
// when its answer is an error.
type attempt interface {
	// write does all of it in one call, or nothing.
	write(ctx context.Context) error
	// look reads what is stored there now and says whose it is. That nothing is stored is no error.
	look(ctx context.Context) (whose, error)
}

// whose says who wrote what is stored where an attempt writes.
type whose int

const (
	nobodys  whose = iota // it is as it was before the attempt, as far as can be seen
	ours                  // it carries the id of the attempt
	anothers              // somebody else has written since
)

// fate is what became of an attempt.
type fate int

const (
	done      fate = iota + 1 // the table said so
	found                     // done: the answer was lost, and the id of the attempt was found
	overtaken                 // not done: somebody else was first
)

// try writes, and finds out what became of it. The client of the table tries again by itself: a refusal
// may be the echo of our own first try, and an error may be that of a write which was done. So after
// any error the store is asked. What stays unclear is an error, after which all or nothing was done.
func try(ctx context.Context, op string, a attempt) (fate, error) {
	cause := a.write(ctx)
	if cause == nil {
		return done, nil
	}
	refused := row.AsRefusal(cause) != nil
	who, err := a.look(ctx)
	switch {
	case err != nil && refused:
		return 0, failure.Wrap(op, err) // somebody was first, and who it was cannot be read
	case err != nil:
		return 0, failure.Wrap(op, cause)
	case who == ours:
		return found, nil
	case who == anothers, refused:
		return overtaken, nil
	}
	return 0, failure.Wrap(op, cause)
}
