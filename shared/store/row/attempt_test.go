package row_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// scripted is an attempt whose answers the test sets.
type scripted struct {
	answer, unread error
	who            row.Writer
	looks          int
}

func (a *scripted) Write(context.Context) error { return a.answer }

func (a *scripted) Look(context.Context) (row.Writer, error) {
	a.looks++
	return a.who, a.unread
}

func TestWhatBecameOfAWrite(t *testing.T) {
	t.Parallel()
	refused := &row.Refusal{Reason: row.Changed, Op: -1, Cause: errors.New("service error")}
	lost, unread := errors.New("the answer is lost"), errors.New("the row cannot be read")
	for name, c := range map[string]struct {
		a    scripted
		what row.Result
		err  error
	}{
		"the table confirms":               {scripted{}, row.Done, nil},
		"lost answer, own id found":        {scripted{answer: lost, who: row.Own}, row.FoundDone, nil},
		"refusal of a retry, own id found": {scripted{answer: refused, who: row.Own}, row.FoundDone, nil},
		"refusal, another id found":        {scripted{answer: refused, who: row.Other}, row.Overtaken, nil},
		"refusal, row unchanged":           {scripted{answer: refused, who: row.Unwritten}, row.Overtaken, nil},
		"lost answer, another id found":    {scripted{answer: lost, who: row.Other}, row.Overtaken, nil},
		"lost answer, row unchanged":       {scripted{answer: lost, who: row.Unwritten}, 0, lost},
		"lost answer, row unreadable":      {scripted{answer: lost, unread: unread}, 0, lost},
		"refusal, row unreadable":          {scripted{answer: refused, unread: unread}, 0, unread},
		"a row that is too large":          {scripted{answer: failure.ErrTooLarge}, 0, failure.ErrTooLarge},
	} {
		what, err := row.Try(t.Context(), "op", &c.a)
		require.Equal(t, c.what, what, name)
		require.ErrorIs(t, err, c.err, name)
		require.Equal(t, c.err == nil, err == nil, name)
		require.Equal(t, c.a.answer != nil, c.a.looks == 1, "%s: Try looks once after any error", name)
	}
}
