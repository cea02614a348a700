package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// The containers.
const (
	Parts      = "parts"
	Packages   = "packages"
	BulkInputs = "bulk"
	Results    = "results"
	Rejected   = "bulk-rejected"
	Findings   = "findings"
)

// Container is a row of the retention table.
type Container struct {
	Name  string
	Holds string
	Kept  string // for how long, in words
}

// Containers is the retention table: every container there is, what it holds and for how long.
var Containers = []Container{
	{Parts, "finished members of a package that is being made", "until the package is verified"},
	{Packages, "what is handed over, one archive per request", "the tenant's retention, 30 days unless set otherwise"},
	{BulkInputs, "bulk files as they were given", "7 days after the import"},
	{Results, "one line per line of a bulk file", "30 days after the import"},
	{Rejected, "bulk messages that cannot become an import, as they came", "30 days"},
	{Findings, "what discovery found, sealed under the case's key", "with the case; cases are not deleted yet"},
}

// Ref names a blob. Account is the URL of another account that a destination names; "" is our own.
type Ref struct{ Account, Container, Name string }

// BlobInfo is what the service says of a blob. MD5 is nil when the service does not know it.
type BlobInfo struct {
	Name string
	Size int64
	ETag string
	Meta map[string]string // keys in lower case
	MD5  []byte
}

// metaWrite is the metadata key of the id of the write that made a blob: how a writer knows its own after an unclear answer.
const metaWrite = "write"

func (s *Store) container(r Ref) (*container.Client, error) {
	if r.Account == "" {
		return s.blobs.NewContainerClient(s.prefix + r.Container), nil
	}
	c := s.accountClient(r.Account)
	if c == nil {
		return nil, fmt.Errorf("store: no client for the account of container %q", r.Container)
	}
	return c.NewContainerClient(r.Container), nil
}

func (s *Store) accountClient(url string) *service.Client {
	if url == "" {
		return s.blobs
	}
	return s.accounts[url]
}

func (s *Store) blob(r Ref) (*blockblob.Client, error) {
	c, err := s.container(r)
	if err != nil {
		return nil, err
	}
	return c.NewBlockBlobClient(r.Name), nil
}

// absent is the condition that nothing of that name exists.
func absent() *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}
}

// matching is the condition that the blob is unchanged.
func matching(etag string) *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(etag))}}
}

// condition is matching(etag), or absent() for an empty one.
func condition(etag string) *blob.AccessConditions {
	if etag == "" {
		return absent()
	}
	return matching(etag)
}

// withWrite returns the metadata with a write id, the caller's own where it gave one.
func withWrite(meta map[string]string) (out map[string]*string, id string) {
	out = map[string]*string{}
	for k, v := range meta {
		out[k] = to.Ptr(v)
	}
	id = meta[metaWrite]
	if id == "" {
		id = newID()
		out[metaWrite] = to.Ptr(id)
	}
	return out, id
}

// PutBlob creates a blob in one call; ErrExists when another writer's is there. Keys of meta are [a-z0-9_]+, values printable ASCII.
func (s *Store) PutBlob(ctx context.Context, r Ref, body []byte, meta map[string]string, contentType string) error {
	b, err := s.blob(r)
	if err != nil {
		return err
	}
	m, id := withWrite(meta)
	_, err = b.Upload(ctx, streaming.NopCloser(bytes.NewReader(body)), &blockblob.UploadOptions{
		AccessConditions: absent(), Metadata: m, HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &contentType},
	})
	if err == nil {
		return nil
	}
	_, won, read := s.wroteBlob(ctx, b, id)
	switch {
	case won:
		return nil
	case read:
		return ErrExists
	}
	return fault("put blob in "+r.Container, err)
}

// wroteBlob reads the blob after an unclear answer: whether it is there, and whether it is the one that the write id made.
func (s *Store) wroteBlob(ctx context.Context, b *blockblob.Client, id string) (info BlobInfo, won, read bool) {
	p, err := b.GetProperties(ctx, nil)
	if err != nil {
		return BlobInfo{}, false, false
	}
	info = propertiesInfo("", p)
	return info, info.Meta[metaWrite] == id, true
}

func propertiesInfo(name string, p blob.GetPropertiesResponse) BlobInfo {
	return BlobInfo{Name: name, Size: deref(p.ContentLength), ETag: string(deref(p.ETag)), Meta: lowerMeta(p.Metadata), MD5: p.ContentMD5}
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// lowerMeta undoes net/http, which writes the metadata headers' names with capitals.
func lowerMeta(m map[string]*string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[strings.ToLower(k)] = deref(v)
	}
	return out
}

// StatBlob returns what the service says of a blob, or ErrNotFound.
func (s *Store) StatBlob(ctx context.Context, r Ref) (BlobInfo, error) {
	b, err := s.blob(r)
	if err != nil {
		return BlobInfo{}, err
	}
	p, err := b.GetProperties(ctx, nil)
	if notFound(err) {
		return BlobInfo{}, ErrNotFound
	}
	if err != nil {
		return BlobInfo{}, fault("look at blob in "+r.Container, err)
	}
	return propertiesInfo(r.Name, p), nil
}

// BlobGone reports whether a read answers 404: the proof that a deletion is done.
func (s *Store) BlobGone(ctx context.Context, r Ref) (bool, error) {
	_, err := s.StatBlob(ctx, r)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	return false, err
}

// GetBlob reads a whole blob, or ErrNotFound.
func (s *Store) GetBlob(ctx context.Context, r Ref) ([]byte, BlobInfo, error) {
	body, info, err := s.OpenBlob(ctx, r, 0, 0)
	if err != nil {
		return nil, BlobInfo{}, err
	}
	defer func() { _ = body.Close() }()
	buf := bytes.NewBuffer(make([]byte, 0, info.Size+bytes.MinRead))
	if _, err := buf.ReadFrom(body); err != nil {
		return nil, BlobInfo{}, fault("read blob in "+r.Container, err)
	}
	return buf.Bytes(), info, nil
}

// OpenBlob reads a blob as a stream from offset; count 0 means to its end. A connection that breaks is continued where it was, on
// the same version of the blob. Info.Size is the size of the whole blob. ErrNotFound when there is none.
func (s *Store) OpenBlob(ctx context.Context, r Ref, offset, count int64) (io.ReadCloser, BlobInfo, error) {
	b, err := s.blob(r)
	if err != nil {
		return nil, BlobInfo{}, err
	}
	resp, err := b.DownloadStream(ctx, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: offset, Count: count}})
	if notFound(err) {
		return nil, BlobInfo{}, ErrNotFound
	}
	if err != nil {
		return nil, BlobInfo{}, fault("read blob in "+r.Container, err)
	}
	info := BlobInfo{Name: r.Name, Size: deref(resp.ContentLength), ETag: string(deref(resp.ETag)), Meta: lowerMeta(resp.Metadata), MD5: resp.ContentMD5}
	if total := rangeTotal(deref(resp.ContentRange)); total >= 0 {
		info.Size, info.MD5 = total, resp.BlobContentMD5
	}
	return body{resp.NewRetryReader(ctx, &blob.RetryReaderOptions{MaxRetries: 4}), "read blob in " + r.Container}, info, nil
}

// body reads a blob; its errors are faults, because the SDK's may quote the URL.
type body struct {
	io.ReadCloser
	op string
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fault(b.op, err)
	}
	return n, err
}

// rangeTotal reads the total of "bytes 0-9/100"; -1 when there is none.
func rangeTotal(contentRange string) int64 {
	var total int64
	_, after, ok := strings.Cut(contentRange, "/")
	if !ok {
		return -1
	}
	if _, err := fmt.Sscanf(after, "%d", &total); err != nil {
		return -1
	}
	return total
}

// ListBlobs goes through the blobs whose names begin with r.Name, in order of name, with their metadata.
func (s *Store) ListBlobs(ctx context.Context, r Ref) iter.Seq2[BlobInfo, error] {
	return func(yield func(BlobInfo, error) bool) {
		c, err := s.container(r)
		if err != nil {
			yield(BlobInfo{}, err)
			return
		}
		pager := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &r.Name, Include: container.ListBlobsInclude{Metadata: true}})
		for pager.More() {
			page, err := pager.NextPage(ctx)
			if err != nil {
				yield(BlobInfo{}, fault("list blobs in "+r.Container, err))
				return
			}
			for _, item := range page.Segment.BlobItems {
				info := BlobInfo{Name: deref(item.Name), Meta: lowerMeta(item.Metadata)}
				if p := item.Properties; p != nil {
					info.Size, info.ETag, info.MD5 = deref(p.ContentLength), quoted(string(deref(p.ETag))), p.ContentMD5
				}
				if !yield(info, nil) {
					return
				}
			}
		}
	}
}

// quoted gives an ETag the quotes that a listing leaves out and a header needs.
func quoted(etag string) string {
	if etag == "" || strings.HasPrefix(etag, `"`) || strings.HasPrefix(etag, "W/") {
		return etag
	}
	return `"` + etag + `"`
}

// DeleteBlob deletes a blob, only if it is unchanged when an ETag is given (ErrConflict otherwise). One that is not there is no error.
func (s *Store) DeleteBlob(ctx context.Context, r Ref, etag string) error {
	b, err := s.blob(r)
	if err != nil {
		return err
	}
	o := &blob.DeleteOptions{DeleteSnapshots: to.Ptr(blob.DeleteSnapshotsOptionTypeInclude)}
	if etag != "" {
		o.AccessConditions = matching(etag)
	}
	_, err = b.Delete(ctx, o)
	switch {
	case err == nil, notFound(err):
		return nil
	case isStatus(err, http.StatusPreconditionFailed):
		// A blob that is gone matches no condition either, which may be our own first try (Azurite 3.37 answers 412 there, Azure 404).
		if gone, gerr := s.BlobGone(ctx, r); gerr == nil && gone {
			return nil
		}
		return ErrConflict
	}
	return fault("delete blob in "+r.Container, err)
}

// copyMeta keeps a caller's later changes out.
func copyMeta(m map[string]string) map[string]string { return maps.Clone(m) }
