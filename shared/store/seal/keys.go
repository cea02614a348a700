package seal

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Options is what New needs.
type Options struct {
	Table   row.Table // keys
	Wrapper Wrapper
	Random  io.Reader    // source of keys and nonces, safe for concurrent use
	Clocks  clock.Clocks // the wall clock names the hour of a new key
}

// Keys keeps the wrapped keys of cases, and the hour keys that wrap them, as rows of a table. It is
// safe for concurrent use.
type Keys struct {
	o     Options
	hours hours
}

// New refuses missing parts. It makes no call.
func New(o Options) (*Keys, error) {
	switch {
	case o.Table == nil || o.Random == nil:
		return nil, errors.New("store: keys need a table and random numbers")
	case o.Wrapper == nil:
		return nil, errors.New("store: a key wrapper is needed")
	case o.Clocks.Wall == nil:
		return nil, errors.New("store: the wall clock is needed")
	}
	return &Keys{o: o, hours: hours{clocks: o.Clocks, kept: map[hourName]*flight{}}}, nil
}

// Place names the row of a case's key, and the case.
type Place struct {
	Partition, Row string
	Tenant, Case   string
}

// bound is what the wrapped key of a case belongs to. The id of the key names its hour key. A row
// that was copied to another tenant, case or id cannot be unwrapped there.
func (p Place) bound() []byte { return []byte("key|" + p.Tenant + "|" + p.Case + "|" + p.Row) }

// rowVersion is the form of both kinds of row.
const rowVersion = 1

// rowOf returns a row that holds a wrapped key.
func rowOf(partition, key string, wrapped []byte) *row.Row {
	r := row.New(partition, key)
	r.SetInt("v", rowVersion)
	r.SetBytes("wrapped", wrapped)
	return r
}

// wrappedIn returns the wrapped key that a row holds.
func wrappedIn(r *row.Row) ([]byte, error) {
	form, wrapped := r.Int("v"), r.Bytes("wrapped")
	switch {
	case r.Err() != nil:
		return nil, r.Err()
	case form != rowVersion:
		return nil, fmt.Errorf("store: the row of a key has the unknown form %d", form)
	case len(wrapped) == 0:
		return nil, errors.New("store: the row of a key holds no key")
	}
	return wrapped, nil
}

// unwrapCase returns the key of a case from its row.
func unwrapCase(hour cipher.AEAD, p Place, r *row.Row) (cipher.AEAD, error) {
	wrapped, err := wrappedIn(r)
	if err != nil {
		return nil, err
	}
	if wrapped[0] != version {
		return nil, fmt.Errorf("store: the key of a case is wrapped in the unknown form %d", wrapped[0])
	}
	key, err := unseal(hour, wrapped[1:], p.bound())
	if err != nil {
		return nil, errors.New("store: the key of a case was changed, moved or wrapped by another hour key")
	}
	return aeadOf("case", key)
}

// random returns a new key.
func (k *Keys) random() ([]byte, error) {
	key := make([]byte, keySize)
	if _, err := io.ReadFull(k.o.Random, key); err != nil {
		return nil, fmt.Errorf("store: no random numbers: %w", err)
	}
	return key, nil
}

func aeadOf(of string, key []byte) (cipher.AEAD, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, fmt.Errorf("store: %s key: %w", of, err)
	}
	return aead, nil
}
