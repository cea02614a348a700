package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// ledger returns the names and bodies of the ledger's blobs.
func ledger(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for info, err := range s.Blobs.List(bg, blob.Ref{Container: retention.Ledger}) {
		require.NoError(t, err)
		body, _, err := s.Blobs.Get(bg, blob.Ref{Container: retention.Ledger, Name: info.Name})
		require.NoError(t, err)
		out[info.Name] = string(body)
	}
	return out
}

// requireShredded checks that nothing of a case can be sealed or unsealed, however it was loaded.
func requireShredded(t *testing.T, sealed []byte, cases ...*store.Case) {
	t.Helper()
	for _, c := range cases {
		_, err := c.Private(bg)
		require.ErrorIs(t, err, store.ErrShredded)
		_, err = c.Seal(bg, "cursor", []byte("secret"))
		require.ErrorIs(t, err, store.ErrShredded)
		_, err = c.Unseal(bg, "cursor", sealed)
		require.ErrorIs(t, err, store.ErrShredded)
	}
}

func TestShredDestroysTheKeyOfOneCaseAlone(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	withinTheHour(w)
	a := create(t, w.Store, draft(newTenant(), "a"))
	b := create(t, w.Store, draft(a.Tenant, "b"))
	require.Equal(t, a.KeyID[:10], b.KeyID[:10], "both have the key of one hour")
	sealed, err := a.Seal(bg, "cursor", []byte("secret"))
	require.NoError(t, err)
	other := w.Another(t)
	before := load(t, other, a.Tenant, a.ID)

	require.NoError(t, w.Store.Shred(bg, a, received))
	requireShredded(t, sealed, a, before, load(t, w.Store, a.Tenant, a.ID), load(t, other, a.Tenant, a.ID))
	_, err = b.Private(bg)
	require.NoError(t, err)
	_, err = load(t, w.Another(t), b.Tenant, b.ID).Private(bg)
	require.NoError(t, err, "another process opens the other case of the hour")
	c := create(t, w.Store, draft(a.Tenant, "c"))
	_, err = c.Private(bg)
	require.NoError(t, err, "the hour key goes on")
	name := fmt.Sprintf("%s/%d/%s", a.Tenant, a.Shard, a.KeyID)
	first := ledger(t, other)
	require.Len(t, first, 1)
	require.JSONEq(t, fmt.Sprintf(`{"v":1,"key":%q,"at":"2026-03-02T09:30:00Z"}`, a.KeyID), first[name])
	require.NotContains(t, first[name], a.ID, "nothing leads to the request")

	require.NoError(t, other.Shred(bg, load(t, other, a.Tenant, a.ID), received.Add(time.Hour)), "again, by another process")
	require.NoError(t, w.Store.Shred(bg, a, received.Add(time.Hour)), "again, with the same case")
	require.Equal(t, first, ledger(t, other), "the entry of the first try stays")
}

func TestAnEntryOfTheLedgerIsAsTheGoldenSays(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	c := create(t, w.Store, draft("11111111-1111-1111-1111-111111111111", "k"))
	require.NoError(t, w.Store.Shred(bg, c, received.Add(1234567*time.Nanosecond)))
	var got strings.Builder
	for name, body := range ledger(t, w.Store) {
		fmt.Fprintf(&got, "%s\n%s\n", name, body)
	}
	// The shard and the key's id differ from one case to the next.
	text := strings.ReplaceAll(got.String(), c.KeyID, layout.KeyID("2026030209", strings.Repeat("0a", 16)))
	text = strings.Replace(text, fmt.Sprintf("/%d/", c.Shard), "/0/", 1)
	const golden = "testdata/ledger-entry.txt"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(text), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// Whichever of its calls fails, in whichever way: Shred by another process ends it. No entry is
// missing while the key is gone.
func TestShredIsRepeatableAfterAnyFault(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant, made := newTenant(), 0
	fresh := func() *store.Case {
		made++
		c := create(t, other, draft(tenant, fmt.Sprint(made)))
		return load(t, w.Store, c.Tenant, c.ID)
	}
	check := func(at string, c *store.Case, err error) {
		t.Helper()
		now := load(t, other, c.Tenant, c.ID)
		if _, gone := now.Private(bg); gone != nil {
			require.ErrorIs(t, gone, store.ErrShredded, at)
			_, serr := other.Blobs.Stat(bg, blob.Ref{Container: retention.Ledger, Name: layout.LedgerName(c.Tenant, c.Shard, c.KeyID)})
			require.NoError(t, serr, "%s: the key is gone and the ledger does not say so", at)
		} else {
			require.Error(t, err, "%s: Shred claims what has not happened", at)
		}
		require.NoError(t, other.Shred(bg, now, received), at)
		require.NoError(t, w.Store.Shred(bg, c, received), at)
		requireShredded(t, nil, c, load(t, other, c.Tenant, c.ID))
		body, _, err := other.Blobs.Get(bg, blob.Ref{Container: retention.Ledger, Name: layout.LedgerName(c.Tenant, c.Shard, c.KeyID)})
		require.NoError(t, err, at)
		var entry struct{ Key string }
		require.NoError(t, json.Unmarshal(body, &entry), at)
		require.Equal(t, c.KeyID, entry.Key)
	}
	c := fresh()
	w.Counter.Reset()
	require.NoError(t, w.Store.Shred(bg, c, received))
	calls := w.Counter.Total()
	require.Equal(t, 4, calls, "entry, look, deletion, look")
	for name, fault := range map[string]storetest.Fault{
		"lost once": {Action: storetest.Lost, Times: 1}, "lost": {Action: storetest.Lost},
		"done but failed once": {Action: storetest.DoneButFailed, Times: 1}, "done but failed": {Action: storetest.DoneButFailed},
		"throttled": {Action: storetest.Throttled}, "answer cut": {Action: storetest.Cut, Times: 1},
	} {
		for n := range calls {
			c, fault := fresh(), fault
			fault.Match = nthCall(n)
			disarm := w.Faults.Add(fault)
			err := w.Store.Shred(bg, c, received)
			disarm()
			if fault.Times == 1 && fault.Action != storetest.Cut {
				require.NoError(t, err, "%s, call %d: the SDK's retry is not mistaken for another writer", name, n+1)
			}
			check(fmt.Sprintf("%s, call %d of %d", name, n+1, calls), c, err)
		}
	}
	for n := range calls {
		c := fresh()
		revive := w.Faults.KillAfter(n)
		err := w.Store.Shred(bg, c, received)
		revive()
		check(fmt.Sprintf("killed after call %d of %d", n, calls), c, err)
	}
}

// A write of the key that was under way for long arrives after the deletion. Shred does not claim
// that the key is gone, and a repetition deletes it.
func TestShredNoticesThatALateWriterBroughtTheKeyBack(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	c := create(t, w.Store, draft(newTenant(), "k"))
	keys := w.Clients.Tables.NewClient(w.Prefix + layout.TableKeys)
	pk := layout.ShardPartition(c.Tenant, c.Shard)
	old, err := keys.GetEntity(bg, pk, c.KeyID, nil)
	require.NoError(t, err)
	late := func() {
		_, err := keys.AddEntity(bg, old.Value, nil)
		require.NoError(t, err)
	}
	w.Faults.Add(storetest.Fault{
		Match: func(c storetest.Call) bool { return c.Is("table", "keys") && c.Method == "DELETE" }, Action: storetest.Pass, Times: 1, After: late,
	})
	err = w.Store.Shred(bg, c, received)
	require.ErrorIs(t, err, store.ErrConflict)
	requireShredded(t, nil, c)
	require.NoError(t, w.Store.Shred(bg, c, received))
	require.Zero(t, w.CaseKeys(t))

	late() // later still, or by a backup
	_, err = load(t, w.Store, c.Tenant, c.ID).Private(bg)
	require.NoError(t, err)
	require.NoError(t, w.Store.Shred(bg, load(t, w.Store, c.Tenant, c.ID), received))
	_, err = load(t, w.Store, c.Tenant, c.ID).Private(bg)
	require.True(t, errors.Is(err, store.ErrShredded))
	require.Len(t, ledger(t, w.Store), 1)
}
