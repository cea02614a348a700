package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
)

// smallFindings is up to how many sealed bytes the findings of a system are kept in the row of its
// discovery and in the event of its end: some sixty of them, as an ordinary person has. A value
// of a table holds 64 KiB.
const smallFindings = 16 << 10

// sealFindings is the use under which the findings of a system are sealed.
func sealFindings(system string) string { return "findings|" + system }

// KeepFindings seals what a discovery found. It returns it as it is while it is small, and
// otherwise stores it as a blob. The id makes the name of the blob new, because a crashed
// attempt may have left one behind.
func (c *Case) KeepFindings(ctx context.Context, system, id string, f []dsr.Finding) (*dsr.Found, error) {
	plain, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	sealed, err := c.Seal(ctx, sealFindings(system), plain)
	if err != nil {
		return nil, err
	}
	if len(sealed) <= smallFindings {
		return &dsr.Found{Sealed: sealed}, nil
	}
	name := c.Tenant + "/" + c.ID + "/" + system + "-" + id
	err = c.s.Blobs.Put(ctx, blob.Ref{Container: retention.Findings, Name: name}, sealed, nil, "application/octet-stream")
	return &dsr.Found{Blob: name}, err
}

// Findings reads what the discovery of a system found. Without findings it returns nil.
func (c *Case) Findings(ctx context.Context, system string) ([]dsr.Finding, error) {
	id := dsr.NewTaskID(system, dsr.Discover)
	if err := c.ReadTasks(ctx, id); err != nil {
		return nil, err
	}
	t := c.Task(id)
	if t == nil || t.Findings.Empty() {
		return nil, nil
	}
	sealed := t.Findings.Sealed
	if name := t.Findings.Blob; name != "" {
		var err error
		if sealed, _, err = c.s.Blobs.Get(ctx, blob.Ref{Container: retention.Findings, Name: name}); err != nil {
			return nil, err
		}
	}
	plain, err := c.Unseal(ctx, sealFindings(system), sealed)
	if err != nil {
		return nil, err
	}
	var f []dsr.Finding
	if err := json.Unmarshal(plain, &f); err != nil {
		return nil, fmt.Errorf("store: findings of %s cannot be read", system)
	}
	return f, nil
}
