package task

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
)

// KeepFindings seals what a discovery found in a blob and returns the blob's name. The id makes
// the name new, because an attempt that crashed may have left a blob behind. Such a blob goes
// with the case.
func KeepFindings(ctx context.Context, st *store.Store, c *store.Case, system, id string, f []dsr.Finding) (string, error) {
	plain, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	sealed, err := c.Seal(ctx, "findings", plain)
	if err != nil {
		return "", err
	}
	name := c.Tenant + "/" + c.ID + "/" + system + "-" + id
	return name, st.Blobs.Put(ctx, blob.Ref{Container: blob.Findings, Name: name}, sealed, nil, "application/octet-stream")
}

// Findings reads what the discovery of a system found; none is no error.
func Findings(ctx context.Context, st *store.Store, c *store.Case, system string) ([]dsr.Finding, error) {
	t := c.Task(dsr.NewTaskID(system, dsr.Discover))
	if t == nil || t.Findings == "" {
		return nil, nil
	}
	sealed, _, err := st.Blobs.Get(ctx, blob.Ref{Container: blob.Findings, Name: t.Findings})
	if err != nil {
		return nil, err
	}
	plain, err := c.Unseal(ctx, "findings", sealed)
	if err != nil {
		return nil, err
	}
	var f []dsr.Finding
	if err := json.Unmarshal(plain, &f); err != nil {
		return nil, fmt.Errorf("task: findings of %s cannot be read", system)
	}
	return f, nil
}
