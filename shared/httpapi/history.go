package httpapi

import (
	"errors"
	"net/http"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// events is GET /api/requests/{id}/events. It is never answered by "not modified", because it
// verifies what is stored: somebody may have changed that without an event.
func (c *call) events() error {
	found, err := c.find()
	if err != nil {
		return err
	}
	history, err := c.api.Store.History(c.r.Context(), found.Tenant, found.ID)
	if err != nil {
		return err
	}
	// The request was read first: later events belong to another version of it.
	history = history[:min(int64(len(history)), found.Seq)]
	out := eventsView{Items: []eventView{}, Intact: c.intact(found, history)}
	for _, e := range history {
		reason, err := e.Reason(c.r.Context())
		// The history outlives the key of its case.
		if err != nil && !errors.Is(err, store.ErrShredded) {
			return err
		}
		v := viewEvent(e.Event, dsr.HashEvent(e.Bytes))
		v.By = c.api.Callers.Name(v.By)
		v.Reason = reason.Reveal()
		out.Items = append(out.Items, v)
	}
	return c.answer(http.StatusOK, out)
}

// intact reports whether the history is whole and unchanged. Each event carries the hash of the
// event before it, and the request carries the hash of the last.
func (c *call) intact(found *store.Case, history []store.StoredEvent) bool {
	stored := make([][]byte, len(history))
	for i, e := range history {
		stored[i] = e.Bytes
	}
	err := dsr.VerifyChain(stored, found.LastHash)
	if err != nil {
		c.api.Log.ErrorContext(c.r.Context(), "history changed by somebody else", "code", "history-broken", "tenant", found.Tenant, "request", found.ID,
			"error", err)
	}
	return err == nil
}

func viewEvent(e dsr.Event, hash string) eventView {
	return eventView{
		Seq: e.Seq, Type: e.Type, At: e.At, By: e.By, Task: e.Task, Outcome: e.Outcome, Queries: e.Queries, Records: e.Records, Tasks: e.Tasks,
		Ended:   e.Ended,
		Package: viewPackage(e.Package), Hash: hash, Prev: e.Prev,
	}
}

// findings is GET /api/requests/{id}/findings.
func (c *call) findings() error {
	found, err := c.find()
	if err != nil {
		return err
	}
	if c.notModified(etag(&found.Request)) {
		return nil
	}
	ctx := c.r.Context()
	if found, err = c.api.Store.Whole(ctx, found); err != nil {
		return err
	}
	out := findingsView{Items: []dsr.Finding{}}
	for _, t := range found.Tasks {
		if t.Action != dsr.Discover {
			continue
		}
		f, err := found.Findings(ctx, t.System)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, f...)
	}
	if found.State == dsr.StateNeedsDecision {
		p, err := found.Private(ctx)
		if err != nil {
			return err
		}
		out.Candidates = p.Candidates
	}
	return c.answer(http.StatusOK, out)
}
