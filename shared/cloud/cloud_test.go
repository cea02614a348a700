package cloud_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/cloud"
)

func TestEveryCloudIsWhole(t *testing.T) {
	t.Parallel()
	for _, name := range []string{cloud.Public, "usgov", "china"} {
		c, ok := cloud.Named(name)
		require.True(t, ok, name)
		require.NotEmpty(t, c.StorageSuffix, name)
		for _, address := range []string{c.Login, c.Services[cloud.Graph]} {
			u, err := url.Parse(address)
			require.NoError(t, err, name)
			require.Equal(t, "https://"+u.Host, address, "%s: https, a host and nothing else", name)
		}
	}
	_, ok := cloud.Named("")
	require.False(t, ok)
}

func TestServes(t *testing.T) {
	t.Parallel()
	require.True(t, cloud.Serves(cloud.Graph, "https://graph.microsoft.com"))
	require.True(t, cloud.Serves(cloud.Graph, "https://graph.microsoft.us"))
	for _, not := range []string{
		"", "http://graph.microsoft.com", "https://graph.microsoft.com:443", "https://dod-graph.microsoft.us",
		"https://graph.microsoft.com.evil.example", "https://login.microsoftonline.com",
	} {
		require.False(t, cloud.Serves(cloud.Graph, not), not)
	}
	require.False(t, cloud.Serves("crm", ""), "a service that no cloud has")
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "10.0.0.1": false, "::": false, "::1%eth0": false, "127.1": false, "0177.0.0.1": false,
		"127.0.0.1.example.com": false, "localhost.example.com": false, "LOCALHOST": false,
	} {
		require.Equal(t, want, cloud.Loopback(host), host)
	}
}
