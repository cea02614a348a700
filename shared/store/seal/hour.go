package seal

import (
	"bytes"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Hour is the key that wraps the keys of the cases which a tenant makes within one hour of wall
// time. Its row is stored before any key that it wraps.
type Hour struct {
	keys         *Keys
	tenant, hour string
	aead         cipher.AEAD
}

// Hour returns the hour key of a tenant for the time that it is, and makes it if there is none. It
// makes no call while the process keeps the key. Otherwise it makes one call for the row and one to
// the vault, and one more for the row if it makes the key.
func (k *Keys) Hour(ctx context.Context, tenant string) (*Hour, error) {
	n := hourName{tenant, layout.Hour(k.o.Clocks.Wall())}
	aead, err := k.hours.get(ctx, n, func() (cipher.AEAD, error) { return k.findOrMakeHour(ctx, n) })
	if err != nil {
		return nil, err
	}
	return &Hour{keys: k, tenant: tenant, hour: n.hour, aead: aead}, nil
}

// ID returns the id for the key of a new case. Random is 32 hex digits.
func (h *Hour) ID(random string) string { return layout.KeyID(h.hour, random) }

// New makes the key of a new case and the row for it. Place.Row was made by ID. The caller stores
// the row. New makes no call.
func (h *Hour) New(p Place) (*Ring, *row.Row, error) {
	if hour, ok := layout.HourOf(p.Row); !ok || hour != h.hour || p.Tenant != h.tenant {
		return nil, nil, errors.New("store: a case's key is wrapped by the hour key that its id names")
	}
	key, err := h.keys.random()
	if err != nil {
		return nil, nil, err
	}
	aead, err := aeadOf("case", key)
	if err != nil {
		return nil, nil, err
	}
	wrapped, err := seal(h.keys.o.Random, h.aead, []byte{version}, key, p.bound())
	if err != nil {
		return nil, nil, err
	}
	return &Ring{keys: h.keys, place: p, aead: aead}, rowOf(p.Partition, p.Row, wrapped), nil
}

// findHour reads an hour key that wraps the key of a case.
func (k *Keys) findHour(ctx context.Context, n hourName) (cipher.AEAD, error) {
	r, err := k.o.Table.Get(ctx, layout.HourPartition(n.tenant), layout.RowHour(n.hour))
	if errors.Is(err, failure.ErrNotFound) {
		return nil, errNoHour
	}
	if err != nil {
		return nil, err
	}
	return k.unwrapHour(ctx, n, r)
}

// findOrMakeHour reads an hour key, or makes it. Of several processes that make it at the same time
// one inserts the row, and the others take that one's key.
func (k *Keys) findOrMakeHour(ctx context.Context, n hourName) (cipher.AEAD, error) {
	aead, err := k.findHour(ctx, n)
	if !errors.Is(err, errNoHour) {
		return aead, err
	}
	secret, err := k.random()
	if err != nil {
		return nil, err
	}
	wrapped, err := k.o.Wrapper.Wrap(ctx, secret)
	if err != nil {
		return nil, fmt.Errorf("store: wrap hour key: %w", err)
	}
	a := &hourAttempt{table: k.o.Table, row: rowOf(layout.HourPartition(n.tenant), layout.RowHour(n.hour), wrapped), wrapped: wrapped}
	switch what, err := row.Try(ctx, "store hour key", a); {
	case err != nil:
		return nil, err
	case what != row.Overtaken:
		return hourAEAD(secret, n)
	case a.now == nil:
		return nil, failure.ErrConflict // the row existed, but was gone when it was read
	}
	return k.unwrapHour(ctx, n, a.now)
}

// hourAttempt inserts the row of an hour key. The wrapped bytes identify the write: they hold a
// random key.
type hourAttempt struct {
	table   row.Table
	row     *row.Row
	wrapped []byte
	now     *row.Row // as Look found it
}

// Write inserts the row.
func (a *hourAttempt) Write(ctx context.Context) error { return a.table.Insert(ctx, a.row) }

// Look reads the row.
func (a *hourAttempt) Look(ctx context.Context) (row.Writer, error) {
	now, err := a.table.Get(ctx, a.row.Partition, a.row.Key)
	if errors.Is(err, failure.ErrNotFound) {
		return row.Unwritten, nil
	}
	if err != nil {
		return row.Unwritten, err
	}
	a.now = now
	if bytes.Equal(now.Bytes("wrapped"), a.wrapped) {
		return row.Own, nil
	}
	return row.Other, nil
}

// unwrapHour returns the hour key that a row holds.
func (k *Keys) unwrapHour(ctx context.Context, n hourName, r *row.Row) (cipher.AEAD, error) {
	wrapped, err := wrappedIn(r)
	if err != nil {
		return nil, err
	}
	secret, err := k.o.Wrapper.Unwrap(ctx, wrapped)
	if err != nil {
		return nil, fmt.Errorf("store: unwrap hour key: %w", err)
	}
	return hourAEAD(secret, n)
}

// hourAEAD derives an hour key from what the vault wrapped. A vault's wrapping has no additional
// data that could name the tenant and the hour. The derivation does instead: a row that was copied
// to another tenant or hour gives another key there.
func hourAEAD(secret []byte, n hourName) (cipher.AEAD, error) {
	if len(secret) != keySize {
		return nil, fmt.Errorf("store: hour key: the vault unwrapped %d bytes, not %d", len(secret), keySize)
	}
	return aeadOf("hour", pii.MAC(secret, "hour key", n.tenant, n.hour))
}
