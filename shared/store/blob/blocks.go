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
	// Resume uses the blocks that an earlier writer of the same blob staged before it died, where
	// they hold the same bytes. Finding them takes one call more for a blob of more than a Put.
	Resume bool
}

// wholeBlocks is how many blocks a blob may have that is stored by one Put instead: 8 MiB of 4 MiB
// each. More would stay in memory for longer, and gain little.
const wholeBlocks = 2

// Writer writes a blob of unknown size as a stream of blocks. It sends four blocks at a time and
// holds at most five in memory. A blob of at most two blocks is stored by one call. The blob is
// invisible before Commit. A Writer is not safe for concurrent use.
type Writer struct {
	ctx     context.Context
	cancel  context.CancelFunc
	blob    *blockblob.Client
	o       WriteOptions
	ref     Ref
	write   string
	ids     []*string
	buf     []byte
	held    [][]byte            // the first full blocks, until there are too many for a Put
	staged  map[string]struct{} // ids of blocks that an earlier writer left
	sent    bool                // a block has been staged, or was found
	free    chan []byte         // unused buffers
	running sync.WaitGroup

	mu  sync.Mutex
	err error // the first one
	new int   // blocks that this writer has staged
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

// stage sends the buffer as the next block, after those that were held back.
func (w *Writer) stage() error {
	body := w.buf
	w.buf = nil
	if !w.sent && len(w.held) < wholeBlocks {
		w.held = append(w.held, body)
		return nil
	}
	if err := w.release(); err != nil {
		return err
	}
	return w.send(body)
}

// release sends the blocks that were held back.
func (w *Writer) release() error {
	if !w.sent && w.o.Resume {
		if err := w.find(); err != nil {
			return w.fail(err)
		}
	}
	w.sent = true
	held := w.held
	w.held = nil
	for _, body := range held {
		if err := w.send(body); err != nil {
			return err
		}
	}
	return nil
}

// find lists the blocks that an earlier writer of the blob has staged.
func (w *Writer) find() error {
	resp, err := w.blob.GetBlockList(w.ctx, blockblob.BlockListTypeUncommitted, nil)
	if failure.NotFound(err) {
		return nil
	}
	if err != nil {
		return failure.Wrap("list blocks in "+w.ref.Container, err)
	}
	w.staged = map[string]struct{}{}
	for _, b := range resp.UncommittedBlocks {
		w.staged[deref(b.Name)] = struct{}{}
	}
	return nil
}

// send stages a block in the background, unless it is staged already. The id of a block is the
// SHA-256 of its bytes: two writers of one blob cannot mix up blocks, and a block that is there
// holds the same bytes.
func (w *Writer) send(body []byte) error {
	if len(w.ids) >= maxBlocksOfBlob {
		return w.fail(fmt.Errorf("store: write blob in %s: %w", w.ref.Container, failure.ErrTooLarge))
	}
	id := new(string) // read when nothing is running any more
	w.ids = append(w.ids, id)
	w.running.Add(1)
	go func() {
		defer w.running.Done()
		sum := sha256.Sum256(body)
		*id = base64.StdEncoding.EncodeToString(sum[:])
		if _, there := w.staged[*id]; !there {
			_, err := w.blob.StageBlock(w.ctx, *id, streaming.NopCloser(bytes.NewReader(body)), nil)
			if err != nil {
				_ = w.fail(failure.Wrap("stage block in "+w.ref.Container, err))
			} else {
				w.mu.Lock()
				w.new++
				w.mu.Unlock()
			}
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
	return w.commit(ctx)
}

// Replace commits once more after ErrExists or ErrConflict, over the version with that ETag. Only
// the holder of what the blob is made for may do so, as the version may be another writer's.
func (w *Writer) Replace(ctx context.Context, etag string) (string, error) {
	w.o.IfMatch = etag
	return w.commit(ctx)
}

// commit makes the blob of what was held back or staged.
func (w *Writer) commit(ctx context.Context) (etag string, err error) {
	if err := w.failed(); err != nil {
		return "", err
	}
	meta := maps.Clone(w.o.Meta)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[metaWrite] = w.write
	m, _ := withWrite(meta)
	headers := &blob.HTTPHeaders{BlobContentType: &w.o.ContentType}
	if !w.sent {
		var resp blockblob.UploadResponse
		resp, err = w.blob.Upload(ctx, streaming.NopCloser(bytes.NewReader(bytes.Join(w.held, nil))), &blockblob.UploadOptions{
			AccessConditions: condition(w.o.IfMatch), Metadata: m, HTTPHeaders: headers,
		})
		etag = string(deref(resp.ETag))
	} else {
		ids := make([]string, len(w.ids))
		for i, id := range w.ids {
			ids[i] = *id
		}
		var resp blockblob.CommitBlockListResponse
		resp, err = w.blob.CommitBlockList(ctx, ids, &blockblob.CommitBlockListOptions{
			AccessConditions: condition(w.o.IfMatch), Metadata: m, HTTPHeaders: headers,
		})
		etag = string(deref(resp.ETag))
	}
	if err == nil {
		return etag, nil
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

// Leave gives up the blob for now. It waits for the blocks that are on their way, which the service
// keeps for a week, and returns how many the writer has staged that were not there before.
func (w *Writer) Leave() (staged int) {
	w.running.Wait()
	w.Abort()
	return w.new
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
