package archive

import (
	"errors"

	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// errDestination says that a tenant has no destination of the name that a request or a package
// gives. The operator who configures the tenant has to put it back.
var errDestination = errors.New("archive: the tenant has no destination of that name")

// Location is where the package of a request lies: in the product's own container, or in the one
// that the tenant has under the name of a destination. The product's own needs no configuration, so
// that packages of a tenant that was taken out of the document are found, too.
func Location(ts tenant.Tenants, of, request, destination string) (blob.Ref, error) {
	ref := blob.Ref{Container: retention.Packages, Name: of + "/" + request + ".zip"}
	if destination == "" {
		return ref, nil
	}
	t, _ := ts.Tenant(of)
	d, ok := t.Destination(destination)
	if !ok {
		return blob.Ref{}, errDestination
	}
	ref.Account, ref.Container = d.Account, d.Container
	return ref, nil
}
