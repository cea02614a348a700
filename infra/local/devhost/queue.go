package devhost

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// receiveLimit is long: an answer that comes later takes its messages away for their whole lease.
const receiveLimit = time.Minute

// completionRetries cover about half a minute without storage.
const completionRetries = 10

// queueListener is one queueTrigger on one host.
type queueListener struct {
	host   *host
	fn     function
	config queueConfig
	log    *slog.Logger

	poll   *azqueue.QueueClient // for receiving: the loop itself is the retry
	queue  *azqueue.QueueClient // for completing
	poison *azqueue.QueueClient // nil where the queue is a poison queue itself

	wg      sync.WaitGroup
	mu      sync.Mutex
	running int
	ended   chan struct{} // gets a value, if there is room, when a message has been dealt with
}

func newQueueListener(h *host, fn function) (*queueListener, error) {
	polling, err := queueService(fn.storage, -1, receiveLimit)
	if err != nil {
		return nil, err
	}
	completing, err := queueService(fn.storage, completionRetries, tryLimit)
	if err != nil {
		return nil, err
	}
	l := &queueListener{
		host: h, fn: fn, config: h.app.host.Extensions.Queues, log: h.log.With("function", fn.name, "queue", fn.queue),
		poll: polling.NewQueueClient(fn.queue), queue: completing.NewQueueClient(fn.queue), ended: make(chan struct{}, 1),
	}
	const longest = 63
	if !strings.HasSuffix(fn.queue, "-poison") && len(fn.queue)+len("-poison") <= longest {
		l.poison = completing.NewQueueClient(fn.queue + "-poison")
	}
	return l, nil
}

// run receives until ctx ends, and returns when the last message has been dealt with.
func (l *queueListener) run(ctx context.Context) {
	defer l.wg.Wait()
	pause := backoff{most: l.config.MaxPollingInterval.Duration}
	troubled := false
	for l.below(ctx) {
		batch, err := l.receive(ctx)
		if err != nil && ctx.Err() == nil && !troubled {
			l.log.Warn("cannot receive; will go on trying", "reason", oneLine(err))
		}
		troubled = err != nil
		if len(batch) == 0 {
			_ = clock.Sleep(ctx, pause.next())
			continue
		}
		pause.reset()
		for _, m := range batch {
			l.start(m)
		}
	}
}

// below waits until so few messages are worked on that another batch may be fetched.
func (l *queueListener) below(ctx context.Context) bool {
	for {
		l.mu.Lock()
		running := l.running
		l.mu.Unlock()
		if ctx.Err() != nil {
			return false
		}
		if running <= l.config.NewBatchThreshold {
			return true
		}
		select {
		case <-l.ended:
		case <-ctx.Done():
		}
	}
}

// receive fetches a batch. A queue that does not exist yet has no messages. The end of
// listening does not cut it off: what was received and not read would be gone for its whole
// lease.
func (l *queueListener) receive(ctx context.Context) ([]*azqueue.DequeuedMessage, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), receiveLimit)
	defer cancel()
	resp, err := l.poll.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{
		NumberOfMessages:  to.Ptr(int32(l.config.BatchSize)),
		VisibilityTimeout: to.Ptr(int32(l.host.tune.messageLease.Seconds())),
	})
	if err != nil {
		if answered(err, http.StatusNotFound) {
			err = nil
		}
		return nil, err
	}
	return resp.Messages, nil
}

func (l *queueListener) start(m *azqueue.DequeuedMessage) {
	l.mu.Lock()
	l.running++
	l.mu.Unlock()
	l.wg.Go(func() {
		l.process(delivery(m))
		l.mu.Lock()
		l.running--
		l.mu.Unlock()
		select {
		case l.ended <- struct{}{}:
		default:
		}
	})
}

func delivery(m *azqueue.DequeuedMessage) message {
	return message{
		id: *m.MessageID, popReceipt: *m.PopReceipt, text: *m.MessageText, dequeueCount: *m.DequeueCount,
		inserted: *m.InsertionTime, expires: *m.ExpirationTime, nextTime: *m.TimeNextVisible,
	}
}

// backoff is the host's: randomized and exponential from 100 ms on. Once it has reached the
// longest pause it stays there until it is reset.
type backoff struct {
	most     time.Duration
	exponent int
}

const shortestPause = 100 * time.Millisecond

func (b *backoff) next() time.Duration {
	jitter := 0.8 + 0.4*rand.Float64()
	d := shortestPause + time.Duration(jitter*math.Exp2(float64(b.exponent))*float64(shortestPause))
	if d >= b.most {
		b.exponent = 20 // past every limit: it stays the longest
		return b.most
	}
	b.exponent++
	return d
}

func (b *backoff) reset() { b.exponent = 0 }
