package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
)

// ByReference returns the import that a tenant's reference names, or store.ErrNotFound.
func (s *Service) ByReference(ctx context.Context, tenant, ref string) (*imports.Case, error) {
	if !list.ValidReference(ref) {
		return nil, store.ErrNotFound
	}
	return s.store.Imports.Load(ctx, tenant, s.store.Imports.ID(tenant, ref))
}

// Results opens the result of an import, which is JSON Lines of [list.Result], and returns
// its size in bytes. It returns a no-result problem until the import has ended, and again
// once the retention of the result has ended.
func (s *Service) Results(ctx context.Context, b *imports.Case) (io.ReadCloser, int64, error) {
	if !over(b) {
		return nil, 0, problem.New(problem.NoResult, "", "the import has not ended: ask for its result again later")
	}
	r, info, err := s.store.Blobs.Open(ctx, blob.ResultRef(b.Tenant, b.ID), 0, 0)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, problem.New(problem.NoResult, "", "the result is no longer there: its retention has ended")
	}
	return r, info.Size, err
}

// encode returns the results as JSON Lines.
func encode(results []list.Result) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, r := range results {
		if err := e.Encode(r); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}
