package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

const (
	window   = 64 // requests asked for in one round
	parallel = 8  // calls at the same time
)

// summary is how the lines of a list ended.
type summary struct {
	Bulk      string `json:"bulk"`
	Reference string `json:"reference"`
	State     string `json:"state"` // of the import
	Lines     int64  `json:"lines"`
	Rejected  int64  `json:"rejected"`
	Duplicate int64  `json:"duplicate"` // lines whose request was there before; also counted below
	Completed int64  `json:"completed"`
	Failed    int64  `json:"failed"`
	Cancelled int64  `json:"cancelled"`
	Waiting   int64  `json:"waiting"` // for a person
	Reason    string `json:"reason,omitempty"`
}

func (s *summary) count(state dsr.State, lines int64) {
	switch state {
	case dsr.StateCompleted:
		s.Completed += lines
	case dsr.StateFailed:
		s.Failed += lines
	case dsr.StateCancelled:
		s.Cancelled += lines
	default:
		s.Waiting += lines
	}
}

func (s *summary) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	_, err := fmt.Fprintf(out,
		"bulk %s: %d lines: %d completed, %d failed, %d cancelled, %d waiting for a person, %d rejected (%d were there before)\n",
		s.Bulk, s.Lines, s.Completed, s.Failed, s.Cancelled, s.Waiting, s.Rejected, s.Duplicate)
	if err == nil && s.Reason != "" {
		_, err = fmt.Fprintf(out, "the import failed: %s\n", s.Reason)
	}
	return err
}

// watch follows a list to its end: first the import, then its requests.
type watch struct {
	api  *client
	show *progress
}

func (w *watch) run(ctx context.Context, b bulkImport, lines int64) (*summary, error) {
	id := b.ID
	w.show.begin("importing", "lines", lines)
	for !b.ended() {
		if err := w.api.waiter.Wait(ctx, time.Second); err != nil {
			return nil, &exit{code: ExitUnreachable, err: err}
		}
		if err := w.api.get(ctx, "bulk/"+id, &b); err != nil {
			return nil, err
		}
		w.show.set(b.Lines)
	}
	w.show.end()
	sum := &summary{Bulk: id, Reference: b.Reference, State: b.State, Lines: b.Lines, Rejected: b.Rejected, Duplicate: b.Duplicate}
	sum.Reason = b.failure()
	if b.Accepted+b.Duplicate == 0 {
		return sum, nil
	}
	open, err := w.results(ctx, id)
	if err != nil {
		return nil, err
	}
	return sum, w.requests(ctx, open, sum)
}

// pending is a request that has not ended, and how many lines name it.
type pending struct {
	id    string
	lines int64
	state dsr.State
}

// ended reports whether a request stays as it is until a person acts.
func ended(s dsr.State) bool {
	return s.Final() || s == dsr.StateWaiting || s == dsr.StateNeedsDecision
}

// results reads which requests the lines became.
func (w *watch) results(ctx context.Context, id string) ([]*pending, error) {
	res, err := w.api.do(ctx, call{method: http.MethodGet, path: "bulk/" + id + "/results"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var open []*pending
	seen := map[string]*pending{}
	for s := bufio.NewScanner(res.Body); ; {
		if !s.Scan() {
			if s.Err() != nil {
				return nil, &exit{code: ExitUnreachable, err: errors.New("the result was cut off")}
			}
			return open, nil
		}
		var l list.Result
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, &exit{code: ExitUnreachable, err: errors.New("the result cannot be read")}
		}
		switch p := seen[l.ID]; {
		case l.ID == "":
		case p != nil:
			p.lines++
		default:
			p = &pending{id: l.ID, lines: 1}
			seen[l.ID] = p
			open = append(open, p)
		}
	}
}

// requests asks for the open requests, a window of them at a time, in the order of the lines:
// about the order in which they end. Those that have not ended go to the back. So a list of n
// lines costs about n calls, however long it takes.
func (w *watch) requests(ctx context.Context, open []*pending, sum *summary) error {
	var total, done int64
	for _, p := range open {
		total += p.lines
	}
	w.show.begin("fulfilling", "requests", total)
	defer w.show.end()
	idle := time.Duration(0)
	for len(open) > 0 {
		round := open[:min(window, len(open))]
		if err := w.ask(ctx, round); err != nil {
			return err
		}
		open = open[len(round):]
		still := 0
		for _, p := range round {
			if !ended(p.state) {
				open = append(open, p)
				still++
				continue
			}
			done += p.lines
			sum.count(p.state, p.lines)
		}
		w.show.set(done)
		if idle = pause(idle, still, len(round)); idle > 0 {
			if err := w.api.waiter.Wait(ctx, idle); err != nil {
				return &exit{code: ExitUnreachable, err: err}
			}
		}
	}
	return nil
}

// pause is how long to wait after a round: not at all when most requests had ended, otherwise
// longer and longer, up to five seconds.
func pause(idle time.Duration, still, asked int) time.Duration {
	if still*2 < asked {
		return 0
	}
	return min(5*time.Second, max(500*time.Millisecond, idle*3/2))
}

func (w *watch) ask(ctx context.Context, round []*pending) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, p := range round {
		g.Go(func() error {
			var r request
			if err := w.api.get(ctx, "requests/"+p.id, &r); err != nil {
				return err
			}
			p.state = r.State
			return nil
		})
	}
	return g.Wait()
}
