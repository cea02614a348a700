package seal

import (
	"bytes"
	"context"
	"crypto/cipher"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// FuzzKeyRows reads rows of cases and of hours that may hold anything. Only what was wrapped for
// the row's place is a key.
func FuzzKeyRows(f *testing.F) {
	vault, err := NewFileKey(pii.Key{Version: 1, Key: bytes.Repeat([]byte{7}, 32)})
	require.NoError(f, err)
	k := &Keys{o: Options{Wrapper: vault}}
	n := hourName{"t", "2026030209"}
	p := Place{Partition: "t|1", Row: "2026030209-00000000000000000000000000000000", Tenant: "t", Case: "c"}
	secret := bytes.Repeat([]byte{1}, keySize)
	aead, err := hourAEAD(secret, n)
	require.NoError(f, err)
	// The fuzzer runs in several processes, which must have the same rows: nonces are zeros.
	zeros := func() io.Reader { return bytes.NewReader(make([]byte, 64)) }
	head := []byte{0, 1}
	ofHour, err := seal(zeros(), vault.aeads[1], head, secret, head)
	require.NoError(f, err)
	ofCase, err := seal(zeros(), aead, []byte{version}, secret, p.bound())
	require.NoError(f, err)
	short, err := seal(zeros(), aead, []byte{version}, secret[1:], p.bound())
	require.NoError(f, err)
	for _, wrapped := range [][]byte{ofHour, ofCase, short, {version}, nil} {
		f.Add(int64(1), wrapped, "wrapped0")
		f.Add(int64(2), wrapped, "wrapped0")
		f.Add(int64(1), wrapped, "v")
	}
	f.Fuzz(func(t *testing.T, v int64, wrapped []byte, name string) {
		for _, values := range []map[string]any{{"v": v, name: wrapped}, {"v": v, name: string(wrapped)}, {name: v, "wrapped0": wrapped}} {
			r := row.Stored("t|hours", "h|2026030209", "", time.Time{}, values)
			_, herr := k.unwrapHour(context.Background(), n, r)
			_, cerr := unwrapCase(aead, p, r)
			own := values["v"] == int64(1)
			require.Equal(t, herr == nil, own && bytes.Equal(r.Bytes("wrapped"), ofHour))
			require.Equal(t, cerr == nil, own && bytes.Equal(r.Bytes("wrapped"), ofCase))
		}
	})
}

func TestAProcessKeepsAThousandHourKeys(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	h := hours{clocks: clock.Same(func() time.Time { return now }), kept: map[hourName]*flight{}}
	fetched := 0
	get := func(tenant int) {
		t.Helper()
		now = now.Add(time.Second)
		_, err := h.get(t.Context(), hourName{fmt.Sprint(tenant), "2026030209"}, func() (cipher.AEAD, error) { fetched++; return nil, nil })
		require.NoError(t, err)
	}
	for i := range maxKept {
		get(i)
	}
	get(0)
	require.Equal(t, maxKept, fetched)
	get(maxKept)
	require.Len(t, h.kept, maxKept)
	get(0)
	require.Equal(t, maxKept+1, fetched, "what was used last is kept")
	get(1)
	require.Equal(t, maxKept+2, fetched, "what was used longest ago was dropped")
	now = now.Add(keptUnused)
	get(1)
	require.Len(t, h.kept, 1, "nothing is kept that was not used for an hour")
}

func TestAFetchThatPanicsDoesNotBlockTheNext(t *testing.T) {
	t.Parallel()
	h := hours{clocks: clock.Same(time.Now), kept: map[hourName]*flight{}}
	n := hourName{"t", "2026030209"}
	require.Panics(t, func() { _, _ = h.get(t.Context(), n, func() (cipher.AEAD, error) { panic("x") }) })
	_, err := h.get(t.Context(), n, func() (cipher.AEAD, error) { return nil, nil })
	require.NoError(t, err)
}
