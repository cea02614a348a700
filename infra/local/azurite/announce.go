package azurite

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// ports are what the three services listen on.
type ports struct{ blob, queue, table int }

// listening matches the line that each service prints once it listens.
var listening = regexp.MustCompile(`Azurite (Blob|Queue|Table) service is successfully listening at https?://[^ ]*:(\d+)\r?\n`)

// parsePorts reads the ports from what Azurite has printed so far. It is ok once all three are
// there.
func parsePorts(text string) (p ports, ok bool) {
	for _, m := range listening.FindAllStringSubmatch(text, -1) {
		port, err := strconv.Atoi(m[2])
		if err != nil {
			return ports{}, false
		}
		switch m[1] {
		case "Blob":
			p.blob = port
		case "Queue":
			p.queue = port
		case "Table":
			p.table = port
		}
	}
	return p, p.blob != 0 && p.queue != 0 && p.table != 0
}

// announcements is a writer that passes on what Azurite prints. It tells when all services
// listen.
type announcements struct {
	ready chan ports // gets one value

	mu   sync.Mutex
	next io.Writer
	head bytes.Buffer // the output up to readiness
	told bool
}

func newAnnouncements(next io.Writer) *announcements {
	if next == nil {
		next = io.Discard
	}
	return &announcements{ready: make(chan ports, 1), next: next}
}

// Write never fails: a broken log must not stop Azurite.
func (a *announcements) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, _ = a.next.Write(b)
	if a.told {
		return len(b), nil
	}
	a.head.Write(b)
	if p, ok := parsePorts(a.head.String()); ok {
		a.told = true
		a.head.Reset()
		a.ready <- p
	}
	return len(b), nil
}

// last is the last line printed before readiness, which says why a start failed.
func (a *announcements) last() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(a.head.String()), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
