package bulk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
)

// Upload is a list that a caller sends by HTTP.
type Upload struct {
	Caller    auth.Caller
	Tenant    string // one of the caller's
	Reference string
	Key       string // idempotency key, or empty
	Format    string // list.JSONLines or list.CSV
	Body      io.Reader
}

// Receive streams an upload into a blob and records it as an import. If the same list made an
// import before, it finds that import, and existing is true. Another list under the same
// reference is a reference-taken problem. A key that the caller used in this tenant for
// another reference or list is an idempotency-conflict problem. An error of Body is returned
// as it is. A failure half way leaves no import.
func (s *Service) Receive(ctx context.Context, u Upload) (c *imports.Case, existing bool, err error) {
	if !list.ValidReference(u.Reference) {
		return nil, false, problem.New(problem.MalformedReference, "", "reference must be "+list.ReferenceForm)
	}
	id := s.store.Imports.ID(u.Tenant, u.Reference)
	// Each upload has a name of its own, so two at a time never write into one blob.
	name := fmt.Sprintf("%s/%s/%s.%s", u.Tenant, id, strings.ToLower(rand.Text()), u.Format)
	sum, etag, err := s.upload(ctx, name, u)
	if err != nil {
		return nil, false, err
	}
	b := imports.Import{
		ID: id, Tenant: u.Tenant, Reference: u.Reference, Caller: u.Caller.ID, Format: u.Format, Blob: name, Digest: sum, InputETag: etag,
	}
	forget, err := s.bind(ctx, b, u.Key)
	if err != nil {
		return nil, false, err
	}
	c, existing, err = s.record(ctx, b)
	if problem.Is(err, problem.ReferenceTaken) {
		forget(ctx) // nothing was made with the key
	}
	return c, existing, err
}

// upload copies the body into a blob and returns the digest of the list and the version of the
// blob.
func (s *Service) upload(ctx context.Context, name string, u Upload) (sum, etag string, err error) {
	w := s.store.Blobs.Write(ctx, blob.InputRef(name), blob.WriteOptions{ContentType: list.MediaType(u.Format), Meta: s.stamp()})
	d := s.newDigest(u.Format)
	if _, err := io.Copy(io.MultiWriter(w, d), u.Body); err != nil {
		w.Abort()
		return "", "", err
	}
	etag, err = w.Commit(ctx)
	return d.hex(), etag, err
}

// bind stores the key for the import that is about to be recorded. An upload whose key
// belongs to another import is deleted.
func (s *Service) bind(ctx context.Context, b imports.Import, key string) (forget func(context.Context), err error) {
	if key == "" {
		return func(context.Context) {}, nil
	}
	forget, err = s.store.Imports.KeepKey(ctx, b, key)
	if !errors.Is(err, store.ErrIdempotency) {
		return forget, err
	}
	if err := s.store.Blobs.Delete(ctx, blob.InputRef(b.Blob), b.InputETag); err != nil {
		s.log.WarnContext(ctx, "upload not deleted", "tenant", b.Tenant, "bulk", b.ID, "error", err)
	}
	return nil, problem.New(problem.IdempotencyConflict, "", "the idempotency key was used for another reference or list before")
}
