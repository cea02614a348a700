package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// Vault is a seal.Wrapper that counts and may fail, as a vault does. It is safe for concurrent use.
type Vault struct {
	seal.Wrapper

	mu      sync.Mutex
	wraps   int
	unwraps int
	err     error
}

// Count returns how many keys were wrapped and unwrapped.
func (v *Vault) Count() (wraps, unwraps int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.wraps, v.unwraps
}

// Fail makes every call return an error, until it is called with nil.
func (v *Vault) Fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
}

// called counts a call.
func (v *Vault) called(n *int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	*n++
	return v.err
}

// Wrap implements seal.Wrapper.
func (v *Vault) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	if err := v.called(&v.wraps); err != nil {
		return nil, err
	}
	return v.Wrapper.Wrap(ctx, key)
}

// Unwrap implements seal.Wrapper.
func (v *Vault) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	if err := v.called(&v.unwraps); err != nil {
		return nil, err
	}
	return v.Wrapper.Unwrap(ctx, wrapped)
}

// AnotherWithVault opens a second store as Another does, and returns the vault that it calls.
func (w *World) AnotherWithVault(t testing.TB) (*store.Store, *Vault) {
	t.Helper()
	own := *w
	v := &Vault{Wrapper: w.Wrapper}
	own.Wrapper = v
	return own.Another(t), v
}
