package purge

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// uploads deletes inputs of imports that no import names: what is left of an upload that was cut
// off between its last byte and its row, and never sent again. A blob that a producer wrote is left
// alone: it has a wake from the moment a message names it. One listing serves all tenants. One
// failure does not stop the others.
func (s *Step) uploads(ctx context.Context, tenants []lists.Tenant) (deleted int, err error) {
	for found, listing := range s.due.Store.Blobs.List(ctx, blob.InputRef("")) {
		if listing != nil {
			return deleted, errors.Join(err, listing)
		}
		tenant, _, _ := strings.Cut(found.Name, "/")
		if !slices.ContainsFunc(tenants, func(t lists.Tenant) bool { return t.ID == tenant }) {
			continue
		}
		orphan, e := s.orphan(ctx, tenant, found)
		if e == nil && orphan {
			e = s.due.Store.Blobs.Delete(ctx, blob.InputRef(found.Name), found.ETag)
			deleted++
		}
		err = errors.Join(err, e)
	}
	return deleted, err
}

// orphan reports whether a blob is an upload, old, and named by no import. An upload has the name
// {tenant}/{bulk id}/{…} and the time of its writing.
func (s *Step) orphan(ctx context.Context, tenant string, found blob.Info) (bool, error) {
	id, _, upload := strings.Cut(strings.TrimPrefix(found.Name, tenant+"/"), "/")
	at, err := time.Parse(time.RFC3339, found.Meta[blob.MetaAt])
	if !upload || err != nil || !dsr.ValidGUID(id) || s.due.Clocks.Business().Sub(at) < retention.KeepUpload {
		return false, nil
	}
	b, err := s.due.Store.Imports.Load(ctx, tenant, id)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return err == nil && b.Blob != found.Name, err
}
