package app_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/config"
)

// checking runs the check command in the local world with its own document.
func checking(t *testing.T, change map[string]string, args ...string) (code int, out string) {
	t.Helper()
	env := map[string]string{
		"AzureWebJobsStorage": azurite.Shared(t).ConnectionString, "RIGHTSDESK_CONFIG": "../../infra/local/rightsdesk.yaml",
		"RIGHTSDESK_KEYS": filepath.Join(t.TempDir(), "keys", "keys.json"),
	}
	for k, v := range change {
		env[k] = v
	}
	var b bytes.Buffer
	code = app.CommandLine(t.Context(), append([]string{"check"}, args...), environment(env), &b, &b)
	require.NoDirExists(t, filepath.Dir(env["RIGHTSDESK_KEYS"]), "a check writes nothing")
	require.NotContains(t, b.String(), azurite.AccountKey)
	return code, b.String()
}

func TestCheckAsksWhatTheConfigurationNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	code, out := checking(t, map[string]string{"RIGHTSDESK_GRAPH": w.sim.URL})
	require.Zero(t, code, out)
	for _, s := range config.Table() {
		require.Contains(t, out, s.Name+": ")
		require.Contains(t, out, s.Meaning)
	}
	for _, line := range []string{
		"settings, keys and document are in order",
		"kept: packages: 30 days for Contoso, 30 days for Fabrikam, since the package was ready; removed by: purge",
		"kept: events: 36 months for Contoso, 36 months for Fabrikam, since the end of the request; removed by: not yet",
		"RIGHTSDESK_GRAPH: set", "RIGHTSDESK_LOG: not set: info", "local only: refused on Azure",
		"ok: storage, blobs: it answers", "ok: storage, queues: it answers", "ok: storage, tables: it answers",
		"ok: storage, blob soft delete: it is off", "look: storage, versioning and snapshots: ",
		"ok: tenant 11111111-1111-1111-1111-111111111111, entra: it answers; it needs User.Read.All, ", "ok: tenant 22222222-2222-2222-2222-222222222222, entra: ",
	} {
		require.Contains(t, out, line)
	}

	unused := "http://127.0.0.1:1"
	code, out = checking(t, map[string]string{"RIGHTSDESK_GRAPH": unused, "AzureWebJobsStorage": atOneAddress(unused)}, "--offline")
	require.Zero(t, code, "offline it makes no call: %s", out)
	require.NotContains(t, out, "storage, blobs")
}

// atOneAddress is the connection string of an account whose services share one address.
func atOneAddress(url string) string {
	return "AccountName=" + azurite.AccountName + ";AccountKey=" + azurite.AccountKey +
		";BlobEndpoint=" + url + "/x;QueueEndpoint=" + url + "/x;TableEndpoint=" + url + "/x"
}

func TestCheckSaysWhatCannotBeUsed(t *testing.T) {
	t.Parallel()
	serve := func(status int, header, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("comp") == "properties" || header == "" {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Ms-Error-Code", header)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
				return
			}
			w.WriteHeader(http.StatusNotFound)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	const retention = `<?xml version="1.0"?><StorageServiceProperties><DeleteRetentionPolicy><Enabled>true</Enabled><Days>7</Days></DeleteRetentionPolicy></StorageServiceProperties>`
	document, err := os.ReadFile("../../infra/local/rightsdesk.yaml")
	require.NoError(t, err)
	elsewhere := filepath.Join(t.TempDir(), "document.yaml")
	require.NoError(t, os.WriteFile(elsewhere, []byte(strings.Replace(string(document), "    package:",
		"    destinations: [{name: legal, account: \""+azurite.Shared(t).BlobURL+"\", container: missing}]\n    package:", 1)), 0o600))
	denied := serve(http.StatusForbidden, "", `{"error":{"code":"Authorization_RequestDenied","message":"canary"}}`)
	for name, tc := range map[string]struct {
		change map[string]string
		want   string
	}{
		"soft delete is on": {map[string]string{"AzureWebJobsStorage": atOneAddress(serve(http.StatusOK, "x", retention))}, "failed: storage, blob soft delete: it is on"},
		"soft delete is not told": {
			map[string]string{"AzureWebJobsStorage": atOneAddress(serve(http.StatusForbidden, "AuthorizationPermissionMismatch", ""))},
			"look: storage, blob soft delete: this identity may not read it",
		},
		"a wrong key":          {map[string]string{"AzureWebJobsStorage": atOneAddress(serve(http.StatusForbidden, "", ""))}, "failed: storage, blobs: HTTP 403"},
		"no container":         {map[string]string{"RIGHTSDESK_CONFIG": elsewhere}, "destination legal: HTTP 404 ContainerNotFound"},
		"a missing permission": {nil, "failed: tenant 11111111-1111-1111-1111-111111111111, entra: the permission User.Read.All is missing; it needs User.Read.All, "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := map[string]string{"RIGHTSDESK_GRAPH": denied}
			for k, v := range tc.change {
				change[k] = v
			}
			code, out := checking(t, change)
			require.Equal(t, 1, code, out)
			require.Contains(t, out, tc.want)
			require.NotContains(t, out, "canary")
		})
	}
}
