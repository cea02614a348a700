package discover_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

func TestTwoPeopleAreNeverMerged(t *testing.T) {
	t.Parallel()
	two := func(a, b string) *connector.Discovery {
		return &connector.Discovery{Candidates: []dsr.Candidate{
			{System: "alpha", ObjectID: a, Matched: []string{dsr.Email}}, {System: "alpha", ObjectID: b, Matched: []string{dsr.Phone}},
		}}
	}
	for name, spoil := range map[string]func(*tasktest.World){
		"two people match":             func(w *tasktest.World) { w.Systems["alpha"].Found = two("one", "two") },
		"one of two systems finds two": func(w *tasktest.World) { w.Systems["beta"].Found = two("one", "two") },
		"both systems find two": func(w *tasktest.World) {
			w.Systems["alpha"].Found, w.Systems["beta"].Found = two("one", "two"), two("one", "three")
		},
		"identifiers contradict, one is deleted": func(w *tasktest.World) {
			d := two("one", "two")
			d.Candidates[1].State = "deleted"
			w.Systems["alpha"].Found = d
		},
		"two people match, and another system may not be searched": func(w *tasktest.World) {
			w.Systems["alpha"].Found = two("one", "two")
			w.Systems["beta"].OnDiscover = func(n int) error {
				if n == 0 {
					return tasktest.Forbidden()
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			spoil(w)
			id := w.Submit(dsr.Export)
			c := w.Host.Finish(id)
			require.Equal(t, dsr.StateNeedsDecision, c.State)
			require.NotContains(t, c.Wakes, retention.WakeRedeliver)
			p, err := c.Private(context.Background())
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(p.Candidates), 2)
			w.Host.Pass(3 * time.Minute)
			require.Equal(t, dsr.StateNeedsDecision, w.Load(id).State, "only a person can decide")

			for _, s := range w.Systems {
				s.Found = nil
			}
			p.Subject.Decided, p.Candidates = pii.New("one"), nil
			var again []dsr.TaskID
			for _, task := range c.Tasks {
				if task.Action == dsr.Discover {
					again = append(again, task.ID)
				}
			}
			w.Change(id, store.Change{
				Events: []dsr.Event{{Type: dsr.EventDecided, At: w.Business.Now(), By: "tester", Tasks: again}}, Private: &p,
				Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: w.Clock.Now().Add(task.Redeliver)},
			})
			c = w.Host.Finish(id)
			require.Equal(t, dsr.StateCompleted, c.State)
			for name, s := range w.Systems {
				looked := s.Looked()
				require.Equal(t, "one", looked[len(looked)-1].Decided.Reveal())
				require.Equal(t, dsr.OutcomeDone, c.Task(dsr.NewTaskID(name, dsr.Export)).Outcome.Code)
			}
			w.Look(id)
		})
	}
}

func TestNoRightToSeeIsNotNoData(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*tasktest.System)
		want  dsr.OutcomeCode
		why   string
	}{
		"the permission to find is missing": {func(s *tasktest.System) { s.OnDiscover = func(int) error { return tasktest.Forbidden() } }, dsr.OutcomeFailed, "User.Read.All"},
		"the permission to read is missing": {func(s *tasktest.System) { s.OnPage = func(int) error { return tasktest.Forbidden() } }, dsr.OutcomeFailed, "User.Read.All"},
		"the system rejects the call": {func(s *tasktest.System) {
			s.OnDiscover = func(int) error { return &connector.Fault{Kind: connector.Rejected, System: "alpha", Status: 400} }
		}, dsr.OutcomeFailed, "HTTP 400"},
		"half was searched and nothing was found": {func(s *tasktest.System) {
			s.Found = &connector.Discovery{Reason: "Deleted items were not looked at."}
		}, dsr.OutcomeFailed, "not looked at"},
		"everything was searched and nothing was found": {func(s *tasktest.System) {
			s.Found = &connector.Discovery{Asked: []connector.Asked{{Permission: "Read.All"}}}
		}, dsr.OutcomeNothingFound, ""},
		"a part could not be read": {func(s *tasktest.System) {
			s.Outcome = dsr.Outcome{Code: dsr.OutcomePartial, Reason: "Sign-ins need a licence."}
		}, dsr.OutcomePartial, "licence"},
		"the system refuses": {func(s *tasktest.System) {
			s.Outcome = dsr.Outcome{Code: dsr.OutcomeRefused, Reason: "A hold.", Basis: "GDPR Art. 15(4)"}
		}, dsr.OutcomeRefused, "hold"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			tc.spoil(w.Systems["alpha"])
			id := w.Submit(dsr.Export)
			c := w.Host.Finish(id)
			require.Zero(t, w.Host.Failed)
			require.Equal(t, dsr.StateCompleted, c.State, "one system never stops the package")
			require.Equal(t, tc.want, c.Task("alpha-export").Outcome.Code)
			require.Contains(t, c.Task("alpha-export").Outcome.Reason, tc.why)
			require.Equal(t, dsr.OutcomeDone, c.Task("beta-export").Outcome.Code)
			w.Look(id)
		})
	}
}
