package dsr_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fresh is a request for both actions on one system and one task for a person.
func fresh() *dsr.Request {
	return &dsr.Request{Tasks: []dsr.Task{
		{ID: "entra-discover", System: "entra", Action: dsr.Discover, State: dsr.TaskOpen},
		{ID: "entra-access", System: "entra", Action: dsr.Access, State: dsr.TaskOpen},
		{ID: "entra-export", System: "entra", Action: dsr.Export, State: dsr.TaskOpen},
		{
			ID: "paper-access", System: "paper", Action: dsr.Access, State: dsr.TaskWaiting, Declared: true,
			Outcome: dsr.Outcome{Code: dsr.OutcomeManual},
		},
		dsr.DeliveryTask(),
	}}
}

// do applies an event and whatever settles after it.
func do(t require.TestingT, r *dsr.Request, e dsr.Event) {
	e.Seq, e.Prev, e.At = r.Seq+1, r.LastHash, noon
	require.NoError(t, r.Apply(e))
	for {
		next, ok := r.Follows()
		if !ok {
			return
		}
		require.NoError(t, r.Apply(dsr.Event{Seq: r.Seq + 1, Prev: r.LastHash, At: noon, Type: next}))
	}
}

func ended(id dsr.TaskID, code dsr.OutcomeCode) dsr.Event {
	typ := dsr.EventTaskEnded
	if id == "entra-discover" {
		typ = dsr.EventDiscovered
	}
	return dsr.Event{Type: typ, Task: id, Outcome: &dsr.Outcome{Code: code}}
}

func TestTheWayThrough(t *testing.T) {
	t.Parallel()
	r := fresh()
	do(t, r, dsr.Event{Type: dsr.EventReceived})
	require.Equal(t, dsr.StateReceived, r.State)
	require.Len(t, r.Workable(), 1)
	do(t, r, dsr.Event{Type: dsr.EventDiscoveryStarted})
	do(t, r, ended("entra-discover", dsr.OutcomeDone))
	require.Equal(t, dsr.StateFulfilling, r.State, "the last discovery settles")
	do(t, r, ended("entra-access", dsr.OutcomeDone))
	require.Equal(t, dsr.StateFulfilling, r.State)
	do(t, r, ended("entra-export", dsr.OutcomeFailed))
	require.Equal(t, dsr.StateAssembling, r.State, "a failed task does not stop the package, nor does one that a person does")
	require.Equal(t, dsr.PackageTask, r.Workable()[0].ID)
	do(t, r, dsr.Event{Type: dsr.EventAnswered, Package: &dsr.Package{State: dsr.PackageReady}})
	require.Equal(t, dsr.StateWaiting, r.State)
	require.Equal(t, noon, r.AnsweredAt)
	do(t, r, ended("paper-access", dsr.OutcomeRefused))
	require.Equal(t, dsr.StateCompleted, r.State)

	do(t, r, dsr.Event{Type: dsr.EventRetried, Tasks: []dsr.TaskID{"entra-discover", "entra-export"}})
	require.Equal(t, dsr.StateDiscovering, r.State)
	require.Equal(t, 1, r.Task("entra-export").Round)
	require.Equal(t, 0, r.Task("entra-access").Round, "what was done is not done again")
	do(t, r, ended("entra-discover", dsr.OutcomeDone))
	do(t, r, ended("entra-export", dsr.OutcomeDone))
	do(t, r, dsr.Event{Type: dsr.EventAnswered, Package: &dsr.Package{State: dsr.PackageReady}})
	require.Equal(t, dsr.StateCompleted, r.State)
	do(t, r, dsr.Event{Type: dsr.EventPackageExpiring})
	do(t, r, dsr.Event{Type: dsr.EventPackageExpired})
	require.Equal(t, dsr.PackageExpired, r.Package.State)
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	r := fresh()
	do(t, r, dsr.Event{Type: dsr.EventReceived})
	do(t, r, dsr.Event{Type: dsr.EventDiscoveryStarted})
	for name, e := range map[string]dsr.Event{
		"a task that is not there":      ended("other-access", dsr.OutcomeDone),
		"a task without an outcome":     {Type: dsr.EventTaskEnded, Task: "entra-access"},
		"an event of another state":     {Type: dsr.EventAnswered},
		"a package that does not exist": {Type: dsr.EventPackageExpired},
	} {
		e.Seq, e.Prev = r.Seq+1, r.LastHash
		before := r.Clone()
		require.Error(t, r.Apply(e), name)
		require.Empty(t, cmp.Diff(before, r), name)
	}
	require.Error(t, r.Apply(dsr.Event{Type: dsr.EventDiscovered, Seq: r.Seq + 2, Prev: r.LastHash}), "a gap")
	require.Error(t, r.Apply(dsr.Event{Type: dsr.EventDiscovered, Seq: r.Seq + 1, Prev: "x"}), "another history")
	do(t, r, ended("paper-access", dsr.OutcomeDone))
	twice := ended("paper-access", dsr.OutcomeDone)
	twice.Seq, twice.Prev = r.Seq+1, r.LastHash
	require.Error(t, r.Apply(twice), "a task ends once")
}

// TestAnyOrder throws random events at a request. An event that is refused changes nothing, and
// one that is accepted keeps the counts right.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := fresh()
		do(t, r, dsr.Event{Type: dsr.EventReceived})
		for range rapid.IntRange(1, 30).Draw(t, "n") {
			e := dsr.Event{Type: rapid.SampledFrom(dsr.EventTypes()).Draw(t, "type"), Seq: r.Seq + 1, Prev: r.LastHash, At: noon}
			e.Task = rapid.SampledFrom([]dsr.TaskID{"entra-discover", "entra-access", "entra-export", "paper-access", ""}).Draw(t, "task")
			codes := []dsr.OutcomeCode{dsr.OutcomeDone, dsr.OutcomeFailed, dsr.OutcomeManual}
			e.Outcome = &dsr.Outcome{Code: rapid.SampledFrom(codes).Draw(t, "code")}
			e.Package = &dsr.Package{State: dsr.PackageReady}
			before := r.Clone()
			if err := r.Apply(e); err != nil {
				require.Empty(t, cmp.Diff(before, r))
				continue
			}
			if r.State == dsr.StateCompleted {
				require.Empty(t, r.Unended())
			}
			if r.State == dsr.StateCancelled {
				require.Empty(t, r.Workable())
			}
		}
	})
}

func TestDue(t *testing.T) {
	t.Parallel()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 9, 30, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name      string
		regime    dsr.Regime
		got, want time.Time
	}{
		{"a month has the day", dsr.GDPR, day(2026, 3, 15), day(2026, 4, 15)},
		{"a month that lacks the day ends on its last", dsr.GDPR, day(2026, 1, 31), day(2026, 2, 28)},
		{"in a leap year", dsr.GDPR, day(2028, 1, 30), day(2028, 2, 29)},
		{"over the year's end", dsr.GDPR, day(2026, 12, 31), day(2027, 1, 31)},
		{"45 days", dsr.CCPA, day(2026, 1, 1), day(2026, 2, 15)},
	} {
		require.Equal(t, tt.want, dsr.Due(tt.regime, tt.got), tt.name)
	}
	berlin := time.FixedZone("", 3600)
	require.Equal(t, day(2026, 4, 15), dsr.Due(dsr.GDPR, day(2026, 3, 15).In(berlin)), "in UTC, whatever zone it came in")
}

// TestStoredEventsDecodeForEver reads one stored event of every version and type. Files are
// added and never changed.
func TestStoredEventsDecodeForEver(t *testing.T) {
	t.Parallel()
	if *update {
		writeEvents(t)
	}
	files, err := filepath.Glob("testdata/events/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), len(dsr.EventTypes()))
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		e, err := dsr.DecodeEvent(b)
		require.NoError(t, err, f)
		again, err := e.Encode()
		require.NoError(t, err)
		require.Equal(t, string(b), string(again), "%s: the bytes are what is hashed", f)
	}
}

func writeEvents(t *testing.T) {
	b, err := dsr.Event{Seq: 7, Type: dsr.EventTaskEnded, At: noon, By: "step:discover", Write: "w", Prev: dsr.HashEvent(nil), Ended: several}.Encode()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("testdata/events/v1-task-ended-several.json", b, 0o644))
	for i, typ := range dsr.EventTypes() {
		path := filepath.Join("testdata/events", "v1-"+string(typ)+".json")
		if _, err := os.Stat(path); err == nil {
			continue
		}
		b, err := dsr.Event{
			Seq: int64(i + 1), Type: typ, At: noon, By: "step:test", Write: "5f0c7a0e-0000-4000-8000-000000000001", Prev: dsr.HashEvent(nil),
			Task: "entra-access", Outcome: &dsr.Outcome{Code: dsr.OutcomePartial, Reason: "no permission", Basis: "GDPR Art. 15(4)", Until: noon},
			Queries: []dsr.Query{{Hash: "v1-00", Permission: "User.Read.All", At: noon, Records: 3}}, Records: 3, Tasks: []dsr.TaskID{"entra-access"},
			Package: &dsr.Package{
				State: dsr.PackageReady, Place: dsr.Place{Container: "packages", Name: "t/r/5f.zip", ETag: "0x1"},
				Round: 1, Bytes: 1, SHA256: "00", ExpiresAt: noon,
			},
			Sealed: []byte{1, 2, 3},
		}.Encode()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o644))
	}
}

// several are tasks that end by one event.
var several = []dsr.EndedTasks{
	{Tasks: []dsr.TaskID{"entra-access", "entra-export"}, Outcome: dsr.Outcome{Code: dsr.OutcomeNothingFound, Reason: "Nobody of this name."}},
	{Tasks: []dsr.TaskID{"paper-access"}, Outcome: dsr.Outcome{Code: dsr.OutcomeFailed, Reason: "It did not answer."}},
}

func TestOneEventEndsManyTasks(t *testing.T) {
	t.Parallel()
	begun := func() *dsr.Request {
		r := fresh()
		do(t, r, dsr.Event{Type: dsr.EventReceived})
		do(t, r, dsr.Event{Type: dsr.EventDiscoveryStarted})
		return r
	}
	r := begun()
	do(t, r, dsr.Event{Type: dsr.EventDiscovered, Task: "entra-discover", Outcome: &dsr.Outcome{Code: dsr.OutcomeNothingFound}, Ended: several})
	require.Equal(t, dsr.StateAssembling, r.State, "nothing is left to do")
	for _, g := range several {
		for _, id := range g.Tasks {
			require.Equal(t, g.Outcome, r.Task(id).Outcome)
			require.Equal(t, dsr.TaskEnded, r.Task(id).State)
		}
	}
	for name, groups := range map[string][]dsr.EndedTasks{
		"twice":      {several[0], {Tasks: []dsr.TaskID{"entra-access"}, Outcome: several[0].Outcome}},
		"unknown":    {several[0], {Tasks: []dsr.TaskID{"nobody-access"}, Outcome: several[0].Outcome}},
		"no outcome": {several[0], {Tasks: []dsr.TaskID{"paper-access"}}},
		"ended":      {several[0], {Tasks: []dsr.TaskID{dsr.PackageTask}, Outcome: several[0].Outcome}},
	} {
		r := begun()
		before := r.Clone()
		require.Error(t, r.Apply(dsr.Event{Type: dsr.EventTaskEnded, Seq: r.Seq + 1, Prev: r.LastHash, At: noon, Ended: groups}), name)
		require.Empty(t, cmp.Diff(before, r), name)
	}
}

func TestVerifyChain(t *testing.T) {
	t.Parallel()
	var stored [][]byte
	prev := ""
	for i := range 5 {
		b, err := dsr.Event{Seq: int64(i + 1), Type: dsr.EventDiscovered, At: noon, Prev: prev}.Encode()
		require.NoError(t, err)
		stored, prev = append(stored, b), dsr.HashEvent(b)
	}
	require.NoError(t, dsr.VerifyChain(stored, prev))
	require.Error(t, dsr.VerifyChain(stored[:4], prev), "the end is missing")
	require.Error(t, dsr.VerifyChain(stored[1:], prev), "the beginning is missing")
	changed := append([][]byte{}, stored...)
	changed[2] = append(append([]byte{}, changed[2]...), ' ')
	require.Error(t, dsr.VerifyChain(changed, prev), "a byte was changed")
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add([]byte(`{"v":1,"seq":1,"type":"received","at":"2026-03-01T12:00:00Z","by":"","write":"","prev":""}`))
	f.Add([]byte(`{"v":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := dsr.DecodeEvent(b); err == nil {
			_, err := e.Encode()
			require.NoError(t, err)
		}
	})
}

func TestPrivateRoundTrip(t *testing.T) {
	t.Parallel()
	p := dsr.Private{
		Subject: dsr.Subject{
			Identifiers:  []dsr.Identifier{{Kind: dsr.Email, Value: pii.New("jane@canary.example")}, {Kind: dsr.Email, Value: pii.New("j@canary.example")}},
			Relationship: dsr.Employee, Name: pii.New("Jane O'Brien 🦊"), Residence: pii.New("DE"),
		},
		Note: pii.New("n"), Reference: pii.New("r"), Candidates: []dsr.Candidate{{System: "entra", ObjectID: "x", Matched: []string{"email"}}},
	}
	b, err := p.Encode()
	require.NoError(t, err)
	got, err := dsr.DecodePrivate(b)
	require.NoError(t, err)
	again, err := got.Encode()
	require.NoError(t, err)
	require.Equal(t, b, again)
	require.Len(t, got.Subject.Of(dsr.Email), 2)
	require.Equal(t, []string{dsr.Email}, got.Subject.Kinds())
	_, err = dsr.DecodePrivate([]byte(`{"subject":"jane@canary.example`))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "canary")
}

func FuzzDecodePrivate(f *testing.F) {
	f.Add([]byte(`{"subject":{"identifiers":[["email","a@b"]]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := dsr.DecodePrivate(b); err == nil {
			_, err := p.Encode()
			require.NoError(t, err)
		}
	})
}

func TestRetryable(t *testing.T) {
	t.Parallel()
	task := func(system string, a dsr.Action, o dsr.OutcomeCode, records int64) dsr.Task {
		return dsr.Task{ID: dsr.NewTaskID(system, a), System: system, Action: a, State: dsr.TaskEnded, Outcome: dsr.Outcome{Code: o}, Records: records}
	}
	all := []dsr.Task{
		task("a", dsr.Discover, dsr.OutcomeDone, 0), task("b", dsr.Discover, dsr.OutcomeDone, 0), task("a", dsr.Access, dsr.OutcomeFailed, 0), task("a", dsr.Export, dsr.OutcomeFailed, 0),
		task("b", dsr.Access, dsr.OutcomePartial, 3), task("b", dsr.Export, dsr.OutcomeNothingFound, 0),
		task("c", dsr.Export, dsr.OutcomeFailed, 0),
	}
	all[6].Declared = true
	good := append([]dsr.Task{}, all[1], all[4], all[5])
	ready, expired := &dsr.Package{State: dsr.PackageReady}, &dsr.Package{State: dsr.PackageExpired}
	for name, tc := range map[string]struct {
		r    dsr.Request
		want []dsr.TaskID
	}{
		"the package has the rest":               {dsr.Request{State: dsr.StateCompleted, Package: ready, Tasks: all}, []dsr.TaskID{"a-discover", "a-access", "a-export"}},
		"the package is gone":                    {dsr.Request{State: dsr.StateCompleted, Package: expired, Tasks: all}, []dsr.TaskID{"a-discover", "a-access", "a-export", "b-discover", "b-access"}},
		"there never was one":                    {dsr.Request{State: dsr.StateFailed, Tasks: all}, []dsr.TaskID{"a-discover", "a-access", "a-export", "b-discover", "b-access"}},
		"nothing failed":                         {dsr.Request{State: dsr.StateCompleted, Package: ready, Tasks: good}, nil},
		"nothing failed and the package is gone": {dsr.Request{State: dsr.StateCompleted, Package: expired, Tasks: good}, nil},
		"nothing failed but the package":         {dsr.Request{State: dsr.StateFailed, Tasks: good}, []dsr.TaskID{"b-discover", "b-access"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, tc.r.Retryable())
		})
	}
}
