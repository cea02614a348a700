package alert_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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

// logged finds the code of an ERROR line, in a call or in an error that the line shows.
var logged = regexp.MustCompile(`ErrorContext\([^\n]*"code", "([a-z-]+)"|\) Code\(\) string \{ return "([a-z-]+)" \}`)

// An operator looks a code up in the runbooks: that of an alert, and that of any other ERROR line.
func TestEachAlertAndEachLoggedCodeIsInARunbook(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../infra/runbooks/*.md")
	require.NoError(t, err)
	var all []byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		all = append(all, text...)
	}
	var codes []string
	for _, code := range alert.Codes() {
		codes = append(codes, string(code))
	}
	require.NoError(t, fs.WalkDir(os.DirFS(".."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile("../" + name)
		for _, found := range logged.FindAllSubmatch(text, -1) {
			codes = append(codes, string(found[1])+string(found[2]))
		}
		return err
	}))
	require.Subset(t, codes, []string{"history-broken", "storage-not-set-up", "destination-unknown"})
	for _, code := range codes {
		require.True(t, bytes.Contains(all, []byte("`"+code+"`")), "no runbook says what to do about %s", code)
	}
}
