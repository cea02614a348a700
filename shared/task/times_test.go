package task_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// finer matches the end of a time that tells more than milliseconds.
var finer = regexp.MustCompile(`"[^"]*:\d\d\.\d{4,}(Z|[+-]\d\d:\d\d)"`)

// A time reads the same where it is stored, hashed and handed over.
func TestTimesAreKeptToTheMillisecond(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Access)
	w.Host.Finish(id)
	c := w.Load(id)
	require.NotNil(t, c.Package)
	require.WithinDuration(t, w.Business.Now().Add(tasktest.Retention), c.Package.ExpiresAt, time.Hour)

	head, err := json.Marshal(c.Request)
	require.NoError(t, err)
	require.Empty(t, finer.FindAllString(string(head), -1), "request")
	history, err := w.Clean.History(t.Context(), w.Tenant, id)
	require.NoError(t, err)
	for _, h := range history {
		require.Empty(t, finer.FindAllString(string(h.Bytes), -1), "event %s", h.Event.Type)
	}

	body, _, err := w.Clean.Blobs.Get(t.Context(), blob.PackageRef(c.Package.Place))
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	require.NoError(t, err)
	f, err := z.Open(manifest.Name)
	require.NoError(t, err)
	manifest, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Contains(t, string(manifest), `"createdAt"`)
	require.Empty(t, finer.FindAllString(string(manifest), -1), "manifest")
}
