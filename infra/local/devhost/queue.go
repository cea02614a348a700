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

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// receiveLimit is long, because an answer that comes later takes its messages away for their whole lease.
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
	poison *azqueue.QueueClient // nil where the queue is itself a poison queue

	wg      sync.WaitGroup
	mu      sync.Mutex
	running int
	ended   chan struct{} // gets a value, if there is room, when a message is done with
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

// run receives until ctx ends, and returns when the last message is done with.
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
			sleep(ctx, pause.next())
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

// receive fetches a batch; a queue that does not exist yet has no messages. It is not cut off by the end of listening: what was
// received and not read would be gone for its whole lease.
func (l *queueListener) receive(ctx context.Context) ([]*azqueue.DequeuedMessage, error) {
	number, visibility := int32(l.config.BatchSize), int32(l.host.tune.messageLease/time.Second)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), receiveLimit)
	defer cancel()
	resp, err := l.poll.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: &number, VisibilityTimeout: &visibility})
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

// backoff is the host's randomized exponential one: it starts at 100 ms and is the longest for good until it is reset.
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
