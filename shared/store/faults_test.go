package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// operation does something the way a step does it: it loads the request, looks whether there is
// still something to do, and does it. After a fault another process, which knows nothing of the
// first, runs it again. The end state must be the same.
type operation struct {
	name  string
	setup func(t *testing.T, s *store.Store, tenant string) // runs without faults
	run   func(s *store.Store, tenant string) error
}

func (o operation) prepare(t *testing.T, s *store.Store, tenant string) {
	if o.setup != nil {
		o.setup(t, s, tenant)
	}
}

func theID(s *store.Store, tenant string) string { return s.RequestID("caller", tenant, "k") }

func theCase(s *store.Store, tenant string) (*store.Case, error) {
	return s.Load(bg, tenant, theID(s, tenant))
}

func created(t *testing.T, s *store.Store, tenant string) {
	create(t, s, draftOf(tenant, "k", "entra", "intune"))
}

func fulfilling(t *testing.T, s *store.Store, tenant string) {
	created(t, s, tenant)
	c, err := theCase(s, tenant)
	require.NoError(t, err)
	require.NoError(t, s.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted), discovered("entra"), discovered("intune"), accessed("intune")}}))
	require.Equal(t, dsr.StateFulfilling, c.State)
}

func operations() []operation {
	later := received.Add(time.Hour)
	return []operation{
		{name: "create", run: func(s *store.Store, tenant string) error {
			_, err := s.Create(bg, draftOf(tenant, "k", "entra", "intune"))
			return err
		}},
		{name: "create many", run: func(s *store.Store, tenant string) error {
			var errs []error
			for _, c := range s.BeginMany(bg, tenant, []store.Draft{draft(tenant, "k"), draft(tenant, "l")}).Finish(bg) {
				errs = append(errs, c.Err)
			}
			return errors.Join(errs...)
		}},
		{name: "commit that moves the state and a wake", setup: created, run: func(s *store.Store, tenant string) error {
			c, err := theCase(s, tenant)
			if err != nil || c.State != dsr.StateReceived {
				return err
			}
			return s.Commit(bg, c, store.Change{
				Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: later},
			})
		}},
		{name: "commit of wakes alone", setup: created, run: func(s *store.Store, tenant string) error {
			c, err := theCase(s, tenant)
			if err != nil {
				return err
			}
			return s.Commit(bg, c, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: {}, retention.WakeParts: later}})
		}},
		{name: "claim, work, commit of the last task", setup: fulfilling, run: func(s *store.Store, tenant string) error {
			c, err := theCase(s, tenant)
			if err != nil || c.State != dsr.StateFulfilling {
				return err
			}
			// In production the first worker's lease has ended by the time its message comes back.
			// Here the retry does not wait.
			cl, err := s.Claim(bg, c, "entra-access", "owner")
			if errors.Is(err, store.ErrClaimed) {
				return s.Commit(bg, c, store.Change{Events: []dsr.Event{accessed("entra")}})
			}
			if err != nil {
				return err
			}
			if err := cl.Renew(bg); err != nil {
				return err
			}
			return s.Commit(bg, c, store.Change{Events: []dsr.Event{accessed("entra")}, Claim: cl})
		}},
		{name: "start and claim in one transaction, then commit under the claim", setup: created, run: func(s *store.Store, tenant string) error {
			c, err := theCase(s, tenant)
			if err != nil || c.State == dsr.StateDiscovering && c.Task("entra-discover").State == dsr.TaskEnded {
				return err
			}
			if c.State == dsr.StateDiscovering { // the claim of the first worker is still live
				return s.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("entra")}})
			}
			cl, err := s.CommitAndClaim(bg, c, store.Change{
				Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Take: store.Take{Task: "entra-discover", Owner: "owner"},
			})
			if err != nil {
				return err
			}
			return s.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("entra")}, Claim: cl})
		}},
		{name: "cancel with a reason and another private part", setup: fulfilling, run: func(s *store.Store, tenant string) error {
			c, err := theCase(s, tenant)
			if err != nil || c.State == dsr.StateCancelled {
				return err
			}
			p, err := c.Private(bg)
			if err != nil {
				return err
			}
			return s.Commit(bg, c, store.Change{
				Events: []dsr.Event{event(dsr.EventCancelled)}, Reason: pii.New("why"), Private: &p,
				Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: {}},
			})
		}},
	}
}

// withoutClaims leaves out how often a task was claimed, because a process that died has claimed,
// too.
func withoutClaims(s snapshot) snapshot {
	for i, t := range s.Tasks {
		s.Tasks[i] = t[:len(t)-2]
	}
	return s
}

func TestAnOperationEndsTheSameWhicheverOfItsCallsFails(t *testing.T) {
	t.Parallel()
	actions := map[string]storetest.Fault{
		"lost once":              {Action: storetest.Lost, Times: 1},
		"lost every time":        {Action: storetest.Lost},
		"done but failed once":   {Action: storetest.DoneButFailed, Times: 1},
		"done but always failed": {Action: storetest.DoneButFailed},
		"throttled once":         {Action: storetest.Throttled, Times: 1},
		"throttled":              {Action: storetest.Throttled},
		"answer cut":             {Action: storetest.Cut, Times: 1},
	}
	for _, o := range operations() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			w := storetest.New(t)
			other := w.Another(t)
			tenant := newTenant()
			o.prepare(t, other, tenant)
			w.Counter.Reset()
			require.NoError(t, o.run(w.Store, tenant))
			calls := w.Counter.Total()
			want := withoutClaims(snap(t, other, tenant, theID(other, tenant)))
			require.Zero(t, want.Missing, "all wakes that the head names are stored")

			for name, fault := range actions {
				for n := range calls {
					tenant, fault := newTenant(), fault
					at := fmt.Sprintf("%s, call %d of %d", name, n+1, calls)
					o.prepare(t, other, tenant)
					fault.Match = nthCall(n)
					disarm := w.Faults.Add(fault)
					err := o.run(w.Store, tenant)
					disarm()
					if fault.Times == 1 && fault.Action != storetest.Cut {
						require.NoError(t, err, "%s: a retry of the SDK is not mistaken for another writer", at)
					}
					if err != nil {
						require.False(t, isAny(err, store.ErrIdempotency, store.ErrExists, store.ErrNotFound), "%s: %v", at, err)
						require.NoError(t, o.run(other, tenant), at)
					}
					got := withoutClaims(snap(t, other, tenant, theID(other, tenant)))
					require.Empty(t, cmp.Diff(want, got), at)
				}
			}
			for n := range calls {
				tenant := newTenant()
				o.prepare(t, other, tenant)
				revive := w.Faults.KillAfter(n)
				// A commit that dies while it cleans up has succeeded.
				_ = o.run(w.Store, tenant)
				revive()
				require.NoError(t, o.run(other, tenant))
				require.NoError(t, o.run(other, tenant), "a third run changes nothing")
				got := withoutClaims(snap(t, other, tenant, theID(other, tenant)))
				require.Empty(t, cmp.Diff(want, got), "killed after call %d of %d", n, calls)
			}
		})
	}
}

// nthCall matches the (n+1)-th different call and the SDK's retries of it.
func nthCall(n int) func(storetest.Call) bool {
	seen := map[string]int{}
	return func(c storetest.Call) bool {
		key := fmt.Sprint(c.Method, c.Path, c.Body)
		if _, ok := seen[key]; !ok {
			seen[key] = len(seen)
		}
		return seen[key] == n
	}
}

func isAny(err error, any ...error) bool {
	for _, a := range any {
		if errors.Is(err, a) {
			return true
		}
	}
	return false
}

// requestsTransaction matches the transaction that decides.
func requestsTransaction(c storetest.Call) bool { return c.Batch && c.Is("table", "requests") }

func TestAWriterKnowsThatItWonEvenAfterOthersHaveWritten(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)

	t.Run("commit", func(t *testing.T) {
		tenant := newTenant()
		created(t, other, tenant)
		c, err := theCase(w.Store, tenant)
		require.NoError(t, err)
		w.Faults.Add(storetest.Fault{Match: requestsTransaction, Action: storetest.DoneButFailed, Times: 1, After: func() {
			second, err := theCase(other, tenant)
			require.NoError(t, err)
			require.Equal(t, dsr.StateDiscovering, second.State)
			require.NoError(t, other.Commit(bg, second, store.Change{Events: []dsr.Event{discovered("entra")}}))
		}})
		require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}), "it won")
		err = w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("intune")}})
		require.ErrorIs(t, err, store.ErrConflict, "the next change notices that others have written")
		require.Equal(t, []dsr.EventType{dsr.EventReceived, dsr.EventDiscoveryStarted, dsr.EventDiscovered}, snap(t, other, tenant, c.ID).Events)
	})

	t.Run("commit that no other write follows", func(t *testing.T) {
		tenant := newTenant()
		created(t, other, tenant)
		c, err := theCase(w.Store, tenant)
		require.NoError(t, err)
		cl, err := w.Store.Claim(bg, c, "entra-discover", "me")
		require.NoError(t, err)
		w.Faults.Add(storetest.Fault{Match: requestsTransaction, Action: storetest.DoneButFailed, Times: 1})
		require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Claim: cl}))
		require.NoError(t, cl.Renew(bg), "the claim goes on")
		require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("entra")}, Claim: cl}))
		require.NoError(t, c.ReadAllTasks(bg))
		require.Empty(t, cmp.Diff(load(t, other, tenant, c.ID).Request, c.Request))
	})

	t.Run("commit that lost", func(t *testing.T) {
		tenant := newTenant()
		created(t, other, tenant)
		c, err := theCase(w.Store, tenant)
		require.NoError(t, err)
		w.Faults.Add(storetest.Fault{Match: requestsTransaction, Action: storetest.Pass, Times: 1, Before: func() {
			second, err := theCase(other, tenant)
			require.NoError(t, err)
			require.NoError(t, other.Commit(bg, second, store.Change{Events: []dsr.Event{event(dsr.EventCancelled)}}))
		}})
		err = w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}})
		require.ErrorIs(t, err, store.ErrConflict)
		require.Equal(t, dsr.StateReceived, c.State, "the case is unchanged")
	})

	t.Run("wakes alone", func(t *testing.T) {
		tenant := newTenant()
		created(t, other, tenant)
		c, err := theCase(w.Store, tenant)
		require.NoError(t, err)
		w.Faults.Add(storetest.Fault{Match: requestsTransaction, Action: storetest.DoneButFailed, Times: 1, After: func() {
			second, err := theCase(other, tenant)
			require.NoError(t, err)
			require.NoError(t, other.Commit(bg, second, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
		}})
		require.NoError(t, w.Store.Commit(bg, c, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeParts: received}}))
	})

	t.Run("create", func(t *testing.T) {
		tenant := newTenant()
		w.Faults.Add(storetest.Fault{Match: requestsTransaction, Action: storetest.DoneButFailed, Times: 1, After: func() {
			second, err := theCase(other, tenant)
			require.NoError(t, err)
			require.NoError(t, other.Commit(bg, second, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
		}})
		made, err := w.Store.Create(bg, draftOf(tenant, "k", "entra", "intune"))
		require.NoError(t, err)
		require.False(t, made.Existing, "this call made it")
		require.Equal(t, dsr.StateDiscovering, made.Request.State, "the answer is the request as it is now")
		require.Zero(t, snap(t, other, tenant, made.Request.ID).Missing)
	})
}

func TestAnUnclearAnswerThatCannotBeReadIsAFault(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tenant := newTenant()
	created(t, w.Another(t), tenant)
	c, err := theCase(w.Store, tenant)
	require.NoError(t, err)
	w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return c.Is("table", "requests") }, Action: storetest.DoneButFailed})
	err = w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}})
	require.Error(t, err)
	require.False(t, isAny(err, store.ErrConflict, store.ErrClaimed))
	var failed *failure.Error
	require.ErrorAs(t, err, &failed)
	require.NotContains(t, err.Error(), tenant)

	ctx, cancel := context.WithCancel(bg)
	cancel()
	_, err = w.Store.Load(ctx, tenant, c.ID)
	require.ErrorIs(t, err, context.Canceled)
}
