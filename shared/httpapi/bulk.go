package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
)

// upload is POST /api/bulk.
func (c *call) upload() error {
	media, err := c.contentType(list.MediaTypes()...)
	if err != nil {
		return err
	}
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	tenant, reference, err := c.reference()
	if err != nil {
		return err
	}
	if c.r.ContentLength > maxUpload {
		return tooLarge(maxUpload)
	}
	body := &nonEmpty{r: &capped{r: c.r.Body, left: maxUpload}}
	b, _, err := c.api.Bulk.Receive(c.r.Context(), bulk.Upload{
		Caller: c.caller, Tenant: tenant, Reference: reference, Key: key, Format: list.FormatOfMedia(media), Body: body,
	})
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", "/api/bulk/"+b.ID)
	return c.answer(http.StatusAccepted, viewBulk(&b.Import))
}

// nonEmpty turns a body without a byte into an empty-body problem, also where no length was
// declared.
type nonEmpty struct {
	r    io.Reader
	some bool
}

func (n *nonEmpty) Read(p []byte) (int, error) {
	read, err := n.r.Read(p)
	n.some = n.some || read > 0
	if errors.Is(err, io.EOF) && !n.some {
		return 0, problem.New(problem.EmptyBody, "", "the body is empty: a list is expected")
	}
	return read, err
}

// reference reads the two parameters that name an import.
func (c *call) reference() (tenant, reference string, err error) {
	if tenant, err = c.tenant(); err != nil {
		return "", "", err
	}
	if !c.query.Has("reference") {
		return "", "", problem.New(problem.MissingParameter, "", "reference is needed: your own name for the list")
	}
	if reference = c.query.Get("reference"); !list.ValidReference(reference) {
		return "", "", problem.New(problem.MalformedReference, "", "reference must be "+list.ReferenceForm)
	}
	return tenant, reference, nil
}

// bulkByReference is GET /api/bulk.
func (c *call) bulkByReference() error {
	tenant, reference, err := c.reference()
	if err != nil {
		return err
	}
	b, err := c.api.Bulk.ByReference(c.r.Context(), tenant, reference)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, viewBulk(&b.Import))
}

// bulkByID is GET /api/bulk/{id}.
func (c *call) bulkByID() error {
	b, err := c.findBulk()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, viewBulk(&b.Import))
}

func (c *call) findBulk() (*imports.Case, error) {
	return inTenants(c.r.Context(), c.caller.Tenants, func(ctx context.Context, tenant string) (*imports.Case, error) {
		return c.api.Store.Imports.Load(ctx, tenant, c.id)
	})
}

// results is GET /api/bulk/{id}/results. A result holds ids and codes, and no values of the list.
func (c *call) results() error {
	b, err := c.findBulk()
	if err != nil {
		return err
	}
	r, size, err := c.api.Bulk.Results(c.r.Context(), b)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	h := c.w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	c.w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(c.w, r); err != nil {
		panic(http.ErrAbortHandler) // half a result must not look like a whole one
	}
	return nil
}
