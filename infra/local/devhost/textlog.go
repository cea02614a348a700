package devhost

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// textLog writes a record as one line for a person: time in UTC, worker, level, text. A
// handler's own lines stay as they are.
type textLog struct {
	mu     *sync.Mutex
	out    io.Writer
	level  slog.Level
	worker string
	attrs  string
}

// NewTextLog is a log handler for a terminal.
func NewTextLog(out io.Writer, level slog.Level) slog.Handler {
	return &textLog{mu: &sync.Mutex{}, out: out, level: level, worker: "host"}
}

func (t *textLog) Enabled(_ context.Context, level slog.Level) bool { return level >= t.level }

func (t *textLog) Handle(_ context.Context, r slog.Record) error {
	attrs, stream := t.attrs, ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "stream" {
			stream = a.Value.String()
			return true
		}
		attrs += text(a)
		return true
	})
	if stream != "" {
		attrs = ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := fmt.Fprintf(t.out, "%s %-4s %-5s %s%s\n", r.Time.UTC().Format("15:04:05.000Z"), t.worker, r.Level, r.Message, attrs)
	return err
}

func (t *textLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *t
	for _, a := range attrs {
		if a.Key == "worker" {
			more.worker = "w" + a.Value.String()
			continue
		}
		more.attrs += text(a)
	}
	return &more
}

func (t *textLog) WithGroup(string) slog.Handler { return t }

func text(a slog.Attr) string {
	v := a.Value.String()
	if strings.ContainsAny(v, " \t\n\"") || v == "" {
		v = fmt.Sprintf("%q", v)
	}
	return " " + a.Key + "=" + v
}
