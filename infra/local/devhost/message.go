package devhost

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// process is the life of one delivered message. It is never cut short: only the end of the handler ends an invocation, and
// what follows is bounded by the client's retries.
func (l *queueListener) process(m message) {
	raw := m.text
	text, ok := l.decoded(raw)
	if !ok || l.poison != nil && m.dequeueCount > int64(l.config.maxDequeueCount) {
		// Unreadable, or its handler died so often that nobody could count: never delivered (again).
		l.bury(m, raw)
		return
	}
	m.text = text
	renewal := l.renew(m, raw)
	err := l.host.invoke(l.fn.name, func() []byte { return queueEnvelope(l.fn, m, time.Now()) })
	m.popReceipt = renewal.stop()
	switch {
	case err == nil:
		l.delete(m)
	case l.poison == nil:
		// The host leaves a message of a poison queue invisible until its lease is over, so that it does not spin.
	case m.dequeueCount >= int64(l.config.maxDequeueCount):
		l.bury(m, raw)
	default:
		l.release(m, raw)
	}
}

func (l *queueListener) delete(m message) {
	_, err := l.queue.DeleteMessage(context.Background(), m.id, m.popReceipt, nil)
	if err != nil && !answered(err, http.StatusNotFound) {
		l.log.Warn("cannot delete a message; it will be delivered again", "message", m.id, "reason", short(err))
	}
}

// release makes a failed message visible after visibilityTimeout.
func (l *queueListener) release(m message, raw string) {
	seconds := int32(l.config.visibilityTimeout / time.Second)
	_, err := l.queue.UpdateMessage(context.Background(), m.id, m.popReceipt, raw, &azqueue.UpdateMessageOptions{VisibilityTimeout: &seconds})
	if err != nil && !answered(err, http.StatusNotFound) {
		l.log.Warn("cannot release a message; it comes back when its lease is over", "message", m.id, "reason", short(err))
	}
}

// bury copies the message to the poison queue, as a new message, and deletes it.
func (l *queueListener) bury(m message, raw string) {
	if l.poison == nil {
		l.log.Error("a message of a poison queue cannot be read; it stays", "message", m.id)
		return
	}
	l.log.Error("Message has reached MaxDequeueCount or cannot be read. Moving message to queue.", "message", m.id, "deliveries", m.dequeueCount)
	ctx := context.Background()
	_, err := l.poison.EnqueueMessage(ctx, raw, nil)
	if answered(err, http.StatusNotFound) {
		if _, err = l.poison.Create(ctx, nil); err == nil || answered(err, http.StatusConflict) {
			_, err = l.poison.EnqueueMessage(ctx, raw, nil)
		}
	}
	if err != nil {
		l.log.Error("cannot write to the poison queue; the message comes back", "message", m.id, "reason", short(err))
		return
	}
	l.delete(m)
}

// renewal keeps a message invisible while its function runs.
type renewal struct {
	cancel  context.CancelFunc
	receipt chan string // gets the last receipt when it has ended
}

func (l *queueListener) renew(m message, raw string) *renewal {
	ctx, cancel := context.WithCancel(context.Background())
	r := &renewal{cancel: cancel, receipt: make(chan string, 1)}
	lease := l.host.tune.messageLease
	seconds := int32(lease / time.Second)
	go func() {
		receipt := m.popReceipt
		for sleep(ctx, lease/2) {
			resp, err := l.queue.UpdateMessage(context.WithoutCancel(ctx), m.id, receipt, raw, &azqueue.UpdateMessageOptions{VisibilityTimeout: &seconds})
			if err != nil {
				l.log.Warn("cannot renew a message", "message", m.id, "reason", short(err))
				continue
			}
			receipt = *resp.PopReceipt
		}
		r.receipt <- receipt
	}()
	return r
}

// stop ends the renewal and returns the receipt that is valid now.
func (r *renewal) stop() string {
	r.cancel()
	return <-r.receipt
}
