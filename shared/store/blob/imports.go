package blob

import "github.com/rightsdesk/rightsdesk/shared/retention"

// MetaAt is the metadata of a blob that belongs to no request: the business time at which it was
// written, as RFC 3339.
const MetaAt = "at"

// InputRef is where the input of an import lies.
func InputRef(name string) Ref { return Ref{Container: retention.BulkInputs, Name: name} }

// ResultRef is where the result of an import lies.
func ResultRef(tenant, id string) Ref {
	return Ref{Container: retention.Results, Name: tenant + "/" + id + ".ndjson"}
}
