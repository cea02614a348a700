package task_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// The way of a request with both actions in the named systems, when nothing goes wrong, ends with
// its package.
func TestTheWayThrough(t *testing.T) {
	t.Parallel()
	for name, systems := range map[string][]string{"one system": {"alpha"}, "several systems": {"alpha", "beta", "gamma"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := tasktest.Through(t, systems...)
			require.Equal(t, dsr.StateCompleted, p.State)
			require.Zero(t, p.Parts)
			require.Equal(t, []retention.WakeKind{retention.WakePackage, retention.WakeParts}, p.Wakes)
			require.Len(t, p.Records, len(systems)*(3+2)*tasktest.Pages*2, "export leaves out what was derived")
			require.Len(t, p.Files, len(systems)*(3+2)*tasktest.Pages*2+2, "each page is a part in two forms; index and manifest")
			require.Equal(t, p.Records, slicesCompact(p.Records), "nothing twice")
		})
	}
}

func slicesCompact(in []string) []string {
	var out []string
	for _, s := range in {
		if len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return out
}

func TestMessagesMayBeLostDoubledLateOrStrange(t *testing.T) {
	t.Parallel()
	want := tasktest.Through(t, "alpha", "beta")
	for name, spoil := range map[string]func(*tasktest.World){
		"each comes twice": func(w *tasktest.World) { w.Host.Twice = true },
		"each first one is lost": func(w *tasktest.World) {
			seen := map[string]bool{}
			w.Host.Lose = func(d tasktest.Delivery) bool {
				was := seen[d.Message.Task]
				seen[d.Message.Task] = true
				return !was
			}
		},
		"only every third one comes": func(w *tasktest.World) {
			n := 0
			w.Host.Lose = func(tasktest.Delivery) bool { n++; return n%3 != 0 }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			spoil(w)
			id := w.Submit(dsr.Access, dsr.Export)
			w.Host.Finish(id)
			require.Empty(t, cmp.Diff(want, w.Look(id)))
			require.Zero(t, w.Host.Failed)
		})
	}
	t.Run("each comes again when all is over", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha", "beta")
		var all []tasktest.Delivery
		w.Host.Lose = func(d tasktest.Delivery) bool { all = append(all, d); return false }
		id := w.Submit(dsr.Access, dsr.Export)
		w.Host.Finish(id)
		w.Host.Put(queue.Fulfil, queue.Message{Tenant: w.Tenant, Request: id, Task: "nonsense"})
		w.Host.Put(queue.Fulfil, queue.Message{Tenant: w.Tenant, Request: id})
		w.Host.Put(queue.Work, queue.Message{Tenant: w.Tenant, Request: uuid.NewString(), Task: "package"})
		w.Host.Put(queue.Work, queue.Message{Tenant: w.Tenant, Request: uuid.NewString(), Task: "alpha-discover"})
		w.Host.Put(queue.Fulfil, queue.Message{Tenant: uuid.NewString(), Request: id, Task: "alpha-export"})
		for _, d := range all {
			w.Host.Put(d.Queue, d.Message)
		}
		w.Host.Drain()
		require.Empty(t, cmp.Diff(want, w.Look(id)))
		require.Zero(t, w.Host.Failed)
		require.Equal(t, 3, strings.Count(w.Log(), "code=unknown-request"))
	})
}

// A request of many tasks sends each of them one message, not one for every task that ends.
func TestMessagesDoNotBegetMessages(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta", "gamma")
	n := 0
	w.Host.Lose = func(tasktest.Delivery) bool { n++; return false }
	w.Host.Finish(w.Submit(dsr.Access, dsr.Export))
	require.Equal(t, 3+6+1, n)
}

func TestNoValueOfThePersonIsInTheLog(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Systems["alpha"].OnPage = func(n int) error { return tasktest.Unavailable(n, 2) }
	id := w.Submit(dsr.Access)
	w.Host.Finish(id)
	require.Contains(t, w.Log(), "system does not answer")
	require.NotContains(t, w.Log(), tasktest.Person)
	require.NotContains(t, w.Log(), "canary")
}
