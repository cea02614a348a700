package httpapi

import (
	"errors"
	"net/http"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
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
	// Links say whole seconds.
	expires := c.api.Clocks.Wall().UTC().Add(min(left, linkFor)).Truncate(time.Second)
	url, err := c.api.Store.Blobs.SignedURL(c.r.Context(), blob.PackageRef(p.Place), expires, found.ID+".zip", p.Place.ETag)
	if errors.Is(err, store.ErrNoAccount) {
		return problem.New(problem.DestinationGone, "", "the destination that holds the package is no longer configured")
	}
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
	shown := shownPackage(r)
	switch {
	case shown == nil || shown.State == dsr.PackageBuilding:
		return nil, 0, problem.New(problem.NoPackage, "", "there is no package: it is not built yet, or the request needs none")
	case shown.State == dsr.PackageMissing:
		return nil, 0, problem.New(problem.PackageMissing, "", "the package is no longer where it was put, and Rightsdesk did not delete it")
	case shown.State != dsr.PackageReady:
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
