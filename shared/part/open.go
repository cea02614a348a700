package part

import (
	"context"
	"fmt"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/store"
)

// Open reads the uncompressed bytes of a member.
func Open(ctx context.Context, st *store.Store, m Member) (io.ReadCloser, error) {
	body, _, err := st.Blobs.Open(ctx, m.Ref, m.Offset, m.Packed)
	if err != nil {
		return nil, fmt.Errorf("part: read a part: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{unpack(body), body}, nil
}
