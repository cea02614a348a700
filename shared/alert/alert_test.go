package alert_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/alert"
)

type counter map[alert.Code]int

func (c counter) Alert(_ context.Context, code alert.Code) { c[code]++ }

func TestAnAlertIsALineWithACodeAndACount(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	counted := counter{}
	a, err := alert.New(slog.New(slog.NewJSONHandler(&log, nil)), counted)
	require.NoError(t, err)
	a.Raise(t.Context(), alert.TaskNotConfigured, "a text", "task", "x-export")
	require.Contains(t, log.String(), `"level":"ERROR","msg":"a text","code":"task-not-configured","task":"x-export"}`)
	require.Equal(t, counter{alert.TaskNotConfigured: 1}, counted)

	_, err = alert.New(nil, counted)
	require.Error(t, err)
	_, err = alert.New(slog.New(slog.DiscardHandler), nil)
	require.Error(t, err)
}

// An operator looks a code up in the runbooks.
func TestEachAlertIsInARunbook(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../infra/runbooks/*.md")
	require.NoError(t, err)
	var all []byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		all = append(all, text...)
	}
	for _, code := range alert.Codes() {
		require.Contains(t, string(all), "`"+string(code)+"`")
	}
}
