package devhost

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// process is the life of one delivered message. It is never cut short: only the end of the
// handler ends an invocation, and what follows is bounded by the client's retries.
func (l *queueListener) process(m message) {
	if l.poison != nil && m.dequeueCount > int64(l.config.MaxDequeueCount) {
		l.bury(m) // its handler died each time, so no run came to count
		return
	}
	stopRenewal := l.renew(m)
	err := l.host.invoke(l.fn.name, func() []byte { return queueEnvelope(l.fn, m, time.Now()) })
	m.popReceipt = stopRenewal()
	switch {
	case err == nil:
		l.delete(m)
	case l.poison == nil:
		// The host leaves a message of a poison queue invisible until its lease has ended, so
		// that it does not spin.
	case m.dequeueCount >= int64(l.config.MaxDequeueCount):
		l.bury(m)
	default:
		l.release(m)
	}
}

func (l *queueListener) delete(m message) {
	_, err := l.queue.DeleteMessage(context.Background(), m.id, m.popReceipt, nil)
	if err != nil && !answered(err, http.StatusNotFound) {
		l.log.Warn("cannot delete a message; it will be delivered again", "message", m.id, "reason", oneLine(err))
	}
}

// release makes a failed message visible after visibilityTimeout.
func (l *queueListener) release(m message) {
	opts := &azqueue.UpdateMessageOptions{VisibilityTimeout: to.Ptr(int32(l.config.VisibilityTimeout.Seconds()))}
	_, err := l.queue.UpdateMessage(context.Background(), m.id, m.popReceipt, m.text, opts)
	if err != nil && !answered(err, http.StatusNotFound) {
		l.log.Warn("cannot release a message; it comes back when its lease is over", "message", m.id, "reason", oneLine(err))
	}
}

// bury copies the message to the poison queue, as a new message, and deletes it.
func (l *queueListener) bury(m message) {
	l.log.Error("Message has reached MaxDequeueCount. Moving message to queue.", "message", m.id, "deliveries", m.dequeueCount)
	ctx := context.Background()
	_, err := l.poison.EnqueueMessage(ctx, m.text, nil)
	if answered(err, http.StatusNotFound) {
		if _, err = l.poison.Create(ctx, nil); err == nil || answered(err, http.StatusConflict) {
			_, err = l.poison.EnqueueMessage(ctx, m.text, nil)
		}
	}
	if err != nil {
		l.log.Error("cannot write to the poison queue; the message comes back", "message", m.id, "reason", oneLine(err))
		return
	}
	l.delete(m)
}

// renew keeps a message invisible while its function runs. The returned function ends that and
// returns the receipt that is valid then.
func (l *queueListener) renew(m message) (stop func() (receipt string)) {
	ctx, cancel := context.WithCancel(context.Background())
	lease := l.host.tune.messageLease
	opts := &azqueue.UpdateMessageOptions{VisibilityTimeout: to.Ptr(int32(lease / time.Second))}
	last := make(chan string, 1)
	go func() {
		receipt := m.popReceipt
		for clock.Sleep(ctx, lease/2) == nil {
			resp, err := l.queue.UpdateMessage(context.WithoutCancel(ctx), m.id, receipt, m.text, opts)
			if err != nil {
				l.log.Warn("cannot renew a message", "message", m.id, "reason", oneLine(err))
				continue
			}
			receipt = *resp.PopReceipt
		}
		last <- receipt
	}()
	return func() string { cancel(); return <-last }
}
