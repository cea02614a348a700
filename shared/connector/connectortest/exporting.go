package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

func testExport(t *testing.T, b *bench) {
	for _, action := range dsr.Requestable() {
		if action.Leg() != dsr.Copies {
			continue // It hands nothing over.
		}
		for _, k := range b.Known {
			b.requireExported(t, action, k)
		}
	}
	got := newRecorder()
	outcome, err := b.export(t.Context(), b.Settings, b.scope(dsr.Access, nil), nil, got)
	require.NoError(t, err)
	require.Equal(t, dsr.OutcomeNothingFound, outcome.Code)
	require.Empty(t, got.puts)
}

// requireExported exports a known person. An action that hands over no kind of the system finds
// nothing there.
func (b *bench) requireExported(t *testing.T, action dsr.Action, k Known) {
	t.Helper()
	got, scope := newRecorder(), b.scope(action, b.find(k.Object))
	outcome, err := b.export(t.Context(), b.Settings, scope, nil, got)
	require.NoError(t, err)
	b.requireOracle(got.records(), k.Object, action)
	if len(scope.Kinds) == 0 {
		require.Equal(t, dsr.OutcomeNothingFound, outcome.Code, outcome.Reason)
		return
	}
	want := dsr.OutcomeDone
	if k.Partial {
		want = dsr.OutcomePartial
	}
	require.Equal(t, want, outcome.Code, outcome.Reason)
	require.Equal(t, k.Partial, outcome.Reason != "", "what is missing is named, and nothing else is")
	requireAsked(t, got.asked)
	requireCounted(t, got)
}

// requireOracle compares what was handed over with the simulator's store: the same records with the
// same values, no more, no fewer.
func (b *bench) requireOracle(got map[string][]json.RawMessage, object string, action dsr.Action) {
	b.t.Helper()
	want := b.Oracle(object)
	require.NotEmpty(b.t, want, "the oracle knows the person")
	for _, k := range b.Entry.Descriptor.Kinds {
		expected := want[k.Name]
		if !action.Includes(k.Provenance) {
			expected = nil
		}
		require.Empty(b.t, cmp.Diff(byID(b.t, k, expected), byID(b.t, k, got[k.Name])), "%s of %s", k.Name, action)
	}
	for name := range got {
		_, declared := b.Entry.Descriptor.Kind(name)
		require.True(b.t, declared, "kind %q is not declared", name)
	}
}

// byID decodes records by their id, which each must have and no other may share.
func byID(t *testing.T, k connector.Kind, records []json.RawMessage) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, r := range records {
		var m map[string]any
		require.NoError(t, json.Unmarshal(r, &m), "a record of %s is not a JSON object", k.Name)
		id, ok := m[k.ID].(string)
		require.True(t, ok && id != "", "a record of %s has no %s", k.Name, k.ID)
		require.NotContains(t, out, id, "a record of %s was handed over twice", k.Name)
		out[id] = m
	}
	return out
}

// requireCounted checks that the proofs of each kind add up to the records.
func requireCounted(t *testing.T, r *recorder) {
	t.Helper()
	counted := map[string]int64{}
	for _, a := range r.asked {
		counted[a.Kind] += a.Records
	}
	for kind, records := range r.records() {
		require.EqualValues(t, len(records), counted[kind], "the proofs of %s", kind)
	}
}

func testScope(t *testing.T, b *bench) {
	findings := b.find(b.Rich)
	all := b.Entry.Descriptor.KindsFor(dsr.Access)
	for _, kinds := range [][]string{all[:1], all[len(all)-1:], {all[0], all[len(all)-1]}} {
		got := newRecorder()
		_, err := b.export(t.Context(), b.Settings, connector.Scope{Action: dsr.Access, Kinds: kinds, Findings: findings}, nil, got)
		require.NoError(t, err)
		for _, a := range got.asked {
			require.Contains(t, append(kinds, ""), a.Kind)
		}
		for _, p := range got.puts {
			require.Contains(t, kinds, p.kind)
		}
	}
}

// testResume kills the export in every Put, and goes on in a new process from each cursor that
// had been handed over.
func testResume(t *testing.T, b *bench) {
	scope := b.scope(dsr.Access, b.find(b.Rich))
	whole := newRecorder()
	outcome, err := b.export(t.Context(), b.Settings, scope, nil, whole)
	require.NoError(t, err)
	require.Greater(t, len(whole.puts), len(whole.records()), "the rich person has a kind of several pages")
	order := slices.CompactFunc(slices.Clone(whole.puts), func(a, b put) bool { return a.kind == b.kind })
	at := -1
	for _, p := range order {
		i := slices.Index(scope.Kinds, p.kind)
		require.Greater(t, i, at, "kinds come in the descriptor's order, each in one go")
		at = i
	}
	for n := range whole.puts {
		first := killedAfter(n + 1)
		if _, err := b.export(t.Context(), b.Settings, scope, nil, first); n+1 < len(whole.puts) {
			require.ErrorIs(t, err, errKilled)
		}
		rest := newRecorder()
		again, err := b.export(t.Context(), b.Settings, scope, first.puts[n].next, rest)
		require.NoError(t, err, "after page %d", n)
		require.Equal(t, outcome, again)
		require.Equal(t, whole.records(), collect(append(first.puts, rest.puts...)), "after page %d", n)
	}
	_, err = b.export(t.Context(), b.Settings, scope, []byte(`{"not":"ours"`), newRecorder())
	require.Error(t, err)
}

func testTwice(t *testing.T, b *bench) {
	scope := b.scope(dsr.Access, b.find(b.Rich))
	first, second := newRecorder(), newRecorder()
	one, err := b.export(t.Context(), b.Settings, scope, nil, first)
	require.NoError(t, err)
	two, err := b.export(t.Context(), b.Settings, scope, nil, second)
	require.NoError(t, err)
	require.Equal(t, one, two)
	require.Equal(t, first.puts, second.puts)
}

func testCancel(t *testing.T, b *bench) {
	scope := b.scope(dsr.Access, b.find(b.Rich))
	ctx, cancel := context.WithCancel(t.Context())
	sink := newRecorder()
	calls := 0
	sink.onPut = func() { cancel(); calls = b.Calls() }
	_, err := b.export(ctx, b.Settings, scope, nil, sink)
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, connector.AsFault(err), "a cancelled export says nothing about the system")
	require.Len(t, sink.puts, 1)
	require.LessOrEqual(t, b.Calls(), calls+1)
}

func testSinkError(t *testing.T, b *bench) {
	refusal := errors.New("the claim is lost")
	sink := &recorder{stop: 1, refuse: refusal}
	_, err := b.export(t.Context(), b.Settings, b.scope(dsr.Access, b.find(b.Rich)), nil, sink)
	require.Equal(t, refusal, err, "as it is")
}
