package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// StoredEvent is an entry of a request's history.
type StoredEvent struct {
	Event dsr.Event
	Bytes []byte // exactly as they were hashed

	owner func(context.Context) (*Case, error)
}

// Reason unseals the text that a person wrote. It is empty when there is no text. Reason returns
// ErrShredded when the key of the case is gone. The first call for any event of a history reads the
// case and its key, later calls read nothing.
func (e StoredEvent) Reason(ctx context.Context) (pii.Value, error) {
	if len(e.Event.Sealed) == 0 {
		return pii.Value{}, nil
	}
	c, err := e.owner(ctx)
	if err != nil {
		return pii.Value{}, err
	}
	plain, err := c.Unseal(ctx, SealReason, e.Event.Sealed)
	if err != nil {
		return pii.Value{}, err
	}
	return pii.New(string(plain)), nil
}

// eventRow returns an event as it is stored: the exact bytes that are hashed, and the write id for
// Look.
func eventRow(c *Case, e dsr.Event) (*row.Row, error) {
	b, err := e.Encode()
	if err != nil {
		return nil, fmt.Errorf("store: encode event %d: %w", e.Seq, err)
	}
	r := row.New(layout.Partition(c.Tenant, c.ID), layout.RowEvent(e.Seq))
	r.SetText("write", e.Write)
	r.SetBytes("event", b)
	return r, r.Err()
}

// History returns the events of a request in order, or ErrNotFound.
func (s *Store) History(ctx context.Context, tenant, id string) ([]StoredEvent, error) {
	if !layout.ValidSegment(tenant) || !layout.ValidSegment(id) {
		return nil, ErrNotFound
	}
	rows, err := s.requests.Range(ctx, layout.Partition(tenant, id), "e|", "f", 0)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, ErrNotFound
	}
	owner := s.loadOnceFor(tenant, id)
	out := make([]StoredEvent, len(rows))
	for i, r := range rows {
		b := r.Bytes("event")
		e, err := dsr.DecodeEvent(b)
		if err != nil {
			return nil, fmt.Errorf("store: history: row %s: %w", r.Key, err)
		}
		out[i] = StoredEvent{Event: e, Bytes: b, owner: owner}
	}
	return out, nil
}

// loadOnceFor returns a function that loads the case at its first call. After a failure it tries
// again.
func (s *Store) loadOnceFor(tenant, id string) func(context.Context) (*Case, error) {
	var mu sync.Mutex
	var c *Case
	return func(ctx context.Context) (*Case, error) {
		mu.Lock()
		defer mu.Unlock()
		if c != nil {
			return c, nil
		}
		var err error
		c, err = s.Load(ctx, tenant, id)
		return c, err
	}
}
