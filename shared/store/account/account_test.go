package account_test

import (
	"bytes"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/stretchr/testify/require"
)

func TestConnect(t *testing.T) {
	t.Parallel()
	key := "c2VjcmV0LWtleQ=="
	for name, c := range map[string]struct{ in, blob, queue string }{
		"Azurite": {"UseDevelopmentStorage=true", "http://127.0.0.1:10000/devstoreaccount1", "http://127.0.0.1:10001/devstoreaccount1"},
		"names and suffix": {
			"DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=" + key + ";EndpointSuffix=core.usgovcloudapi.net",
			"https://acct.blob.core.usgovcloudapi.net/", "https://acct.queue.core.usgovcloudapi.net/",
		},
		"explicit endpoints": {
			"AccountName=acct;AccountKey=" + key + ";BlobEndpoint=http://127.0.0.1:1/acct/;QueueEndpoint=http://127.0.0.1:2/acct;TableEndpoint=http://127.0.0.1:3/acct;",
			"http://127.0.0.1:1/acct", "http://127.0.0.1:2/acct",
		},
	} {
		got, err := account.ConnectString(c.in, account.ClientOptions(nil))
		require.NoError(t, err, name)
		require.Equal(t, trim(c.blob), trim(got.Blobs.URL()), name)
		require.Equal(t, trim(c.queue), trim(got.Queues.URL()), name)
		require.NotNil(t, got.Tables, name)
		require.NotNil(t, got.BlobKey, name)
	}
	for name, in := range map[string]string{
		"empty":      "",
		"no key":     "AccountName=acct",
		"no name":    "AccountKey=" + key,
		"bad base64": "AccountName=acct;AccountKey=@@secret@@",
	} {
		_, err := account.ConnectString(in, account.ClientOptions(nil))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "secret")
	}
}

func trim(s string) string { return string(bytes.TrimRight([]byte(s), "/")) }

func FuzzConnectionString(f *testing.F) {
	f.Add("UseDevelopmentStorage=true")
	f.Add("AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:1/a")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := account.ConnectString(s, azcore.ClientOptions{}); err != nil && len(s) > 40 {
			require.NotContains(t, err.Error(), s)
		}
	})
}
