package bulk

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// Message takes in a message of the queue dsr-bulk; it is the job `bulk`. A message that cannot become an import is put away in
// bulk-rejected and counted, and that is a success: no repetition would make it better. An error is our storage's.
func (s *Service) Message(ctx context.Context, text []byte) error {
	err := s.message(ctx, text)
	var f *problem.Error
	if errors.As(err, &f) {
		return s.putAway(ctx, text, f.Code)
	}
	return err
}

// Poison takes in what the host gave up on after ten tries; it is the job `bulk-poison`. A message that is good and met an outage of
// our storage goes back on its queue, for as long as the outage lasts: it may ask for what nobody else knows of. Everything else is put
// away, so that no message goes round for ever.
func (s *Service) Poison(ctx context.Context, text []byte) error {
	if _, err := decodeMessage(text); err != nil {
		return s.putAway(ctx, text, problem.GaveUp)
	}
	err := s.Message(ctx, text)
	switch {
	case err == nil:
		return nil
	case !failure.Outage(err):
		s.Log.ErrorContext(ctx, "message failed for good", "queue", queue.Bulk, "bytes", len(text), "error", err)
		return s.putAway(ctx, text, problem.GaveUp)
	}
	s.Log.ErrorContext(ctx, "message given back to its queue", "queue", queue.Bulk, "bytes", len(text), "error", err)
	return s.Store.Queues.Return(ctx, queue.Bulk, text, giveBack)
}

func (s *Service) message(ctx context.Context, text []byte) error {
	m, err := decodeMessage(text)
	if err != nil {
		return err
	}
	caller := s.QueueCaller
	if !s.Intake.Knows(m.Tenant) || !caller.Owns(m.Tenant) || !caller.Has(auth.Bulk) {
		return problem.Newf(problem.UnknownTenant, "/tenant", "the tenant is not one that the queue's caller may act for")
	}
	b := store.Bulk{
		ID: s.Store.BulkID(m.Tenant, m.Reference), Tenant: m.Tenant, Reference: m.Reference, Caller: caller.Name,
	}
	if m.Blob == "" {
		err = s.keepItems(ctx, &b, m.Items)
	} else {
		err = s.findBlob(ctx, &b, m.Blob)
	}
	if err != nil {
		return err
	}
	_, _, err = s.record(ctx, b)
	return err
}

// keepItems moves the items of a message to a blob, as JSON Lines, so that only ids travel from here on. Its name is its digest: a
// message that comes twice writes it once.
func (s *Service) keepItems(ctx context.Context, b *store.Bulk, items [][]byte) error {
	d := s.newDigest(list.JSONLines)
	body := append(bytes.Join(items, []byte("\n")), '\n')
	_, _ = d.Write(body)
	b.Format, b.Digest = list.JSONLines, d.hex()
	b.Blob = fmt.Sprintf("%s/%s/%s.ndjson", b.Tenant, b.ID, b.Digest[:32])
	err := s.Store.Blobs.Put(ctx, inputRef(b.Blob), body, s.stamp(), mediaTypes[list.JSONLines])
	if err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	info, err := s.Store.Blobs.Stat(ctx, inputRef(b.Blob))
	b.InputETag = info.ETag
	return err
}

// findBlob reads the blob that a message names once, to know its content: the same reference may not come to mean another list. The
// version that was read is the one that will be imported.
func (s *Service) findBlob(ctx context.Context, b *store.Bulk, path string) error {
	name, format, f := blobPath(b.Tenant, path)
	if f != nil {
		return f
	}
	r, info, err := s.Store.Blobs.Open(ctx, inputRef(name), 0, 0)
	if errors.Is(err, store.ErrNotFound) {
		return problem.Newf(problem.BlobMissing, "/blob", "there is no such blob")
	}
	if failure.Refused(err) {
		return s.unreadable(ctx, b, err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	if info.Size > MaxBlob {
		return problem.Newf(problem.TooLarge, "/blob", "the blob has more than %d bytes", MaxBlob)
	}
	d := s.newDigest(format)
	if _, err := io.Copy(d, r); err != nil {
		return fmt.Errorf("bulk: read blob: %w", err)
	}
	b.Blob, b.Format, b.Digest, b.InputETag = name, format, d.hex(), info.ETag
	return nil
}

// unreadable is the fault of a list that the storage refuses to read, such as one in the archive tier.
func (s *Service) unreadable(ctx context.Context, b *store.Bulk, err error) *problem.Error {
	s.Log.WarnContext(ctx, "list refused by the storage", "tenant", b.Tenant, "bulk", b.ID, "error", err)
	return problem.Newf(problem.BlobUnreadable, "/blob", "the storage refuses to read the blob")
}

// putAway keeps a message, byte for byte, where an operator finds it. Its name is its keyed hash: one that comes again is kept once,
// and nobody can find out by its name what it said.
func (s *Service) putAway(ctx context.Context, text []byte, code problem.Code) error {
	name := hex.EncodeToString(pii.MAC(s.Key, "message put away", string(text)))
	ref := blob.Ref{Container: blob.Rejected, Name: name}
	meta := map[string]string{"code": string(code), blob.MetaAt: s.Now().UTC().Format(time.RFC3339)}
	err := s.Store.Blobs.Put(ctx, ref, text, meta, "application/octet-stream")
	if err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	s.count(ctx, CountMessages, 1)
	s.Log.WarnContext(ctx, "message put away in bulk-rejected", "code", code, "bytes", len(text))
	return nil
}
