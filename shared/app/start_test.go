package app_test

import (
	"bytes"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/config"
)

// freePort is a port on which nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return port
}

// TestWhatIsLocalStaysLocal: a platform refuses every setting of the local world, since its
// keys are published and its clock can be moved. No case makes a network call.
func TestWhatIsLocalStaysLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	b, err := os.ReadFile("../../infra/local/rightsdesk.yaml")
	require.NoError(t, err)
	localDocument := write("local.yaml", string(b))
	own := strings.NewReplacer("ed5a18fb", "00000001", "dbd52557", "00000002", "dbd525578", "000000021", "fd59e0de", "00000003").Replace(string(b))
	document := write("own.yaml", own)
	loopback := strings.Replace(own, "    package:", "    destinations: [{name: d, account: \"http://127.0.0.1:10000\", container: ddd}]\n    package:", 1)
	localKeys := filepath.Join(dir, "keys.json")
	s, err := config.Load(environment(map[string]string{"RIGHTSDESK_KEYS": localKeys, "AzureWebJobsStorage": "UseDevelopmentStorage=true"}))
	require.NoError(t, err)
	_, err = s.LoadKeys() // makes the keys
	require.NoError(t, err)
	ownKeys, err := os.ReadFile(localKeys)
	require.NoError(t, err)
	keys := write("own.json", strings.Replace(string(ownKeys), `"local": true,`, "", 1))

	azure := map[string]string{"WEBSITE_SITE_NAME": "x", "AzureWebJobsStorage__accountName": "x12", "RIGHTSDESK_CONFIG": document, "RIGHTSDESK_KEYS": keys}
	const key = "AccountName=x12;AccountKey=AAAA;"
	for name, tc := range map[string]struct {
		change map[string]string
		want   string
	}{
		"Azurite":                         {map[string]string{"AzureWebJobsStorage__accountName": "", "AzureWebJobsStorage": "UseDevelopmentStorage=true"}, "AzureWebJobsStorage"},
		"Azurite's account":               {map[string]string{"AzureWebJobsStorage__accountName": "devstoreaccount1"}, "AzureWebJobsStorage"},
		"Azurite's key":                   {map[string]string{"AzureWebJobsStorage__accountName": "", "AzureWebJobsStorage": "AccountName=x12;AccountKey=" + azurite.AccountKey}, "AzureWebJobsStorage"},
		"a loopback endpoint":             {map[string]string{"AzureWebJobsStorage__accountName": "", "AzureWebJobsStorage": key + "QueueEndpoint=http://localhost:1/x"}, "AzureWebJobsStorage"},
		"a simulated Graph":               {map[string]string{"RIGHTSDESK_GRAPH": "http://127.0.0.1:7080"}, "RIGHTSDESK_GRAPH"},
		"the movable clock":               {map[string]string{"RIGHTSDESK_CLOCK": "http://127.0.0.1:7080/clock"}, "RIGHTSDESK_CLOCK"},
		"the local callers":               {map[string]string{"RIGHTSDESK_CONFIG": localDocument}, "is published"},
		"keys that made themselves":       {map[string]string{"RIGHTSDESK_KEYS": localKeys}, "RIGHTSDESK_KEYS"},
		"keys that are missing":           {map[string]string{"RIGHTSDESK_KEYS": filepath.Join(dir, "none.json")}, "RIGHTSDESK_KEYS"},
		"a loopback destination":          {map[string]string{"RIGHTSDESK_CONFIG": write("destination.yaml", loopback)}, "destinations"},
		"a cloud that is not in the list": {map[string]string{"RIGHTSDESK_CLOUD": "http://127.0.0.1"}, "RIGHTSDESK_CLOUD"},
	} {
		for _, platform := range []string{"WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "AWS_LAMBDA_FUNCTION_NAME"} {
			env := maps.Clone(azure)
			delete(env, "WEBSITE_SITE_NAME")
			env[platform] = "x"
			maps.Copy(env, tc.change)
			err := app.Serve(t.Context(), freePort(t), environment(env), &bytes.Buffer{})
			require.ErrorContains(t, err, tc.want, "%s under %s", name, platform)
			require.NotContains(t, err.Error(), azurite.AccountKey)
			require.NoFileExists(t, filepath.Join(dir, "none.json"))
		}
	}

	// Core Tools set WEBSITE_HOSTNAME on a developer's machine, too.
	s, err = config.Load(environment(map[string]string{"WEBSITE_HOSTNAME": "localhost:7071", "AzureWebJobsStorage": "UseDevelopmentStorage=true"}))
	require.NoError(t, err)
	require.True(t, s.Local())
	// On no machine does a simulated world write to real storage.
	_, err = config.Load(environment(map[string]string{"AzureWebJobsStorage": key, "RIGHTSDESK_GRAPH": "http://127.0.0.1:7080"}))
	require.ErrorContains(t, err, "RIGHTSDESK_GRAPH")
}

func environment(m map[string]string) func(string) string {
	return func(name string) string { return m[name] }
}

// TestCheckSaysEverythingAtOnce runs the command that an operator runs before the first start.
func TestCheckSaysEverythingAtOnce(t *testing.T) {
	t.Parallel()
	document := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(document, []byte("version: 2\ntenants:\n  - {id: x, nme: y}\n"), 0o600))
	var out, errs bytes.Buffer
	code := app.CommandLine(t.Context(), []string{"check"}, environment(map[string]string{
		"RIGHTSDESK_CONFIG": document, "RIGHTSDESK_KEYS": "none.json", "RIGHTSDESK_CLOUD": "mars", "RIGHTSDESK_LOG": "loud",
	}), &out, &errs)
	require.NotZero(t, code)
	for _, want := range []string{"AzureWebJobsStorage", "RIGHTSDESK_CLOUD", "RIGHTSDESK_LOG", "RIGHTSDESK_KEYS", "version", "nme"} {
		require.Contains(t, out.String()+errs.String(), want)
	}
}
