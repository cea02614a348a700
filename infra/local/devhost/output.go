package devhost

import (
	"context"
	"log/slog"
	"strings"
)

// output logs what a handler prints, a line a record. Standard output is information. Standard
// error is an error, or a warning where the line says so.
type output struct {
	log    *slog.Logger
	stderr bool
}

// Line implements process.LineTaker.
func (o output) Line(text []byte) {
	line := string(text)
	if line == "" {
		return
	}
	level, stream := slog.LevelInfo, "stdout"
	if o.stderr {
		level, stream = slog.LevelError, "stderr"
		if strings.Contains(strings.ToLower(line), "warn") {
			level = slog.LevelWarn
		}
	}
	o.log.Log(context.Background(), level, line, "stream", stream)
}
