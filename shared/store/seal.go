package store

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// SealReason is the use under which Change.Reason is sealed, into dsr.Event.Sealed and dsr.Task.Text.
const SealReason = "reason"

// sealPrivate is the use under which a request's private part is sealed.
const sealPrivate = "private"

// sealVersion is the first byte of everything that is sealed: AES-256-GCM with a random nonce.
const sealVersion = 1

// keyring reads a case's key when it is first needed and keeps it.
type keyring struct {
	s                  *Store
	tenant, id, keyRow string
	shard              int

	mu   sync.Mutex
	aead cipher.AEAD
}

func newKeyring(c *Case) *keyring {
	return &keyring{s: c.s, tenant: c.Tenant, id: c.ID, keyRow: c.KeyID, shard: c.Shard}
}

// newCaseKey makes a data key and the row that keeps it, wrapped.
func (s *Store) newCaseKey(ctx context.Context, tenant string, shard int) (aead cipher.AEAD, r *row.Row, err error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	if aead, err = newAEAD(key); err != nil {
		return nil, nil, fmt.Errorf("store: case key: %w", err)
	}
	wrapped, err := s.wrapper.Wrap(ctx, key)
	if err != nil {
		return nil, nil, fmt.Errorf("store: wrap case key: %w", err)
	}
	r = row.New(layout.ShardPartition(tenant, shard), newID())
	r.SetInt("v", 1)
	r.SetBytes("wrapped", wrapped)
	return aead, r, nil
}

func (k *keyring) open(ctx context.Context) (cipher.AEAD, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.aead != nil {
		return k.aead, nil
	}
	r, err := k.s.keys.Get(ctx, layout.ShardPartition(k.tenant, k.shard), k.keyRow)
	if errors.Is(err, ErrNotFound) {
		return nil, ErrShredded
	}
	if err != nil {
		return nil, err
	}
	key, err := k.s.wrapper.Unwrap(ctx, r.Bytes("wrapped"))
	if err != nil {
		return nil, fmt.Errorf("store: unwrap case key: %w", err)
	}
	if k.aead, err = newAEAD(key); err != nil {
		return nil, fmt.Errorf("store: case key: %w", err)
	}
	return k.aead, nil
}

// bind is what sealed bytes belong to: moved to another place, they do not open.
func (k *keyring) bind(what string) []byte { return []byte(k.tenant + "|" + k.id + "|" + what) }

func (k *keyring) seal(ctx context.Context, what string, plain []byte) ([]byte, error) {
	aead, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	return seal(aead, []byte{sealVersion}, plain, k.bind(what)), nil
}

func (k *keyring) unseal(ctx context.Context, what string, sealed []byte) ([]byte, error) {
	aead, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, fmt.Errorf("store: sealed %s: not sealed by us", what)
	}
	plain, err := unseal(aead, sealed[1:], k.bind(what))
	if err != nil {
		return nil, fmt.Errorf("store: sealed %s: changed, moved or of another case", what)
	}
	return plain, nil
}

// Seal encrypts under the case's key (AES-256-GCM). What says what it is used for: the result opens only for the same tenant, request
// and use. The key is read when first needed (one call) and kept; ErrShredded when it is gone.
func (c *Case) Seal(ctx context.Context, what string, plain []byte) ([]byte, error) {
	return c.keys.seal(ctx, what, plain)
}

// Unseal decrypts what Seal encrypted for the same use.
func (c *Case) Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error) {
	return c.keys.unseal(ctx, what, sealed)
}

// Private returns the subject, the notes and the candidates. ErrShredded when the case's key is gone.
func (c *Case) Private(ctx context.Context) (dsr.Private, error) {
	plain, err := c.keys.unseal(ctx, sealPrivate, c.sealed)
	if err != nil {
		return dsr.Private{}, err
	}
	return dsr.DecodePrivate(plain)
}
