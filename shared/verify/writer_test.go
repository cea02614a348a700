package verify

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr/filltest"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// The verifier has constants and types of its own. These tests compare them with the
// writer's.

func TestTheVerifierKnowsWhatTheWriterWrites(t *testing.T) {
	t.Parallel()
	require.Equal(t, manifest.Name, manifestName)
	require.Equal(t, manifest.IndexName, indexName)
	require.Equal(t, manifest.Version, knownVersion)
	require.EqualValues(t, part.MaxSize, maxPart)
	for _, f := range append(tenant.Tabular(), tenant.JSON) {
		require.Contains(t, standard.member, string(f))
	}
}

// Every field of the writer's types is filled, written, read by the verifier's types and compared.
func TestEveryFieldOfAManifestIsRead(t *testing.T) {
	t.Parallel()
	var m manifest.Manifest
	filltest.Fill(t, &m)
	m.Version, m.Request, m.Tenant = manifest.Version, parttest.RequestID, parttest.TenantID
	m.Files[0].Path, m.Files[0].SHA256 = "a/b.json", strings.Repeat("0", 64)
	body, err := m.Encode()
	require.NoError(t, err)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create(manifestName)
	require.NoError(t, err)
	_, err = w.Write(body)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	read, err := standard.readManifest(archive)
	require.NoError(t, err)
	again, err := json.Marshal(read)
	require.NoError(t, err)
	require.JSONEq(t, string(body), string(again))
}

// The longest tables that a part can have still pass.
func TestTheLimitsHoldEveryPart(t *testing.T) {
	t.Parallel()
	const records = 2000
	for name, tc := range map[string]struct {
		columns []string
		record  string
	}{
		"empty records":    {[]string{"a"}, `{}`},
		"short texts":      {[]string{"a", "b"}, `{"a":" ","b":""}`},
		"quotes in a text": {[]string{"a"}, `{"a":"` + strings.Repeat(`\"`, 500) + `"}`},
		"quotes in a list": {[]string{"a"}, `{"a":[` + repeated(`""`, 300) + `]}`},
		"odd names":        {[]string{"&", "'", `<`}, `{"&":1,"'":1,"<":1}`},
		"sparse":           {strings.Split("abcdefghijklmnopqrstuvwxyz", ""), `{"a":1}`},
	} {
		in := parttest.Array(strings.Split(strings.TrimSuffix(strings.Repeat(tc.record+"\n", records), "\n"), "\n")...)
		for _, f := range tenant.Tabular() {
			var out bytes.Buffer
			require.NoError(t, tabular.Write(f, &out, "s", parttest.Columns(tc.columns...), bytes.NewReader(in)))
			limit := standard.member[string(f)] / part.MaxSize * int64(len(in))
			require.LessOrEqual(t, int64(out.Len()), limit+8<<10, "%s as %s", name, f)
		}
	}
}

func TestTheNamesOfMembersAreSafe(t *testing.T) {
	t.Parallel()
	for in, want := range map[part.Member]string{
		{Kind: "con", Number: 1, Format: tenant.JSON}:                  "access/aux-/con--0001.json",
		{Kind: "com1", Number: 12345, Format: tenant.XLSX}:             "access/aux-/com1--12345.xlsx",
		{Kind: strings.Repeat("k", 63), Number: 1, Format: tenant.CSV}: "access/aux-/" + strings.Repeat("k", 63) + "-0001.csv",
		{Kind: "a-0001", Number: 2, Format: tenant.XML}:                "access/aux-/a-0001-0002.xml",
	} {
		got := in.Path("access", "aux")
		require.Equal(t, want, got)
		require.Regexp(t, safeName, got)
		require.False(t, namesDevice(got))
	}
}
