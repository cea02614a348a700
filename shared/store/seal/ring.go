package seal

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// ErrShredded says that the key of a case is gone, and so is everything that it sealed.
var ErrShredded = errors.New("store: the case's key is gone")

// Ring seals and unseals with the key of one case. It reads the key when it is first needed and
// keeps it. It is safe for concurrent use.
type Ring struct {
	keys  *Keys
	place Place

	mu       sync.Mutex
	aead     cipher.AEAD
	shredded bool
}

// Ring returns the ring of a case that has a key. It makes no call.
func (k *Keys) Ring(p Place) *Ring { return &Ring{keys: k, place: p} }

// Forget makes the ring return ErrShredded from now on: the key is being destroyed.
func (r *Ring) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.aead, r.shredded = nil, true
}

// open reads the key of the case and then its hour key, which the process often keeps. A case whose
// key is gone needs no hour key.
func (r *Ring) open(ctx context.Context) (cipher.AEAD, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.shredded:
		return nil, ErrShredded
	case r.aead != nil:
		return r.aead, nil
	}
	hour, ok := layout.HourOf(r.place.Row)
	if !ok {
		return nil, errors.New("store: the head names no key")
	}
	k := r.keys
	kept, err := k.o.Table.Get(ctx, r.place.Partition, r.place.Row)
	if errors.Is(err, failure.ErrNotFound) {
		return nil, ErrShredded
	}
	if err != nil {
		return nil, err
	}
	n := hourName{r.place.Tenant, hour}
	wrapping, err := k.hours.get(ctx, n, func() (cipher.AEAD, error) { return k.findHour(ctx, n) })
	if err != nil {
		return nil, err
	}
	if r.aead, err = unwrapCase(wrapping, r.place, kept); err != nil {
		r.aead = nil
		return nil, err
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
	return seal(r.keys.o.Random, aead, []byte{version}, plain, r.bound(what))
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
