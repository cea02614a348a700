package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

func TestAnUploadThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	broken := iotest.TimeoutReader(bytes.NewReader(bytes.Repeat([]byte("x"), 100)))
	_, _, err := s.Receive(t.Context(), Upload{Tenant: tenant, Reference: "r-1", Format: list.JSONLines, Body: iotest.OneByteReader(broken)})
	require.ErrorIs(t, err, iotest.ErrTimeout)
	_, err = s.ByReference(t.Context(), tenant, "r-1")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Empty(t, w.blobs(retention.BulkInputs, tenant))
}

// Storage may fail at any call of an upload. The caller then sends it again, and nothing is
// left of the first try.
func TestAnUploadIsSentAgainAfterAnyFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := person("a@c.example", "") + "\n"
	for _, done := range []bool{false, true} {
		for n := int64(1); ; n++ {
			tenant := newTenant()
			wire := newWire(n, done)
			st, _ := w.open(wire, false)
			up := Upload{Tenant: tenant, Reference: "r-1", Key: "k", Format: list.JSONLines}
			up.Body = strings.NewReader(text)
			_, _, err := w.service(st, tenant).Receive(t.Context(), up)
			whole := err == nil && wire.left.Load() > 0
			up.Body = strings.NewReader(text)
			s := w.service(w.st, tenant)
			b, _, err := s.Receive(t.Context(), up)
			require.NoError(t, err)
			require.Len(t, w.blobs(retention.BulkInputs, tenant), 1, "fault at call %d, done %v", n, done)
			require.Equal(t, int64(1), w.end(s, tenant, b.ID).Accepted)
			if whole {
				require.Greater(t, n, int64(3))
				break
			}
		}
	}
}

func TestUploadsOfOneReferenceAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	const n = 8
	type answer struct {
		id  string
		err error
	}
	answers := make(chan answer, n)
	for i := range n {
		go func() {
			b, _, err := s.Receive(t.Context(), Upload{
				Tenant: tenant, Reference: "r-1", Format: list.JSONLines, Body: strings.NewReader(person(fmt.Sprintf("p%d@c.example", i%2), "")),
			})
			if err != nil {
				answers <- answer{err: err}
				return
			}
			answers <- answer{id: b.ID}
		}()
	}
	won := 0
	for range n {
		a := <-answers
		if a.err == nil {
			won++
			continue
		}
		require.True(t, problem.Is(a.err, problem.ReferenceTaken), errors.Unwrap(a.err))
	}
	require.GreaterOrEqual(t, won, 1)
	b, err := s.ByReference(t.Context(), tenant, "r-1")
	require.NoError(t, err)
	require.Equal(t, int64(1), w.end(s, tenant, b.ID).Accepted, "the input is one of the uploads, and whole")
	require.Len(t, w.blobs(retention.BulkInputs, tenant), 1)
}
