package part

import (
	"context"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
)

// File is a member of any type.
type File struct {
	Member
	Body []byte
}

// StoreFiles stores the first part of a task, with members of any type.
func StoreFiles(ctx context.Context, st *store.Store, spec Spec, files ...File) (dsr.Part, error) {
	b, p := newBuilder(), dsr.Part{Seq: 1, ID: "id"}
	for _, f := range files {
		p.Records += f.Records
		if err := b.add(f.Member, func(w io.Writer) error { _, err := w.Write(f.Body); return err }); err != nil {
			return p, err
		}
	}
	end, err := ending(int64(b.body.Len()), b.members, nil)
	if err != nil {
		return p, err
	}
	whole := append(b.body.Bytes(), end...)
	p.Size = int64(len(whole))
	p.ETag, err = st.Blobs.Create(ctx, spec.Ref(p), whole, blob.WriteOptions{ContentType: partType})
	return p, err
}
