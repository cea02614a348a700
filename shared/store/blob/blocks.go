package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

const (
	writerParallel  = 4
	defaultBlock    = 4 << 20
	maxBlock        = 6 << 20 // five buffers stay under 32 MiB
	maxBlocksOfBlob = 50000   // the service's limit
)

// WriteOptions says how a blob is written.
type WriteOptions struct {
	ContentType string
	IfMatch     string // replace this version only; when empty, create only
	Meta        map[string]string
	BlockSize   int // in bytes; 0 means 4 MiB, and 6 MiB is the largest
}

// Writer writes a blob of unknown size as a stream of blocks. It sends four blocks at a time and
// holds at most five in memory. The blob is invisible before Commit. A Writer is not safe for
// concurrent use.
type Writer struct {
	ctx     context.Context
	cancel  context.CancelFunc
	blob    *blockblob.Client
	o       WriteOptions
	ref     Ref
	write   string
	ids     []string
	buf     []byte
	free    chan []byte // unused buffers
	running sync.WaitGroup

	mu  sync.Mutex
	err error // the first one
}

// Write begins a blob. The caller ends it by Commit or Abort. The context is that of all blocks.
func (s *Store) Write(ctx context.Context, r Ref, o WriteOptions) *Writer {
	if o.BlockSize <= 0 {
		o.BlockSize = defaultBlock
	}
	o.BlockSize = min(o.BlockSize, maxBlock)
	o.Meta = maps.Clone(o.Meta)
	w := &Writer{o: o, ref: r, write: newWrite(), free: make(chan []byte, writerParallel+1)}
	w.ctx, w.cancel = context.WithCancel(ctx)
	if w.blob, w.err = s.blob(r); w.err == nil {
		w.err = checkMeta(o.Meta)
	}
	for range cap(w.free) {
		w.free <- nil // made when first used: a small blob needs only one
	}
	return w
}

// Write takes bytes. An error may be that of an earlier block.
func (w *Writer) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 {
		if err := w.failed(); err != nil {
			return n, err
		}
		if w.buf == nil {
			if err := w.takeBuffer(); err != nil {
				return n, err
			}
		}
		k := min(len(p), w.o.BlockSize-len(w.buf))
		w.buf = append(w.buf, p[:k]...)
		p, n = p[k:], n+k
		if len(w.buf) == w.o.BlockSize {
			if err := w.stage(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (w *Writer) takeBuffer() error {
	select {
	case b := <-w.free:
		if b == nil {
			b = make([]byte, 0, w.o.BlockSize)
		}
		w.buf = b[:0]
		return nil
	case <-w.ctx.Done():
		return failure.Wrap("write blob in "+w.ref.Container, context.Cause(w.ctx))
	}
}

// stage sends the buffer as the next block. The ids of blocks begin with the write id, so that two
// writers of one blob never mix their blocks.
func (w *Writer) stage() error {
	if len(w.ids) >= maxBlocksOfBlob {
		return w.fail(fmt.Errorf("store: write blob in %s: %w", w.ref.Container, failure.ErrTooLarge))
	}
	id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s-%06d", w.write, len(w.ids)))
	w.ids = append(w.ids, id)
	body := w.buf
	w.buf = nil
	w.running.Add(1)
	go func() {
		defer w.running.Done()
		_, err := w.blob.StageBlock(w.ctx, id, streaming.NopCloser(bytes.NewReader(body)), nil)
		if err != nil {
			_ = w.fail(failure.Wrap("stage block in "+w.ref.Container, err))
		}
		w.free <- body
	}()
	return nil
}

func (w *Writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	return w.err
}

func (w *Writer) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Commit makes the blob visible and returns its ETag. It returns failure.ErrExists or
// failure.ErrConflict when another writer was first.
func (w *Writer) Commit(ctx context.Context) (etag string, err error) {
	defer w.cancel()
	if len(w.buf) > 0 && w.failed() == nil {
		_ = w.stage()
	}
	w.running.Wait()
	if err := w.failed(); err != nil {
		return "", err
	}
	meta := maps.Clone(w.o.Meta)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[metaWrite] = w.write
	m, _ := withWrite(meta)
	resp, err := w.blob.CommitBlockList(ctx, w.ids, &blockblob.CommitBlockListOptions{
		AccessConditions: condition(w.o.IfMatch), Metadata: m, HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &w.o.ContentType},
	})
	if err == nil {
		return string(deref(resp.ETag)), nil
	}
	return w.unclear(ctx, err)
}

// unclear reads the blob after an unclear answer. The blob names the write that made it.
func (w *Writer) unclear(ctx context.Context, cause error) (string, error) {
	p, err := w.blob.GetProperties(ctx, nil)
	if err != nil {
		return "", failure.Wrap("commit blob in "+w.ref.Container, cause)
	}
	info := propertiesInfo("", p)
	switch {
	case info.Meta[metaWrite] == w.write:
		return info.ETag, nil
	case w.o.IfMatch == "":
		return "", failure.ErrExists
	case info.ETag != w.o.IfMatch:
		return "", failure.ErrConflict
	}
	return "", failure.Wrap("commit blob in "+w.ref.Container, cause)
}

// Abort gives up the blob. The service drops the blocks that were staged.
func (w *Writer) Abort() {
	w.cancel()
	_ = w.fail(errors.New("store: the blob was aborted"))
	w.running.Wait()
}

// blockID encodes an id of the caller for the service.
func blockID(id string) string { return base64.StdEncoding.EncodeToString([]byte(id)) }

// StageBlock stores a block that is invisible before CommitBlocks. All block ids of a blob must be
// equally long. Staging a block again replaces it, so a resumed writer with the same ids makes the
// same blob.
func (s *Store) StageBlock(ctx context.Context, r Ref, id string, body []byte) error {
	b, err := s.blob(r)
	if err != nil {
		return err
	}
	_, err = b.StageBlock(ctx, blockID(id), streaming.NopCloser(bytes.NewReader(body)), nil)
	return failure.Wrap("stage block in "+r.Container, err)
}

// CommitBlocks makes a blob of staged blocks. A blob of the same block ids is left as it is. A blob
// of other blocks is replaced. CommitBlocks returns failure.ErrConflict when that blob changes
// meanwhile.
func (s *Store) CommitBlocks(ctx context.Context, r Ref, ids []string, contentType string) error {
	b, err := s.blob(r)
	if err != nil {
		return err
	}
	encoded := make([]string, len(ids))
	for i, id := range ids {
		encoded[i] = blockID(id)
	}
	sum := sha256.Sum256([]byte(strings.Join(encoded, ",")))
	// The write id is a hash of the block ids: writers of the same blocks count as one.
	write := hex.EncodeToString(sum[:16])
	etag := ""
	for range 2 {
		_, err = b.CommitBlockList(ctx, encoded, &blockblob.CommitBlockListOptions{
			AccessConditions: condition(etag), Metadata: map[string]*string{metaWrite: to.Ptr(write)}, HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &contentType},
		})
		if err == nil {
			return nil
		}
		info, won, read := s.wroteBlob(ctx, b, write)
		switch {
		case won:
			return nil
		case !read:
			return failure.Wrap("commit blob in "+r.Container, err)
		case etag != "":
			return failure.ErrConflict
		}
		etag = info.ETag
	}
	return failure.ErrConflict
}
