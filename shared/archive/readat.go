package archive

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/verify"
)

const (
	readBlock = 4 << 20 // bytes that are read at once
	readWhole = 8 << 20 // a blob that is no longer is read whole, by one call
)

// blobReader reads a blob at any offset. It keeps a short one whole, and of a longer one the last
// two blocks, since readers of archives read little at a time and mostly in sequence.
type blobReader struct {
	ctx  context.Context // of the caller who made it: ReadAt takes none
	st   *store.Store
	ref  blob.Ref
	size int64
	etag string
	unit int64 // of what is read at once
	err  error // the first error of the storage: archive/zip wraps some errors and hides others

	mu     sync.Mutex
	blocks [2]readAhead
}

type readAhead struct {
	at   int64
	body []byte
}

// openBlob reads the beginning of a blob, or all of it. The error is store.ErrNotFound where there
// is none.
func openBlob(ctx context.Context, st *store.Store, ref blob.Ref) (*blobReader, error) {
	body, info, err := st.Blobs.Open(ctx, ref, 0, readWhole)
	if failure.IsStatus(err, http.StatusRequestedRangeNotSatisfiable) { // it is empty
		info, err = st.Blobs.Stat(ctx, ref)
		return &blobReader{ctx: ctx, st: st, ref: ref, etag: info.ETag, unit: readBlock}, err
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	b := &blobReader{ctx: ctx, st: st, ref: ref, size: info.Size, etag: info.ETag, unit: readBlock}
	if b.size <= readWhole {
		b.unit = readWhole
	}
	first := make([]byte, min(b.unit, b.size))
	if _, err := io.ReadFull(body, first); err != nil {
		return nil, fmt.Errorf("archive: read the package: %w", err)
	}
	b.blocks[0] = readAhead{0, first}
	return b, nil
}

// ReadAt implements io.ReaderAt.
func (b *blobReader) ReadAt(p []byte, off int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(p) {
		if off >= b.size {
			return n, io.EOF
		}
		block, err := b.block(off - off%b.unit)
		if err != nil {
			return n, err
		}
		k := copy(p[n:], block[off%b.unit:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

func (b *blobReader) block(at int64) ([]byte, error) {
	for _, have := range b.blocks {
		if have.body != nil && have.at == at {
			return have.body, nil
		}
	}
	body, info, err := b.st.Blobs.Open(b.ctx, b.ref, at, min(b.unit, b.size-at))
	if err != nil {
		return nil, b.fail(fmt.Errorf("archive: read the package: %w", err))
	}
	defer func() { _ = body.Close() }()
	if info.ETag != b.etag {
		return nil, b.fail(fmt.Errorf("archive: the package was replaced while it was read: %w", store.ErrConflict))
	}
	buf := b.blocks[1].body
	if int64(cap(buf)) < min(b.unit, b.size-at) {
		buf = make([]byte, b.unit)
	}
	buf = buf[:min(b.unit, b.size-at)]
	if _, err := io.ReadFull(body, buf); err != nil {
		b.blocks[1] = readAhead{}
		return nil, b.fail(fmt.Errorf("archive: read the package: %w", err))
	}
	b.blocks[1] = b.blocks[0]
	b.blocks[0] = readAhead{at, buf}
	return buf, nil
}

func (b *blobReader) fail(err error) error {
	if b.err == nil {
		b.err = err
	}
	return err
}

// Verify checks a package where it is stored, one of up to 8 MiB by one read. Its errors are
// verify.ErrNotVerified and those of the storage.
func Verify(ctx context.Context, st *store.Store, ref blob.Ref) (verify.Report, error) {
	at, err := openBlob(ctx, st, ref)
	if err != nil {
		return verify.Report{}, err
	}
	report, err := verify.Archive(at, at.size)
	if at.err != nil {
		return report, at.err
	}
	return report, err
}
