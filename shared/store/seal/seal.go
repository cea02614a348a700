// Package seal encrypts the personal data of a case with the key of that case, and wraps that key
// by a key of its tenant and hour.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
)

// keySize is the length of every key in bytes, for AES-256.
const keySize = 32

// version is the first byte of all sealed bytes. It stands for AES-256-GCM with a random nonce.
const version = 1

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("a key has %d bytes, not %d", keySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal appends a random nonce and the sealed bytes to head.
func seal(random io.Reader, aead cipher.AEAD, head, plain, bound []byte) ([]byte, error) {
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("store: no random numbers: %w", err)
	}
	out := append(append([]byte(nil), head...), nonce...)
	return aead.Seal(out, nonce, plain, bound), nil
}

// unseal decrypts sealed bytes that follow their nonce.
func unseal(aead cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("store: sealed bytes are too short")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], bound)
}
