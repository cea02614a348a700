package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// moved reads the clock's offset anew.
func (m *movable) moved() time.Duration {
	m.mu.Lock()
	m.asked = time.Time{}
	m.mu.Unlock()
	return m.now().Sub(time.Now()).Round(time.Minute)
}

func TestTheMovableClock(t *testing.T) {
	t.Parallel()
	var answer atomic.Value
	answer.Store(`{"now":"2026-01-01T00:00:00Z","offset":"1h0m0s"}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer.Load().(string)) }))
	defer server.Close()
	m := &movable{url: server.URL, client: server.Client()}
	require.Equal(t, time.Hour, m.moved())
	answer.Store(`{"offset":"744h"}`)
	require.Equal(t, 744*time.Hour, m.moved())

	// Time must not jump back, so a bad answer leaves the offset as it was.
	for _, bad := range []string{`{"offset":"-1h"}`, `{"offset":"soon"}`, `{"offset":744}`, `{}`, ``, `<html>`} {
		answer.Store(bad)
		require.Equal(t, 744*time.Hour, m.moved(), bad)
	}
	server.Close()
	require.Equal(t, 744*time.Hour, m.moved(), "no answer")
}

func TestTheMovableClockMustAnswerAtTheStart(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	_, err := LocalClocks(t.Context(), closed.URL)
	require.ErrorContains(t, err, "the local clock cannot be read")
	closed.Close()
	_, err = LocalClocks(t.Context(), closed.URL)
	require.ErrorContains(t, err, "the local clock cannot be read")

	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"offset":"-1s"}`) }))
	defer back.Close()
	_, err = LocalClocks(t.Context(), back.URL)
	require.Error(t, err, "a clock that runs behind")
}

func TestTheWallClockIsNotMoved(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"offset":"744h"}`) }))
	defer server.Close()
	clocks, err := LocalClocks(t.Context(), server.URL)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), clocks.Wall(), time.Minute)
	require.WithinDuration(t, time.Now().Add(744*time.Hour), clocks.Business(), time.Minute)
	require.Equal(t, time.UTC, clocks.Business().Location())
	real := RealClocks()
	require.WithinDuration(t, real.Wall(), real.Business(), time.Second)
}
