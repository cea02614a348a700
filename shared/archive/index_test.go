package archive

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file under testdata, or writes it with -update. There, a page has a
// line for each element.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if filepath.Ext(name) == ".html" {
		got = bytes.ReplaceAll(got, []byte("><"), []byte(">\n<"))
	}
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Fatalf("%s (-want +got), rewritten by go test ./shared/archive -update:\n%s", path, diff)
	}
}

func directory() connector.Catalogue { return connector.Catalogue{{Descriptor: parttest.Directory()}} }

func contoso() tenant.Tenant {
	return tenant.Tenant{
		ID: parttest.TenantID, Name: "Contoso <Ltd>", Systems: []tenant.Instance{tenant.Plain("entra")},
		Statements: tenant.Statements{
			Purposes: []string{"Your account lets you work for us.", "Security of our systems."}, Categories: []string{"Contact data, sign-in data."},
			Sources: []string{"You, and your manager."}, Recipients: []string{"Microsoft, as our processor."}, Retention: []string{"Until 30 days after you leave."},
			Rights: []string{"You can ask for rectification, erasure or restriction, object, and complain to the supervisory authority."}, AutomatedDecisions: []string{"None."},
			SoldOrShared: []string{"Nothing was sold or shared."},
		},
	}
}

// memory opens members by kind, number and format.
type memory map[string][]byte

func (m memory) key(x part.Member) string { return fmt.Sprint(x.Kind, x.Number, x.Format) }

func (m memory) Open(x part.Member) (io.ReadCloser, error) {
	b, ok := m[m.key(x)]
	if !ok {
		return nil, os.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// contentsOf are the contents of a package whose members are in memory.
func contentsOf(t testing.TB, r *dsr.Request, stored memory, members ...part.Member) contents {
	t.Helper()
	b := contents{
		Request: r, Private: parttest.Private(), Tenant: contoso(), Catalogue: directory(), Parts: stored,
		Manifest: newManifest(r, parttest.At(12), func(t dsr.Task) string {
			if t.System == "system-2" {
				return "Sent by post.\nTwo boxes."
			}
			return ""
		}),
	}
	for _, task := range listed(r) {
		c := taskMembers{Task: task}
		if task.System == "entra" {
			c.Members = members
		}
		b.Tasks = append(b.Tasks, c)
		for _, m := range c.Members {
			b.Manifest.Files = append(b.Manifest.Files, manifest.File{
				Path: m.Path(task.Action, task.System), SHA256: strings.Repeat("0", 64), Bytes: 1234, Records: m.Records, System: task.System,
				Kind: m.Kind, Category: dsr.CustomerData,
			})
		}
	}
	return b
}

// jane is a person with three records in two kinds.
func jane() (memory, []part.Member) {
	profile := part.Member{Kind: "profile", Number: 1, Format: tenant.JSON, Records: 1}
	table := part.Member{Kind: "profile", Number: 1, Format: tenant.CSV, Records: 1}
	signIns := part.Member{Kind: "sign-ins", Number: 1, Format: tenant.JSON, Records: 2}
	m := memory{}
	m[m.key(profile)] = parttest.Array(`{"id":"4711","displayName":"<b>Jane</b> O'Brien","mail":"jane@contoso.example","businessPhones":["+49 30 1","+49 30 2"],"accountEnabled":true,"onPremisesSyncEnabled":null,"city":"Zürich"}`)
	m[m.key(signIns)] = parttest.Array(`{"id":"s1","createdDateTime":"2026-03-01T07:00:00Z","location":{"city":"Berlin","geoCoordinates":{"latitude":52.5}}}`,
		`{"id":"s2","createdDateTime":"2026-03-02T07:00:00Z","location":null,"script":"</script><script>alert(1)</script>"}`)
	return m, []part.Member{profile, table, signIns}
}

func TestIndexOfAccess(t *testing.T) {
	t.Parallel()
	stored, members := jane()
	var out bytes.Buffer
	require.NoError(t, writeIndex(&out, contentsOf(t, parttest.WithTrouble(parttest.Asked(dsr.GDPR, dsr.Access)), stored, members...)))
	require.NotContains(t, out.String(), "<script")
	require.NotContains(t, out.String(), "ZgotmplZ")
	golden(t, "index-access.html", out.Bytes())
}

func TestIndexOfExport(t *testing.T) {
	t.Parallel()
	stored, members := jane()
	var out bytes.Buffer
	require.NoError(t, writeIndex(&out, contentsOf(t, parttest.Asked(dsr.CCPA, dsr.Export), stored, members...)))
	require.Contains(t, out.String(), "Risk assessment", "what an export leaves out is named")
	golden(t, "index-export.html", out.Bytes())
}

func TestIndexOfNothing(t *testing.T) {
	t.Parallel()
	r := parttest.Asked(dsr.CCPA, dsr.Access)
	r.Tasks[1].Records, r.Tasks[1].Outcome.Code = 0, dsr.OutcomeNothingFound
	var out bytes.Buffer
	require.NoError(t, writeIndex(&out, contentsOf(t, r, nil)))
	golden(t, "index-nothing.html", out.Bytes())
	require.Contains(t, out.String(), "v1-bb", "what was asked is proven")
	require.Contains(t, out.String(), "Nothing was sold or shared.")
}

// No right to see is never told as no data: there the page points to what is missing.
func TestIndexWithoutRecordsThatWereNotAllLookedAt(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]dsr.Outcome{
		"failed":  {Code: dsr.OutcomeFailed, Reason: "The permission User.Read.All is missing."},
		"refused": {Code: dsr.OutcomeRefused, Reason: "The mailbox is under a hold.", Basis: "§ 1798.145(a)"},
		"manual":  {Code: dsr.OutcomeManual, Reason: "Ask the archive in writing.", Link: "https://intranet.contoso.example/archive"},
		"partial": {Code: dsr.OutcomePartial, Reason: "sign-ins: the permission AuditLog.Read.All is missing."},
		"pending": {Code: dsr.OutcomePending, Reason: "A copy is being made.", Until: parttest.At(20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := parttest.Asked(dsr.CCPA, dsr.Access)
			r.Tasks[1].Records, r.Tasks[1].Outcome, r.Tasks[1].Queries = 0, o, nil
			r.Tasks = append(r.Tasks, dsr.Task{ID: "other-access", System: "other", Action: dsr.Access, State: dsr.TaskEnded, Outcome: dsr.Outcome{Code: dsr.OutcomeNothingFound}, Detail: &dsr.Detail{}})
			var out bytes.Buffer
			require.NoError(t, writeIndex(&out, contentsOf(t, r, nil)))
			require.NotContains(t, out.String(), "Nothing about you was found.")
			require.NotContains(t, out.String(), "No records were found")
			require.Equal(t, 3, strings.Count(out.String(), `href="#missing"`), "from the contents, the data and the files")
			golden(t, "index-nothing-"+name+".html", out.Bytes())
		})
	}
}

// A link comes from the tenant's document. One that would run a script leads nowhere.
func TestIndexLinksOnlyToWhatIsSafe(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"https://intranet.contoso.example/a?b=1&c=<d>": `<a href="https://intranet.contoso.example/a?b=1&amp;c=&lt;d&gt;" rel="noreferrer">`,
		"javascript:alert(1)":                          `<a href="about:invalid#TemplFailedSanitizationURL" rel="noreferrer">`,
		"\" onclick=\"alert(1)":                        `<a href="&#34; onclick=&#34;alert(1)" rel="noreferrer">`,
	} {
		r := parttest.Asked(dsr.GDPR, dsr.Access)
		r.Tasks[1].Records, r.Tasks[1].Outcome, r.Tasks[1].Queries = 0, dsr.Outcome{Code: dsr.OutcomeManual, Link: link}, nil
		var out bytes.Buffer
		require.NoError(t, writeIndex(&out, contentsOf(t, r, nil)))
		require.Contains(t, out.String(), want)
	}
}

// Each section answers for the tasks that it tells of.
func TestIndexWithoutRecordsWhereOnlyTheExportFailed(t *testing.T) {
	t.Parallel()
	r := parttest.Asked(dsr.GDPR, dsr.Access, dsr.Export)
	r.Tasks[1].Records, r.Tasks[1].Outcome.Code = 0, dsr.OutcomeNothingFound
	r.Tasks[2].Records, r.Tasks[2].Outcome.Code = 0, dsr.OutcomeFailed
	var out bytes.Buffer
	require.NoError(t, writeIndex(&out, contentsOf(t, r, nil)))
	require.Contains(t, out.String(), "Nothing about you was found.")
	require.NotContains(t, out.String(), "No records were found")
}

func TestIndexShowsTheFirstThousand(t *testing.T) {
	t.Parallel()
	stored := memory{}
	var members []part.Member
	for n := range 4 {
		m := part.Member{Kind: "profile", Number: n + 1, Format: tenant.JSON, Records: 600}
		var records []string
		for i := range 600 {
			records = append(records, fmt.Sprintf(`{"id":"person-%d"}`, n*600+i+1))
		}
		stored[stored.key(m)] = parttest.Array(records...)
		members = append(members, m)
	}
	delete(stored, stored.key(members[2])) // never opened
	var out bytes.Buffer
	require.NoError(t, writeIndex(&out, contentsOf(t, parttest.Asked(dsr.GDPR, dsr.Access), stored, members...)))
	require.Equal(t, shownRecords, strings.Count(out.String(), "<article>"))
	require.Contains(t, out.String(), ">person-1000<")
	require.NotContains(t, out.String(), ">person-1001<")
	require.Contains(t, out.String(), "The first 1,000 records follow. All 2,400 are in the files named above.")
}

func TestIndexFailsWhenARecordCannotBeRead(t *testing.T) {
	t.Parallel()
	m := part.Member{Kind: "profile", Number: 1, Format: tenant.JSON, Records: 2}
	for name, tc := range map[string]struct {
		stored memory
		is     error
	}{
		"missing": {memory{}, os.ErrNotExist},
		"cut":     {memory{memory{}.key(m): []byte(`[{"id":"x"},{`)}, nil},
	} {
		err := writeIndex(&bytes.Buffer{}, contentsOf(t, parttest.Asked(dsr.GDPR, dsr.Access), tc.stored, m))
		require.Error(t, err, name)
		if tc.is != nil {
			require.ErrorIs(t, err, tc.is, name)
		}
	}
}
