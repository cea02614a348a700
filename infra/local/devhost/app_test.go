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
	return loadApp(Options{App: folder(t, s), Env: append(env, "AzureWebJobsStorage=UseDevelopmentStorage=true", "PREFIX=p-"), Workers: 1})
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
		"an output binding":         {function: strings.Replace(queueFunction("q", ""), "}]}", `},{"type":"queue","direction":"out","name":"o"}]}`, 1), want: "binding o (queue)"},
		"HTTP with a queue output":  {function: strings.Replace(echo, "}]}", `},{"type":"queue","direction":"out","name":"o"}]}`, 1), want: "in an envelope"},
		"HTTP in an envelope":       {setup: setup{flags: `"enableForwardingHttpRequest":false`}, function: echo, want: "HTTP in an envelope is not built"},
		"a function key":            {function: http(`,"authLevel":"function"`), want: "host keys are not built"},
		"no authLevel":              {function: http(``), want: "host keys are not built"},
		"a blob trigger":            {function: `{"bindings":[{"type":"blobTrigger","direction":"in","name":"b"}]}`, want: "type blobTrigger is not built"},
		"a retry policy":            {function: `{"retry":{"strategy":"fixedDelay"},"bindings":[]}`, want: "retry policies are not built"},
		"runOnStartup":              {function: strings.Replace(timerFunction("0 * * * * *"), "}]}", `,"runOnStartup":true}]}`, 1), want: "runOnStartup is not built"},
		"an admin route":            {function: http(`,"authLevel":"anonymous","route":"administrators"`), want: "begin with admin"},
		"a runtime route":           {function: http(`,"authLevel":"anonymous","route":"Runtime/x"`), want: "begin with runtime"},
		"a leading slash":           {function: http(`,"authLevel":"anonymous","route":"/x"`), want: "does not begin with a slash"},
		"an unknown constraint":     {function: http(`,"authLevel":"anonymous","route":"{x:regex(a)}"`), want: "not built"},
		"an unknown setting":        {function: strings.Replace(queueFunction("q", ""), "%PREFIX%", "%NOWHERE%", 1), want: "%NOWHERE% is not a setting"},
		"an unknown connection":     {function: strings.Replace(queueFunction("q", ""), "AzureWebJobsStorage", "Nowhere", 1), want: "setting Nowhere is empty"},
		"a bad schedule":            {function: timerFunction("0 0 0 * * 7"), want: "day of week: a value is outside 0 to 6"},
		"no trigger":                {function: `{"bindings":[]}`, want: "needs a trigger"},
		"broken JSON":               {function: `{`, want: "function.json: unexpected end"},
		"a profile":                 {setup: setup{host: `"configurationProfile":"mcp-custom-handler"`}, function: echo, want: "configurationProfile is not built"},
		"routes in host.json":       {setup: setup{flags: bothFlags + `,"http":{"routes":[]}`}, function: echo, want: "customHandler/http is not built"},
		"a wrong time":              {setup: setup{host: `"functionTimeout":"10m"`}, function: echo, want: "functionTimeout is not a time"},
		"a batch over the limit":    {setup: setup{host: `"extensions":{"queues":{"batchSize":33}}`}, function: echo, want: "batchSize is not a number from 1 to 32"},
		"an unknown encoding":       {setup: setup{host: `"extensions":{"queues":{"messageEncoding":"hex"}}`}, function: echo, want: "neither base64 nor none"},
		"a missing program":         {setup: setup{host: `"x":1`, flags: bothFlags + `,"description":{"defaultExecutablePath":"no-such-program"}`}, function: echo, want: "neither a file of the app nor a program on PATH"},
		"a disabled function alone": {function: `{"disabled":true,"bindings":[]}`, want: "no function is enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := loaded(t, tc.setup, tc.function)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := folder(t, setup{functions: map[string]string{"fn": queueFunction("q", ""), "off": echo, "off-too": echo}})
	write(t, filepath.Join(dir, "local.settings.json"), "\ufeff"+`{"IsEncrypted":false,"Values":{"PREFIX":"From-Local-","A":"local","B":"local","AzureWebJobsStorage":"s"}}`)
	a, err := loadApp(Options{App: dir, Env: []string{
		"A=options", "AzureWebJobs.off.Disabled=true", "AzureWebJobs__off-too__Disabled=true",
		"AzureFunctionsJobHost__functionTimeout=00:00:05", "AzureFunctionsJobHost__extensions__queues__batchSize=3",
		`AzureFunctionsJobHost__customHandler__description__arguments=["--a","%A% %NOWHERE%"]`,
	}})
	require.NoError(t, err)
	require.Equal(t, "options", a.settings["A"])
	require.Equal(t, "local", a.settings["B"])
	require.Equal(t, os.Getenv("PATH"), a.settings["PATH"])
	require.Len(t, a.functions, 1)
	require.Equal(t, "from-local-q", a.functions[0].queue)
	require.Equal(t, 5*time.Second, a.host.timeout)
	require.Equal(t, 3, a.host.queues.batchSize)
	require.Equal(t, []string{"--a", "%A% %NOWHERE%"}, a.host.handler.arguments)
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
		"00:10:00": 10 * time.Minute, "1.02:03:04": 26*time.Hour + 3*time.Minute + 4*time.Second, "00:00:00.1": 100 * time.Millisecond, "-1": -1, "-00:00:00.001": -1,
	} {
		got, err := parseSpan(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "10", "24:00:00", "00:60:00", "00:00:60", "a:b:c", "00:00:NaN", "x.00:00:00"} {
		_, err := parseSpan(text)
		require.Error(t, err, text)
	}
}

func TestRefusalsReachTheCallerOfRun(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	require.ErrorIs(t, Run(t.Context(), Options{App: t.TempDir(), Log: log}), os.ErrNotExist)
	err := Run(t.Context(), Options{App: folder(t, setup{functions: map[string]string{"q": queueFunction("q", "")}}), Env: []string{"PREFIX=p"}, Storage: "AccountName=secret", Log: log})
	require.ErrorContains(t, err, "not a connection string")
	require.NotContains(t, err.Error(), "secret")
}

func FuzzHostJSON(f *testing.F) {
	f.Add([]byte(`{"version":"2.0","functionTimeout":"00:01:00","customHandler":{"description":{"defaultExecutablePath":"x","arguments":["a"]}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "host.json"), string(b))
		_, _ = readHost(dir, map[string]string{"AzureFunctionsJobHost__a__b": "1"})
	})
}
