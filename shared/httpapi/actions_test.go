package httpapi_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

const chosen = "0e5f1c7a-2b3d-4e5f-8a9b-0c1d2e3f4a5b"

// undecided is a request whose discovery matched two people.
func (w *world) undecided() string {
	w.t.Helper()
	id := w.submit("admin", "k", nil)
	w.event(id, dsr.Event{Type: dsr.EventDiscoveryStarted})
	p, err := w.load(id).Private(w.t.Context())
	require.NoError(w.t, err)
	p.Candidates = []dsr.Candidate{
		{System: "entra", ObjectID: chosen, Matched: []string{"email"}, State: "active"},
		{System: "entra", ObjectID: "11111111-2b3d-4e5f-8a9b-0c1d2e3f4a5b", Matched: []string{"email"}, State: "deleted"},
	}
	end := task.End{Task: "entra-discover", By: "step:test", Outcome: dsr.Outcome{Code: dsr.OutcomeDone}, Candidates: p.Candidates}
	_, err = w.runner.End(w.t.Context(), w.load(id), end)
	require.NoError(w.t, err)
	return id
}

func TestAPersonChoosesACandidate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.undecided()
	r := w.ask("GET", "/api/requests/"+id+"/findings", "reader", "")
	require.Len(t, r.json(t)["candidates"], 2, r.body)

	path := "/api/requests/" + id + "/decide"
	r = w.ask("POST", path, "admin", `{"objectId":"`+unknown+`"}`)
	require.Equal(t, http.StatusBadRequest, r.status)
	require.Equal(t, "unknown-candidate", r.json(t)["code"])
	require.Equal(t, http.StatusForbidden, w.ask("POST", path, "reader", `{"objectId":"`+chosen+`"}`).status)
	r = w.ask("POST", path, "admin", `{"objectId":"`+chosen+`"}`, `If-Match: "1"`)
	require.Equal(t, http.StatusPreconditionFailed, r.status)
	tag := w.ask("GET", "/api/requests/"+id, "admin", "").header.Get("ETag")
	r = w.ask("POST", path, "admin", `{"objectId":"`+chosen+`"}`, "If-Match: "+tag)
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, "discovering", r.json(t)["state"])
	require.NotEqual(t, tag, r.header.Get("ETag"))

	c := w.load(id)
	p, err := c.Private(t.Context())
	require.NoError(t, err)
	require.Equal(t, chosen, p.Subject.Decided.Reveal())
	require.Empty(t, p.Candidates)
	require.Equal(t, dsr.TaskOpen, c.Task("entra-discover").State)
	require.Contains(t, c.Wakes, retention.WakeRedeliver)
	require.NotContains(t, w.ask("GET", "/api/requests/"+id+"/findings", "reader", "").json(t), "candidates")
	require.Equal(t, "wrong-state", w.ask("POST", path, "admin", `{"objectId":"`+chosen+`"}`).json(t)["code"], "once is enough")

	events := w.ask("GET", "/api/requests/"+id+"/events", "reader", "").json(t)["items"].([]any)
	last := events[len(events)-1].(map[string]any)
	require.Equal(t, "decided", last["type"])
	require.Equal(t, "admin", last["by"])
	require.Equal(t, chosen, last["reason"], "who chose whom is told to those who may read the request")
}

func TestFailedTasksAreTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", nil)
	path := "/api/requests/" + id + "/retry"
	require.Equal(t, "wrong-state", w.ask("POST", path, "admin", "").json(t)["code"])
	w.answered(id, dsr.OutcomeFailed)
	require.Equal(t, dsr.StateCompleted, w.load(id).State)
	r := w.ask("POST", path, "admin", `{"reason":"canary has the permission now"}`)
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, "discovering", r.json(t)["state"])
	c := w.load(id)
	require.Equal(t, dsr.TaskOpen, c.Task("entra-discover").State)
	require.Equal(t, dsr.TaskOpen, c.Task("entra-export").State)
	require.Equal(t, 1, c.Round)

	done := w.submit("admin", "k2", nil)
	w.answered(done, dsr.OutcomeDone)
	r = w.ask("POST", "/api/requests/"+done+"/retry", "admin", "")
	require.Equal(t, http.StatusConflict, r.status)
	require.Equal(t, "nothing-to-retry", r.json(t)["code"])

	failed := w.submit("admin", "k3", nil)
	w.discovered(failed, dsr.OutcomeDone)
	w.event(failed, dsr.Event{Type: dsr.EventTaskEnded, Task: "entra-export", Outcome: &dsr.Outcome{Code: dsr.OutcomeDone}})
	w.event(failed, dsr.Event{Type: dsr.EventAssemblyFailed, Outcome: &dsr.Outcome{Code: dsr.OutcomeFailed, Reason: "full"}})
	r = w.send("POST", "/api/requests/"+failed+"/retry", "admin", chunked{http.NoBody}, "Content-Type: ")
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, "assembling", r.json(t)["state"], "only the package is made again")
}

func TestCancelling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", map[string]any{"systems": nil})
	w.event(id, dsr.Event{Type: dsr.EventDiscoveryStarted})
	w.event(id, dsr.Event{Type: dsr.EventDiscovered, Task: "entra-discover", Outcome: &dsr.Outcome{Code: dsr.OutcomeDone}})
	path := "/api/requests/" + id + "/cancel"
	r := w.ask("POST", path, "admin", `{"reason":"canary withdrew"}`)
	require.Equal(t, http.StatusOK, r.status, r.body)
	got := r.json(t)
	require.Equal(t, "cancelled", got["state"])
	for _, task := range got["tasks"].([]any) {
		require.Equal(t, "cancelled", task.(map[string]any)["state"])
	}
	require.Contains(t, w.load(id).Wakes, retention.WakeParts)
	require.NotContains(t, w.load(id).Wakes, retention.WakeRedeliver)
	require.Equal(t, "wrong-state", w.ask("POST", path, "admin", `{"reason":"x"}`).json(t)["code"])
	require.Equal(t, "wrong-state", w.ask("POST", "/api/requests/"+id+"/retry", "admin", "").json(t)["code"])
	events := w.ask("GET", "/api/requests/"+id+"/events", "reader", "").json(t)["items"].([]any)
	require.Equal(t, "canary withdrew", events[len(events)-1].(map[string]any)["reason"])
}

func TestAManualTaskIsEndedByAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", map[string]any{"systems": []any{"entra", "paper"}})
	path := "/api/requests/" + id + "/tasks/"
	body := `{"outcome":"done","text":"canary: sent by post"}`
	require.Equal(t, "not-a-manual-task", w.ask("POST", path+"entra-export", "admin", body).json(t)["code"])
	for _, task := range []string{"paper-access", "entra-discover", "package"} {
		require.Equal(t, "not-found", w.ask("POST", path+task, "admin", body).json(t)["code"], task)
	}
	require.Equal(t, "invalid-value", w.ask("POST", path+"paper-export", "admin", `{"outcome":"manual","text":"x"}`).json(t)["code"])
	w.answered(id, dsr.OutcomeDone)
	require.Equal(t, dsr.StateWaiting, w.load(id).State)
	require.Equal(t, http.StatusForbidden, w.ask("POST", path+"paper-export", "reader", body).status)
	r := w.ask("POST", path+"paper-export", "admin", body)
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, "completed", r.json(t)["state"], "it was the last one")
	task := r.json(t)["tasks"].([]any)[1].(map[string]any)
	require.Equal(t, "done", task["outcome"])
	require.Equal(t, "admin", task["endedBy"])
	require.NotContains(t, r.body, "canary")
	require.Equal(t, http.StatusConflict, w.ask("POST", path+"paper-export", "admin", body).status)
}

func TestThePackageIsALink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", nil)
	path := "/api/requests/" + id + "/package"
	require.Equal(t, "no-package", w.ask("GET", path, "admin", "").json(t)["code"])
	require.Equal(t, http.StatusForbidden, w.ask("GET", path, "reader", "").status)
	w.answered(id, dsr.OutcomeDone)
	r := w.ask("GET", "/api/requests/"+id, "admin", "").json(t)
	require.Equal(t, "ready", r["package"].(map[string]any)["state"])
	require.Equal(t, path, r["links"].(map[string]any)["package"])

	link := w.ask("GET", path, "admin", "").json(t)
	require.EqualValues(t, 10, link["bytes"])
	expires, err := time.Parse(time.RFC3339, link["expiresAt"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, w.Clock.Now().Add(15*time.Minute), expires, time.Minute)
	u, err := url.Parse(link["url"].(string))
	require.NoError(t, err)
	require.Equal(t, "r", u.Query().Get("sp"), "it reads and nothing else")
	require.Equal(t, "b", u.Query().Get("sr"), "this one blob")
	res, err := http.Get(u.String())
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "an archive", string(b))
	require.Contains(t, res.Header.Get("Content-Disposition"), "attachment")
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"))

	w.advance(30*24*time.Hour - time.Minute)
	link = w.ask("GET", path, "admin", "").json(t)
	expires, err = time.Parse(time.RFC3339, link["expiresAt"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, w.Clock.Now().Add(time.Minute), expires, 30*time.Second, "no longer than the package is kept")
	w.advance(time.Minute)
	gone := w.ask("GET", path, "admin", "")
	require.Equal(t, http.StatusGone, gone.status, "also while the purge is late")
	w.event(id, dsr.Event{Type: dsr.EventPackageExpiring})
	require.Equal(t, http.StatusGone, w.ask("GET", path, "admin", "").status)
	require.Equal(t, "expired", w.ask("GET", "/api/requests/"+id, "admin", "").json(t)["package"].(map[string]any)["state"])
}

// A package can be fetched until the next one is ready, wherever it lies.
func TestThePackageWhileTheNextIsMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", nil)
	path := "/api/requests/" + id + "/package"
	shown := func() (first, next any) {
		r := w.ask("GET", "/api/requests/"+id, "admin", "").json(t)
		if p, ok := r["nextPackage"].(map[string]any); ok {
			next = p["state"]
		}
		return r["package"].(map[string]any)["state"], next
	}
	again := func() {
		require.Equal(t, http.StatusOK, w.ask("POST", "/api/requests/"+id+"/retry", "admin", "{}").status)
		w.event(id, dsr.Event{Type: dsr.EventDiscovered, Task: "entra-discover", Outcome: &dsr.Outcome{Code: dsr.OutcomeDone}})
		w.event(id, dsr.Event{Type: dsr.EventTaskEnded, Task: "entra-export", Outcome: &dsr.Outcome{Code: dsr.OutcomeFailed}})
	}
	w.answered(id, dsr.OutcomeFailed)
	again()
	first, next := shown()
	require.Equal(t, []any{"ready", "building"}, []any{first, next})
	require.Equal(t, http.StatusOK, w.ask("GET", path, "admin", "").status)
	w.event(id, dsr.Event{Type: dsr.EventAssemblyFailed, Outcome: &dsr.Outcome{Code: dsr.OutcomeFailed}})
	first, next = shown()
	require.Equal(t, []any{"ready", nil}, []any{first, next})

	w.event(id, dsr.Event{Type: dsr.EventPackageMissing})
	gone := w.ask("GET", path, "admin", "")
	require.Equal(t, http.StatusGone, gone.status)
	require.Equal(t, "package-missing", gone.json(t)["code"])
	again()
	first, next = shown()
	require.Equal(t, []any{"building", nil}, []any{first, next}, "there is none to fetch")
	require.Equal(t, "no-package", w.ask("GET", path, "admin", "").json(t)["code"])

	w.event(id, dsr.Event{Type: dsr.EventAnswered, Package: &dsr.Package{
		State: dsr.PackageReady, Place: dsr.Place{Account: "https://gone.blob.core.windows.net", Container: "legal", Name: "x.zip", ETag: "1"},
		ExpiresAt: w.business().AddDate(0, 0, 30),
	}})
	require.Equal(t, "destination-gone", w.ask("GET", path, "admin", "").json(t)["code"])
	require.NotContains(t, w.ask("GET", "/api/requests/"+id+"/events", "admin", "").body, "legal", "callers do not learn where it lies")
}

func TestTheHistoryAndTheFindings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", nil)
	w.event(id, dsr.Event{Type: dsr.EventDiscoveryStarted})
	found := []dsr.Finding{{System: "entra", Kind: "profile", ID: chosen, Category: dsr.CustomerData, Count: 1}}
	name, err := w.load(id).KeepFindings(t.Context(), "entra", "1", found)
	require.NoError(t, err)
	w.event(id, dsr.Event{Type: dsr.EventDiscovered, Task: "entra-discover", Outcome: &dsr.Outcome{Code: dsr.OutcomeDone}, Findings: name})
	r := w.ask("GET", "/api/requests/"+id+"/findings", "reader", "")
	require.JSONEq(t, `{"items":[{"system":"entra","kind":"profile","id":"`+chosen+`","category":"customer-data","count":1}]}`, r.body)

	events := w.ask("GET", "/api/requests/"+id+"/events", "reader", "").json(t)["items"].([]any)
	var types []string
	prev := ""
	for i, e := range events {
		m := e.(map[string]any)
		require.EqualValues(t, i+1, m["seq"])
		require.Equal(t, prev, orEmpty(m["prev"]))
		prev = m["hash"].(string)
		types = append(types, m["type"].(string))
	}
	require.Equal(t, []string{"received", "discovery-started", "discovered", "planned"}, types)
	require.Equal(t, w.load(id).LastHash, prev)
}

// A request that has just been received cannot be retried, so a call that passes If-Match is
// answered by wrong-state.
func TestIfMatchNamesTheVersionsThatAreMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", nil)
	tag := w.ask("GET", "/api/requests/"+id, "admin", "").header.Get("ETag")
	for header, want := range map[string]string{
		tag:                    "wrong-state",
		"*":                    "wrong-state",
		`"999", ` + tag:        "wrong-state",
		`"999"`:                "precondition-failed",
		"W/" + tag:             "precondition-failed",
		strings.Trim(tag, `"`): "precondition-failed",
		`"0` + tag[1:]:         "precondition-failed",
		`"+` + tag[1:]:         "precondition-failed",
		"no tag":               "precondition-failed",
	} {
		require.Equal(t, want, w.ask("POST", "/api/requests/"+id+"/retry", "admin", "", "If-Match: "+header).json(t)["code"], header)
	}
}
