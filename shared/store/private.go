package store

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// SealReason is the use under which Change.Reason is sealed, into dsr.Event.Sealed and
// dsr.Task.Text.
const SealReason = "reason"

// sealPrivate is the use under which a request's private part is sealed.
const sealPrivate = "private"

// place is where the key of the case lies.
func (c *Case) place() seal.Place {
	return seal.Place{Partition: layout.ShardPartition(c.Tenant, c.Shard), Row: c.KeyID, Tenant: c.Tenant, Case: c.ID}
}

// Seal encrypts under the key of the case. What says what the bytes are used for: they open only
// for the same tenant, request and use. The key is read when it is first needed, by one call,
// and kept. ErrShredded when it is gone.
func (c *Case) Seal(ctx context.Context, what string, plain []byte) ([]byte, error) {
	return c.ring.Seal(ctx, what, plain)
}

// Unseal decrypts what Seal encrypted for the same use.
func (c *Case) Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error) {
	return c.ring.Unseal(ctx, what, sealed)
}

// Private returns the subject, the notes and the candidates. ErrShredded when the key of the
// case is gone.
func (c *Case) Private(ctx context.Context) (dsr.Private, error) {
	plain, err := c.ring.Unseal(ctx, sealPrivate, c.sealed)
	if err != nil {
		return dsr.Private{}, err
	}
	return dsr.DecodePrivate(plain)
}
