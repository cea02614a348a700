package bulk

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

func (w *world) kept() map[string]string {
	out := map[string]string{}
	for _, b := range w.blobs(retention.Rejected, "") {
		out[b.Name] = b.Meta["code"]
	}
	return out
}

// nameOf is the name of a message that was put away.
func nameOf(text string) string {
	return hex.EncodeToString(pii.MAC(bytes.Repeat([]byte{5}, 32), "message put away", text))
}

// Many people can read rows and names of blobs. A hash in them that anyone can make would
// confirm a guessed list.
func TestHashesThatAreKeptNeedTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s, other := w.service(w.st, tenant), w.service(w.st, tenant)
	other.key = bytes.Repeat([]byte{6}, 32)
	item := person("jane@c.example", "")
	digests := map[string]bool{}
	for i, s := range []*Service{s, other} {
		ref := fmt.Sprintf("r-%d", i)
		require.NoError(t, s.Message(t.Context(), fmt.Appendf(nil, `{"tenant":%q,"reference":%q,"items":[%s]}`, tenant, ref, item)))
		b, err := s.ByReference(t.Context(), tenant, ref)
		require.NoError(t, err)
		digests[b.Digest] = true
		require.Contains(t, b.Blob, b.Digest[:32])
		up := w.receive(s, tenant, "u-"+ref, list.JSONLines, item+"\n")
		require.Equal(t, b.Digest, up.Digest, "the same list")
		require.NoError(t, s.Message(t.Context(), []byte("canary")))
	}
	require.Len(t, digests, 2)
	require.Len(t, w.kept(), 2)
	for _, plain := range []string{item, item + "\n", list.JSONLines + "\n" + item + "\n", "canary"} {
		sum := sha256.Sum256([]byte(plain))
		require.NotContains(t, digests, hex.EncodeToString(sum[:]))
		require.NotContains(t, w.kept(), hex.EncodeToString(sum[:]))
	}
}

func (w *world) upload(name, text string) {
	w.t.Helper()
	_, err := w.clients.Blobs.NewContainerClient(w.prefix+retention.BulkInputs).NewBlockBlobClient(name).UploadBuffer(w.t.Context(), []byte(text), nil)
	require.NoError(w.t, err)
}

func TestItemsOnTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	text := fmt.Sprintf(`{"tenant":%q,"reference":"r-1","items":[%s,{"regime":"gdpr","regime":"ccpa"},3]}`, tenant, person("jane@c.example", ""))
	for _, form := range []string{text, base64.StdEncoding.EncodeToString([]byte(text)), text} {
		require.NoError(t, s.Message(t.Context(), []byte(form)))
	}
	b, err := s.ByReference(t.Context(), tenant, "r-1")
	require.NoError(t, err)
	require.Equal(t, "bulk-queue", b.Caller)
	require.Len(t, w.blobs(retention.BulkInputs, tenant), 1)
	got := w.results(s, w.end(s, tenant, b.ID))
	require.Len(t, got, 3)
	require.Equal(t, list.Accepted, got[0].Status)
	require.Equal(t, []problem.Code{problem.DuplicateKey, problem.NotAnObject}, []problem.Code{got[1].Code, got[2].Code})
	require.Equal(t, w.st.RequestID("bulk-queue", tenant, w.key(s, tenant, text)), got[0].ID)
	require.Empty(t, w.kept())
	require.NotContains(t, w.logged(), "jane")
}

// key is the idempotency key of the first item.
func (w *world) key(s *Service, tenant, text string) string {
	w.t.Helper()
	m, err := decodeMessage([]byte(text))
	require.NoError(w.t, err)
	r := &invocation{Service: s, list: imports.Import{Tenant: tenant, Reference: "r-1", Caller: "bulk-queue", ID: s.store.Imports.ID(tenant, "r-1")}}
	d, err := r.draft(list.Line{Number: 1, Item: m.Items[0]}, s.clocks.Wall())
	require.NoError(w.t, err)
	return d.Key
}

func TestABlobOnTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	w.upload(tenant+"/in/people.csv", "\xef\xbb\xbfemail,actions,regime\r\n\"jane@c.example\",export,gdpr\r\n")
	text := fmt.Sprintf(`{"tenant":%q,"reference":"r-1","blob":"bulk/%s/in/people.csv"}`, tenant, tenant)
	require.NoError(t, s.Message(t.Context(), []byte(text)))
	require.NoError(t, s.Message(t.Context(), []byte(text)))
	b, err := s.ByReference(t.Context(), tenant, "r-1")
	require.NoError(t, err)
	require.Equal(t, tenant+"/in/people.csv", b.Blob)
	b = w.end(s, tenant, b.ID)
	require.Equal(t, int64(1), b.Accepted)
	require.Empty(t, w.kept())
	require.Len(t, w.blobs(retention.BulkInputs, tenant), 1, "the producer's blob stays until its wake")

	w.upload(tenant+"/in/people.csv", "email\nother@c.example\n")
	require.NoError(t, s.Message(t.Context(), []byte(text)))
	require.Equal(t, map[string]string{nameOf(text): string(problem.ReferenceTaken)}, w.kept())
}

func TestABlobThatIsReplacedBeforeItsImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	for name, change := range map[string]func(string){
		"changed": func(name string) { w.upload(name, person("b@c.example", "")) },
		"missing": func(name string) {
			require.NoError(t, w.st.Blobs.Delete(t.Context(), blob.InputRef(name), ""))
		},
		"unreadable": func(name string) {
			_, err := w.clients.Blobs.NewContainerClient(w.prefix+retention.BulkInputs).NewBlobClient(name).SetTier(t.Context(), azblob.AccessTierArchive, nil)
			require.NoError(t, err)
		},
	} {
		blob := tenant + "/" + name + ".ndjson" // an archived blob cannot be written
		w.upload(blob, person("a@c.example", ""))
		require.NoError(t, s.Message(t.Context(), fmt.Appendf(nil, `{"tenant":%q,"reference":%q,"blob":"bulk/%s"}`, tenant, name, blob)))
		change(blob)
		b, err := s.ByReference(t.Context(), tenant, name)
		require.NoError(t, err)
		b = w.end(s, tenant, b.ID)
		require.Equal(t, imports.Failed, b.State)
		require.Equal(t, "blob-"+name, b.Failure)
	}
	require.Zero(t, w.requests(tenant))
}

func TestMessagesThatArePutAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant, foreign, unconfigured := newTenant(), newTenant(), newTenant()
	s := w.service(w.st, tenant, foreign)
	s.caller = auth.Caller{ID: "bulk-queue", Name: "bulk-queue", Tenants: []string{tenant, unconfigured}, Rights: []auth.Right{auth.Bulk}}
	want := map[string]string{}
	for _, tc := range []struct {
		text string
		code problem.Code
	}{
		{"canary", problem.InvalidJSON},
		{"\x00\xff\xfe", problem.InvalidJSON},
		{fmt.Sprintf(`{"tenant":%q,"reference":"r-1","items":[3]}`, foreign), problem.UnknownTenant},
		{fmt.Sprintf(`{"tenant":%q,"reference":"r-1","items":[3]}`, unconfigured), problem.UnknownTenant},
		{fmt.Sprintf(`{"tenant":%q,"reference":"r-1","items":[3]}`, newTenant()), problem.UnknownTenant},
		{fmt.Sprintf(`{"tenant":%q,"reference":"canary/1","items":[3]}`, tenant), problem.MalformedReference},
		{fmt.Sprintf(`{"tenant":%q,"reference":"r-1","blob":"bulk/%s/canary.csv"}`, tenant, tenant), problem.BlobMissing},
		{fmt.Sprintf(`{"tenant":%q,"reference":"r-1","blob":"bulk/%s/canary.csv"}`, tenant, foreign), problem.InvalidBlobPath},
	} {
		require.NoError(t, s.Message(t.Context(), []byte(tc.text)))
		want[nameOf(tc.text)] = string(tc.code)
	}
	require.Equal(t, want, w.kept())
	require.Equal(t, int64(len(want)), w.counts[countMessages])

	require.NoError(t, s.Poison(t.Context(), []byte("canary 2")))
	body, info, err := w.st.Blobs.Get(t.Context(), blob.Ref{Container: retention.Rejected, Name: nameOf("canary 2")})
	require.NoError(t, err)
	require.Equal(t, "canary 2", string(body))
	require.Equal(t, string(problem.GaveUp), info.Meta["code"])

	s.caller = auth.Caller{}
	require.NoError(t, s.Message(t.Context(), fmt.Appendf(nil, `{"tenant":%q,"reference":"r-1","items":[4]}`, tenant)))
	require.Equal(t, int64(len(want)+2), w.counts[countMessages])
	require.NotContains(t, w.logged(), "canary")
	require.Empty(t, w.blobs(retention.BulkInputs, ""))
}

func TestAGoodMessageOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	text := fmt.Sprintf(`{"tenant":%q,"reference":"r-1","items":[%s]}`, tenant, person("canary@c.example", ""))
	wire := newWire(-1, false)
	// The queue alone works.
	wire.refuse = func(r *http.Request) bool { return !strings.Contains(r.URL.Path, queue.Bulk) }
	st, _ := w.open(wire, false)
	s := w.service(st, tenant)
	require.Error(t, s.Message(t.Context(), []byte(text)), "the host tries again")
	require.NoError(t, s.Poison(t.Context(), []byte(text)), "the host has given up")
	n, err := w.st.Queues.Length(t.Context(), queue.Bulk)
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.Empty(t, w.kept())

	s = w.service(w.st, tenant)
	require.NoError(t, s.Poison(t.Context(), []byte(text)), "the outage is over")
	b, err := s.ByReference(t.Context(), tenant, "r-1")
	require.NoError(t, err)
	require.Equal(t, int64(1), w.end(s, tenant, b.ID).Accepted)
	require.NotContains(t, w.logged(), "canary")
}

// A message that no later try can help ends in bulk-rejected. It would circulate forever
// otherwise.
func TestAMessageThatStorageRefusesIsPutAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	w.upload(tenant+"/a.csv", "email\n")
	_, err := w.clients.Blobs.NewContainerClient(w.prefix+retention.BulkInputs).NewBlobClient(tenant+"/a.csv").SetTier(t.Context(), azblob.AccessTierArchive, nil)
	require.NoError(t, err)
	archived := fmt.Sprintf(`{"tenant":%q,"reference":"r-1","blob":"bulk/%s/a.csv"}`, tenant, tenant)
	require.NoError(t, w.service(w.st, tenant).Message(t.Context(), []byte(archived)))

	w.upload(tenant+"/b.csv", "email\n")
	forbidden := fmt.Sprintf(`{"tenant":%q,"reference":"r-2","blob":"bulk/%s/b.csv"}`, tenant, tenant)
	wire := newWire(-1, false)
	wire.forbid = func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/b.csv") }
	st, _ := w.open(wire, false)
	require.NoError(t, w.service(st, tenant).Message(t.Context(), []byte(forbidden)))

	items := fmt.Sprintf(`{"tenant":%q,"reference":"r-3","items":[%s]}`, tenant, person("canary@c.example", ""))
	wire = newWire(-1, false)
	wire.forbid = func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, w.prefix+"lists") || strings.Contains(r.URL.Path, "$batch")
	}
	st, _ = w.open(wire, false)
	s := w.service(st, tenant)
	require.Error(t, s.Message(t.Context(), []byte(items)), "the host tries again")
	require.NoError(t, s.Poison(t.Context(), []byte(items)))

	require.Equal(t, map[string]string{
		nameOf(archived): string(problem.BlobUnreadable), nameOf(forbidden): string(problem.BlobUnreadable), nameOf(items): string(problem.GaveUp),
	}, w.kept())
	require.Equal(t, int64(3), w.counts[countMessages])
	n, err := w.st.Queues.Length(t.Context(), queue.Bulk)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NotContains(t, w.logged(), "canary")
}
