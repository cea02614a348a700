package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// hourKeys returns how many hour keys are stored.
func hourKeys(t *testing.T, w *storetest.World) int {
	t.Helper()
	return len(w.Rows(t, layout.TableKeys)) - w.CaseKeys(t)
}

// requireCalls checks how often a vault was called.
func requireCalls(t *testing.T, v *storetest.Vault, wraps, unwraps int, what string) {
	t.Helper()
	gotWraps, gotUnwraps := v.Count()
	require.Equal(t, [2]int{wraps, unwraps}, [2]int{gotWraps, gotUnwraps}, "wraps and unwraps: %s", what)
}

// inParallel does something n times, 16 at a time.
func inParallel(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(16)
	for i := range n {
		g.Go(func() error { return do(i) })
	}
	require.NoError(t, g.Wait())
}

// The goal is at most 0.1 wraps for a request. It is one for a tenant and an hour.
func TestThreeHundredRequestsOfAnHourTakeOneWrap(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	withinTheHour(w)
	tenant := newTenant()
	first, vault := w.AnotherWithVault(t)
	var ids []string
	for chunk := range 2 {
		var ds []store.Draft
		for i := range 100 {
			ds = append(ds, draft(tenant, fmt.Sprintf("line %d of %d", i, chunk)))
		}
		for _, made := range first.BeginMany(bg, tenant, ds).Finish(bg) {
			require.NoError(t, made.Err)
			ids = append(ids, made.Request.ID)
		}
	}
	singles := make([]string, 100)
	inParallel(t, len(singles), func(i int) error {
		made, err := first.Create(bg, draft(tenant, fmt.Sprint(i)))
		if err == nil {
			singles[i] = made.Request.ID
		}
		return err
	})
	ids = append(ids, singles...)
	requireCalls(t, vault, 1, 0, "300 requests by the first process")
	require.Equal(t, 1, hourKeys(t, w))

	second, vault := w.AnotherWithVault(t)
	inParallel(t, len(ids), func(i int) error {
		c, err := second.Load(bg, tenant, ids[i])
		if err != nil {
			return err
		}
		_, err = c.Private(bg)
		return err
	})
	create(t, second, draft(tenant, "by the second process"))
	requireCalls(t, vault, 0, 1, "300 requests read, and one made, by the second process")
	require.Equal(t, 1, hourKeys(t, w))

	create(t, second, draft(newTenant(), "k"))
	requireCalls(t, vault, 1, 1, "another tenant has a key of its own")
	w.Clock.Advance(time.Hour)
	later := create(t, second, draft(tenant, "an hour later"))
	requireCalls(t, vault, 2, 1, "and so has another hour")
	require.Equal(t, 3, hourKeys(t, w))
	_, err := load(t, first, tenant, later.ID).Private(bg)
	require.NoError(t, err)
}

func TestAVaultThatFailsMakesNoRequest(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	withinTheHour(w)
	tenant := newTenant()
	s, vault := w.AnotherWithVault(t)
	down := errors.New("the vault does not answer")
	vault.Fail(down)
	_, err := s.Create(bg, draft(tenant, "k"))
	require.ErrorIs(t, err, down)
	for _, made := range s.BeginMany(bg, tenant, []store.Draft{draft(tenant, "k"), draft(tenant, "l")}).Finish(bg) {
		require.ErrorIs(t, made.Err, down)
	}
	require.Empty(t, w.Rows(t, "keys"))
	require.Empty(t, w.Rows(t, "lists"))
	vault.Fail(nil)
	c := create(t, s, draft(tenant, "k"))

	reader, vault := w.AnotherWithVault(t)
	vault.Fail(down)
	_, err = load(t, reader, tenant, c.ID).Private(bg)
	require.ErrorIs(t, err, down)
	require.NotErrorIs(t, err, store.ErrShredded, "the key is not gone")
	vault.Fail(nil)
	_, err = load(t, reader, tenant, c.ID).Private(bg)
	require.NoError(t, err, "the error is not kept")
}
