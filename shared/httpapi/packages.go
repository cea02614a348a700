package httpapi

import (
	"errors"
	"net/http"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// linkFor is how long a link reads a package.
const linkFor = 15 * time.Minute

// pack is GET /api/requests/{id}/package. The answer is a link and not the archive, because the
// Functions host may buffer whole answers.
func (c *call) pack() error {
	found, err := c.find()
	if err != nil {
		return err
	}
	p, left, err := c.ready(&found.Request)
	if err != nil {
		return err
	}
	ref, err := archive.Location(c.api.Tenants, found.Tenant, found.ID, p.Destination)
	if err != nil {
		return problem.New(problem.DestinationGone, "", "the destination that holds the package is no longer configured")
	}
	// Links say whole seconds.
	expires := c.api.Clocks.Wall().UTC().Add(min(left, linkFor)).Truncate(time.Second)
	url, err := c.api.Store.Blobs.SignedURL(c.r.Context(), ref, expires, found.ID+".zip", p.ETag)
	if errors.Is(err, store.ErrNotFound) {
		return expired() // the purge has deleted the archive and not yet said so
	}
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, packageLinkView{URL: url, ExpiresAt: expires, SHA256: p.SHA256, Bytes: p.Bytes})
}

// ready returns the package and how long it may still be read, by the business clock. A package
// whose time is over is not handed out, even when the purge is late.
func (c *call) ready(r *dsr.Request) (p *dsr.Package, left time.Duration, err error) {
	switch {
	case r.Package == nil || r.Package.State == dsr.PackageBuilding:
		return nil, 0, problem.New(problem.NoPackage, "", "there is no package: it is not built yet, or the request needs none")
	case r.Package.State != dsr.PackageReady:
		return nil, 0, expired()
	}
	if left = r.Package.ExpiresAt.Sub(c.api.Clocks.Business()); left <= 0 {
		return nil, 0, expired()
	}
	return r.Package, left, nil
}

func expired() error {
	return problem.New(problem.PackageExpired, "", "the retention of the package has ended: it can no longer be read")
}
