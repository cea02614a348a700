package tasktest

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// visibility is the time after which a failed message comes back, as in host.json.
const visibility = 30 * time.Second

// maxDequeue is the number of deliveries after which the host gives a message up, read from
// host.json.
var maxDequeue = sync.OnceValue(func() int {
	path := "host.json"
	text, err := os.ReadFile(path)
	for ; errors.Is(err, os.ErrNotExist) && len(path) < 64; text, err = os.ReadFile(path) {
		path = filepath.Join("..", path) // A test runs in the folder of its package.
	}
	if err != nil {
		panic(err)
	}
	var h struct {
		Extensions struct {
			Queues struct {
				MaxDequeueCount int `json:"maxDequeueCount"`
			} `json:"queues"`
		} `json:"extensions"`
	}
	if err := json.Unmarshal(text, &h); err != nil || h.Extensions.Queues.MaxDequeueCount == 0 {
		panic("host.json has no maxDequeueCount")
	}
	return h.Extensions.Queues.MaxDequeueCount
})

// Host delivers the messages of the real queues to the steps, one after the other, by the
// world's wall clock.
type Host struct {
	w     *World
	inbox []*Delivery

	// Twice delivers each message twice. Lose chooses the messages that never arrive.
	Twice bool
	Lose  func(Delivery) bool
	// Failed counts the invocations that ended with an error, Poisoned the messages that were
	// given up.
	Failed, Poisoned int
}

// Delivery is a message on its way.
type Delivery struct {
	Queue   string
	Message queue.Message
	Poison  bool

	tries   int
	visible time.Time
}

// Fetch moves the messages from the queues to the host.
func (h *Host) Fetch() {
	h.w.T.Helper()
	ctx := context.Background()
	for _, name := range []string{queue.Work, queue.Fulfil} {
		q := h.w.Queues.Queues.NewQueueClient(h.w.Prefix + name)
		for {
			got, err := q.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: to.Ptr[int32](32)})
			require.NoError(h.w.T, err)
			for _, m := range got.Messages {
				h.take(name, *m.MessageText)
				storetest.DeleteMessage(h.w.T, q, m)
			}
			if len(got.Messages) == 0 {
				break
			}
		}
	}
}

func (h *Host) take(name, text string) {
	h.w.T.Helper()
	m, err := queue.DecodeMessage([]byte(text))
	require.NoError(h.w.T, err)
	d := Delivery{Queue: name, Message: m}
	if h.Lose != nil && h.Lose(d) {
		return
	}
	for range map[bool]int{false: 1, true: 2}[h.Twice] {
		one := d
		h.inbox = append(h.inbox, &one)
	}
}

// Put gives the host a message that no step has sent.
func (h *Host) Put(name string, m queue.Message) {
	h.inbox = append(h.inbox, &Delivery{Queue: name, Message: m})
}

// Waiting returns the messages that the host holds.
func (h *Host) Waiting() []Delivery {
	var out []Delivery
	for _, d := range h.inbox {
		out = append(out, *d)
	}
	return out
}

// Drop loses every message that the host holds.
func (h *Host) Drop() { h.inbox = nil }

// Next delivers the first visible message and reports whether there was one. A failed message
// comes back later.
func (h *Host) Next() (delivered bool, err error) {
	h.w.T.Helper()
	h.Fetch()
	now := h.w.Clock.Now()
	i := slices.IndexFunc(h.inbox, func(d *Delivery) bool { return !now.Before(d.visible) })
	if i < 0 {
		return false, nil
	}
	d := h.inbox[i]
	h.inbox = slices.Delete(h.inbox, i, i+1)
	if err = h.invoke(*d); err == nil {
		return true, nil
	}
	h.Failed++
	d.tries++
	d.visible = now.Add(visibility)
	if d.tries >= maxDequeue() {
		h.Poisoned++
		if d.Poison {
			return true, err // no function reads the poison of a poison queue
		}
		d.Poison, d.tries, d.visible = true, 0, time.Time{}
	}
	h.inbox = append(h.inbox, d)
	return true, err
}

func (h *Host) invoke(d Delivery) error {
	ctx, m := context.Background(), d.Message
	switch {
	case d.Poison:
		return h.w.Steps.Runner.Poison(ctx, m)
	case m.Shard != nil:
		return h.w.Steps.Wake.Shard(ctx, m)
	}
	return h.w.Steps.Runner.Run(ctx, m)
}

// Drain delivers until no message is visible.
func (h *Host) Drain() {
	h.w.T.Helper()
	for range 1000 {
		if more, _ := h.Next(); !more {
			return
		}
	}
	h.w.T.Fatal("messages beget messages")
}

// DrainTo delivers until the request is in a state.
func (h *Host) DrainTo(id string, s dsr.State) {
	h.w.T.Helper()
	for range 100 {
		h.Fetch()
		if h.w.Load(id).State == s {
			return
		}
		if more, err := h.Next(); !more || err != nil {
			break
		}
	}
	h.w.T.Fatalf("the request is %s and does not become %s", h.w.Load(id).State, s)
}

// Pass lets wall time pass in pieces of a minute. At each it runs the wake timer and delivers
// what that sends.
func (h *Host) Pass(d time.Duration) {
	h.w.T.Helper()
	for ; d > 0; d -= time.Minute {
		h.w.Clock.Advance(time.Minute)
		_, _ = h.w.Steps.Wake.Run(context.Background())
		h.Drain()
	}
}

// Finish delivers messages and lets time pass until the request has ended by itself or waits
// for a person.
func (h *Host) Finish(id string) *store.Case {
	h.w.T.Helper()
	h.Drain()
	for range 90 {
		c := h.w.Load(id)
		if c.State.Final() || len(c.Workable()) == 0 && c.State != dsr.StateReceived {
			return c
		}
		h.Pass(time.Minute + time.Second)
	}
	c := h.w.Load(id)
	h.w.T.Fatalf("the request stays %s", c.State)
	return nil
}
