package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
)

// sealFindings is the use under which findings are sealed.
const sealFindings = "findings"

// KeepFindings seals what a discovery found, stores it as a blob and returns the name of the blob.
// The id makes the name new, because a crashed attempt may have left a blob behind. Such a blob is
// deleted with the case.
func (c *Case) KeepFindings(ctx context.Context, system, id string, f []dsr.Finding) (string, error) {
	plain, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	sealed, err := c.Seal(ctx, sealFindings, plain)
	if err != nil {
		return "", err
	}
	name := c.Tenant + "/" + c.ID + "/" + system + "-" + id
	return name, c.s.Blobs.Put(ctx, blob.Ref{Container: retention.Findings, Name: name}, sealed, nil, "application/octet-stream")
}

// Findings reads what the discovery of a system found. Without findings it returns nil.
func (c *Case) Findings(ctx context.Context, system string) ([]dsr.Finding, error) {
	t := c.Task(dsr.NewTaskID(system, dsr.Discover))
	if t == nil || t.Findings == "" {
		return nil, nil
	}
	sealed, _, err := c.s.Blobs.Get(ctx, blob.Ref{Container: retention.Findings, Name: t.Findings})
	if err != nil {
		return nil, err
	}
	plain, err := c.Unseal(ctx, sealFindings, sealed)
	if err != nil {
		return nil, err
	}
	var f []dsr.Finding
	if err := json.Unmarshal(plain, &f); err != nil {
		return nil, fmt.Errorf("store: findings of %s cannot be read", system)
	}
	return f, nil
}
