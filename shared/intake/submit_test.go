package intake_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

var admin = auth.Caller{ID: "contoso-admin", Name: "contoso-admin", Tenants: []string{contoso}}

func stored(t *testing.T) (*intake.Service, *storetest.World) {
	t.Helper()
	w := storetest.New(t)
	s := service(t)
	s.Runner = runner(t, w.Store)
	return s, w
}

func decoded(t *testing.T, change map[string]any) intake.Submission {
	t.Helper()
	sub, err := intake.DecodeRequest([]byte(body(change)))
	require.NoError(t, err)
	return sub
}

func TestTheSameKeyAndBodySurviveARotationOfTheTokenKey(t *testing.T) {
	t.Parallel()
	s, _ := stored(t)
	first, err := s.Submit(t.Context(), admin, "k", decoded(t, nil))
	require.NoError(t, err)
	require.False(t, first.Existing)

	s.Tokens, err = pii.NewTokens(pii.Key{Version: 1, Key: bytes.Repeat([]byte{7}, 32)}, pii.Key{Version: 2, Key: bytes.Repeat([]byte{8}, 32)})
	require.NoError(t, err)
	again, err := s.Submit(t.Context(), admin, "k", decoded(t, nil))
	require.NoError(t, err)
	require.True(t, again.Existing)
	require.Equal(t, first.Request.ID, again.Request.ID)
	_, err = s.Submit(t.Context(), admin, "k", decoded(t, map[string]any{"note": "x"}))
	require.True(t, problem.Is(err, problem.IdempotencyConflict), "%v", err)
}

func TestATenantThatIsNotTheCallersIsNotFound(t *testing.T) {
	t.Parallel()
	s, w := stored(t)
	_, theirs := s.Submit(t.Context(), auth.Caller{ID: "x", Name: "x"}, "k", decoded(t, nil))
	_, nobodys := s.Submit(t.Context(), admin, "k", decoded(t, map[string]any{"tenant": "33333333-3333-3333-3333-333333333333"}))
	require.Equal(t, theirs, nobodys)
	require.True(t, problem.Is(theirs, problem.NotFound))
	require.Zero(t, w.Counter.Total(), "and nothing was asked for it")
}

func TestARequestWithNothingToDiscoverIsStarted(t *testing.T) {
	t.Parallel()
	s, w := stored(t)
	made, err := s.Submit(t.Context(), admin, "k", decoded(t, map[string]any{"systems": []any{"paper"}}))
	require.NoError(t, err)
	got, err := w.Clients.Queues.NewQueueClient(w.Prefix+queue.Work).DequeueMessage(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, got.Messages, 1)
	m, err := queue.DecodeMessage([]byte(*got.Messages[0].MessageText))
	require.NoError(t, err)
	require.Equal(t, queue.Message{Tenant: contoso, Request: made.Request.ID}, m)
}
