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
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// filled returns a case with every field set, and the rows of its tasks.
func filled(t *testing.T) (*Case, map[dsr.TaskID]*row.Row) {
	t.Helper()
	c := &Case{first: "first", writes: []string{"first", "last"}, sealed: []byte("sealed"), etag: "etag"}
	filltest.Fill(t, c)
	task := c.Tasks[0]
	at := taskRow{etag: "task-etag", seq: c.Seq}
	c.rows = map[dsr.TaskID]taskRow{task.ID: at}
	return c, map[dsr.TaskID]*row.Row{task.ID: writeTask("", task, at)}
}

var stored = cmp.Options{
	cmp.AllowUnexported(Case{}, taskRow{}, lateTask{}),
	cmpopts.IgnoreFields(Case{}, "s", "ring", "left"),
	cmpopts.EquateEmpty(),
}

func TestEveryFieldOfARequestIsStored(t *testing.T) {
	t.Parallel()
	c, tasks := filled(t)
	head := c.headRow()
	require.NoError(t, head.Err())
	got, err := (&Store{}).caseOf(c.Tenant, c.ID, head, tasks)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(c, got, stored))
}

func TestEveryFieldOfATaskThatTheHeadCarriesIsStored(t *testing.T) {
	t.Parallel()
	c, _ := filled(t)
	c.late = []lateTask{{Seq: c.Seq, Task: c.Tasks[0]}}
	c.rows = nil
	got, err := (&Store{}).caseOf(c.Tenant, c.ID, c.headRow(), nil)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(c, got, stored))
}

// A task is written even if only one of its fields changes.
func TestAnyChangeOfATaskIsNoticed(t *testing.T) {
	t.Parallel()
	var a dsr.Task
	filltest.Fill(t, &a)
	require.True(t, sameTask(&a, &a))
	for i := range reflect.TypeFor[dsr.Task]().NumField() {
		b := a
		field := reflect.ValueOf(&b).Elem().Field(i)
		field.SetZero()
		// The id is part of the key and never changes.
		if name := reflect.TypeFor[dsr.Task]().Field(i).Name; name != "ID" {
			require.False(t, sameTask(&a, &b), name)
		}
	}
}

func TestALeaseChangesNothingElseOfATask(t *testing.T) {
	t.Parallel()
	var task dsr.Task
	filltest.Fill(t, &task)
	r := writeTask("p", task, taskRow{etag: "etag", seq: 3})
	lease := dsr.Claim{Until: time.UnixMilli(1).UTC(), Count: 9, Faults: 8}
	next := layout.WithClaim(r, lease)
	got := readTask(next)
	require.Equal(t, lease, got.Claim)
	got.Claim, got.ID = task.Claim, task.ID
	require.Empty(t, cmp.Diff(task, got))
	require.Equal(t, "etag", next.ETag)
	require.Equal(t, task.Claim, layout.Claim(r), "the original row is unchanged")
}

// The longest list of parts fits into the row of its task, beside as many bytes of queries.
func TestTheRowOfATaskHoldsAllItsParts(t *testing.T) {
	t.Parallel()
	var task dsr.Task
	for n := range dsr.MaxParts {
		task.Parts = append(task.Parts, dsr.Part{Seq: n + 1, ID: strings.Repeat("f", 32), Size: 1 << 32, ETag: `"0x8DDCA3A1B2C3D4E"`, Records: 1e8})
	}
	r := writeTask("p", task, taskRow{})
	require.NoError(t, r.Err())
	require.Equal(t, task.Parts, readTask(r).Parts)
}
