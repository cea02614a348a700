package bulk

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// orphanAge is how long an upload may lie without an import, business time: no caller tries for so long.
const orphanAge = 24 * time.Hour

// metaAt is the metadata key of the business time at which we wrote an input.
const metaAt = "at"

func (s *Service) stamp() map[string]string {
	return map[string]string{metaAt: s.Now().UTC().Format(time.RFC3339)}
}

// Orphans deletes the inputs of ours that no import names: what is left of an upload that was cut off between its last byte and its
// row, and never sent again. The job `purge` calls it. Blobs of producers are left alone: they have a wake from the moment a
// message names them. One failure does not stop the others.
func (s *Service) Orphans(ctx context.Context, tenants []string) (deleted int, err error) {
	for _, tenant := range tenants {
		for blob, listing := range s.Store.ListBlobs(ctx, inputRef(tenant+"/")) {
			if listing != nil {
				err = errors.Join(err, listing)
				break
			}
			orphan, e := s.orphan(ctx, tenant, blob)
			if e == nil && orphan {
				e = s.Store.DeleteBlob(ctx, inputRef(blob.Name), blob.ETag)
				deleted++
			}
			err = errors.Join(err, e)
		}
	}
	return deleted, err
}

// orphan reports whether a blob is ours, old, and named by no import. Ours is {tenant}/{bulk id}/{…} with the time of its writing.
func (s *Service) orphan(ctx context.Context, tenant string, blob store.BlobInfo) (bool, error) {
	id, _, ours := strings.Cut(strings.TrimPrefix(blob.Name, tenant+"/"), "/")
	at, err := time.Parse(time.RFC3339, blob.Meta[metaAt])
	if !ours || err != nil || !dsr.ValidGUID(id) || s.Now().Sub(at) < orphanAge {
		return false, nil
	}
	b, err := s.Store.LoadBulk(ctx, tenant, id)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return err == nil && b.Blob != blob.Name, err
}
