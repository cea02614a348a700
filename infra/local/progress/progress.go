// Package progress shows one step of a longer job: what it is, how long it takes, how it ended.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Display is where and how steps are shown.
type Display struct {
	Out  io.Writer
	Live bool // Out is a terminal: the elapsed time ticks in place instead of in lines of its own
	// Quiet is how long a step may run before its hint is shown. Without a terminal it is also
	// how often a line says that the step still runs.
	Quiet time.Duration
}

// Standard shows steps on standard error, ticking when that is a terminal.
func Standard() Display {
	info, err := os.Stderr.Stat()
	live := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	return Display{Out: os.Stderr, Live: live, Quiet: 10 * time.Second}
}

// Run does the step and returns its error. The hint says why it may take long; it may be empty.
func (s Display) Run(name, hint string, do func() error) error {
	begin := time.Now()
	out := &lines{out: s.Out}
	out.printf("==> %s\n", name)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		s.tick(out, begin, hint, stop)
	}()
	err := do()
	close(stop)
	<-stopped
	if s.Live {
		out.printf("\r\033[K")
	}
	took := time.Since(begin).Round(100 * time.Millisecond)
	if err != nil {
		out.printf("    failed after %s\n", took)
		return err
	}
	out.printf("    done in %s\n", took)
	return nil
}

// tick shows the time that has passed until stop is closed.
func (s Display) tick(out *lines, begin time.Time, hint string, stop <-chan struct{}) {
	every := s.Quiet
	if s.Live {
		every = time.Second
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	hinted := hint == ""
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		passed := time.Since(begin)
		if !hinted && passed >= s.Quiet {
			hinted = true
			out.printf("%s    %s\n", s.clear(), hint)
		}
		out.printf("%s    … %s%s", s.clear(), passed.Round(time.Second), s.end())
	}
}

func (s Display) clear() string {
	if s.Live {
		return "\r\033[K"
	}
	return ""
}

func (s Display) end() string {
	if s.Live {
		return ""
	}
	return "\n"
}

// lines keeps two goroutines from writing into each other's lines.
type lines struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lines) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.out, format, args...) // what cannot be shown must not stop the work
}
