package azurite

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/stretchr/testify/require"
)

func TestSharedServesAllThreeServices(t *testing.T) {
	t.Parallel()
	ctx, az, name := t.Context(), Shared(t), Prefix(t)

	blobs, err := azblob.NewClientFromConnectionString(az.ConnectionString, nil)
	require.NoError(t, err)
	_, err = blobs.CreateContainer(ctx, name, nil)
	require.NoError(t, err)
	_, err = blobs.UploadBuffer(ctx, name, "a/b", []byte("hello"), nil)
	require.NoError(t, err)

	queues, err := azqueue.NewServiceClientFromConnectionString(az.ConnectionString, nil)
	require.NoError(t, err)
	_, err = queues.CreateQueue(ctx, name, nil)
	require.NoError(t, err)
	_, err = queues.NewQueueClient(name).EnqueueMessage(ctx, "hello", nil)
	require.NoError(t, err)

	putRow(t, az, name)
	require.True(t, hasRow(t, az, name))
}

func TestSharedIsOnePerTestRun(t *testing.T) {
	t.Parallel()
	require.Equal(t, Shared(t).Endpoints, Shared(t).Endpoints)
	require.Panics(t, Shared(t).Stop, "the shared one cannot be stopped")
	require.Zero(t, Shared(t).Pid())
}

// Several test binaries that start at once end up with one Azurite, also when a crash has left
// an old state file. It ends when no test binary touches the lease any more.
func TestShareMeetsInOneFolder(t *testing.T) {
	t.Parallel()
	install, err := find()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, writeState(filepath.Join(dir, "state.json"), endpointsOf(ports{1, 2, 3})))

	found := make([]Endpoints, 4)
	var wg sync.WaitGroup
	for n := range found {
		wg.Go(func() {
			e, err := share(install, dir, time.Hour)
			if err == nil {
				found[n] = e
			}
		})
	}
	wg.Wait()
	require.NotEmpty(t, found[0].BlobURL)
	for _, e := range found {
		require.Equal(t, found[0], e)
	}

	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "lease"), long, long))
	require.Eventually(t, func() bool {
		_, err := http.Get(found[0].TableURL)
		return err != nil
	}, 30*time.Second, 100*time.Millisecond, "the watchdog ends it")
}

func TestRestartKeepsPortsAndData(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	az, err := Start(t.Context(), Options{Dir: t.TempDir(), Log: &log})
	require.NoError(t, err)
	t.Cleanup(az.Stop)
	before, name := az.Endpoints, Prefix(t)
	putRow(t, az, name)

	require.NoError(t, az.Restart(t.Context()))

	require.Equal(t, before, az.Endpoints)
	require.True(t, hasRow(t, az, name))
	require.NotContains(t, log.String(), "HTTP/1.1", "the access log is off")
}

func TestKillEndsIt(t *testing.T) {
	t.Parallel()
	az, err := Start(t.Context(), Options{})
	require.NoError(t, err)
	az.Kill()
	<-az.Done()
	_, err = http.Get(az.BlobURL)
	require.Error(t, err)
}

func TestTakenPortIsSaid(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	_, err = Start(t.Context(), Options{BlobPort: ln.Addr().(*net.TCPAddr).Port})
	require.ErrorContains(t, err, "EADDRINUSE")
}

func TestStartStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestPrefixIsAValidNameOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		p := Prefix(t)
		require.Regexp(t, regexp.MustCompile(`^[a-z][a-z0-9]{9}$`), p)
		require.False(t, seen[p])
		seen[p] = true
	}
}

func TestParsePortsWaitsForWholeLines(t *testing.T) {
	t.Parallel()
	const blob = "Azurite Blob service is successfully listening at http://127.0.0.1:10000\n"
	const queue = "Azurite Queue service is successfully listening at http://127.0.0.1:10001\n"
	const table = "Azurite Table service is successfully listening at http://127.0.0.1:10002"
	for name, c := range map[string]struct {
		text string
		want ports
		ok   bool
	}{
		"nothing yet":      {"", ports{}, false},
		"one missing":      {blob + queue, ports{10000, 10001, 0}, false},
		"the last is half": {blob + queue + table, ports{10000, 10001, 0}, false},
		"all":              {blob + queue + table + "\n", ports{10000, 10001, 10002}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := parsePorts(c.text)
			require.Equal(t, c.want, got)
			require.Equal(t, c.ok, ok)
		})
	}
}

func TestMissingModuleIsSaid(t *testing.T) {
	t.Parallel()
	_, err := moduleRoot("/")
	require.ErrorContains(t, err, "no go.mod")
}

func tableOf(t *testing.T, az *Instance, name string) *aztables.Client {
	t.Helper()
	service, err := aztables.NewServiceClientFromConnectionString(az.ConnectionString, nil)
	require.NoError(t, err)
	return service.NewClient(name)
}

func putRow(t *testing.T, az *Instance, name string) {
	t.Helper()
	table := tableOf(t, az, name)
	_, err := table.CreateTable(t.Context(), nil)
	require.NoError(t, err)
	_, err = table.AddEntity(t.Context(), []byte(`{"PartitionKey":"p","RowKey":"r"}`), nil)
	require.NoError(t, err)
}

func hasRow(t *testing.T, az *Instance, name string) bool {
	t.Helper()
	_, err := tableOf(t, az, name).GetEntity(t.Context(), "p", "r", nil)
	return err == nil
}
