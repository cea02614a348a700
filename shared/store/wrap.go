package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// KeyWrapper wraps the cases' data keys by a key that never leaves its vault. Implementations are safe for concurrent use.
type KeyWrapper interface {
	Wrap(ctx context.Context, key []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
}

// FileKey wraps data keys by AES-256-GCM under a key from a file: for the local world and for hosts without a vault. What it wrapped
// with any of its versions it can unwrap.
type FileKey struct {
	current int
	aeads   map[int]cipher.AEAD
}

var errUnwrap = errors.New("store: a wrapped key cannot be unwrapped")

// NewFileKey wraps with the highest version.
func NewFileKey(keys ...pii.Key) (*FileKey, error) {
	f := &FileKey{aeads: map[int]cipher.AEAD{}}
	for _, k := range keys {
		if k.Version < 1 || k.Version > 0xffff || f.aeads[k.Version] != nil {
			return nil, fmt.Errorf("store: vault key version %d is out of range or stands twice", k.Version)
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

// Wrap returns version (2 bytes), nonce and sealed key.
func (f *FileKey) Wrap(_ context.Context, key []byte) ([]byte, error) {
	head := binary.BigEndian.AppendUint16(nil, uint16(f.current))
	return seal(f.aeads[f.current], head, key, head), nil
}

// Unwrap returns what Wrap wrapped with any version that is still here.
func (f *FileKey) Unwrap(_ context.Context, wrapped []byte) ([]byte, error) {
	if len(wrapped) < 2 {
		return nil, errUnwrap
	}
	version := int(binary.BigEndian.Uint16(wrapped))
	aead := f.aeads[version]
	if aead == nil {
		return nil, fmt.Errorf("%w: key version %d is not here", errUnwrap, version)
	}
	key, err := unseal(aead, wrapped[2:], wrapped[:2])
	if err != nil {
		return nil, errUnwrap
	}
	return key, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("a key has 32 bytes, not %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal appends a random nonce and the sealed bytes to head.
func seal(aead cipher.AEAD, head, plain, aad []byte) []byte {
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process instead
	out := append(append([]byte(nil), head...), nonce...)
	return aead.Seal(out, nonce, plain, aad)
}

// unseal opens nonce and sealed bytes.
func unseal(aead cipher.AEAD, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("store: sealed bytes are too short")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], aad)
}
