package app_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

func message(t *testing.T, m queue.Message) string {
	t.Helper()
	b, err := json.Marshal(m)
	require.NoError(t, err)
	return string(b)
}

// A message that cannot be read is logged and dropped, since another delivery would not make it
// better.
func TestBadMessagesAreARecordedFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for _, function := range []string{"work", "fulfil", "work-poison", "fulfil-poison"} {
		for name, tc := range map[string]struct{ text, code string }{
			"no JSON":         {"hello!!", `"code":"bad-message"`},
			"a number":        {"42", `"code":"bad-message"`},
			"an array":        {"[1,2,3]", `"code":"bad-message"`},
			"unknown member":  {`{"t":"` + entrasim.Contoso + `","id":"7"}`, `"code":"bad-message"`},
			"names two":       {message(t, queue.Message{Tenant: entrasim.Contoso, Request: unknownID, Bulk: unknownID}), `"code":"bad-message"`},
			"unknown request": {message(t, queue.Message{Tenant: entrasim.Contoso, Request: unknownID, Task: "entra-export"}), `"code":"unknown-request"`},
			"unknown tenant":  {message(t, queue.Message{Tenant: unknownID, Request: unknownID, Task: "entra-export"}), `"code":"unknown-request"`},
		} {
			before := len(w.lines.with(tc.code, `"level":"ERROR"`))
			require.Equal(t, http.StatusOK, w.deliver(function, tc.text), "%s: %s", function, name)
			require.Len(t, w.lines.with(tc.code, `"level":"ERROR"`), before+1, "%s: %s", function, name)
		}
	}
	require.Equal(t, http.StatusOK, w.deliver("work", message(t, queue.Message{Tenant: entrasim.Contoso, Bulk: unknownID})))
	require.Equal(t, http.StatusOK, w.deliver("work-poison", message(t, queue.Message{Tenant: entrasim.Contoso, Bulk: unknownID})))
	require.Equal(t, http.StatusBadRequest, w.invoke("work", []byte(`{"Data":{}}`)), "not what the host sends")

	// From dsr-bulk it is also kept, and deleted after 30 days.
	require.Equal(t, http.StatusOK, w.deliver("bulk", "hello!!"))
	require.Equal(t, http.StatusOK, w.deliver("bulk", "hello!!"), "twice")
	require.Equal(t, http.StatusOK, w.deliver("bulk-poison", "[1,2,3]"))
	require.Len(t, w.names(retention.Rejected), 2)
	w.advance(31 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, w.timer("purge"))
	require.Empty(t, w.names(retention.Rejected))
}

// A message may come late and any number of times.
func TestAMessageForAFinishedTaskChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.submit(contosoKey, "late", asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "export"))
	w.pump()
	etag := w.must(http.StatusOK, "GET", "/api/requests/"+id, contosoKey, nil).header.Get("ETag")
	for _, function := range []string{"work", "fulfil", "work-poison", "fulfil-poison"} {
		for _, task := range []string{"entra-discover", "entra-export", "package", "entra-access", ""} {
			require.Equal(t, http.StatusOK, w.deliver(function, message(t, queue.Message{Tenant: entrasim.Contoso, Request: id, Task: task})))
		}
	}
	w.pump()
	require.Equal(t, etag, w.must(http.StatusOK, "GET", "/api/requests/"+id, contosoKey, nil).header.Get("ETag"))
}

// A lost message costs a minute.
func TestALostMessageIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.submit(contosoKey, "lost", asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "export"))
	for state := "received"; state != "completed"; state = w.get(contosoKey, id).State {
		require.Equal(t, state, w.get(contosoKey, id).State)
		for _, f := range functionOf {
			_, err := w.clients.Queues.NewQueueClient(w.prefix+f.queue).ClearMessages(t.Context(), nil)
			require.NoError(t, err)
		}
		require.Equal(t, http.StatusOK, w.timer("wake"))
		require.Zero(t, w.once(), "a minute has not passed")
		w.wall.Advance(61 * time.Second)
		require.Equal(t, http.StatusOK, w.timer("wake"))
		require.NotZero(t, w.once())
	}
}

// once delivers the messages that are on the queues now, without those that follow from them.
func (w *world) once() int {
	w.t.Helper()
	delivered := 0
	for _, f := range []struct{ queue, function string }{{queue.Fulfil, "fulfil"}, {queue.Work, "work"}} {
		delivered += w.drain(f.queue, f.function)
	}
	return delivered
}

// A poison message fails its task only if the task's row shows ten attempts. Otherwise the
// app's own storage was the cause.
func TestPoison(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.submit(contosoKey, "poison", asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "access", "export"))
	w.drain(queue.Work, "work") // discovery only, since two tasks follow
	require.Equal(t, "fulfilling", w.get(contosoKey, id).State)
	poisoned := message(t, queue.Message{Tenant: entrasim.Contoso, Request: id, Task: "entra-export"})

	require.Equal(t, http.StatusOK, w.deliver("fulfil-poison", poisoned))
	require.Equal(t, "fulfilling", w.get(contosoKey, id).State, "it was never tried")
	for range 10 { // attempts whose process dies
		c, err := w.app.Store.Load(t.Context(), entrasim.Contoso, id, "entra-export")
		require.NoError(t, err)
		_, err = w.app.Store.Claim(t.Context(), c, "entra-export", uuid.NewString())
		require.NoError(t, err)
		w.wall.Advance(lease.Length + time.Second)
	}
	require.Equal(t, http.StatusOK, w.deliver("fulfil-poison", poisoned))
	r := w.get(contosoKey, id)
	require.Equal(t, "failed", r.task("entra-export").Outcome)
	w.pump()
	r = w.get(contosoKey, id)
	require.Equal(t, "completed", r.State, "a failed task never stops the package")
	_, report := w.archive(contosoKey, id)
	require.Equal(t, "failed", string(report.Manifest.Systems[1].Outcome))

	w.must(http.StatusOK, "POST", "/api/requests/"+id+"/retry", contosoKey, nil)
	w.pump()
	require.Equal(t, "done", w.get(contosoKey, id).task("entra-export").Outcome)
	_, report = w.archive(contosoKey, id)
	require.Equal(t, "done", string(report.Manifest.Systems[1].Outcome))
}

// A system that does not recover makes no invocation fail. The pauses grow, and in the end the
// task fails with the reason.
func TestASystemThatNeverAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	require.NoError(t, w.tenant.Graph().SetFaults(graphsim.Faults{Rules: []graphsim.FaultRule{{Throttle: 1, RetryAfter: "600"}}}))
	id := w.submit(contosoKey, "never", asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "export"))
	attempts := 0
	for w.get(contosoKey, id).State != "completed" {
		w.pump()
		attempts++
		require.LessOrEqual(t, attempts, 12)
		w.wall.Advance(61 * time.Minute)
		require.Equal(t, http.StatusOK, w.timer("wake"))
	}
	require.Equal(t, "failed", w.get(contosoKey, id).task("entra-export").Outcome)
	require.Contains(t, w.get(contosoKey, id).task("entra-export").Reason, "did not answer")
	_, report := w.archive(contosoKey, id)
	require.Equal(t, "failed", string(report.Manifest.Systems[0].Outcome), "never as no data")
	require.NoError(t, w.tenant.Graph().SetFaults(graphsim.Faults{}))
	w.must(http.StatusOK, "POST", "/api/requests/"+id+"/retry", contosoKey, nil)
	w.pump()
	require.Equal(t, "done", w.get(contosoKey, id).task("entra-export").Outcome)
}
