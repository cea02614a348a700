package config_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
)

var update = flag.Bool("update", false, "write the generated files anew")

const (
	contoso  = "11111111-1111-1111-1111-111111111111"
	fabrikam = "22222222-2222-2222-2222-222222222222"
	sample   = "../../local.settings.sample.json"
)

func digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func localDocument(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../../infra/local/rightsdesk.yaml")
	require.NoError(t, err)
	return string(b)
}

func TestTheLocalDocument(t *testing.T) {
	t.Parallel()
	doc, err := config.Parse([]byte(localDocument(t)), config.Deployment{Catalogue: catalogue, Local: true})
	require.NoError(t, err)
	callers, err := auth.NewCallers(doc.Known())
	require.NoError(t, err)
	for key, want := range map[string]struct {
		tenant string
		rights []auth.Right
	}{
		"local-dev-key":          {contoso, auth.Rights()},
		"local-dev-key-readonly": {contoso, []auth.Right{auth.RequestsRead}},
		"local-dev-key-2":        {fabrikam, auth.Rights()},
	} {
		c, err := callers.Identify(map[string][]string{"X-Api-Key": {key}})
		require.NoError(t, err, key)
		require.Equal(t, []string{want.tenant}, c.Tenants)
		require.Equal(t, want.rights, c.Rights)
	}
	queue := doc.QueueCaller()
	require.True(t, queue.Owns(contoso) && queue.Owns(fabrikam))
	one, ok := doc.Tenants.Tenant(contoso)
	require.True(t, ok)
	require.Equal(t, "Contoso", one.Name)
	require.Equal(t, 30, one.Package.RetentionDays)
	require.True(t, one.Takes(dsr.Access))
	require.Empty(t, one.Declared, "the local tenants declare none")
	_, ok = doc.Tenants.Tenant("33333333-3333-3333-3333-333333333333")
	require.False(t, ok)

	_, err = config.Parse([]byte(localDocument(t)), config.Deployment{Catalogue: catalogue})
	require.ErrorContains(t, err, "key of the local world is published", "these keys protect nothing on a platform")
}

func TestTheSampleOfSettingsIsGenerated(t *testing.T) {
	t.Parallel()
	want, err := config.Sample()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(sample, want, 0o644))
	}
	got, err := os.ReadFile(sample)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), string(got)), "run go test ./shared/config -update")
	for _, s := range config.Table() {
		require.NotEqual(t, "RIGHTSDESK_PUBLIC_URL", s.Name, "links are relative: nothing would read it")
		require.NotEqual(t, s.LocalOnly, s.Azure != "", "%s: it is for Azure or it is local only", s.Name)
		require.False(t, s.Sample != "" && strings.Contains(s.Name, "__"), "the settings file's schema refuses double underlines")
	}
	schema, err := os.ReadFile("../../infra/local/schemas/testdata/local.settings.json")
	require.NoError(t, err)
	var doc, value any
	require.NoError(t, json.Unmarshal(schema, &doc))
	require.NoError(t, json.Unmarshal(got, &value))
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("settings.json", doc))
	compiled, err := c.Compile("settings.json")
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(value))
}

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

const realStorage = "DefaultEndpointsProtocol=https;AccountName=contosodsr;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"

func TestSettings(t *testing.T) {
	t.Parallel()
	s, err := config.Load(env("AzureWebJobsStorage", "UseDevelopmentStorage=true", "RIGHTSDESK_GRAPH", "http://127.0.0.1:7080/graph/", "WEBSITE_HOSTNAME", "localhost:7071"))
	require.NoError(t, err)
	require.True(t, s.Local(), "WEBSITE_HOSTNAME proves nothing")
	require.Equal(t, "http://127.0.0.1:10000/devstoreaccount1", s.Storage.BlobURL)
	require.Equal(t, "http://127.0.0.1:7080/graph", s.Graph)
	require.Equal(t, "http://127.0.0.1:10002/devstoreaccount1", s.Storage.TableURL)

	s, err = config.Load(env("AzureWebJobsStorage", realStorage, "WEBSITE_SITE_NAME", "contoso"))
	require.NoError(t, err)
	require.False(t, s.Local())
	require.Equal(t, "https://contosodsr.queue.core.windows.net", s.Storage.QueueURL)
	require.NotContains(t, s.Storage.String()+s.Storage.GoString(), "c2VjcmV0")

	s, err = config.Load(env("AzureWebJobsStorage__accountName", "contosodsr", "RIGHTSDESK_CLOUD", "china", "WEBSITE_INSTANCE_ID", "1"))
	require.NoError(t, err)
	require.Equal(t, "https://contosodsr.table.core.chinacloudapi.cn", s.Storage.TableURL)
	require.Empty(t, s.Storage.Key)
}

func TestEndpointsOfServices(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env     []string
		service string
		want    string // "": there is none
	}{
		"graph":                      {nil, "graph", "https://graph.microsoft.com"},
		"graph in another cloud":     {[]string{"RIGHTSDESK_CLOUD", "usgov"}, "graph", "https://graph.microsoft.us"},
		"a service without endpoint": {nil, "crm", ""},
		"a connector without one":    {nil, "", ""},
		"a simulated graph":          {[]string{"RIGHTSDESK_GRAPH", "http://127.0.0.1:7080/"}, "graph", "http://127.0.0.1:7080"},
		"beside a simulated graph":   {[]string{"RIGHTSDESK_GRAPH", "http://127.0.0.1:7080"}, "crm", "http://127.0.0.1:7080/crm"},
		"none, beside one":           {[]string{"RIGHTSDESK_GRAPH", "http://127.0.0.1:7080"}, "", ""},
	} {
		s, err := config.Load(env(append([]string{"AzureWebJobsStorage", "UseDevelopmentStorage=true"}, c.env...)...))
		require.NoError(t, err, name)
		got, ok := s.Endpoint(c.service)
		require.Equal(t, c.want != "", ok, name)
		if ok {
			require.Equal(t, c.want, got, name)
		}
	}
}

func TestStorageEndpointsAreTheAccountsOwn(t *testing.T) {
	t.Parallel()
	const account = "AccountName=contosodsr;AccountKey=c2VjcmV0"
	for name, c := range map[string]struct {
		connection, cloud string
		want              string // of the error; "" for none
	}{
		"no endpoints":            {account, "", ""},
		"its own":                 {account + ";BlobEndpoint=https://contosodsr.blob.core.windows.net/", "", ""},
		"its own, another cloud":  {account + ";EndpointSuffix=core.chinacloudapi.cn", "china", ""},
		"all on this machine":     {account + ";BlobEndpoint=http://127.0.0.1:1/x;QueueEndpoint=http://127.0.0.1:2/x;TableEndpoint=http://127.0.0.1:3/x", "", ""},
		"elsewhere":               {account + ";BlobEndpoint=https://secret.example", "", "endpoint of the blob service"},
		"another account's":       {account + ";QueueEndpoint=https://secret.queue.core.windows.net", "", "endpoint of the queue service"},
		"another service's":       {account + ";TableEndpoint=https://contosodsr.blob.core.windows.net", "", "endpoint of the table service"},
		"of another cloud":        {account, "china", "core.chinacloudapi.cn"},
		"a suffix elsewhere":      {account + ";EndpointSuffix=secret.example", "", "endpoint of the table service"},
		"a suffix with user info": {account + ";EndpointSuffix=core.windows.net@secret.example", "", "endpoint of the blob service"},
		"in the clear":            {account + ";DefaultEndpointsProtocol=http", "", "endpoint of the blob service"},
		"one on this machine":     {account + ";BlobEndpoint=http://127.0.0.1:1/x", "", "endpoint of the blob service"},
		"an account with a dot":   {"AccountName=secret.example/;AccountKey=c2VjcmV0", "", "AccountName: 3 to 24"},
	} {
		_, err := config.Load(env("AzureWebJobsStorage", c.connection, "RIGHTSDESK_CLOUD", c.cloud))
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "secret", name)
	}
}

func TestAnyEndpointOfThisMachineIsLocal(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"http://127.0.0.1:10000/x": true, "https://127.0.0.1:10000/x": true, "https://localhost/x": true, "https://LOCALHOST.:1": true, "https://[::1]:1": true,
		"https://127.9.9.9?x=1": true, "https://[::ffff:127.0.0.1]:1": true, "https://me@127.0.0.1": true, "https://contosodsr.blob.core.windows.net": false,
		"https://127.0.0.1.example.com": false, "": false,
	} {
		const elsewhere = "https://contosodsr.x.core.windows.net"
		for i, a := range []account.Account{
			{Name: "contosodsr", BlobURL: url, QueueURL: elsewhere, TableURL: elsewhere},
			{Name: "contosodsr", BlobURL: elsewhere, QueueURL: url, TableURL: elsewhere},
			{Name: "contosodsr", BlobURL: elsewhere, QueueURL: elsewhere, TableURL: url},
		} {
			require.Equal(t, want, config.Storage{Account: a}.Local(), "%s at %d", url, i)
		}
	}
	_, err := config.Load(env("AzureWebJobsStorage", realStorage+";BlobEndpoint=https://127.0.0.1:1/x;QueueEndpoint=https://127.0.0.1:2/x;TableEndpoint=https://127.0.0.1:3/x",
		"WEBSITE_SITE_NAME", "x"))
	require.ErrorContains(t, err, "loopback endpoints are refused")
}

func TestWhatIsLocalStaysLocal(t *testing.T) {
	t.Parallel()
	dev := "UseDevelopmentStorage=true"
	for name, c := range map[string]struct {
		env  []string
		want []string
	}{
		"nothing set":                            {nil, []string{"AzureWebJobsStorage or"}},
		"both storages":                          {[]string{"AzureWebJobsStorage", dev, "AzureWebJobsStorage__accountName", "x"}, []string{"exclude each other"}},
		"Azurite on App Service":                 {[]string{"AzureWebJobsStorage", dev, "WEBSITE_SITE_NAME", "x"}, []string{"Azurite's account"}},
		"Azurite on an instance":                 {[]string{"AzureWebJobsStorage", dev, "WEBSITE_INSTANCE_ID", "x"}, []string{"Azurite's account"}},
		"Azurite on Lambda":                      {[]string{"AzureWebJobsStorage", dev, "AWS_LAMBDA_FUNCTION_NAME", "x"}, []string{"Azurite's account"}},
		"Azurite's key under another name":       {[]string{"AzureWebJobsStorage", "AccountName=other;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", "WEBSITE_SITE_NAME", "x"}, []string{"Azurite's account"}},
		"a loopback endpoint on a platform":      {[]string{"AzureWebJobsStorage", realStorage + ";BlobEndpoint=http://localhost:10000/x", "WEBSITE_SITE_NAME", "x"}, []string{"loopback"}},
		"a movable clock on a platform":          {[]string{"AzureWebJobsStorage", realStorage, "WEBSITE_SITE_NAME", "x", "RIGHTSDESK_CLOCK", "http://127.0.0.1:7080/clock"}, []string{"RIGHTSDESK_CLOCK: this belongs to the local world"}},
		"a simulator on Lambda":                  {[]string{"AzureWebJobsStorage", realStorage, "AWS_LAMBDA_FUNCTION_NAME", "x", "RIGHTSDESK_GRAPH", "http://[::1]:7080"}, []string{"RIGHTSDESK_GRAPH: this belongs"}},
		"a movable clock beside real storage":    {[]string{"AzureWebJobsStorage", realStorage, "RIGHTSDESK_CLOCK", "http://127.0.0.1:7080/clock"}, []string{"real storage"}},
		"a simulator that is not on the machine": {[]string{"AzureWebJobsStorage", dev, "RIGHTSDESK_GRAPH", "http://graph.example"}, []string{"this machine"}},
		"a host that only looks like loopback":   {[]string{"AzureWebJobsStorage", dev, "RIGHTSDESK_GRAPH", "http://127.0.0.1.example.com"}, []string{"this machine"}},
		"credentials in a URL":                   {[]string{"AzureWebJobsStorage", dev, "RIGHTSDESK_GRAPH", "http://me@127.0.0.1"}, []string{"this machine"}},
		"everything wrong at once": {
			[]string{"AzureWebJobsStorage", "AccountName=x;Foo=secret", "RIGHTSDESK_CLOUD", "moon", "RIGHTSDESK_LOG", "loud", "RIGHTSDESK_AHEAD", "-1"},
			[]string{"part 2", "RIGHTSDESK_CLOUD", "RIGHTSDESK_LOG", "RIGHTSDESK_AHEAD: a number from 0 to 64"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(env(c.env...))
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestTheFileOfKeysIsMadeInTheLocalWorldOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "keys.json")
	local, err := config.Load(env("AzureWebJobsStorage", "UseDevelopmentStorage=true", "RIGHTSDESK_KEYS", path))
	require.NoError(t, err)
	platform, err := config.Load(env("AzureWebJobsStorage", realStorage, "RIGHTSDESK_KEYS", path, "WEBSITE_SITE_NAME", "x"))
	require.NoError(t, err)

	_, err = platform.LoadKeys()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, platform.CheckKeys(), os.ErrNotExist)
	require.NoError(t, local.CheckKeys(), "they are made at the first start")
	require.NoDirExists(t, filepath.Dir(path), "a check makes nothing")
	results := make(chan config.Keys, 8)
	for range cap(results) {
		go func() {
			k, err := local.LoadKeys()
			if err != nil {
				t.Error(err)
			}
			results <- k
		}()
	}
	first := <-results
	for range cap(results) - 1 {
		require.Empty(t, cmp.Diff(first, <-results), "processes that start together use the same keys")
	}
	require.Len(t, first.ID, 32)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys-*"))
	require.NoError(t, err)
	require.Empty(t, left)

	_, err = platform.LoadKeys()
	require.ErrorContains(t, err, "refused elsewhere")
	require.ErrorContains(t, platform.CheckKeys(), "refused elsewhere")
	require.NoError(t, local.CheckKeys())
	for name, text := range map[string]string{
		"cut":         `{"vault":[`,
		"no keys":     `{}`,
		"a short key": `{"vault":[{"version":1,"key":"AAAA"}],"id":"AAAA","tokens":[{"version":1,"key":"AAAA"}],"cursor":"AAAA"}`,
		"unknown":     `{"valt":[]}`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err = local.LoadKeys()
		require.Error(t, err, name)
	}
}
