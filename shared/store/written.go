package store

import (
	"fmt"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// written returns the tasks whose rows the transaction writes, the most important first, and those
// of them whose rows must be read before.
//
// The head tells how every task stands. A row is written for what the head does not hold: a claim,
// and what the end of a task tells. A row is also written, as a fence, when a task that a worker
// could do changes: no worker can claim such a task any more by what it read before, and the one
// that has claimed it notices. There is no fence for what does not fit into the transaction, in
// rows or in bytes; the worker then notices at its own commit, because that replaces the head.
func (t *commit) written() (written, unread []dsr.TaskID, err error) {
	must, fences := []dsr.TaskID{}, []dsr.TaskID{}
	if t.claim != nil {
		must = append(must, t.claim.Task())
	}
	if t.take.Task != "" && !slices.Contains(must, t.take.Task) {
		must = append(must, t.take.Task)
	}
	workable := t.old.Workable()
	for i := range t.next.Tasks {
		was, now := &t.old.Tasks[i], &t.next.Tasks[i]
		switch {
		case slices.Contains(must, now.ID):
		case was.Opening == now.Opening && !sameRow(was, now):
			must = append(must, now.ID)
		case !sameHead(was, now) && slices.Contains(workable, was):
			fences = append(fences, now.ID)
		}
	}
	room := row.MaxOps - len(t.events) - 1
	if len(must) > room {
		return nil, nil, fmt.Errorf("store: a change of %d events and the rows of %d tasks is more than a transaction holds", len(t.events), len(must))
	}
	written = must
	bytes := 0
	for _, id := range fences {
		bytes += weight(t.old.Task(id))
		if len(written) == room || bytes > maxFenceBytes {
			break
		}
		written = append(written, id)
	}
	for _, id := range written {
		if _, read := t.next.rows[id]; !read {
			unread = append(unread, id)
		}
	}
	return written, unread, nil
}

// maxFenceBytes is how many bytes the fences of a transaction have at most. The service takes
// 4 MiB.
const maxFenceBytes = 2 << 20

// weight is about how many bytes the row of a task has: a part and a proof take some 150 each. That
// of an unread row is known at the next look, when it is read.
func weight(t *dsr.Task) int {
	if t.Detail == nil {
		return 0
	}
	return 150*(len(t.Parts)+len(t.Queries)) + len(t.Findings.Sealed) + len(t.Text)
}

// collect makes the transaction of events, tasks and head.
func (t *commit) collect(events []*row.Row, tasks []dsr.TaskID) error {
	if t.claim != nil {
		claimed := t.claim.Task()
		t.next.rows[claimed] = taskRow{etag: t.claim.Row().ETag, seq: t.next.rows[claimed].seq}
		if now := t.next.Task(claimed); now != nil && now.State == dsr.TaskOpen && now.Claim.Owner != "" {
			now.Claim = t.claim.Lease() // as it was last renewed
		}
	}
	t.ops, t.tasks = nil, nil
	for _, r := range events {
		t.ops = append(t.ops, insert(r))
	}
	pk := layout.Partition(t.next.Tenant, t.next.ID)
	for _, id := range tasks {
		at := taskRow{etag: t.next.rows[id].etag, seq: t.next.Seq}
		r := writeTask(pk, *t.next.Task(id), at)
		t.tasks = append(t.tasks, r)
		if at.etag == "" {
			t.ops = append(t.ops, insert(r))
		} else {
			t.ops = append(t.ops, replace(r))
		}
	}
	t.head = t.next.headRow()
	t.ops = append(t.ops, replace(t.head))
	return t.head.Err()
}
