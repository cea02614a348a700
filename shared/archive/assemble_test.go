package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
	"github.com/rightsdesk/rightsdesk/shared/verify"
)

// assembled exports a feed for each entra task of a request and makes the package.
func assembled(t testing.TB, w *storetest.World, r *dsr.Request, f parttest.Feed) (Assembly, dsr.Package) {
	t.Helper()
	a := Assembly{Store: w.Store, Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(w.Clock.Now)}
	a.Case = parttest.NewCase(t, w.Store, t.Name()+string(r.Actions[0]), r)
	b := parttest.Bench{World: w, TB: t, Case: a.Case, PartSize: 400}
	for i := range a.Case.Tasks {
		if task := &a.Case.Tasks[i]; task.System == "entra" && task.Listed() {
			spec := part.Spec{Tenant: parttest.TenantID, Request: a.Case.ID, Task: task.ID, System: "entra", Action: task.Action}
			var mine parttest.Feed
			for _, p := range f {
				if slices.Contains(parttest.Directory().KindsFor(task.Action), p.Kind) {
					mine = append(mine, p)
				}
			}
			sum := parttest.Finish(t, b.Sink(w.Store, spec, func(o *part.Options) { o.Formats = tenant.Tabular() }), mine)
			task.Records, task.Queries, task.Parts = sum.Records, sum.Queries, sum.Parts
		}
	}
	p, err := Assemble(t.Context(), a)
	require.NoError(t, err)
	return a, p
}

// packageOf reads a stored package.
func packageOf(t testing.TB, st *store.Store, p dsr.Package) ([]byte, *zip.Reader, verify.Report) {
	t.Helper()
	body, info, err := st.Blobs.Get(t.Context(), blob.PackageRef(p.Place))
	require.NoError(t, err)
	require.Equal(t, p.Place.ETag, info.ETag)
	require.EqualValues(t, p.Bytes, len(body))
	sum := sha256.Sum256(body)
	require.Equal(t, p.SHA256, hex.EncodeToString(sum[:]))
	report, err := verify.Archive(bytes.NewReader(body), int64(len(body)))
	require.NoError(t, err, "%+v", report.Problems)
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	require.NoError(t, err)
	return body, z, report
}

// unzipped reads a member of an archive.
func unzipped(t testing.TB, f *zip.File) string {
	t.Helper()
	r, err := f.Open()
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(b)
}

// handedOver ends the bench's task as the step does.
func handedOver(b *parttest.Bench, sum part.Summary) {
	t := b.Case.Task(b.Spec.Task)
	t.Records, t.Parts = sum.Records, sum.Parts
}

func TestPackage(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := parttest.WithTrouble(parttest.Asked(dsr.GDPR, dsr.Access, dsr.Export))
	f := parttest.People(3, 10, "x")
	a, p := assembled(t, w, r, f)
	require.Equal(t, dsr.Place{Container: retention.Packages, Name: parttest.TenantID + "/" + a.Case.ID + "/first.zip", ETag: p.Place.ETag}, p.Place)
	_, z, report := packageOf(t, w.Store, p)
	require.EqualValues(t, 120, report.Records)

	var names []string
	for _, file := range z.File {
		names = append(names, file.Name)
		require.Equal(t, parttest.At(9), file.Modified.UTC(), file.Name)
	}
	require.Equal(t, []string{"access/entra/profile-0001.json", "access/entra/profile-0001.csv", "access/entra/profile-0001.xlsx", "access/entra/profile-0001.xml", "access/entra/profile-0002.json"}, names[:5])
	require.Equal(t, []string{manifest.IndexName, manifest.Name}, names[len(names)-2:])
	require.Len(t, report.Manifest.Files, len(names)-1)

	stored, err := Verify(t.Context(), w.Store, blob.PackageRef(p.Place))
	require.NoError(t, err)
	require.Equal(t, report, stored)

	again, err := Assemble(t.Context(), a)
	require.NoError(t, err, "what an earlier attempt stored is replaced")
	require.NotEqual(t, p.Place.ETag, again.Place.ETag)
	packageOf(t, w.Store, again)
}

// The packages of one person differ by action: an export has neither the derived kinds nor the
// statements nor the records in words.
func TestAccessHasEverythingAndExportLeavesOutWhatWasDerived(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	f := append(parttest.People(1, 5, "x"), parttest.Page{Kind: "risk", Records: parttest.Raws(`{"id":"r1","riskLevel":"high"}`)})
	byAction := map[dsr.Action]map[string]string{}
	for _, action := range []dsr.Action{dsr.Access, dsr.Export} {
		_, p := assembled(t, w, parttest.Asked(dsr.GDPR, action), f)
		_, z, _ := packageOf(t, w.Store, p)
		byAction[action] = map[string]string{}
		for _, file := range z.File {
			byAction[action][strings.TrimPrefix(file.Name, string(action)+"/")] = unzipped(t, file)
		}
	}
	access, export := byAction[dsr.Access], byAction[dsr.Export]
	for _, files := range []map[string]string{access, export} {
		for name := range files {
			if strings.HasSuffix(name, ".xlsx") { // it holds the time at which it was made
				delete(files, name)
			}
		}
	}
	for name, body := range export {
		if name != manifest.IndexName && name != manifest.Name {
			require.Equal(t, access[name], body, "both hand over the same %s", name)
			delete(access, name)
		}
	}
	require.Equal(t, []string{"entra/risk-0001.csv", "entra/risk-0001.json", "entra/risk-0001.xml", manifest.IndexName, manifest.Name}, slices.Sorted(maps.Keys(access)))
	require.Contains(t, access[manifest.IndexName], "Article 15(1)(a)")
	require.Contains(t, access[manifest.IndexName], "profile-0-4")
	require.Contains(t, access[manifest.IndexName], "<dt>Level of risk</dt><dd><span class=\"text\">high</span>")
	require.NotContains(t, export[manifest.IndexName], "Article 15(1)(a)")
	require.NotContains(t, export[manifest.IndexName], "profile-0-4")
	require.Contains(t, export[manifest.IndexName], "<li>Risk assessment (Microsoft Entra ID)</li>")
}

func TestManifest(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := parttest.WithTrouble(parttest.Asked(dsr.CCPA, dsr.Access))
	a := Assembly{Store: w.Store, Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(func() time.Time { return parttest.At(12) })}
	a.Case = parttest.NewCase(t, w.Store, "manifest", r)
	text, err := a.Case.Seal(t.Context(), store.SealReason, []byte("Handed over in person."))
	require.NoError(t, err)
	a.Case.Tasks[3].Text = text // system-2
	b := parttest.Bench{World: w, TB: t, Case: a.Case, PartSize: 1 << 20}
	spec := part.Spec{Tenant: parttest.TenantID, Request: a.Case.ID, Task: "entra-access", System: "entra", Action: dsr.Access}
	s := b.Sink(w.Store, spec)
	_, _, err = s.Resume(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Put(t.Context(), "profile", parttest.Raws(`{"id":"1","mail":"jane@contoso.example"}`, `{"id":"2"}`), []byte("1")))
	require.NoError(t, s.Put(t.Context(), "sign-ins", parttest.Raws(`{"id":"3"}`), []byte("2")))
	sum, err := s.Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, []dsr.Part{*sum.Last}, sum.Parts, "two kinds in one part")
	a.Case.Tasks[1].Parts = sum.Parts
	p, err := Assemble(t.Context(), a)
	require.NoError(t, err)
	_, z, _ := packageOf(t, w.Store, p)
	body := unzipped(t, z.File[len(z.File)-1])
	golden(t, "manifest.json", []byte(strings.ReplaceAll(body, a.Case.ID, parttest.RequestID)))
	var shape map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &shape))
	require.Equal(t, []string{"actions", "createdAt", "files", "receivedAt", "regime", "request", "systems", "tenant", "version"}, slices.Sorted(maps.Keys(shape)))
}

func TestNothingFoundIsProven(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := parttest.Asked(dsr.GDPR, dsr.Access)
	r.Tasks[1].Outcome, r.Tasks[1].Records = dsr.Outcome{Code: dsr.OutcomeNothingFound}, 0
	a := Assembly{Store: w.Store, Case: parttest.NewCase(t, w.Store, "nothing", r), Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(w.Clock.Now)}
	p, err := Assemble(t.Context(), a)
	require.NoError(t, err)
	_, z, report := packageOf(t, w.Store, p)
	require.Len(t, z.File, 2)
	require.Len(t, report.Manifest.Systems[0].Queries, 3)
	require.Equal(t, "User.Read.All", report.Manifest.Systems[0].Queries[0].Permission)
}

func TestPartsThatAreNotWhatTheTaskSays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, b *parttest.Bench)
		fails bool
	}{
		"a part is gone": {func(t *testing.T, b *parttest.Bench) {
			require.NoError(t, b.Store.Blobs.Delete(t.Context(), b.Spec.Ref(b.Case.Tasks[1].Parts[1]), ""))
		}, true},
		"the last part is gone": {func(t *testing.T, b *parttest.Bench) {
			require.NoError(t, b.Store.Blobs.Delete(t.Context(), b.Spec.Ref(b.Case.Tasks[1].Parts[5]), ""))
		}, true},
		"a part was stored anew": {func(t *testing.T, b *parttest.Bench) {
			ref := b.Spec.Ref(b.Case.Tasks[1].Parts[2])
			body, _, err := b.Store.Blobs.Get(t.Context(), ref)
			require.NoError(t, err)
			require.NoError(t, b.Store.Blobs.Delete(t.Context(), ref, ""))
			require.NoError(t, b.Store.Blobs.Put(t.Context(), ref, body, nil, "application/octet-stream"))
		}, true},
		"a part is not named": {func(_ *testing.T, b *parttest.Bench) {
			b.Case.Tasks[1].Parts = b.Case.Tasks[1].Parts[:5]
		}, true},
		"another worker stored more after the end": {func(t *testing.T, b *parttest.Bench) {
			parttest.Finish(t, b.Sink(b.Store, b.Spec), parttest.People(3, 12, "x"))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := parttest.NewBench(t)
			f := parttest.People(3, 10, "x")
			sum := parttest.Finish(t, b.Sink(b.Store, b.Spec), f)
			require.Len(t, sum.Parts, 6)
			handedOver(b, sum)
			tc.spoil(t, b)
			p, err := Assemble(t.Context(), Assembly{Store: b.Store, Case: b.Case, Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(b.Clock.Now)})
			if tc.fails {
				require.ErrorIs(t, err, ErrIncomplete)
				gone, err := b.Store.Blobs.Gone(t.Context(), blob.PackageRef(b.Case.Next.Place))
				require.NoError(t, err)
				require.True(t, gone, "nothing is handed over")
				return
			}
			require.NoError(t, err)
			_, _, report := packageOf(t, b.Store, p)
			require.EqualValues(t, 60, report.Records)
		})
	}
}

// A retry adds what failed before. What was handed over before comes from the earlier package,
// since its parts are gone.
func TestPackageOfARetryKeepsWhatTheFormerOneHad(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := parttest.Asked(dsr.GDPR, dsr.Access, dsr.Export)
	f := parttest.People(2, 10, "x")
	a, first := assembled(t, w, r, f)
	before, _, _ := packageOf(t, w.Store, first)
	require.NoError(t, part.Delete(t.Context(), w.Store, a.Case))

	export := &a.Case.Tasks[2]
	export.Round, a.Case.Round = 1, 1
	b := parttest.Bench{World: w, TB: t, Case: a.Case, PartSize: 400}
	spec := part.Spec{Tenant: parttest.TenantID, Request: a.Case.ID, Round: 1, Task: export.ID, System: "entra", Action: dsr.Export}
	sum := parttest.Finish(t, b.Sink(w.Store, spec), parttest.People(1, 7, "y"))
	export.Records, export.Parts = sum.Records, sum.Parts
	first.State = dsr.PackageReady
	a.Case.Package, a.Case.Next = &first, parttest.NextPackage(a.Case.ID, "second")
	second, err := Assemble(t.Context(), a)
	require.NoError(t, err)
	_, info, err := w.Store.Blobs.Get(t.Context(), blob.PackageRef(first.Place))
	require.NoError(t, err)
	require.Equal(t, first.Place.ETag, info.ETag, "the package before stays as it was")
	require.NotEqual(t, first.Place.Name, second.Place.Name)
	after, z, report := packageOf(t, w.Store, second)
	require.EqualValues(t, 40+14, report.Records)
	old, err := zip.NewReader(bytes.NewReader(before), int64(len(before)))
	require.NoError(t, err)
	for i, file := range old.File {
		if strings.HasPrefix(file.Name, "access/") {
			require.Equal(t, unzipped(t, file), unzipped(t, z.File[i]))
		}
	}
	require.NotEqual(t, before, after)

	require.NoError(t, part.Delete(t.Context(), w.Store, a.Case))
	a.Case.Package.Place.Account = "https://gone.blob.core.windows.net"
	_, err = Assemble(t.Context(), a)
	require.ErrorIs(t, err, store.ErrNoAccount, "no destination names the account")
	a.Case.Package.Place.Account = ""
	a.Case.Package.Place.ETag = second.Place.ETag
	_, err = Assemble(t.Context(), a)
	require.ErrorIs(t, err, ErrChanged)
	require.NoError(t, w.Store.Blobs.Delete(t.Context(), blob.PackageRef(first.Place), ""))
	_, err = Assemble(t.Context(), a)
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorIs(t, err, ErrIncomplete)
	a.Case.Next.Place = dsr.Place{}
	_, err = Assemble(t.Context(), a)
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestAssemblyKilledAtEachCall(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	sum := parttest.Finish(t, b.Sink(b.Store, b.Spec), parttest.People(1, 3, "x"))
	handedOver(b, sum)
	a := Assembly{Store: b.Store, Case: b.Case, Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(b.Clock.Now)}
	for calls := 0; ; calls++ {
		revive := b.Faults.KillAfter(calls)
		_, err := Assemble(t.Context(), a)
		revive()
		p, again := Assemble(t.Context(), a)
		require.NoError(t, again)
		packageOf(t, b.Store, p)
		if err == nil {
			require.Equal(t, 5, calls, "read the part, try to be the first, look who was, look at its version, replace")
			return
		}
	}
}

// held is a hold on a task.
type held func() error

// Check implements Claim.
func (h held) Check(context.Context) error { return h() }

func TestTwoAssembliesRace(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	sum := parttest.Finish(t, b.Sink(b.Store, b.Spec), parttest.People(1, 3, "x"))
	handedOver(b, sum)
	a := Assembly{Store: b.Store, Case: b.Case, Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(b.Clock.Now)}
	other := a
	other.Store = b.Another(t)
	var won dsr.Package
	a.Claim = held(func() error {
		if won.Place.ETag != "" {
			return store.ErrClaimed
		}
		return nil
	})
	b.Faults.Add(storetest.Fault{Times: 1, Match: func(c storetest.Call) bool { return c.Is("blob", retention.Packages) && c.Method == "PUT" }, Before: func() {
		var err error
		won, err = Assemble(t.Context(), other)
		require.NoError(t, err)
	}})
	_, err := Assemble(t.Context(), a)
	require.ErrorIs(t, err, store.ErrClaimed)
	packageOf(t, b.Store, won)
}

func TestWhatAnEarlierAttemptStoredIsReplaced(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	sum := parttest.Finish(t, b.Sink(b.Store, b.Spec), parttest.People(1, 3, "x"))
	handedOver(b, sum)
	ref := blob.PackageRef(b.Case.Next.Place)
	_, err := Verify(t.Context(), b.Store, ref)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, b.Store.Blobs.Put(t.Context(), ref, []byte("not an archive"), nil, "application/zip"))
	_, err = Verify(t.Context(), b.Store, ref)
	require.ErrorIs(t, err, verify.ErrNotVerified)
	p, err := Assemble(t.Context(), Assembly{Store: b.Store, Case: b.Case, Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(b.Clock.Now)})
	require.NoError(t, err)
	packageOf(t, b.Store, p)
}

// Not parallel: it looks at the memory of the process.
func TestMemoryDoesNotGrowWithTheData(t *testing.T) {
	w := storetest.New(t)
	c := parttest.NewCase(t, w.Store, "memory", parttest.Asked(dsr.GDPR, dsr.Access))
	b := parttest.Bench{World: w, TB: t, Case: c, PartSize: 4 << 20}
	spec := part.Spec{Tenant: parttest.TenantID, Request: c.ID, Task: "entra-access", System: "entra", Action: dsr.Access}
	page := signIns(1)
	const pages = 50 // 100,000 records, 44 MB, and as much again as CSV
	grown := peak(func() {
		s := b.Sink(w.Store, spec, func(o *part.Options) { o.Formats = []tenant.Format{tenant.CSV} })
		_, _, err := s.Resume(t.Context())
		require.NoError(t, err)
		for range pages {
			require.NoError(t, s.Put(t.Context(), "sign-ins", page, []byte("x")))
		}
		sum, err := s.Close(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, pages*benchPerPage, sum.Records)
		c.Tasks[1].Records, c.Tasks[1].Parts = sum.Records, sum.Parts
		p, err := Assemble(t.Context(), Assembly{Store: w.Store, Case: c, Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(w.Clock.Now)})
		require.NoError(t, err)
		report, err := Verify(t.Context(), w.Store, blob.PackageRef(p.Place))
		require.NoError(t, err)
		require.EqualValues(t, pages*benchPerPage, report.Records)
	})
	require.Less(t, grown, uint64(64<<20))
}
