package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// submit is POST /api/requests.
func (c *call) submit() error {
	body, err := c.body()
	if err != nil {
		return err
	}
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	sub, err := intake.DecodeRequest(body)
	if err != nil {
		return err
	}
	taken, err := c.api.Intake.Submit(c.r.Context(), c.caller, key, sub)
	if err != nil {
		return err
	}
	// The work begins once the caller has its answer, also when the answer could not be sent: the
	// request exists.
	defer taken.Ahead.GoOn(c.r.Context())
	return c.request(http.StatusAccepted, taken.Request)
}

// request answers with a request and its version.
func (c *call) request(status int, r *dsr.Request) error {
	c.w.Header().Set("ETag", etag(r))
	if status == http.StatusAccepted {
		c.w.Header().Set("Location", "/api/requests/"+r.ID)
	}
	return c.answer(status, c.viewRequest(r))
}

// get is GET /api/requests/{id}.
func (c *call) get() error {
	found, err := c.find()
	if err != nil {
		return err
	}
	if c.notModified(etag(&found.Request)) {
		return nil
	}
	return c.request(http.StatusOK, &found.Request)
}

// find looks for the request in each of the caller's tenants at the same time: a partition is never
// computed from anything else.
func (c *call) find() (*store.Case, error) {
	return inTenants(c.r.Context(), c.caller.Tenants, func(ctx context.Context, tenant string) (*store.Case, error) {
		return c.api.Store.Load(ctx, tenant, c.id)
	})
}

// inTenants returns what load finds in one of the tenants. An error in one tenant matters only
// when no tenant has it.
func inTenants[T any](ctx context.Context, tenants []string, load func(context.Context, string) (*T, error)) (*T, error) {
	found, errs := make([]*T, len(tenants)), make([]error, len(tenants))
	var g errgroup.Group
	for i, tenant := range tenants {
		g.Go(func() error {
			found[i], errs[i] = load(ctx, tenant)
			return nil
		})
	}
	_ = g.Wait()
	for i := range found {
		if errs[i] == nil {
			return found[i], nil
		}
	}
	for _, err := range errs {
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return nil, problem.Absent()
}

// maxLimit is how many requests a page holds at most.
const maxLimit = 100

// list is GET /api/requests.
func (c *call) list() error {
	q, err := c.listQuery()
	if err != nil {
		return err
	}
	items, next, err := c.api.Store.Lists.Page(c.r.Context(), q)
	switch {
	case errors.Is(err, lists.ErrFilter):
		return problem.New(problem.UnsupportedFilter, "", "these filters cannot be used together: ending needs a state in which a request is over")
	case errors.Is(err, lists.ErrCursor):
		return problem.New(problem.MalformedCursor, "", "the cursor does not belong to this list: begin without one")
	case err != nil:
		return err
	}
	out := listView[requestView]{Items: []requestView{}, Next: next}
	for _, r := range items {
		out.Items = append(out.Items, c.viewRequest(r))
	}
	return c.answer(http.StatusOK, out)
}

func (c *call) listQuery() (lists.Query, error) {
	tenant, err := c.tenant()
	q := lists.Query{Tenants: []string{tenant}, State: dsr.State(c.query.Get("state")), Ending: dsr.Ending(c.query.Get("ending")), Cursor: c.query.Get("cursor"), Limit: maxLimit / 2}
	if err != nil {
		return q, err
	}
	for _, name := range []string{"state", "ending", "dueBefore", "limit", "cursor"} {
		if c.query.Has(name) && c.query.Get(name) == "" {
			return q, problem.Newf(problem.MalformedParameter, "", "%s is empty", name)
		}
	}
	if q.State != "" && !slices.Contains(dsr.States(), q.State) {
		return q, problem.New(problem.MalformedParameter, "", "state must be one of the states of a request")
	}
	if q.Ending != "" && !slices.Contains(dsr.Endings(), q.Ending) {
		return q, problem.New(problem.MalformedParameter, "", "ending must be whole, gaps or failed")
	}
	if due := c.query.Get("dueBefore"); due != "" {
		if q.DueBefore, err = time.Parse(time.RFC3339, due); err != nil {
			return q, problem.New(problem.MalformedParameter, "", "dueBefore must be a time as in RFC 3339, such as 2026-03-01T09:30:00Z")
		}
	}
	if limit := c.query.Get("limit"); limit != "" {
		if q.Limit, err = strconv.Atoi(limit); err != nil || q.Limit < 1 || q.Limit > maxLimit {
			return q, problem.Newf(problem.MalformedParameter, "", "limit must be a number from 1 to %d", maxLimit)
		}
	}
	return q, nil
}
