package export

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/store"
)

const deletesAtOnce = 8

// DeleteParts deletes every part of a request, whatever round and task, and returns when a listing is empty. It is safe to repeat.
func DeleteParts(ctx context.Context, st *store.Store, tenant, request string) error {
	for range 3 { // a worker that lost its claim may store one more meanwhile
		names, err := partNames(ctx, st, tenant, request)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			return nil
		}
		if err := deleteAll(ctx, st, names); err != nil {
			return err
		}
	}
	return errors.New("export: parts keep appearing while they are deleted")
}

// partNames lists the blobs among the parts of a request.
func partNames(ctx context.Context, st *store.Store, tenant, request string) ([]string, error) {
	var out []string
	for info, err := range st.ListBlobs(ctx, store.Ref{Container: store.Parts, Name: requestPrefix(tenant, request)}) {
		if err != nil {
			return nil, fmt.Errorf("export: list parts: %w", err)
		}
		out = append(out, info.Name)
	}
	return out, nil
}

func deleteAll(ctx context.Context, st *store.Store, names []string) error {
	var g errgroup.Group // not with a context: one failure does not stop the others
	g.SetLimit(deletesAtOnce)
	var mu sync.Mutex
	var errs []error
	for _, name := range names {
		g.Go(func() error {
			if err := st.DeleteBlob(ctx, store.Ref{Container: store.Parts, Name: name}, ""); err != nil {
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
