package dsr_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/dsr/filltest"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

func TestEveryFieldOfAnEventIsStored(t *testing.T) {
	t.Parallel()
	var e dsr.Event
	filltest.Fill(t, &e)
	e.Version = 1
	stored, err := e.Encode()
	require.NoError(t, err)
	got, err := dsr.DecodeEvent(stored)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(e, got))
}

func TestEveryFieldOfThePrivatePartIsSealed(t *testing.T) {
	t.Parallel()
	var p dsr.Private
	value := pii.New("jane")
	filltest.Fill(t, &p, value)
	plain, err := p.Encode()
	require.NoError(t, err)
	got, err := dsr.DecodePrivate(plain)
	require.NoError(t, err)
	require.Equal(t, p, got)
}

func TestACloneSharesNothing(t *testing.T) {
	t.Parallel()
	var r dsr.Request
	filltest.Fill(t, &r)
	c := r.Clone()
	require.Empty(t, cmp.Diff(&r, c))
	require.Empty(t, filltest.Shared(&r, c))
}
