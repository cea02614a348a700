package part

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
)

const deletesAtOnce = 8

// Delete deletes the parts that the tasks of a request name, as they were recorded. It may be
// repeated. Sweep takes what no task names.
func Delete(ctx context.Context, st *store.Store, c *store.Case) error {
	if err := c.ReadAllTasks(ctx); err != nil {
		return err
	}
	var named []blob.Info
	for i := range c.Tasks {
		t := &c.Tasks[i]
		for _, p := range t.Parts {
			named = append(named, blob.Info{Name: SpecOf(&c.Request, t).Ref(p).Name, ETag: p.ETag})
		}
	}
	return deleteAll(ctx, st, named)
}

// Sweep deletes what there is among the parts of a request, of all tasks and of all rounds up to
// its own, and returns when a listing is empty. It is the second look, at a time when no writer
// of parts can still be alive, and finds what no task names: blobs of earlier rounds, and of
// workers that died before they recorded them. It may be repeated. It leaves the parts of a
// later round, which belong to a retry that is under way.
func Sweep(ctx context.Context, st *store.Store, r *dsr.Request) error {
	for range 3 { // a worker that lost its claim may store one more meanwhile
		parts, err := partsUpTo(ctx, st, r.Tenant, r.ID, r.Round)
		if err != nil {
			return err
		}
		if len(parts) == 0 {
			return nil
		}
		if err := deleteAll(ctx, st, parts); err != nil {
			return err
		}
	}
	return errors.New("part: parts keep appearing while they are deleted")
}

// partsUpTo lists the blobs among the parts of a request up to a round.
func partsUpTo(ctx context.Context, st *store.Store, tenant, request string, round int) ([]blob.Info, error) {
	var out []blob.Info
	prefix := requestPrefix(tenant, request)
	for info, err := range st.Blobs.List(ctx, blob.Ref{Container: retention.Parts, Name: prefix}) {
		if err != nil {
			return nil, fmt.Errorf("part: list parts: %w", err)
		}
		of, _, _ := strings.Cut(info.Name[len(prefix):], "/")
		if n, err := strconv.Atoi(of); err == nil && n > round {
			continue
		}
		out = append(out, info)
	}
	return out, nil
}

func deleteAll(ctx context.Context, st *store.Store, parts []blob.Info) error {
	var g errgroup.Group // without a context: one failure does not stop the others
	g.SetLimit(deletesAtOnce)
	var mu sync.Mutex
	var errs []error
	for _, p := range parts {
		g.Go(func() error {
			err := st.Blobs.Delete(ctx, blob.Ref{Container: retention.Parts, Name: p.Name}, p.ETag)
			// A part that changed is in the next listing.
			if err != nil && !errors.Is(err, store.ErrConflict) {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
			return nil
		})
	}
	_ = g.Wait()
	return errors.Join(errs...)
}
