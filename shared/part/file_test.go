package part_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// A photo of 20 MiB goes into the package as it is, beside the records, in few calls.
func TestAPackageHoldsFilesThatAreNoRecords(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	photo := make([]byte, 20<<20)
	_, _ = rand.Read(photo)
	b.Counter.Reset()
	p, err := part.StoreFiles(t.Context(), b.Store, b.Spec,
		part.File{Member: part.Member{Kind: "profile", Format: tenant.JSON, Type: "application/json", Number: 1, Records: 1}, Body: parttest.Array(`{"id":"1"}`)},
		part.File{Member: part.Member{Kind: "photo", Format: "jpg", Type: "image/jpeg", Number: 1}, Body: photo})
	require.NoError(t, err)
	task := b.Case.Task(b.Spec.Task)
	task.Records, task.Parts = 1, []dsr.Part{p}
	made, err := archive.Assemble(t.Context(), archive.Assembly{
		Store: b.Store, Case: b.Case, Tenant: tenant.Tenant{ID: parttest.TenantID, Name: "Contoso", Systems: []tenant.Instance{tenant.Plain("entra")}},
		Catalogue: connector.Catalogue{{Descriptor: parttest.Directory()}}, Clocks: clock.Same(b.Clock.Now),
	})
	require.NoError(t, err)
	ref := blob.PackageRef(made.Place)
	report, err := archive.Verify(t.Context(), b.Store, ref)
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Records)
	t.Logf("a photo of 20 MiB: %d calls for the part, the package and its verification", b.Counter.Total())
	require.LessOrEqual(t, b.Counter.Total(), 20)

	body, _, err := b.Store.Blobs.Get(t.Context(), ref)
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	require.NoError(t, err)
	got, err := z.Open("access/entra/photo-0001.jpg")
	require.NoError(t, err)
	defer func() { _ = got.Close() }()
	all, err := io.ReadAll(got)
	require.NoError(t, err)
	require.Equal(t, photo, all)
}
