package functionhost

import (
	"context"
	"encoding/json"
)

// Job is one run of a function that is not called by HTTP. An error makes the invocation fail: a queue message comes
// back after the host's visibilityTimeout, a timer waits for its next occurrence. The error's text goes to the log.
type Job func(ctx context.Context, payload []byte) error

// Trigger says what starts a job, and so what its payload is.
type Trigger struct {
	decode func(body []byte) (payload []byte, err error)
	run    Job
}

// Queue is a queueTrigger: the payload is the message's text, as the producer wrote it. A binary message
// (dataType "binary") arrives as base64, and the job decodes it.
func Queue(run Job) Trigger { return Trigger{decode: DecodeQueue, run: run} }

// Timer is a timerTrigger: the payload is {"pastDue":true} or {"pastDue":false}.
func Timer(run Job) Trigger { return Trigger{decode: timerPayload, run: run} }

// timerPayload keeps of the host's envelope what a job may rely on: the host's own Last and Next have several forms and meanings.
func timerPayload(body []byte) ([]byte, error) {
	info, err := DecodeTimer(body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		PastDue bool `json:"pastDue"`
	}{info.PastDue})
}

type invocationKey struct{}

// InvocationID is the host's id of the invocation that ctx belongs to, or "" outside of one.
func InvocationID(ctx context.Context) string {
	id, _ := ctx.Value(invocationKey{}).(string)
	return id
}

// withInvocation keeps the id only if it has the form of one: it comes in a header and goes to logs.
func withInvocation(ctx context.Context, id string) context.Context {
	if len(id) != 36 {
		return ctx
	}
	for _, c := range []byte(id) {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return ctx
		}
	}
	return context.WithValue(ctx, invocationKey{}, id)
}
