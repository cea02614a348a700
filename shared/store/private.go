package store

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// SealReason is the use under which Change.Reason is sealed. The sealed bytes are in
// dsr.Event.Sealed and dsr.Task.Text.
const SealReason = "reason"

// sealPrivate is the use under which a request's private part is sealed.
const sealPrivate = "private"

// place names the row of the case's key.
func (c *Case) place() seal.Place {
	return seal.Place{Partition: layout.ShardPartition(c.Tenant, c.Shard), Row: c.KeyID, Tenant: c.Tenant, Case: c.ID}
}

// Seal encrypts with the key of the case. What names the use of the bytes: they can be unsealed
// only for the same tenant, request and use. The key is read by one call when it is first needed,
// and kept. Seal returns ErrShredded when the key is gone.
func (c *Case) Seal(ctx context.Context, what string, plain []byte) ([]byte, error) {
	return c.ring.Seal(ctx, what, plain)
}

// Unseal decrypts what Seal encrypted for the same use.
func (c *Case) Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error) {
	return c.ring.Unseal(ctx, what, sealed)
}

// Private returns the subject, the notes and the candidates. It returns ErrShredded when the key of
// the case is gone.
func (c *Case) Private(ctx context.Context) (dsr.Private, error) {
	plain, err := c.ring.Unseal(ctx, sealPrivate, c.sealed)
	if err != nil {
		return dsr.Private{}, err
	}
	return dsr.DecodePrivate(plain)
}
