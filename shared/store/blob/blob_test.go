package blob_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func ref(name string) blob.Ref { return blob.Ref{Container: retention.Parts, Name: name} }

func blobWrite(c storetest.Call) bool { return c.Service == "blob" && c.Method == http.MethodPut }

func TestBlobs(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	s := w.Store
	r := ref("t/r/0/entra-access/000001.json")
	require.NoError(t, s.Blobs.Put(t.Context(), r, []byte("0123456789"), map[string]string{"kind": "profile", "records": "1"}, "application/json"))
	require.ErrorIs(t, s.Blobs.Put(t.Context(), r, []byte("other"), nil, "application/json"), failure.ErrExists)
	b, info, err := s.Blobs.Get(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, "0123456789", string(b))
	require.EqualValues(t, 10, info.Size)
	require.Equal(t, "profile", info.Meta["kind"])
	require.NotEmpty(t, info.ETag)

	part, info, err := s.Blobs.Open(t.Context(), r, 3, 4)
	require.NoError(t, err)
	got, err := io.ReadAll(part)
	require.NoError(t, err)
	require.Equal(t, "3456", string(got))
	require.EqualValues(t, 10, info.Size, "the size is that of the whole blob")

	require.NoError(t, s.Blobs.Put(t.Context(), ref("t/r/0/entra-access/000002.json"), nil, nil, "application/json"), "an empty blob")
	empty, _, err := s.Blobs.Get(t.Context(), ref("t/r/0/entra-access/000002.json"))
	require.NoError(t, err)
	require.Empty(t, empty)
	require.NoError(t, s.Blobs.Put(t.Context(), ref("t/q/0/x"), []byte("x"), nil, ""))
	var names []string
	for b, err := range s.Blobs.List(t.Context(), ref("t/r/")) {
		require.NoError(t, err)
		names = append(names, b.Name)
		if len(names) == 1 {
			require.Equal(t, "profile", b.Meta["kind"])
			require.Equal(t, info.ETag, b.ETag, "a listing and a read give the same ETag")
			require.EqualValues(t, 10, b.Size)
		}
	}
	require.Equal(t, []string{"t/r/0/entra-access/000001.json", "t/r/0/entra-access/000002.json"}, names)

	gone, err := s.Blobs.Gone(t.Context(), r)
	require.NoError(t, err)
	require.False(t, gone)
	require.ErrorIs(t, s.Blobs.Delete(t.Context(), r, `"0x1"`), failure.ErrConflict)
	require.NoError(t, s.Blobs.Delete(t.Context(), r, info.ETag))
	require.NoError(t, s.Blobs.Delete(t.Context(), r, info.ETag), "twice")
	gone, err = s.Blobs.Gone(t.Context(), r)
	require.NoError(t, err)
	require.True(t, gone)
	_, _, err = s.Blobs.Get(t.Context(), r)
	require.ErrorIs(t, err, failure.ErrNotFound)
	bad := map[string]string{"last-page": "1"}
	require.ErrorContains(t, s.Blobs.Put(t.Context(), r, nil, bad, ""), "a key of a blob's metadata")
	written := s.Blobs.Write(t.Context(), r, blob.WriteOptions{Meta: bad})
	_, err = written.Write([]byte("x"))
	require.ErrorContains(t, err, "a key of a blob's metadata")
	written.Abort()
	_, err = s.Blobs.Stat(t.Context(), blob.Ref{Account: "https://nobody.example", Container: "c", Name: "n"})
	require.ErrorContains(t, err, "no client")
}

func TestAWriterKnowsAfterAnUnclearAnswerThatItWon(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	for i, action := range []storetest.Action{storetest.DoneButFailed, storetest.Lost, storetest.Throttled} {
		for times := range 2 {
			r := ref(fmt.Sprintf("put/%d/%d", i, times))
			disarm := w.Faults.Add(storetest.Fault{Match: blobWrite, Action: action, Times: times})
			err := w.Store.Blobs.Put(t.Context(), r, []byte("mine"), nil, "text/plain")
			disarm()
			if times == 0 && action != storetest.DoneButFailed { // every try fails
				require.Error(t, err)
				require.NotErrorIs(t, err, failure.ErrExists)
				require.NoError(t, w.Store.Blobs.Put(t.Context(), r, []byte("mine"), nil, "text/plain"))
			} else {
				require.NoError(t, err)
			}
			require.ErrorIs(t, w.Store.Blobs.Put(t.Context(), r, []byte("theirs"), nil, "text/plain"), failure.ErrExists)

			r = ref(fmt.Sprintf("write/%d/%d", i, times))
			wr := w.Store.Blobs.Write(t.Context(), r, blob.WriteOptions{ContentType: "application/zip"})
			_, err = wr.Write([]byte("mine"))
			require.NoError(t, err)
			w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return blobWrite(c) }, Action: action, Times: 1})
			etag, err := wr.Commit(t.Context())
			require.NoError(t, err)
			info, err := w.Store.Blobs.Stat(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, info.ETag, etag)
		}
	}
}

func TestWriteBlob(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := blob.Ref{Container: retention.Packages, Name: "t/r.zip"}
	body := make([]byte, 3<<20+17)
	_, _ = rand.Read(body)
	write := func(o blob.WriteOptions, body []byte) (string, error) {
		wr := w.Store.Blobs.Write(t.Context(), r, o)
		if _, err := io.Copy(struct{ io.Writer }{wr}, oddReader(body)); err != nil {
			wr.Abort()
			return "", err
		}
		return wr.Commit(t.Context())
	}
	etag, err := write(blob.WriteOptions{ContentType: "application/zip", BlockSize: 256 << 10, Meta: map[string]string{"sha256": "00"}}, body)
	require.NoError(t, err)
	got, info, err := w.Store.Blobs.Get(t.Context(), r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(body, got))
	require.Equal(t, "00", info.Meta["sha256"])
	require.Equal(t, etag, info.ETag)

	_, err = write(blob.WriteOptions{}, []byte("second"))
	require.ErrorIs(t, err, failure.ErrExists)
	newer, err := write(blob.WriteOptions{IfMatch: etag}, []byte("second"))
	require.NoError(t, err)
	_, err = write(blob.WriteOptions{IfMatch: etag}, []byte("third"))
	require.ErrorIs(t, err, failure.ErrConflict)
	require.NotEqual(t, etag, newer)

	aborted := ref("aborted")
	wr := w.Store.Blobs.Write(t.Context(), aborted, blob.WriteOptions{BlockSize: 10})
	_, err = wr.Write(make([]byte, 100))
	require.NoError(t, err)
	wr.Abort()
	_, err = wr.Commit(t.Context())
	require.Error(t, err)
	gone, err := w.Store.Blobs.Gone(t.Context(), aborted)
	require.NoError(t, err)
	require.True(t, gone)

	disarm := w.Faults.Add(storetest.Fault{Match: blobWrite, Action: storetest.Lost})
	wr = w.Store.Blobs.Write(t.Context(), aborted, blob.WriteOptions{BlockSize: 10})
	_, err = wr.Write(make([]byte, 1000))
	if err == nil {
		_, err = wr.Commit(t.Context())
	}
	disarm()
	require.Error(t, err, "a block was lost")
	wr.Abort()

	emptied := w.Store.Blobs.Write(t.Context(), ref("empty"), blob.WriteOptions{})
	_, err = emptied.Commit(t.Context())
	require.NoError(t, err)
}

// oddReader reads in odd sizes.
func oddReader(b []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(b[:len(b)/3]), bytes.NewReader(b[len(b)/3:]))
}

func TestAResumedWriterStagesTheSameBlocksAgain(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := blob.Ref{Container: retention.Results, Name: "t/b.ndjson"}
	ids := []string{"000000", "000001", "000002"}
	for _, id := range append(ids, ids...) { // a resumed import stages its blocks again
		require.NoError(t, w.Store.Blobs.StageBlock(t.Context(), r, id, []byte("line "+id+"\n")))
	}
	w.Faults.Add(storetest.Fault{Match: blobWrite, Action: storetest.DoneButFailed, Times: 1})
	require.NoError(t, w.Store.Blobs.CommitBlocks(t.Context(), r, ids, "application/x-ndjson"))
	require.NoError(t, w.Store.Blobs.CommitBlocks(t.Context(), r, ids, "application/x-ndjson"), "twice")
	got, _, err := w.Store.Blobs.Get(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, "line 000000\nline 000001\nline 000002\n", string(got))
	require.NoError(t, w.Store.Blobs.StageBlock(t.Context(), r, "000003", []byte("more\n")))
	require.NoError(t, w.Store.Blobs.CommitBlocks(t.Context(), r, append(ids, "000003"), "application/x-ndjson"))
	got, _, err = w.Store.Blobs.Get(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, "line 000000\nline 000001\nline 000002\nmore\n", string(got))
}

func TestSignedURL(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := blob.Ref{Container: retention.Packages, Name: "t/r.zip"}
	require.NoError(t, w.Store.Blobs.Put(t.Context(), r, []byte("zip"), nil, "application/zip"))
	require.NoError(t, w.Store.Blobs.Put(t.Context(), blob.Ref{Container: retention.Packages, Name: "t/s.zip"}, []byte("other"), nil, "application/zip"))
	info, err := w.Store.Blobs.Stat(t.Context(), r)
	require.NoError(t, err)
	link, err := w.Store.Blobs.SignedURL(t.Context(), r, w.Clock.Now().Add(15*time.Minute), `request "1".zip`, info.ETag)
	require.NoError(t, err)

	get := func(link string) (*http.Response, string) {
		resp, err := http.Get(link)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp, string(b)
	}
	resp, body := get(link)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "zip", body)
	require.True(t, strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment; filename="), resp.Header)
	require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))

	for name, other := range map[string]string{
		"another blob":     strings.Replace(link, "t/r.zip", "t/s.zip", 1),
		"a later expiry":   replaceQuery(t, link, "se", w.Clock.Now().Add(24*time.Hour).UTC().Format(time.RFC3339)),
		"more rights":      replaceQuery(t, link, "sp", "rwd"),
		"another filename": replaceQuery(t, link, "rscd", "inline"),
		"no signature":     strings.Split(link, "?")[0],
	} {
		resp, _ := get(other)
		require.NotEqual(t, http.StatusOK, resp.StatusCode, name)
	}
	expired, err := w.Store.Blobs.SignedURL(t.Context(), r, w.Clock.Now().Add(-time.Minute), "r.zip", "")
	require.NoError(t, err)
	resp, _ = get(expired)
	require.Equal(t, http.StatusForbidden, resp.StatusCode)

	_, err = w.Store.Blobs.SignedURL(t.Context(), r, w.Clock.Now().Add(time.Minute), "r.zip", `"0x1"`)
	require.ErrorIs(t, err, failure.ErrConflict)
	_, err = w.Store.Blobs.SignedURL(t.Context(), ref("none"), w.Clock.Now().Add(time.Minute), "r.zip", "")
	require.ErrorIs(t, err, failure.ErrNotFound)
}

func replaceQuery(t *testing.T, link, key, value string) string {
	t.Helper()
	u, err := url.Parse(link)
	require.NoError(t, err)
	q := u.Query()
	require.True(t, q.Has(key), key)
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestInitTwice(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	require.NoError(t, w.Store.Init(t.Context()))
	w.Faults.Add(storetest.Fault{Action: storetest.Lost})
	err := w.Store.Init(t.Context())
	require.Error(t, err)
	require.True(t, errors.Is(err, storetest.ErrInjected))
}
