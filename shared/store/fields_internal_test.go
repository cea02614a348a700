package store

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/dsr/filltest"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// filled returns a case with every field set.
func filled(t *testing.T) *Case {
	t.Helper()
	c := &Case{first: "first", writes: []string{"first", "last"}, sealed: []byte("sealed"), etag: "etag"}
	filltest.Fill(t, c)
	c.rows = map[dsr.TaskID]taskRow{c.Tasks[0].ID: {etag: "task-etag", seq: c.Seq}}
	return c
}

var stored = cmp.Options{
	cmp.AllowUnexported(Case{}, taskRow{}),
	cmpopts.IgnoreFields(Case{}, "s", "ring", "left"),
	cmpopts.EquateEmpty(),
}

func TestEveryFieldOfARequestIsStored(t *testing.T) {
	t.Parallel()
	c := filled(t)
	task := c.Tasks[0]
	r := writeTask("", task, c.rows[task.ID])
	head := c.headRow()
	require.NoError(t, head.Err())
	got, err := (&Store{}).caseOf(c.Tenant, c.ID, head)
	require.NoError(t, err)
	require.NoError(t, got.addRow(task.ID, r))
	require.Empty(t, cmp.Diff(c, got, stored))
}

// A head that is read alone knows of every task how it stands, and nothing else of it.
func TestTheHeadTellsHowTasksStand(t *testing.T) {
	t.Parallel()
	c := filled(t)
	got, err := (&Store{}).caseOf(c.Tenant, c.ID, c.headRow())
	require.NoError(t, err)
	want := c.Tasks[0]
	want.Claim, want.Detail = dsr.Claim{}, nil
	require.Equal(t, []dsr.Task{want}, got.Tasks)
	require.Empty(t, got.rows)
}

// What is stored for an earlier opening of a task says nothing about the present one.
func TestTheRowOfAnEarlierOpeningIsVoid(t *testing.T) {
	t.Parallel()
	c := filled(t)
	task := c.Tasks[0]
	r := writeTask("", task, c.rows[task.ID])
	c.Tasks[0].Opening++
	require.NoError(t, c.addRow(task.ID, r))
	require.Equal(t, &dsr.Detail{}, c.Tasks[0].Detail)
	require.Zero(t, c.Tasks[0].Claim)
	require.Equal(t, taskRow{etag: "task-etag", seq: c.Seq}, c.rows[task.ID], "it is replaced as it is")
}

// A task is written even if only one of its fields changes: in the head, or in its row.
func TestAnyChangeOfATaskIsNoticed(t *testing.T) {
	t.Parallel()
	var a dsr.Task
	filltest.Fill(t, &a)
	require.True(t, sameHead(&a, &a))
	require.True(t, sameRow(&a, &a))
	for i := range reflect.TypeFor[dsr.Task]().NumField() {
		name := reflect.TypeFor[dsr.Task]().Field(i).Name
		if name == "Claim" || name == "Detail" {
			continue // written by the one who claims; and below
		}
		b := a
		reflect.ValueOf(&b).Elem().Field(i).SetZero()
		require.False(t, sameHead(&a, &b), name)
	}
	for i := range reflect.TypeFor[dsr.Detail]().NumField() {
		b := a
		b.Detail = a.Detail.Clone()
		reflect.ValueOf(b.Detail).Elem().Field(i).SetZero()
		require.False(t, sameRow(&a, &b), reflect.TypeFor[dsr.Detail]().Field(i).Name)
	}
}

func TestALeaseChangesNothingElseOfATask(t *testing.T) {
	t.Parallel()
	var task dsr.Task
	filltest.Fill(t, &task)
	r := writeTask("p", task, taskRow{etag: "etag", seq: 3})
	lease := dsr.Claim{Until: time.UnixMilli(1).UTC(), Count: 9, Faults: 8}
	next := layout.WithClaim(r, lease)
	got := dsr.Task{Opening: task.Opening}
	readTask(&got, next)
	require.Equal(t, lease, got.Claim)
	require.Equal(t, task.Detail, got.Detail)
	require.Equal(t, "etag", next.ETag)
	require.Equal(t, task.Claim, layout.Claim(r), "the original row is unchanged")
}

// The longest list of parts fits into the row of its task, beside as many bytes of queries.
func TestTheRowOfATaskHoldsAllItsParts(t *testing.T) {
	t.Parallel()
	task := dsr.Task{Detail: &dsr.Detail{}}
	for n := range dsr.MaxParts {
		task.Parts = append(task.Parts, dsr.Part{Seq: n + 1, ID: strings.Repeat("f", 32), Size: 1 << 32, ETag: `"0x8DDCA3A1B2C3D4E"`, Records: 1e8})
	}
	r := writeTask("p", task, taskRow{})
	require.NoError(t, r.Err())
	var got dsr.Task
	readTask(&got, r)
	require.Equal(t, task.Parts, got.Parts)
}
