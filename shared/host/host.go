// Package host holds what any host runs: jobs, the triggers that start them, and the id of an
// invocation.
//
// A host is a platform that calls the program: Azure Functions does so through package
// functionhost. A host may end the process at any time and delivers at least once, so a [Job]
// must be safe to repeat.
package host

import (
	"context"
	"encoding/json"
	"time"
)

// Job is one run of a function that is not called by HTTP. After an error the host delivers a
// queue message again, and a timer waits for its next occurrence. The text of the error goes to
// the log.
type Job func(ctx context.Context, payload []byte) error

// Kind is what starts a job, and decides what its payload is.
type Kind string

const (
	// QueueMessage starts a job with the text of the message, as the producer wrote it. A
	// binary message arrives as base64, and the job decodes it.
	QueueMessage Kind = "queue"
	// Schedule starts a job at the times that the platform was given. The payload is that of
	// [TimerPayload].
	Schedule Kind = "timer"
)

// Trigger is a job and what starts it.
type Trigger struct {
	Kind Kind
	Run  Job
	// Limit is after how long the context of the job ends: well before the platform would end the
	// process.
	Limit time.Duration
}

// Queue is a trigger that runs the job for each message of a queue.
func Queue(run Job, limit time.Duration) Trigger {
	return Trigger{Kind: QueueMessage, Run: run, Limit: limit}
}

// Timer is a trigger that runs the job on a schedule.
func Timer(run Job, limit time.Duration) Trigger {
	return Trigger{Kind: Schedule, Run: run, Limit: limit}
}

// TimerPayload is {"pastDue":true} for a run that the platform missed and makes up for, and
// {"pastDue":false} for any other. Nothing else that a platform says about a schedule has the
// same form and meaning everywhere.
func TimerPayload(pastDue bool) ([]byte, error) {
	return json.Marshal(struct {
		PastDue bool `json:"pastDue"`
	}{pastDue})
}
