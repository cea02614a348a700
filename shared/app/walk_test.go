package app_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/verify"
)

// command runs the product's command line against the world.
func (w *world) command(key string, args ...string) (code int, out, errs string) {
	w.t.Helper()
	env := map[string]string{"RIGHTSDESK_API_KEY": key, "RIGHTSDESK_URL": w.host.URL}
	var stdout, stderr bytes.Buffer
	code = app.CommandLine(w.t.Context(), args, func(name string) string { return env[name] }, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// archive downloads the package of a request and verifies it.
func (w *world) archive(key, id string) ([]byte, verify.Report) {
	w.t.Helper()
	l := w.link(key, id)
	status, zip := w.fetch(l.URL)
	require.Equal(w.t, http.StatusOK, status)
	require.Len(w.t, zip, int(l.Bytes))
	report, err := verify.Archive(bytes.NewReader(zip), int64(len(zip)))
	require.NoError(w.t, err, "%+v", report.Problems)
	return zip, report
}

// TestWalk does what README's walk does.
func TestWalk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})

	// 1. and 2.: Jane asks twice.
	jane := asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "access", "export")
	id := w.submit(contosoKey, "walk-1", jane)
	require.Equal(t, id, w.submit(contosoKey, "walk-1", jane))
	require.Equal(t, "received", w.get(contosoKey, id).State)
	w.must(http.StatusNotFound, "GET", "/api/requests/"+id+"/package", contosoKey, nil)
	w.pump()
	r := w.get(contosoKey, id)
	require.Equal(t, "completed", r.State)
	require.Equal(t, "done", r.task("entra-access").Outcome)
	require.Equal(t, "done", r.task("entra-export").Outcome)
	require.Equal(t, "ready", r.Package.State)
	require.Contains(t, w.must(http.StatusOK, "GET", "/api/requests/"+id+"/events", contosoKey, nil).body, `"answered"`)
	require.Contains(t, w.must(http.StatusOK, "GET", "/api/requests/"+id+"/findings", contosoKey, nil).body, `"profile"`)

	// 3. and 4.: her package, fetched by its link and verified by the command line.
	zip, report := w.archive(contosoKey, id)
	require.NotZero(t, report.Records)
	file := filepath.Join(t.TempDir(), "package.zip")
	require.NoError(t, os.WriteFile(file, zip, 0o600))
	code, out, errs := w.command("", "verify", file)
	require.Zero(t, code, out+errs)
	require.NoError(t, os.WriteFile(file, append(zip[:100:100], zip[101:]...), 0o600))
	code, _, _ = w.command("", "verify", file)
	require.NotZero(t, code, "a damaged package")
	before := w.link(contosoKey, id)
	require.Empty(t, w.names(retention.Parts), "parts go as soon as the package is verified")

	// 5.: the package is kept until its last day and then deleted everywhere.
	w.advance(29 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, w.timer("purge"))
	w.archive(contosoKey, id)
	w.advance(2 * 24 * time.Hour)
	// before the purge has run as well
	w.must(http.StatusGone, "GET", "/api/requests/"+id+"/package", contosoKey, nil)
	require.Equal(t, http.StatusOK, w.timer("purge"))
	w.must(http.StatusGone, "GET", "/api/requests/"+id+"/package", contosoKey, nil)
	require.Equal(t, "expired", w.get(contosoKey, id).Package.State)
	status, _ := w.fetch(before.URL)
	require.Equal(t, http.StatusNotFound, status, "the link that was given before")
	require.Empty(t, w.names(retention.Packages))
	require.Equal(t, http.StatusOK, w.timer("purge"), "twice")
}

// TestWalkDecide is the part of the walk about two people who share an address.
func TestWalkDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.submit(contosoKey, "sam", asked(entrasim.Contoso, map[string]any{"email": "family.lee@home.example"}, "export"))
	w.pump()
	require.Equal(t, "needs-decision", w.get(contosoKey, id).State)
	var found struct{ Candidates []struct{ ObjectID string } }
	w.must(http.StatusOK, "GET", "/api/requests/"+id+"/findings", contosoKey, nil).into(t, &found)
	require.Len(t, found.Candidates, 2)
	w.must(http.StatusBadRequest, "POST", "/api/requests/"+id+"/decide", contosoKey, map[string]any{"objectId": entrasim.Contoso})
	w.must(http.StatusForbidden, "POST", "/api/requests/"+id+"/decide", readerKey, map[string]any{"objectId": found.Candidates[1].ObjectID})
	w.must(http.StatusOK, "POST", "/api/requests/"+id+"/decide", contosoKey, map[string]any{"objectId": found.Candidates[1].ObjectID})
	w.pump()
	require.Equal(t, "completed", w.get(contosoKey, id).State)
	zip, _ := w.archive(contosoKey, id)
	stored, ok := w.directory().Records(entrasim.Contoso, found.Candidates[1].ObjectID)
	require.True(t, ok)
	profile := member(t, zip, "export/entra/profile-0001.json")
	require.Contains(t, profile, stored["user"][0]["userPrincipalName"])
	require.NotContains(t, profile, found.Candidates[0].ObjectID)
}

// TestWalkMany is the part of the walk about a file of people, sent by the command line while
// the host works.
func TestWalkMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	file := filepath.Join(t.TempDir(), "people.csv")
	csv := "actions,regime,email\nexport,gdpr,jane@contoso.example\naccess;export,gdpr,john@contoso.example\nexport,gdpr,nobody@contoso.example\nexport,gdpr,no address\n"
	require.NoError(t, os.WriteFile(file, []byte(csv), 0o600))
	type end struct {
		code      int
		out, errs string
	}
	ended := make(chan end, 1)
	go func() {
		var e end
		e.code, e.out, e.errs = w.command(contosoKey, "submit", file, "--reference", "march-2026", "--watch")
		ended <- e
	}()
	for deadline := time.Now().Add(time.Minute); ; {
		w.pump()
		select {
		case e := <-ended:
			require.NotZero(t, e.code, "a line was rejected: %s%s", e.out, e.errs)
			require.NotContains(t, e.out+e.errs, "no address")
		default:
			require.True(t, time.Now().Before(deadline), "the command does not end")
			continue
		}
		break
	}
	var b struct {
		ID, State                            string
		Lines, Accepted, Duplicate, Rejected int
	}
	w.must(http.StatusOK, "GET", "/api/bulk?reference=march-2026", contosoKey, nil).into(t, &b)
	require.Equal(t, []any{"completed", 4, 3, 0, 1}, []any{b.State, b.Lines, b.Accepted, b.Duplicate, b.Rejected})
	results := w.must(http.StatusOK, "GET", "/api/bulk/"+b.ID+"/results", contosoKey, nil).body
	require.Equal(t, 4, strings.Count(results, "\n"))

	// A person of whom nothing was found gets a package, too.
	var list struct{ Items []request }
	w.must(http.StatusOK, "GET", "/api/requests?state=completed", contosoKey, nil).into(t, &list)
	require.Len(t, list.Items, 3)
	empty := 0
	for _, r := range list.Items {
		_, report := w.archive(contosoKey, r.ID)
		if r.task("entra-export").Outcome == "nothing-found" {
			empty++
			require.Zero(t, report.Records)
			require.NotEmpty(t, report.Manifest.Systems[0].Queries, "no data is a claim with proof")
		}
	}
	require.Equal(t, 1, empty)

	// The file is deleted 7 days after the import, its results after 30 days.
	w.advance(8 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, w.timer("purge"))
	require.Empty(t, w.names(retention.BulkInputs))
	require.Len(t, w.names(retention.Results), 1)
	w.advance(23 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, w.timer("purge"))
	for _, c := range []string{retention.Parts, retention.Packages, retention.BulkInputs, retention.Results} {
		require.Empty(t, w.names(c), c)
	}
}
