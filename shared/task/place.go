package task

import (
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
)

// place is the account and the container for the next package of a request, as the tenants'
// document has them now. The commit that begins the assembly records them. A place that is zero
// says that the tenant has no destination of the name that the request gives.
func (r *Runner) place(req *dsr.Request) dsr.Place {
	if req.Dest == "" {
		return dsr.Place{Container: retention.Packages}
	}
	t, _ := r.Tenants.Tenant(req.Tenant)
	d, _ := t.Destination(req.Dest)
	return dsr.Place{Account: d.Account, Container: d.Container}
}
