package intake_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

var (
	now  = time.Date(2026, 3, 31, 9, 30, 0, 0, time.UTC)
	wall = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
)

func tokens(t testing.TB) *pii.Tokens {
	t.Helper()
	tk, err := pii.NewTokens(pii.Key{Version: 1, Key: bytes.Repeat([]byte{7}, 32)})
	require.NoError(t, err)
	return tk
}

func service(t testing.TB) *intake.Service {
	t.Helper()
	s, err := intake.New(intake.Options{
		Runner:  runner(t, &store.Store{}),
		Tenants: tenant.Tenants{theTenant()},
		Catalogue: connector.Catalogue{
			{Descriptor: connector.Descriptor{System: "entra", Identifiers: []connector.Identifier{{Kind: "email"}, {Kind: "external-sign-in-name"}}}},
			{Descriptor: connector.Descriptor{System: "logs", Cannot: map[dsr.Action]string{dsr.Access: "Logs can only be exported."}}},
			{Descriptor: connector.Descriptor{System: "blind", Cannot: map[dsr.Action]string{dsr.Discover: "x", dsr.Access: "No.", dsr.Export: "No."}}},
			{Descriptor: connector.Descriptor{System: "elsewhere", Identifiers: []connector.Identifier{{Kind: "device-id"}}}},
		},
		Tokens: tokens(t),
	})
	require.NoError(t, err)
	return s
}

// runner is one whose clocks do not move.
func runner(t testing.TB, st *store.Store) *task.Runner {
	t.Helper()
	clocks := clock.Clocks{Business: func() time.Time { return now }, Wall: func() time.Time { return wall }}
	r, err := task.New(task.Options{Store: st, Clocks: clocks, Log: slog.New(slog.DiscardHandler), Counter: telemetry.Counter{}})
	require.NoError(t, err)
	return r
}

func TestAServiceRefusesAMissingPart(t *testing.T) {
	t.Parallel()
	whole := service(t).Options
	for name, without := range map[string]func(*intake.Options){
		"a runner": func(o *intake.Options) { o.Runner = nil }, "tenants": func(o *intake.Options) { o.Tenants = nil },
		"a catalogue": func(o *intake.Options) { o.Catalogue = nil }, "tokens": func(o *intake.Options) { o.Tokens = nil },
	} {
		o := whole
		without(&o)
		_, err := intake.New(o)
		require.Error(t, err, name)
	}
}

func theTenant() tenant.Tenant {
	how := tenant.Instructions{Instructions: "Ask the archive.", Link: "https://intranet.example"}
	return tenant.Tenant{
		ID: contoso, Name: "Contoso", Systems: []tenant.Instance{tenant.Plain("entra"), tenant.Plain("logs"), tenant.Plain("blind")}, Actions: []dsr.Action{dsr.Access, dsr.Export},
		Declared:     []tenant.Declared{{Name: "paper", Identifiers: []string{"customer-number"}, Actions: map[string]tenant.Instructions{"access": how, "export": how}}},
		Destinations: []tenant.Destination{{Name: "legal"}},
	}
}

func draft(t testing.TB, change map[string]any) (store.Draft, error) {
	t.Helper()
	sub, err := intake.DecodeRequest([]byte(body(change)))
	require.NoError(t, err)
	return service(t).Draft("contoso-admin", theTenant(), "key-1", sub, now)
}

func TestARequestIsSplitIntoTasks(t *testing.T) {
	t.Parallel()
	d, err := draft(t, map[string]any{"actions": []any{"access", "export"}, "note": "urgent", "reference": "4711", "destination": "legal"})
	require.NoError(t, err)
	open := func(id dsr.TaskID, system string, a dsr.Action) dsr.Task {
		return dsr.Task{ID: id, System: system, Action: a, State: dsr.TaskOpen}
	}
	refused := func(id dsr.TaskID, system string, a dsr.Action, why string) dsr.Task {
		return dsr.Task{ID: id, System: system, Action: a, State: dsr.TaskEnded, EndedAt: now, Outcome: dsr.Outcome{Code: dsr.OutcomeRefused, Reason: why}}
	}
	manual := func(id dsr.TaskID, a dsr.Action) dsr.Task {
		return dsr.Task{
			ID: id, System: "paper", Action: a, State: dsr.TaskWaiting, Declared: true,
			Outcome: dsr.Outcome{Code: dsr.OutcomeManual, Reason: "Ask the archive.", Link: "https://intranet.example"},
		}
	}
	want := []dsr.Task{
		open("entra-discover", "entra", dsr.Discover),
		open("logs-discover", "logs", dsr.Discover),
		open("entra-access", "entra", dsr.Access),
		open("entra-export", "entra", dsr.Export),
		refused("logs-access", "logs", dsr.Access, "Logs can only be exported."),
		open("logs-export", "logs", dsr.Export),
		refused("blind-access", "blind", dsr.Access, "No."),
		refused("blind-export", "blind", dsr.Export, "No."),
		manual("paper-access", dsr.Access),
		manual("paper-export", dsr.Export),
		dsr.DeliveryTask(),
	}
	require.Empty(t, cmp.Diff(want, d.Request.Tasks))
	r := d.Request
	require.Equal(t, []string{"entra", "logs", "blind", "paper"}, r.Systems)
	require.Equal(t, now, r.ReceivedAt)
	require.Equal(t, time.Date(2026, 4, 30, 9, 30, 0, 0, time.UTC), r.DueAt)
	require.Equal(t, "legal", r.Dest)
	require.Equal(t, "contoso-admin", r.Caller)
	require.Equal(t, "contoso-admin", d.By)
	require.Equal(t, "urgent", d.Private.Note.Reveal())
	require.Equal(t, "4711", d.Private.Reference.Reveal())
	require.Equal(t, map[retention.WakeKind]time.Time{retention.WakeRedeliver: wall.Add(time.Minute)}, d.Wakes)
	require.Regexp(t, `^v1-[0-9a-f]{64}$`, d.Body)

	r.State = dsr.StateReceived
	require.Len(t, r.Workable(), 2, "the discoveries")
}

func TestOnlyWhatWasAskedForIsDone(t *testing.T) {
	t.Parallel()
	d, err := draft(t, map[string]any{"systems": []any{"paper"}, "regime": "ccpa", "receivedAt": "2026-03-01T00:00:00Z"})
	require.NoError(t, err)
	require.Len(t, d.Request.Tasks, 2)
	require.Equal(t, time.Date(2026, 4, 15, 0, 0, 0, 0, time.UTC), d.Request.DueAt)

	r := d.Request
	r.State = dsr.StateDiscovering
	settled, ok := r.Follows()
	require.True(t, ok, "nothing is to be discovered")
	require.Equal(t, dsr.EventPlanned, settled)
}

func TestWhatOnlyTheTenantCanTell(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  map[string]any
		code    problem.Code
		pointer string
	}{
		"a system of the catalogue":   {map[string]any{"systems": []any{"entra", "elsewhere"}}, problem.UnknownSystem, "/systems/1"},
		"an unknown destination":      {map[string]any{"destination": "elsewhere"}, problem.UnknownDestination, "/destination"},
		"a date in the future":        {map[string]any{"receivedAt": "2026-03-31T09:31:01Z"}, problem.FutureDate, "/receivedAt"},
		"a date eleven years back":    {map[string]any{"receivedAt": "2015-03-31T09:30:00Z"}, problem.PastDate, "/receivedAt"},
		"another system's identifier": {identifier("device-id", "x"), problem.UnknownKind, "/subject/identifiers/0/kind"},
		"a name as an identifier":     {identifier("name", "Jane"), problem.UnknownKind, "/subject/identifiers/0/kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := draft(t, c.change)
			p := problem.As(err)
			require.NotNil(t, p, "%v", err)
			require.Equal(t, c.code, p.Code)
			require.Equal(t, c.pointer, p.Pointer)
		})
	}
	for name, change := range map[string]map[string]any{
		"a clock that is a little ahead":    {"receivedAt": "2026-03-31T09:30:59Z"},
		"an identifier of a connector":      identifier("external-sign-in-name", "jane"),
		"an identifier of a declared one":   identifier("customer-number", "4711"),
		"a named kind in the list":          identifier("employeeId", "4711"),
		"ten years and not a second longer": {"receivedAt": "2016-03-31T09:30:00Z"},
	} {
		d, err := draft(t, change)
		require.NoError(t, err, name)
		require.False(t, d.Request.ReceivedAt.After(now), name)
	}
	s := service(t)
	one := theTenant()
	one.Actions = []dsr.Action{dsr.Export}
	sub, err := intake.DecodeRequest([]byte(body(map[string]any{"actions": []any{"export", "access"}})))
	require.NoError(t, err)
	_, err = s.Draft("c", one, "k", sub, now)
	require.True(t, problem.Is(err, problem.UnknownAction))
	require.Equal(t, "/actions/1", problem.As(err).Pointer)
}

func TestADraftOfAnItem(t *testing.T) {
	t.Parallel()
	s := service(t)
	require.True(t, s.Knows(contoso))
	require.False(t, s.Knows("22222222-2222-2222-2222-222222222222"))
	item := []byte(`{"actions":["export"],"regime":"gdpr","subject":{"email":"jane@contoso.example"}}`)
	d, canonical, err := s.DecodeItem("bulk-queue", contoso, item, now)
	require.NoError(t, err)
	require.Empty(t, d.Key)
	require.NotEmpty(t, canonical)
	require.Equal(t, "bulk-queue", d.Request.Caller)
	_, _, err = s.DecodeItem("bulk-queue", "22222222-2222-2222-2222-222222222222", item, now)
	require.True(t, problem.Is(err, problem.UnknownTenant))
	_, _, err = s.DecodeItem("bulk-queue", contoso, []byte(`{}`), now)
	require.NotNil(t, problem.As(err))
}

func TestEachInstanceOfASystemHasTasksOfItsOwn(t *testing.T) {
	t.Parallel()
	s, one := service(t), theTenant()
	one.Systems = []tenant.Instance{
		{Name: "north", System: "entra", Settings: map[string]string{"region": "n"}}, {Name: "south", System: "entra"}, tenant.Plain("logs"),
	}
	sub := func(change map[string]any) intake.Submission {
		sub, err := intake.DecodeRequest([]byte(body(change)))
		require.NoError(t, err)
		return sub
	}
	d, err := s.Draft("c", one, "k", sub(map[string]any{"actions": []any{"export"}, "systems": []any{"south", "north"}}), now)
	require.NoError(t, err)
	require.Equal(t, []string{"south", "north"}, d.Request.Systems)
	var ids []dsr.TaskID
	for _, task := range d.Request.Tasks {
		ids = append(ids, task.ID)
	}
	require.Equal(t, []dsr.TaskID{"south-discover", "north-discover", "south-export", "north-export", dsr.PackageTask}, ids)
	require.Equal(t, "south", d.Request.Tasks[0].System)

	_, err = s.Draft("c", one, "k", sub(map[string]any{"systems": []any{"entra"}}), now)
	require.True(t, problem.Is(err, problem.UnknownSystem), "a system is asked for by its name in the tenant: %v", err)
}
