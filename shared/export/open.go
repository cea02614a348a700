package export

import (
	"context"
	"fmt"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/store"
)

// openMember reads the uncompressed bytes of a member.
func openMember(ctx context.Context, st *store.Store, m member) (io.ReadCloser, error) {
	body, _, err := st.OpenBlob(ctx, m.Ref, m.Offset, m.Packed)
	if err != nil {
		return nil, fmt.Errorf("export: read a part: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{unpack(body), body}, nil
}
