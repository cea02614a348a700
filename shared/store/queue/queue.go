// Package queue sends and reads messages that name work to do.
package queue

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// The queues. Each has a twin whose name ends in -poison.
const (
	Work   = "dsr-work"
	Fulfil = "dsr-fulfil"
	Bulk   = "dsr-bulk"
)

// Names returns the names of all queues, the poison twins included.
func Names() []string {
	var out []string
	for _, q := range []string{Work, Fulfil, Bulk} {
		out = append(out, q, q+"-poison")
	}
	return out
}

// ErrMessage says that a text is not a Message.
var ErrMessage = errors.New("store: not a message of Rightsdesk")

// Queues puts messages on queues. It is safe for concurrent use.
type Queues struct {
	client *azqueue.ServiceClient
	prefix string
}

// New refuses a missing client. All names of queues begin with the prefix, [a-z0-9]*: it keeps
// tests apart and is empty in production. New makes no call.
func New(client *azqueue.ServiceClient, prefix string) (*Queues, error) {
	if client == nil {
		return nil, errors.New("store: queues need a client")
	}
	return &Queues{client: client, prefix: prefix}, nil
}

// Init creates the queues that do not exist yet.
func (q *Queues) Init(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range Names() {
		g.Go(func() error {
			_, err := q.client.CreateQueue(ctx, q.prefix+name, nil)
			if failure.IsStatus(err, http.StatusConflict) {
				return nil
			}
			return failure.Wrap("create queue "+name, err)
		})
	}
	return g.Wait()
}

// Message names work to do: a task of a request, a bulk import, or the wakes of a shard that became
// due at one time. It holds ids and a time and nothing else. A lost message costs a minute, a
// duplicate costs nothing.
type Message struct {
	Tenant  string `json:"t"`
	Request string `json:"r,omitempty"`
	Task    string `json:"k,omitempty"`
	Bulk    string `json:"b,omitempty"`
	Shard   *int   `json:"s,omitempty"`
	Due     int64  `json:"d,omitempty"` // of a shard's wakes, in milliseconds
}

// enqueue says how a message is put on a queue: it is hidden for a while, and the service drops it
// when its time has come.
func enqueue(hidden time.Duration) *azqueue.EnqueueMessageOptions {
	return &azqueue.EnqueueMessageOptions{
		VisibilityTimeout: to.Ptr(int32(hidden.Seconds())), TimeToLive: to.Ptr(int32(retention.KeepMessage.Seconds())),
	}
}

// Send puts a message on a queue as plain JSON, because the host's messageEncoding is none. The
// message may arrive twice.
func (q *Queues) Send(ctx context.Context, name string, m Message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("store: encode message: %w", err)
	}
	_, err = q.client.NewQueueClient(q.prefix+name).EnqueueMessage(ctx, string(b), enqueue(0))
	return failure.Wrap("send to "+name, err)
}

// Receipt names a message that was put on a queue, for as long as nobody has received it. The zero
// Receipt names none.
type Receipt struct{ queue, id, pop string }

// SendHidden puts a message on a queue as Send does. It is delivered after a while, unless it is
// deleted before. The message may be there twice; the receipt names one of them.
func (q *Queues) SendHidden(ctx context.Context, name string, m Message, while time.Duration) (Receipt, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return Receipt{}, fmt.Errorf("store: encode message: %w", err)
	}
	sent, err := q.client.NewQueueClient(q.prefix+name).EnqueueMessage(ctx, string(b), enqueue(while))
	if err != nil {
		return Receipt{}, failure.Wrap("send to "+name, err)
	}
	if len(sent.Messages) != 1 || sent.Messages[0].MessageID == nil || sent.Messages[0].PopReceipt == nil {
		// The answer names no message: it is delivered, and finds nothing to do.
		return Receipt{}, nil
	}
	return Receipt{name, *sent.Messages[0].MessageID, *sent.Messages[0].PopReceipt}, nil
}

// Delete deletes a message that was sent hidden. One that is gone, or that somebody has received
// meanwhile, is no error.
func (q *Queues) Delete(ctx context.Context, r Receipt) error {
	if r.id == "" {
		return nil
	}
	_, err := q.client.NewQueueClient(q.prefix+r.queue).DeleteMessage(ctx, r.id, r.pop, nil)
	var answer *azcore.ResponseError
	if errors.As(err, &answer) && (answer.ErrorCode == "MessageNotFound" || answer.ErrorCode == "PopReceiptMismatch") {
		return nil
	}
	return failure.Wrap("delete from "+r.queue, err)
}

// Return puts the text of a received message back on a queue, byte for byte. It becomes visible
// after a while.
func (q *Queues) Return(ctx context.Context, name string, text []byte, after time.Duration) error {
	_, err := q.client.NewQueueClient(q.prefix+name).EnqueueMessage(ctx, string(text), enqueue(after))
	return failure.Wrap("return to "+name, err)
}

// maxMessage is larger than any Message. A queue takes texts of up to 64 KiB.
const maxMessage = 4 << 10

// DecodeMessage reads a message, plain or base64. It returns ErrMessage for unknown or repeated
// members, invalid ids, more than one thing to do, trailing data, and anything else. The error
// quotes no value.
func DecodeMessage(b []byte) (Message, error) {
	b = bytes.TrimSpace(b)
	if len(b) > maxMessage {
		return Message{}, fmt.Errorf("%w: %d bytes", ErrMessage, len(b))
	}
	if len(b) > 0 && b[0] != '{' {
		plain, err := base64.StdEncoding.DecodeString(string(b))
		if err != nil {
			return Message{}, fmt.Errorf("%w: neither JSON nor base64", ErrMessage)
		}
		b = plain
	}
	var m Message
	if err := json.Unmarshal(b, &m, json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false)); err != nil {
		return Message{}, fmt.Errorf("%w: invalid JSON or an unknown member", ErrMessage)
	}
	return m, m.check()
}

func (m Message) check() error {
	things := 0
	for _, id := range []string{m.Request, m.Bulk} {
		if id != "" {
			things++
			if !dsr.ValidGUID(id) {
				return fmt.Errorf("%w: the request or import is not a GUID", ErrMessage)
			}
		}
	}
	if m.Shard != nil {
		things++
		if *m.Shard < 0 || *m.Shard >= layout.MaxShards {
			return fmt.Errorf("%w: no such shard", ErrMessage)
		}
	}
	if (m.Shard != nil) != (m.Due > 0) {
		return fmt.Errorf("%w: a shard needs a time, and nothing else has one", ErrMessage)
	}
	switch {
	case !layout.ValidSegment(m.Tenant):
		return fmt.Errorf("%w: the tenant is not an id", ErrMessage)
	case things != 1:
		return fmt.Errorf("%w: it names %d things to do instead of one", ErrMessage, things)
	case m.Task != "" && (m.Request == "" || !layout.ValidSegment(m.Task)):
		return fmt.Errorf("%w: the task is not an id, or there is no request", ErrMessage)
	}
	return nil
}

// Length returns about how many messages are on a queue, the invisible ones included.
func (q *Queues) Length(ctx context.Context, name string) (int64, error) {
	p, err := q.client.NewQueueClient(q.prefix+name).GetProperties(ctx, nil)
	if err != nil {
		return 0, failure.Wrap("length of "+name, err)
	}
	if p.ApproximateMessagesCount == nil {
		return 0, nil
	}
	return int64(*p.ApproximateMessagesCount), nil
}

// Of returns the name of the queue of a lane.
func Of(l dsr.Lane) string { return "dsr-" + string(l) }
