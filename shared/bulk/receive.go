package bulk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// Upload is a list that a caller sends by HTTP.
type Upload struct {
	Caller    auth.Caller
	Tenant    string // one of the caller's
	Reference string
	Key       string // idempotency key; empty: none
	Format    string // FormatLines or FormatCSV
	Body      io.Reader
}

// Receive streams an upload into a blob and records it as a bulk import, or finds the one that the same list made before: then existing is
// true. Another list under the same reference is a reference-taken problem, and so is a key that the caller used in this tenant for
// another reference or list an idempotency-conflict. An error of Body comes back as it is. A failure half way leaves no import.
func (s *Service) Receive(ctx context.Context, u Upload) (c *store.BulkCase, existing bool, err error) {
	if !list.ValidReference(u.Reference) {
		return nil, false, problem.Newf(problem.MalformedReference, "", "reference must be %s", list.ReferenceForm)
	}
	id := s.Store.BulkID(u.Tenant, u.Reference)
	// Each upload has a name of its own: two at a time never write into one blob.
	name := fmt.Sprintf("%s/%s/%s.%s", u.Tenant, id, strings.ToLower(rand.Text()), u.Format)
	sum, etag, err := s.upload(ctx, name, u)
	if err != nil {
		return nil, false, err
	}
	b := store.Bulk{
		ID: id, Tenant: u.Tenant, Reference: u.Reference, Caller: u.Caller.Name, Format: u.Format, Blob: name, Digest: sum, InputETag: etag,
	}
	forget, err := s.bind(ctx, b, u.Key)
	if err != nil {
		return nil, false, err
	}
	c, existing, err = s.record(ctx, b)
	if problem.Is(err, problem.ReferenceTaken) {
		forget(ctx) // nothing was made with the key
	}
	return c, existing, err
}

// bind keeps the key for the import that is about to be recorded. The upload of a key that belongs to another is deleted.
func (s *Service) bind(ctx context.Context, b store.Bulk, key string) (forget func(context.Context), err error) {
	if key == "" {
		return func(context.Context) {}, nil
	}
	forget, err = s.Store.KeepBulkKey(ctx, b, key)
	if !errors.Is(err, store.ErrIdempotency) {
		return forget, err
	}
	if err := s.Store.Blobs.Delete(ctx, inputRef(b.Blob), b.InputETag); err != nil {
		s.Log.WarnContext(ctx, "upload not deleted", "tenant", b.Tenant, "bulk", b.ID, "error", err)
	}
	return nil, problem.New(problem.IdempotencyConflict, "", "the idempotency key was used for another reference or list before")
}

func (s *Service) upload(ctx context.Context, name string, u Upload) (sum, etag string, err error) {
	w := s.Store.Blobs.Write(ctx, inputRef(name), blob.WriteOptions{ContentType: mediaTypes[u.Format], Meta: s.stamp()})
	d := s.newDigest(u.Format)
	if _, err := io.Copy(io.MultiWriter(w, d), u.Body); err != nil {
		w.Abort()
		return "", "", err
	}
	etag, err = w.Commit(ctx)
	return d.hex(), etag, err
}

var mediaTypes = map[string]string{list.JSONLines: "application/x-ndjson", list.CSV: "text/csv"}

// record writes the row of an import whose blob is there, or finds the one that is there already, and removes the blobs that earlier
// attempts under the same reference left behind.
func (s *Service) record(ctx context.Context, b store.Bulk) (*store.BulkCase, bool, error) {
	b.State, b.CreatedAt = store.BulkReceived, s.Now()
	b.Wakes = map[store.WakeKind]time.Time{store.WakeBulk: s.Wall().Add(resend)}
	c, existing, err := s.Store.CreateBulk(ctx, b)
	if err != nil {
		return nil, false, err // the blob stays for the attempt that follows; Orphans removes it if none does
	}
	s.tidy(ctx, c)
	if existing && c.Digest != b.Digest {
		return c, true, problem.New(problem.ReferenceTaken, "", "the reference was used for another list before")
	}
	if c.State == store.BulkReceived {
		s.send(ctx, c)
	}
	return c, existing, nil
}

// send asks for the import. A message that cannot be sent is no error: the wake sends it a minute later.
func (s *Service) send(ctx context.Context, c *store.BulkCase) {
	if err := s.Store.Queues.Send(ctx, queue.Work, queue.Message{Tenant: c.Tenant, Bulk: c.ID}); err != nil {
		s.Log.WarnContext(ctx, "message not sent; its wake will", "queue", queue.Work, "tenant", c.Tenant, "bulk", c.ID, "error", err)
	}
}

// tidy deletes the uploads of this import's reference that did not become its input. Best effort: Orphans comes after it.
func (s *Service) tidy(ctx context.Context, c *store.BulkCase) {
	for blob, err := range s.Store.Blobs.List(ctx, inputRef(c.Tenant+"/"+c.ID+"/")) {
		if err != nil {
			s.Log.WarnContext(ctx, "uploads not listed", "tenant", c.Tenant, "bulk", c.ID, "error", err)
			return
		}
		if blob.Name == c.Blob {
			continue
		}
		if err := s.Store.Blobs.Delete(ctx, inputRef(blob.Name), blob.ETag); err != nil && !errors.Is(err, store.ErrConflict) {
			s.Log.WarnContext(ctx, "upload not deleted", "tenant", c.Tenant, "bulk", c.ID, "error", err)
		}
	}
}

// digest identifies a list: its format and its bytes. It is keyed, since it stands in the open: who can read rows and names of blobs must
// not be able to tell whether a list that he guesses was there.
type digest struct{ hash.Hash }

func (s *Service) newDigest(format string) digest {
	return digest{hmac.New(sha256.New, pii.MAC(s.Key, "digest of a list", format))}
}

func (d digest) hex() string { return hex.EncodeToString(d.Sum(nil)) }
