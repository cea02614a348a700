package seal

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// ErrShredded says that the key of a case is gone, and so is everything that it sealed.
var ErrShredded = errors.New("store: the case's key is gone")

// version is the first byte of all sealed bytes. It stands for AES-256-GCM with a random nonce.
const version = 1

// Keys keeps the wrapped data keys of cases as rows of a table. It is safe for concurrent use.
type Keys struct {
	Table   row.Table
	Wrapper Wrapper
	Random  io.Reader // source of keys and nonces
}

// Place names the row of a case's key, and the case.
type Place struct {
	Partition, Row string
	Tenant, Case   string
}

// Ring seals and unseals with the key of one case. It reads the key when it is first needed and
// keeps it. It is safe for concurrent use.
type Ring struct {
	keys  Keys
	place Place

	mu   sync.Mutex
	aead cipher.AEAD
}

// Ring returns the ring of a case that has a key. It makes no call.
func (k Keys) Ring(p Place) *Ring { return &Ring{keys: k, place: p} }

// New makes the key of a new case and the row for it. The caller stores the row.
func (k Keys) New(ctx context.Context, p Place) (*Ring, *row.Row, error) {
	key := make([]byte, keySize)
	if _, err := io.ReadFull(k.Random, key); err != nil {
		return nil, nil, fmt.Errorf("store: no random numbers: %w", err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, nil, fmt.Errorf("store: case key: %w", err)
	}
	wrapped, err := k.Wrapper.Wrap(ctx, key)
	if err != nil {
		return nil, nil, fmt.Errorf("store: wrap case key: %w", err)
	}
	r := row.New(p.Partition, p.Row)
	r.SetInt("v", 1)
	r.SetBytes("wrapped", wrapped)
	return &Ring{keys: k, place: p, aead: aead}, r, nil
}

func (r *Ring) open(ctx context.Context) (cipher.AEAD, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.aead != nil {
		return r.aead, nil
	}
	kept, err := r.keys.Table.Get(ctx, r.place.Partition, r.place.Row)
	if errors.Is(err, failure.ErrNotFound) {
		return nil, ErrShredded
	}
	if err != nil {
		return nil, err
	}
	key, err := r.keys.Wrapper.Unwrap(ctx, kept.Bytes("wrapped"))
	if err != nil {
		return nil, fmt.Errorf("store: unwrap case key: %w", err)
	}
	if r.aead, err = newAEAD(key); err != nil {
		return nil, fmt.Errorf("store: case key: %w", err)
	}
	return r.aead, nil
}

// bound is what sealed bytes belong to. They cannot be unsealed anywhere else.
func (r *Ring) bound(what string) []byte {
	return []byte(r.place.Tenant + "|" + r.place.Case + "|" + what)
}

// Seal encrypts. What names the use of the bytes: they can be unsealed only for the same tenant,
// case and use. Seal returns ErrShredded when the key is gone.
func (r *Ring) Seal(ctx context.Context, what string, plain []byte) ([]byte, error) {
	aead, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	return seal(r.keys.Random, aead, []byte{version}, plain, r.bound(what))
}

// Unseal decrypts what Seal encrypted for the same use.
func (r *Ring) Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error) {
	aead, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 || sealed[0] != version {
		return nil, fmt.Errorf("store: sealed %s: unknown form", what)
	}
	plain, err := unseal(aead, sealed[1:], r.bound(what))
	if err != nil {
		return nil, fmt.Errorf("store: sealed %s: changed, moved or sealed for another case", what)
	}
	return plain, nil
}
