package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// driver plays the host and the steps in fake time: messages come back after 30 s and go to poison
// after ten times, and every minute the due wakes of all shards are read. The driver keeps queue
// messages itself, because the time of the real queue cannot be moved.
type driver struct {
	t      *testing.T
	w      *storetest.World
	tenant string
	queue  []delivery
	poison int
	failed int
}

type delivery struct {
	m       queue.Message
	visible time.Time
	count   int
}

func (d *driver) send(m queue.Message) {
	d.queue = append(d.queue, delivery{m: m, visible: d.w.Clock.Now()})
}

// tick delivers what is visible.
func (d *driver) tick() {
	now := d.w.Clock.Now()
	var due []delivery
	d.queue = slices.DeleteFunc(d.queue, func(x delivery) bool {
		if x.visible.After(now) {
			return false
		}
		due = append(due, x)
		return true
	})
	for _, x := range due {
		if err := d.step(x.m); err != nil {
			d.failed++
			if x.count++; x.count == 10 {
				d.poison++ // the step for poison messages fails too while the tables are down
				continue
			}
			x.visible = d.w.Clock.Now().Add(30 * time.Second)
			d.queue = append(d.queue, x)
		}
	}
}

func (d *driver) step(m queue.Message) error {
	c, err := d.w.Store.Load(bg, m.Tenant, m.Request)
	if err != nil {
		return err
	}
	t := c.Task(dsr.TaskID(m.Task))
	if !slices.Contains(c.Workable(), t) {
		return nil // done already
	}
	cl, err := d.w.Store.Claim(bg, c, t.ID, fmt.Sprint("owner", d.w.Clock.Now().UnixNano()))
	if errors.Is(err, store.ErrClaimed) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := d.w.Store.Commit(bg, c, d.change(c, t, cl)); err != nil {
		_ = cl.Release(bg)
		return err
	}
	for _, next := range c.Workable() {
		d.send(queue.Message{Tenant: c.Tenant, Request: c.ID, Task: string(next.ID)})
	}
	return nil
}

// change returns what the work of a task changes. The work takes no time here.
func (d *driver) change(c *store.Case, t *dsr.Task, cl *lease.Claim) store.Change {
	ch := store.Change{Claim: cl, Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: d.w.Clock.Now().Add(time.Minute)}}
	if c.State == dsr.StateReceived {
		ch.Events = append(ch.Events, event(dsr.EventDiscoveryStarted))
	}
	switch {
	case t.Action == dsr.Discover:
		ch.Events = append(ch.Events, discovered(t.System))
	case t.ID == dsr.PackageTask:
		ch.Events = append(ch.Events, answered())
		ch.Wakes[retention.WakeRedeliver] = time.Time{}
		ch.Wakes[retention.WakePackage] = received.AddDate(0, 0, 30)
	default:
		ch.Events = append(ch.Events, accessed(t.System))
	}
	return ch
}

// sweep sends the messages for what due wakes lead to, and sets the wakes again.
func (d *driver) sweep() {
	now := d.w.Clock.Now()
	wakes, err := d.w.Store.Lists.Due(bg, lists.Span{
		Tenant: d.tenant, Job: dsr.StepWake, Clock: retention.WallClock, Until: now,
	}, 100)
	if err != nil {
		d.failed++
		return
	}
	for _, wake := range wakes {
		c, err := d.w.Store.Load(bg, wake.Tenant, wake.ID)
		if err != nil || !c.Wakes[wake.Kind].Equal(wake.Due) {
			_ = d.w.Store.Lists.Drop(bg, wake)
			continue
		}
		for _, t := range c.Workable() {
			if !t.Claim.Live(now) {
				d.send(queue.Message{Tenant: c.Tenant, Request: c.ID, Task: string(t.ID)})
			}
		}
		_ = d.w.Store.Commit(bg, c, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: now.Add(time.Minute)}})
	}
}

// run creates requests and lets 25 minutes pass. In an outage the tables are down for ten of them.
func (d *driver) run(outage bool) []snapshot {
	var ids []string
	for i := range 6 {
		dr := draftOf(d.tenant, fmt.Sprint(i), "entra", "intune")
		dr.Wakes = map[retention.WakeKind]time.Time{retention.WakeRedeliver: d.w.Clock.Now().Add(time.Minute)}
		made, err := d.w.Store.Create(bg, dr)
		require.NoError(d.t, err)
		ids = append(ids, made.Request.ID)
		if i%2 == 0 { // the messages of the others were lost
			for _, t := range made.Request.Workable() {
				d.send(queue.Message{Tenant: d.tenant, Request: made.Request.ID, Task: string(t.ID)})
			}
		}
	}
	disarm := func() {}
	for second := 0; second < 25*60; second += 10 {
		switch {
		case outage && second == 10:
			// At first only the answers of writes are lost, the writes themselves are done.
			d.w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return c.Service == "table" && c.Write() }, Action: storetest.DoneButFailed, Times: 7})
			disarm = d.w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return c.Service == "table" }, Action: storetest.Lost})
		case second == 610:
			disarm()
		}
		d.tick()
		if second%60 == 0 {
			d.sweep()
		}
		d.w.Clock.Advance(10 * time.Second)
	}
	var out []snapshot
	for _, id := range ids {
		s := withoutClaims(snap(d.t, d.w.Store, d.tenant, id))
		slices.Sort(s.Events) // the order in which tasks end does not matter
		out = append(out, s)
	}
	return out
}

func TestTenMinutesWithoutTablesChangeNoResult(t *testing.T) {
	t.Parallel()
	quiet := &driver{t: t, w: storetest.New(t), tenant: newTenant()}
	want := quiet.run(false)
	require.Zero(t, quiet.failed)
	for _, s := range want {
		require.Equal(t, dsr.StateCompleted, s.State)
	}
	down := &driver{t: t, w: storetest.New(t), tenant: newTenant()}
	got := down.run(true)
	require.Positive(t, down.poison, "messages went to poison meanwhile")
	require.Empty(t, cmp.Diff(want, got))
	require.Equal(t, quiet.w.CaseKeys(t), down.w.CaseKeys(t))
	down.w.Clock.Advance(61 * time.Minute)
	down.sweep()
	for _, c := range allWakes(t, down.w.Store, down.tenant) {
		require.Equal(t, retention.WakePackage, c.Kind, "after an hour no wake of the outage is left")
	}
}
