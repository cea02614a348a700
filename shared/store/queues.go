package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// The queues. Each has a twin that ends in -poison.
const (
	QueueWork   = "dsr-work"
	QueueFulfil = "dsr-fulfil"
	QueueBulk   = "dsr-bulk"
)

// QueueOf is the queue of a lane.
func QueueOf(l dsr.Lane) string { return "dsr-" + string(l) }

// Queues are the names of all queues, the poison twins included.
func Queues() []string {
	var out []string
	for _, q := range []string{QueueWork, QueueFulfil, QueueBulk} {
		out = append(out, q, q+"-poison")
	}
	return out
}

// Message names what there is to do: a task of a request, a bulk import, or a shard to sweep. It holds ids and nothing else: losing
// it costs a minute, duplicating it costs nothing.
type Message struct {
	Tenant  string `json:"t"`
	Request string `json:"r,omitempty"`
	Task    string `json:"k,omitempty"`
	Bulk    string `json:"b,omitempty"`
	Shard   *int   `json:"s,omitempty"`
}

// Send puts a message on a queue as plain JSON (the host's messageEncoding is none). It may arrive twice.
func (s *Store) Send(ctx context.Context, queue string, m Message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("store: encode message: %w", err)
	}
	_, err = s.queues.NewQueueClient(s.prefix+queue).EnqueueMessage(ctx, string(b), nil)
	return fault("send to "+queue, err)
}

// Return puts the text of somebody else's message back on a queue, byte for byte, to be seen again after a while.
func (s *Store) Return(ctx context.Context, queue string, text []byte, after time.Duration) error {
	o := &azqueue.EnqueueMessageOptions{VisibilityTimeout: to.Ptr(int32(after.Seconds()))}
	_, err := s.queues.NewQueueClient(s.prefix+queue).EnqueueMessage(ctx, string(text), o)
	return fault("return to "+queue, err)
}

// maxMessage is the size of the largest message of ours with room to spare; a queue holds up to 64 KiB.
const maxMessage = 4 << 10

// DecodeMessage reads a message of ours, plain or base64. Anything else (unknown or repeated members, ids that are none, more than one
// thing to do, something after it) is ErrMessage, which names no value.
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
				return fmt.Errorf("%w: an id is not one", ErrMessage)
			}
		}
	}
	if m.Shard != nil {
		things++
		if *m.Shard < 0 || *m.Shard >= Shards {
			return fmt.Errorf("%w: no such shard", ErrMessage)
		}
	}
	switch {
	case !validSegment(m.Tenant):
		return fmt.Errorf("%w: the tenant is not an id", ErrMessage)
	case things != 1:
		return fmt.Errorf("%w: it names %d things to do instead of one", ErrMessage, things)
	case m.Task != "" && (m.Request == "" || !validSegment(m.Task)):
		return fmt.Errorf("%w: the task is not one", ErrMessage)
	}
	return nil
}

// QueueLength is about how many messages are on a queue, the invisible ones included.
func (s *Store) QueueLength(ctx context.Context, queue string) (int64, error) {
	p, err := s.queues.NewQueueClient(s.prefix+queue).GetProperties(ctx, nil)
	if err != nil {
		return 0, fault("length of "+queue, err)
	}
	if p.ApproximateMessagesCount == nil {
		return 0, nil
	}
	return int64(*p.ApproximateMessagesCount), nil
}
