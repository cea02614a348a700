package archive

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/verify"
)

const readBlock = 2 << 20 // bytes that are read at once

// blobReader reads a blob at any offset, a block at a time, and keeps the last two blocks,
// since readers of archives read little at a time and mostly in sequence.
type blobReader struct {
	ctx  context.Context // of the caller who made it: ReadAt takes none
	st   *store.Store
	ref  blob.Ref
	size int64
	etag string
	err  error // the first error of the storage: archive/zip wraps some errors and hides others

	mu     sync.Mutex
	blocks [2]readAhead
}

type readAhead struct {
	at   int64
	body []byte
}

func newBlobReader(ctx context.Context, st *store.Store, ref blob.Ref, info blob.Info) *blobReader {
	return &blobReader{ctx: ctx, st: st, ref: ref, size: info.Size, etag: info.ETag}
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
		block, err := b.block(off - off%readBlock)
		if err != nil {
			return n, err
		}
		k := copy(p[n:], block[off%readBlock:])
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
	body, info, err := b.st.Blobs.Open(b.ctx, b.ref, at, min(readBlock, b.size-at))
	if err != nil {
		return nil, b.fail(fmt.Errorf("archive: read the package: %w", err))
	}
	defer func() { _ = body.Close() }()
	if info.ETag != b.etag {
		return nil, b.fail(fmt.Errorf("archive: the package was replaced while it was read: %w", store.ErrConflict))
	}
	buf := b.blocks[1].body
	if int64(cap(buf)) < min(readBlock, b.size-at) {
		buf = make([]byte, readBlock)
	}
	buf = buf[:min(readBlock, b.size-at)]
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

// Verify checks a package where it is stored. Its errors are verify.ErrNotVerified and those of
// the storage.
func Verify(ctx context.Context, st *store.Store, ref blob.Ref) (verify.Report, error) {
	info, err := st.Blobs.Stat(ctx, ref)
	if err != nil {
		return verify.Report{}, err
	}
	at := newBlobReader(ctx, st, ref, info)
	report, err := verify.Archive(at, info.Size)
	if at.err != nil {
		return report, at.err
	}
	return report, err
}
