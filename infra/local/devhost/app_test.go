package devhost

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// loaded loads a folder with one function, and returns the refusal.
func loaded(t *testing.T, s setup, functionJSON string, env ...string) (*app, error) {
	t.Helper()
	s.functions = map[string]string{"fn": functionJSON}
	return loadApp(Options{App: folder(t, s), Env: append(env, "AzureWebJobsStorage=UseDevelopmentStorage=true"), Workers: 1})
}

func TestWhatIsNotBuiltIsRefused(t *testing.T) {
	t.Parallel()
	http := func(more string) string {
		return `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"` + more + `},{"type":"http","direction":"out","name":"res"}]}`
	}
	for name, tc := range map[string]struct {
		setup    setup
		function string
		want     string
	}{
		"an output binding":        {function: strings.Replace(queueFunction("q", ""), "}]}", `},{"type":"queue","direction":"out","name":"o"}]}`, 1), want: "binding o (queue)"},
		"HTTP with a queue output": {function: strings.Replace(echo, "}]}", `},{"type":"queue","direction":"out","name":"o"}]}`, 1), want: "in an envelope"},
		"HTTP in an envelope":      {setup: setup{flags: `"enableForwardingHttpRequest":false`}, function: echo, want: "HTTP in an envelope is not supported"},
		"a function key":           {function: http(`,"authLevel":"function"`), want: "host keys are not supported"},
		"no authLevel":             {function: http(``), want: "host keys are not supported"},
		"a blob trigger":           {function: `{"bindings":[{"type":"blobTrigger","direction":"in","name":"b"}]}`, want: "type blobTrigger is not supported"},
		"a retry policy":           {function: `{"retry":{"strategy":"fixedDelay"},"bindings":[]}`, want: `"retry" is not supported`},
		"runOnStartup":             {function: strings.Replace(timerFunction("0 * * * * *"), "}]}", `,"runOnStartup":true}]}`, 1), want: `"runOnStartup" is not supported`},
		"an admin route":           {function: http(`,"authLevel":"anonymous","route":"administrators"`), want: "routes that begin with admin"},
		"a runtime route":          {function: http(`,"authLevel":"anonymous","route":"Runtime/x"`), want: "routes that begin with runtime"},
		"a leading slash":          {function: http(`,"authLevel":"anonymous","route":"/x"`), want: "may not begin with a slash"},
		"an unknown constraint":    {function: http(`,"authLevel":"anonymous","route":"{x:int}"`), want: "segment {x:int} is not supported"},
		"an optional parameter":    {function: http(`,"authLevel":"anonymous","route":"{x?}"`), want: "segment {x?} is not supported"},
		"a setting in a name":      {function: queueFunction("%NAME%", ""), want: "settings in names are not supported"},
		"an unknown connection":    {function: strings.Replace(queueFunction("queue", ""), "AzureWebJobsStorage", "Nowhere", 1), want: `setting "Nowhere" is empty`},
		"a bad schedule":           {function: timerFunction("0 0 0 * * 7"), want: "day of week: a value is not a number from 0 to 6"},
		"no state of a timer":      {function: strings.Replace(timerFunction("0 * * * * *"), "}]}", `,"useMonitor":false}]}`, 1), want: `"useMonitor" is not supported`},
		"no trigger":               {function: `{"bindings":[]}`, want: "needs a trigger"},
		"broken JSON":              {function: `{`, want: "function.json: unexpected EOF"},
		"a profile":                {setup: setup{host: `"configurationProfile":"mcp-custom-handler"`}, function: echo, want: `"configurationProfile" is not supported`},
		"routes in host.json":      {setup: setup{flags: bothFlags + `,"http":{"routes":[]}`}, function: echo, want: `"http" is not supported`},
		"a wrong time":             {setup: setup{host: `"functionTimeout":"10m"`}, function: echo, want: `"10m" is not a time`},
		"a batch over the limit":   {setup: setup{host: `"extensions":{"queues":{"batchSize":33}}`}, function: echo, want: "batchSize is not a number from 1 to 32"},
		"messages in base64":       {setup: setup{host: `"extensions":{"queues":{"messageEncoding":"base64"}}`}, function: queueFunction("queue", ""), want: "base64 is not supported"},
		"no messageEncoding":       {setup: setup{host: `"functionTimeout":"00:01:00"`}, function: queueFunction("queue", ""), want: "base64 is not supported"},
		"arguments":                {setup: setup{flags: bothFlags + `,"description":{"arguments":["-x"]}`}, function: echo, want: `"arguments" is not supported`},
		"a fixed port":             {setup: setup{flags: bothFlags + `,"port":7073`}, function: echo, want: `"port" is not supported`},
		"a missing program":        {setup: setup{flags: bothFlags + `,"description":{"defaultExecutablePath":"no-such-program"}`}, function: echo, want: "no-such-program: no such file"},
		"a disabled function":      {function: `{"disabled":true,"bindings":[]}`, want: `"disabled" is not supported`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := loaded(t, tc.setup, tc.function)
			require.ErrorContains(t, err, tc.want)
		})
	}
	_, err := loaded(t, setup{}, echo, "AzureWebJobs.fn.Disabled=true")
	require.ErrorContains(t, err, "no function is enabled")
	_, err = loaded(t, setup{}, echo, "AzureFunctionsJobHost__functionTimeout=00:00:05")
	require.ErrorContains(t, err, "settings over host.json are not supported")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := folder(t, setup{functions: map[string]string{"fn": queueFunction("queue", ""), "off": echo}})
	write(t, filepath.Join(dir, "local.settings.json"), "\ufeff"+`{"IsEncrypted":false,"Values":{"A":"local","B":"local","AzureWebJobsStorage":"s"}}`)
	a, err := loadApp(Options{App: dir, Env: []string{"A=options", "AzureWebJobs.off.Disabled=true"}})
	require.NoError(t, err)
	require.Equal(t, "options", a.settings["A"])
	require.Equal(t, "local", a.settings["B"])
	require.Equal(t, os.Getenv("PATH"), a.settings["PATH"])
	require.Len(t, a.functions, 1)
	require.Equal(t, "queue", a.functions[0].queue)
	require.Equal(t, time.Minute, a.host.FunctionTimeout.Duration)
}

func TestFunctionsAreInTheOrderOfTheirNames(t *testing.T) {
	t.Parallel()
	a, err := loadApp(Options{App: folder(t, setup{functions: map[string]string{"b": echo, "A": echo, "all": echo, "C-1": echo}}), Env: []string{"AzureWebJobsStorage=s"}})
	require.NoError(t, err)
	var names []string
	for _, fn := range a.functions {
		names = append(names, fn.name)
	}
	require.Equal(t, []string{"A", "all", "b", "C-1"}, names)
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"00:10:00": 10 * time.Minute, "23:03:04": 23*time.Hour + 3*time.Minute + 4*time.Second, "00:00:00.1": 100 * time.Millisecond,
	} {
		var got span
		require.NoError(t, got.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, got.Duration, text)
	}
	for _, text := range []string{"", "10", "24:00:00", "00:60:00", "00:00:60", "a:b:c", "00:00:NaN", "1.02:03:04", "-1"} {
		require.Error(t, new(span).UnmarshalText([]byte(text)), text)
	}
}

func TestRefusalsReachTheCallerOfRun(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	require.ErrorIs(t, Run(t.Context(), Options{App: t.TempDir(), Log: log}), os.ErrNotExist)
	err := Run(t.Context(), Options{App: folder(t, setup{functions: map[string]string{"q": queueFunction("queue", "")}}), Storage: "AccountName=secret", Log: log})
	require.ErrorContains(t, err, "not a connection string")
	require.NotContains(t, err.Error(), "secret")
}

func FuzzHostJSON(f *testing.F) {
	f.Add([]byte(`{"version":"2.0","functionTimeout":"00:01:00","customHandler":{"description":{"defaultExecutablePath":"x"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "host.json"), string(b))
		_, _ = readHost(dir)
	})
}
