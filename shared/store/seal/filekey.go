package seal

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// Wrapper wraps hour keys with a key that never leaves its vault. Wrapping the same key twice gives
// different bytes, or the caller wraps fresh random keys only. Implementations are safe for
// concurrent use.
type Wrapper interface {
	Wrap(ctx context.Context, key []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
}

// FileKey wraps keys by AES-256-GCM with a key from a file. It is for the local world and for
// hosts without a vault. It unwraps what any of its key versions has wrapped.
type FileKey struct {
	current int
	aeads   map[int]cipher.AEAD
}

var errUnwrap = errors.New("store: a wrapped key cannot be unwrapped")

// NewFileKey returns a FileKey that wraps with the highest of the key versions.
func NewFileKey(keys ...pii.Key) (*FileKey, error) {
	f := &FileKey{aeads: map[int]cipher.AEAD{}}
	for _, k := range keys {
		if k.Version < 1 || k.Version > 0xffff {
			return nil, fmt.Errorf("store: vault key version %d is not between 1 and 65535", k.Version)
		}
		if f.aeads[k.Version] != nil {
			return nil, fmt.Errorf("store: vault key version %d is given twice", k.Version)
		}
		aead, err := newAEAD(k.Key)
		if err != nil {
			return nil, fmt.Errorf("store: vault key %d: %w", k.Version, err)
		}
		f.aeads[k.Version] = aead
		f.current = max(f.current, k.Version)
	}
	if f.current == 0 {
		return nil, errors.New("store: no vault key")
	}
	return f, nil
}

// Wrap returns the key version (2 bytes), the nonce and the sealed key.
func (f *FileKey) Wrap(_ context.Context, key []byte) ([]byte, error) {
	head := binary.BigEndian.AppendUint16(nil, uint16(f.current))
	return seal(rand.Reader, f.aeads[f.current], head, key, head)
}

// Unwrap returns what Wrap wrapped with a key version that the file still holds.
func (f *FileKey) Unwrap(_ context.Context, wrapped []byte) ([]byte, error) {
	if len(wrapped) < 2 {
		return nil, errUnwrap
	}
	version := int(binary.BigEndian.Uint16(wrapped))
	aead := f.aeads[version]
	if aead == nil {
		return nil, fmt.Errorf("%w: the file does not hold key version %d", errUnwrap, version)
	}
	key, err := unseal(aead, wrapped[2:], wrapped[:2])
	if err != nil {
		return nil, errUnwrap
	}
	return key, nil
}
