package devhost

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
)

// maxLine is where a line that does not end is cut.
const maxLine = 1 << 20

// lines passes a handler's output on, a line a record: stdout is information, stderr an error, or a warning where the line says so.
type lines struct {
	log    *slog.Logger
	stderr bool
	rest   []byte
}

// Write never fails: output must not stop a handler.
func (l *lines) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			if len(l.rest) < maxLine {
				break
			}
			line, rest = l.rest, nil
		}
		l.rest = rest
		l.say(strings.TrimSuffix(string(line), "\r"))
	}
	if len(l.rest) == 0 {
		l.rest = nil
	}
	return len(b), nil
}

func (l *lines) say(line string) {
	if line == "" {
		return
	}
	level, stream := slog.LevelInfo, "stdout"
	if l.stderr {
		level, stream = slog.LevelError, "stderr"
		if strings.Contains(strings.ToLower(line), "warn") {
			level = slog.LevelWarn
		}
	}
	l.log.Log(context.Background(), level, line, "stream", stream)
}
