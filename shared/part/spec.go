package part

import (
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
)

// Spec says whose parts a sink writes.
type Spec struct {
	Tenant, Request string
	Round           int
	Task            dsr.TaskID
	System          string
	Action          dsr.Action
}

// SpecOf returns whose parts those of a task are.
func SpecOf(r *dsr.Request, t *dsr.Task) Spec {
	return Spec{Tenant: r.Tenant, Request: r.ID, Round: t.Round, Task: t.ID, System: t.System, Action: t.Action}
}

// Ref returns where a part lies: {tenant}/{request}/{round}/{task}/{seq}-{id}.
func (p Spec) Ref(of dsr.Part) blob.Ref {
	name := fmt.Sprintf("%s%d/%s/%06d-%s", requestPrefix(p.Tenant, p.Request), p.Round, p.Task, of.Seq, of.ID)
	return blob.Ref{Container: retention.Parts, Name: name}
}

// requestPrefix is the folder of all parts of a request.
func requestPrefix(tenant, request string) string { return tenant + "/" + request + "/" }

// sealedAs binds the sealed state of an export to its part, so that it can be opened nowhere else.
func (p Spec) sealedAs(seq int, id string) string {
	return fmt.Sprintf("part|%d|%s|%d|%s", p.Round, p.Task, seq, id)
}
