package blob

import (
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
)

// MetaAt is the metadata key for the business time at which a blob was written, as RFC 3339. Blobs
// that belong to no request have it.
const MetaAt = "at"

// InputRef returns where the input of an import lies.
func InputRef(name string) Ref { return Ref{Container: retention.BulkInputs, Name: name} }

// ResultRef returns where the result of an import lies.
func ResultRef(tenant, id string) Ref {
	return Ref{Container: retention.Results, Name: tenant + "/" + id + ".ndjson"}
}

// MetaRequest is the metadata key for the id of the request that a package belongs to. Nothing that
// others put under the name of a package has it.
const MetaRequest = "request"

// PackageRef returns the blob of a package, where it was put.
func PackageRef(p dsr.Place) Ref {
	return Ref{Account: p.Account, Container: p.Container, Name: p.Name}
}
