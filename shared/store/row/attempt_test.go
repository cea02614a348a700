package row_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// scripted is an attempt whose answers are given.
type scripted struct {
	answer, unread error
	who            row.Whose
	looks          int
}

func (a *scripted) Write(context.Context) error { return a.answer }

func (a *scripted) Look(context.Context) (row.Whose, error) {
	a.looks++
	return a.who, a.unread
}

func TestWhatBecameOfAWrite(t *testing.T) {
	t.Parallel()
	refused := &row.Refusal{Reason: row.Changed, Op: -1, Cause: errors.New("of the service")}
	lost, unread := errors.New("the answer is lost"), errors.New("it cannot be read")
	for name, c := range map[string]struct {
		a    scripted
		what row.Fate
		err  error
	}{
		"the table says so":                        {scripted{}, row.Done, nil},
		"lost answer, our id is there":             {scripted{answer: lost, who: row.Ours}, row.Found, nil},
		"refusal as the echo of our own first try": {scripted{answer: refused, who: row.Ours}, row.Found, nil},
		"refusal, another's id is there":           {scripted{answer: refused, who: row.Anothers}, row.Overtaken, nil},
		"refusal, nothing to be seen":              {scripted{answer: refused, who: row.Nobodys}, row.Overtaken, nil},
		"lost answer, another's id is there":       {scripted{answer: lost, who: row.Anothers}, row.Overtaken, nil},
		"lost answer, it is as it was":             {scripted{answer: lost, who: row.Nobodys}, 0, lost},
		"lost answer, and it cannot be read":       {scripted{answer: lost, unread: unread}, 0, lost},
		"refusal, and it cannot be read":           {scripted{answer: refused, unread: unread}, 0, unread},
		"a row that does not fit":                  {scripted{answer: failure.ErrTooLarge}, 0, failure.ErrTooLarge},
	} {
		what, err := row.Try(t.Context(), "op", &c.a)
		require.Equal(t, c.what, what, name)
		require.ErrorIs(t, err, c.err, name)
		require.Equal(t, c.err == nil, err == nil, name)
		require.Equal(t, c.a.answer != nil, c.a.looks == 1, "%s: it looks once after any error", name)
	}
}
