// Package blob keeps bytes of any size in containers, and changes them only if no other writer was
// first.
package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// Ref names a blob. Account is the URL of another account that a destination names. It is empty for
// the account of the deployment.
type Ref struct{ Account, Container, Name string }

// Info is what the service says about a blob. MD5 is nil when the service does not know it.
type Info struct {
	Name string
	Size int64
	ETag string
	Meta map[string]string // keys in lower case
	MD5  []byte
}

// Options is what New needs.
type Options struct {
	Client   *service.Client              // for the account of the deployment
	Key      *service.SharedKeyCredential // signs links; when nil, a user-delegation key does
	Accounts map[string]*service.Client   // other accounts that destinations name, by account URL
	// Prefix begins the names of the containers in the account of the deployment, [a-z0-9]*. It
	// keeps tests apart and is empty in production.
	Prefix string
	Clocks clock.Clocks
}

// Store keeps blobs in the account of the deployment and in those of destinations. It is safe for
// concurrent use.
type Store struct {
	client   *service.Client
	key      *service.SharedKeyCredential
	accounts map[string]*service.Client
	prefix   string
	wall     func() time.Time

	delegation struct {
		sync.Mutex
		keys map[string]delegationKey // by account URL
	}
}

// delegationKey signs links where a token opens the account.
type delegationKey struct {
	cred    *service.UserDelegationCredential
	expires time.Time // wall time
}

// New refuses missing parts. It makes no call.
func New(o Options) (*Store, error) {
	if o.Client == nil || o.Clocks.Wall == nil {
		return nil, errors.New("store: blobs need a client and the wall clock")
	}
	s := &Store{client: o.Client, key: o.Key, accounts: o.Accounts, prefix: o.Prefix, wall: o.Clocks.Wall}
	s.delegation.keys = map[string]delegationKey{}
	return s, nil
}

// Init creates the containers that do not exist yet.
func (s *Store) Init(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range retention.Containers() {
		g.Go(func() error {
			_, err := s.client.CreateContainer(ctx, s.prefix+name, nil)
			if failure.IsStatus(err, http.StatusConflict) {
				return nil
			}
			return failure.Wrap("create container "+name, err)
		})
	}
	return g.Wait()
}

func (s *Store) container(r Ref) (*container.Client, error) {
	if r.Account == "" {
		return s.client.NewContainerClient(s.prefix + r.Container), nil
	}
	c := s.accountClient(r.Account)
	if c == nil {
		return nil, fmt.Errorf("%w: container %q", failure.ErrNoAccount, r.Container)
	}
	return c.NewContainerClient(r.Container), nil
}

// accountClient returns the client of an account that a destination names, or of the deployment's
// own account, whether a destination names it or not.
func (s *Store) accountClient(url string) *service.Client {
	if c := s.accounts[url]; c != nil {
		return c
	}
	if url == "" || strings.TrimSuffix(url, "/") == strings.TrimSuffix(s.client.URL(), "/") {
		return s.client
	}
	return nil
}

func (s *Store) blob(r Ref) (*blockblob.Client, error) {
	c, err := s.container(r)
	if err != nil {
		return nil, err
	}
	return c.NewBlockBlobClient(r.Name), nil
}

// absent is the condition that no blob of that name exists.
func absent() *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}
}

// matching is the condition that the blob is unchanged.
func matching(etag string) *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(etag))}}
}

// condition is matching(etag), or absent() for an empty ETag.
func condition(etag string) *blob.AccessConditions {
	if etag == "" {
		return absent()
	}
	return matching(etag)
}

// Put creates a blob in one call. It returns failure.ErrExists when the blob of another writer
// exists. It refuses metadata that no service would give back as it is.
func (s *Store) Put(ctx context.Context, r Ref, body []byte, meta map[string]string, contentType string) error {
	_, err := s.Create(ctx, r, body, WriteOptions{Meta: meta, ContentType: contentType})
	return err
}

// Create creates a blob in one call as Put does, and returns its ETag. The content type and the
// metadata are those of the options.
func (s *Store) Create(ctx context.Context, r Ref, body []byte, o WriteOptions) (etag string, err error) {
	b, err := s.blob(r)
	if err == nil {
		err = checkMeta(o.Meta)
	}
	if err != nil {
		return "", err
	}
	m, id := withWrite(o.Meta)
	resp, err := b.Upload(ctx, streaming.NopCloser(bytes.NewReader(body)), &blockblob.UploadOptions{
		AccessConditions: absent(), Metadata: m, HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &o.ContentType},
	})
	if err == nil {
		return string(deref(resp.ETag)), nil
	}
	info, won, read := s.wroteBlob(ctx, b, id)
	switch {
	case won:
		return info.ETag, nil
	case read:
		return "", failure.ErrExists
	}
	return "", failure.Wrap("put blob in "+r.Container, err)
}

// wroteBlob reads the blob after an unclear answer. Read says that the blob exists, won that the
// write with this id made it.
func (s *Store) wroteBlob(ctx context.Context, b *blockblob.Client, id string) (info Info, won, read bool) {
	p, err := b.GetProperties(ctx, nil)
	if err != nil {
		return Info{}, false, false
	}
	info = propertiesInfo("", p)
	return info, info.Meta[metaWrite] == id, true
}

func propertiesInfo(name string, p blob.GetPropertiesResponse) Info {
	return Info{Name: name, Size: deref(p.ContentLength), ETag: string(deref(p.ETag)), Meta: lowerMeta(p.Metadata), MD5: p.ContentMD5}
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// Stat returns what the service says about a blob, or failure.ErrNotFound.
func (s *Store) Stat(ctx context.Context, r Ref) (Info, error) {
	b, err := s.blob(r)
	if err != nil {
		return Info{}, err
	}
	p, err := b.GetProperties(ctx, nil)
	if failure.NotFound(err) {
		return Info{}, failure.ErrNotFound
	}
	if err != nil {
		return Info{}, failure.Wrap("look at blob in "+r.Container, err)
	}
	return propertiesInfo(r.Name, p), nil
}

// Gone reports whether a read answers 404, which proves that a deletion is done.
func (s *Store) Gone(ctx context.Context, r Ref) (bool, error) {
	_, err := s.Stat(ctx, r)
	if errors.Is(err, failure.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// Get reads a whole blob, or failure.ErrNotFound.
func (s *Store) Get(ctx context.Context, r Ref) ([]byte, Info, error) {
	body, info, err := s.Open(ctx, r, 0, 0)
	if err != nil {
		return nil, Info{}, err
	}
	defer func() { _ = body.Close() }()
	buf := bytes.NewBuffer(make([]byte, 0, info.Size+bytes.MinRead))
	if _, err := buf.ReadFrom(body); err != nil {
		return nil, Info{}, failure.Wrap("read blob in "+r.Container, err)
	}
	return buf.Bytes(), info, nil
}

// Open reads a blob as a stream from offset. Count 0 means to its end. After a broken connection
// the stream goes on where it was, on the same version of the blob. Info.Size is the size of the
// whole blob. Open returns failure.ErrNotFound when the blob does not exist.
func (s *Store) Open(ctx context.Context, r Ref, offset, count int64) (io.ReadCloser, Info, error) {
	b, err := s.blob(r)
	if err != nil {
		return nil, Info{}, err
	}
	resp, err := b.DownloadStream(ctx, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: offset, Count: count}})
	if failure.NotFound(err) {
		return nil, Info{}, failure.ErrNotFound
	}
	if err != nil {
		return nil, Info{}, failure.Wrap("read blob in "+r.Container, err)
	}
	info := Info{Name: r.Name, Size: deref(resp.ContentLength), ETag: string(deref(resp.ETag)), Meta: lowerMeta(resp.Metadata), MD5: resp.ContentMD5}
	if total := rangeTotal(deref(resp.ContentRange)); total >= 0 {
		info.Size, info.MD5 = total, resp.BlobContentMD5
	}
	return body{resp.NewRetryReader(ctx, &blob.RetryReaderOptions{MaxRetries: 4}), "read blob in " + r.Container}, info, nil
}

// body reads a blob. It wraps the errors of the SDK, because their texts may quote the URL.
type body struct {
	io.ReadCloser
	op string
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = failure.Wrap(b.op, err)
	}
	return n, err
}

// rangeTotal reads the total of "bytes 0-9/100". It returns -1 without one.
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

// List returns the blobs whose names begin with r.Name, in the order of their names, with their
// metadata.
func (s *Store) List(ctx context.Context, r Ref) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		c, err := s.container(r)
		if err != nil {
			yield(Info{}, err)
			return
		}
		pager := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &r.Name, Include: container.ListBlobsInclude{Metadata: true}})
		for pager.More() {
			page, err := pager.NextPage(ctx)
			if err != nil {
				yield(Info{}, failure.Wrap("list blobs in "+r.Container, err))
				return
			}
			for _, item := range page.Segment.BlobItems {
				info := Info{Name: deref(item.Name), Meta: lowerMeta(item.Metadata)}
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

// Delete deletes a blob. With an ETag it deletes that version only, and returns failure.ErrConflict
// for any other. A missing blob is not an error.
func (s *Store) Delete(ctx context.Context, r Ref, etag string) error {
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
	case err == nil, failure.NotFound(err):
		return nil
	case failure.IsStatus(err, http.StatusPreconditionFailed):
		// A blob that is gone matches no condition either: an earlier try of this call may have
		// deleted it. Azurite 3.37 answers 412 then, Azure 404.
		if gone, gerr := s.Gone(ctx, r); gerr == nil && gone {
			return nil
		}
		return failure.ErrConflict
	}
	return failure.Wrap("delete blob in "+r.Container, err)
}
