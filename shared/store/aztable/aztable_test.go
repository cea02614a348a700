package aztable_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/aztable"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func open(t *testing.T) row.Table {
	t.Helper()
	w := storetest.New(t)
	tables, err := aztable.New(w.Clients.Tables, w.Prefix)
	require.NoError(t, err)
	require.NoError(t, tables.Create(t.Context(), layout.TableKeys), "creating a table again is no error")
	return tables.Table(layout.TableKeys)
}

func TestARowIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	table := open(t)
	at := time.Date(2026, 3, 2, 9, 30, 0, 123e6, time.UTC)
	long := bytes.Repeat([]byte("0123456789abcdef"), 8<<10) // over the limit of one property
	r := row.New("p", "a")
	r.SetText("text", "jane's ü")
	r.SetInt("int", 1<<60)
	r.SetInt("zero", 0)
	r.SetFlag("flag", true)
	r.SetTime("time", at.In(time.FixedZone("", 3600)))
	r.SetBytes("bytes", long)
	r.SetJSON("json", []string{"x"})
	r.SetLong("long", map[string]int{"y": 1})
	require.NoError(t, table.Insert(t.Context(), r))

	got, err := table.Get(t.Context(), "p", "a")
	require.NoError(t, err)
	require.Equal(t, r.ETag, got.ETag)
	require.WithinDuration(t, time.Now(), got.Written, time.Minute)
	require.Equal(t, r.Values(), got.Values())
	var list []string
	got.JSON("json", &list)
	var dict map[string]int
	got.Long("long", &dict)
	require.Equal(t, []any{"jane's ü", int64(1 << 60), true, at, long}, []any{got.Text("text"), got.Int("int"), got.Flag("flag"), got.Time("time"), got.Bytes("bytes")})
	require.Equal(t, []any{[]string{"x"}, map[string]int{"y": 1}}, []any{list, dict})
	require.NoError(t, got.Err())

	got.SetText("text", "")
	got.SetFlag("flag", false)
	require.NoError(t, table.Replace(t.Context(), got))
	again, err := table.Get(t.Context(), "p", "a")
	require.NoError(t, err)
	require.Equal(t, got.Values(), again.Values(), "values that were set to zero are gone")
	require.NotContains(t, again.Values(), "text")
}

func TestConditionsThatDoNotHoldAreRefusals(t *testing.T) {
	t.Parallel()
	table := open(t)
	ctx := t.Context()
	there := row.New("p", "there")
	require.NoError(t, table.Insert(ctx, there))
	stale := there.Copy()
	require.NoError(t, table.Replace(ctx, there))
	none := row.New("p", "none")
	none.ETag = there.ETag
	ops := func(last row.Op) []row.Op { return []row.Op{{Kind: row.Insert, Row: row.New("p", "new")}, last} }
	for name, c := range map[string]struct {
		err    error
		reason row.Reason
		op     int
	}{
		"insert of a row that exists":                   {table.Insert(ctx, row.New("p", "there")), row.Exists, -1},
		"replacement of another version":                {table.Replace(ctx, stale), row.Changed, -1},
		"replacement of a missing row":                  {table.Replace(ctx, none), row.Missing, -1},
		"deletion of another version":                   {table.Delete(ctx, stale), row.Changed, -1},
		"deletion of a missing row":                     {table.Delete(ctx, none), row.Missing, -1},
		"insert in a transaction":                       {table.Transact(ctx, ops(row.Op{Kind: row.Insert, Row: row.New("p", "there")})), row.Exists, 1},
		"replacement in a transaction":                  {table.Transact(ctx, ops(row.Op{Kind: row.Replace, Row: stale})), row.Changed, 1},
		"replacement of a missing row in a transaction": {table.Transact(ctx, ops(row.Op{Kind: row.Replace, Row: none})), row.Missing, 1},
	} {
		got := row.AsRefusal(c.err)
		require.NotNil(t, got, "%s: %v", name, c.err)
		require.Equal(t, c.reason, got.Reason, name)
		require.Equal(t, c.op, got.Op, name)
	}
	_, err := table.Get(ctx, "p", "new")
	require.ErrorIs(t, err, failure.ErrNotFound, "a refused transaction changes nothing")
}

func TestATransactionSetsETagsAndKeepsWhatAnUpsertDoesNotName(t *testing.T) {
	t.Parallel()
	table := open(t)
	ctx := t.Context()
	a, b := row.New("p", "a"), row.New("p", "b")
	a.SetText("first", "1")
	require.NoError(t, table.Transact(ctx, []row.Op{{Kind: row.Insert, Row: a}, {Kind: row.Upsert, Row: b}}))
	more := row.New("p", "a")
	more.SetText("second", "2")
	require.NoError(t, table.Transact(ctx, []row.Op{{Kind: row.Upsert, Row: more}, {Kind: row.Delete, Row: b}}))
	got, err := table.Range(ctx, "p", "a", "c", 0)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, map[string]any{"first": "1", "second": "2"}, got[0].Values())
	require.Equal(t, more.ETag, got[0].ETag)
	require.NotEqual(t, a.ETag, more.ETag)
	require.NoError(t, table.Transact(ctx, nil))
}

func TestARangeEndsBeforeItsEndAndAtItsLimit(t *testing.T) {
	t.Parallel()
	table := open(t)
	for _, key := range []string{"a", "b", "c", "d"} {
		require.NoError(t, table.Insert(t.Context(), row.New("p", key)))
	}
	require.NoError(t, table.Insert(t.Context(), row.New("q", "b")))
	keys := func(from, below string, limit int) (out []string) {
		rows, err := table.Range(t.Context(), "p", from, below, limit)
		require.NoError(t, err)
		for _, r := range rows {
			out = append(out, r.Key)
		}
		return out
	}
	require.Equal(t, []string{"b", "c"}, keys("b", "d", 0))
	require.Equal(t, []string{"a", "b", "c"}, keys("a", "z", 3))
	require.Empty(t, keys("x", "z", 0))
}

func TestARowThatDoesNotFitIsNotWritten(t *testing.T) {
	t.Parallel()
	table := open(t)
	for name, set := range map[string]func(*row.Row){
		"text":  func(r *row.Row) { r.SetText("x", string(make([]byte, 33<<10))) },
		"bytes": func(r *row.Row) { r.SetBytes("x", make([]byte, 513<<10)) },
		"json":  func(r *row.Row) { r.SetJSON("x", string(make([]byte, 33<<10))) },
	} {
		r := row.New("p", "large-"+name)
		set(r)
		require.ErrorIs(t, table.Insert(t.Context(), r), failure.ErrTooLarge, name)
		require.ErrorIs(t, table.Transact(t.Context(), []row.Op{{Kind: row.Upsert, Row: r}}), failure.ErrTooLarge, name)
	}
	bad := row.New("p", "bad")
	bad.SetJSON("x", func() {})
	require.Error(t, table.Insert(t.Context(), bad))
}
