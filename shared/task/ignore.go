package task

import (
	"context"
	"log/slog"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// Why a message is ignored: the codes of the log line.
const (
	unknownRequest = "unknown-request"
	unknownTask    = "unknown-task"
	finishedTask   = "finished-task" // Harmless: a message may come twice, and late.
)

// ignore records and counts a message that nothing can be done for.
func (r *Runner) ignore(ctx context.Context, level slog.Level, reason string, m queue.Message) {
	if reason != finishedTask {
		m.Task = "" // The text of an unknown task comes from a stranger and may be anything.
	}
	r.Log.Log(ctx, level, "message ignored", "code", reason, "tenant", m.Tenant, "request", m.Request, "task", m.Task)
	r.Counter.Ignored(ctx, reason)
}

// ignoreTask records a message whose task does not exist or is over. A message that names no task
// is about the whole request.
func (r *Runner) ignoreTask(ctx context.Context, c *store.Case, id dsr.TaskID) {
	m := queue.Message{Tenant: c.Tenant, Request: c.ID, Task: string(id)}
	switch t := c.Task(id); {
	case t == nil && id != "":
		r.ignore(ctx, slog.LevelError, unknownTask, m)
	case t != nil && (t.State == dsr.TaskEnded || t.State == dsr.TaskCancelled):
		r.ignore(ctx, slog.LevelInfo, finishedTask, m)
	}
}
