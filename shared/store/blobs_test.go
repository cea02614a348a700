package store_test

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

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func ref(name string) store.Ref { return store.Ref{Container: store.Parts, Name: name} }

func blobWrite(c storetest.Call) bool { return c.Service == "blob" && c.Method == http.MethodPut }

func TestBlobs(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	s := w.Store
	r := ref("t/r/0/entra-access/000001.json")
	require.NoError(t, s.PutBlob(bg, r, []byte("0123456789"), map[string]string{"kind": "profile", "records": "1"}, "application/json"))
	require.ErrorIs(t, s.PutBlob(bg, r, []byte("other"), nil, "application/json"), store.ErrExists)
	b, info, err := s.GetBlob(bg, r)
	require.NoError(t, err)
	require.Equal(t, "0123456789", string(b))
	require.EqualValues(t, 10, info.Size)
	require.Equal(t, "profile", info.Meta["kind"])
	require.NotEmpty(t, info.ETag)

	part, info, err := s.OpenBlob(bg, r, 3, 4)
	require.NoError(t, err)
	got, err := io.ReadAll(part)
	require.NoError(t, err)
	require.Equal(t, "3456", string(got))
	require.EqualValues(t, 10, info.Size, "of the whole blob")

	require.NoError(t, s.PutBlob(bg, ref("t/r/0/entra-access/000002.json"), nil, nil, "application/json"), "an empty one")
	empty, _, err := s.GetBlob(bg, ref("t/r/0/entra-access/000002.json"))
	require.NoError(t, err)
	require.Empty(t, empty)
	require.NoError(t, s.PutBlob(bg, ref("t/q/0/x"), []byte("x"), nil, ""))
	var names []string
	for b, err := range s.ListBlobs(bg, ref("t/r/")) {
		require.NoError(t, err)
		names = append(names, b.Name)
		if len(names) == 1 {
			require.Equal(t, "profile", b.Meta["kind"])
			require.Equal(t, info.ETag, b.ETag, "as a read gives it")
			require.EqualValues(t, 10, b.Size)
		}
	}
	require.Equal(t, []string{"t/r/0/entra-access/000001.json", "t/r/0/entra-access/000002.json"}, names)

	gone, err := s.BlobGone(bg, r)
	require.NoError(t, err)
	require.False(t, gone)
	require.ErrorIs(t, s.DeleteBlob(bg, r, `"0x1"`), store.ErrConflict)
	require.NoError(t, s.DeleteBlob(bg, r, info.ETag))
	require.NoError(t, s.DeleteBlob(bg, r, info.ETag), "twice")
	gone, err = s.BlobGone(bg, r)
	require.NoError(t, err)
	require.True(t, gone)
	_, _, err = s.GetBlob(bg, r)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.StatBlob(bg, store.Ref{Account: "https://nobody.example", Container: "c", Name: "n"})
	require.ErrorContains(t, err, "no client")
}

func TestBlobWritesKnowTheirWinner(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	for i, action := range []storetest.Action{storetest.DoneButFailed, storetest.Lost, storetest.Throttled} {
		for times := range 2 {
			r := ref(fmt.Sprintf("put/%d/%d", i, times))
			disarm := w.Faults.Add(storetest.Fault{Match: blobWrite, Action: action, Times: times})
			err := w.Store.PutBlob(bg, r, []byte("mine"), nil, "text/plain")
			disarm()
			if times == 0 && action != storetest.DoneButFailed { // every try
				require.Error(t, err)
				require.NotErrorIs(t, err, store.ErrExists)
				require.NoError(t, w.Store.PutBlob(bg, r, []byte("mine"), nil, "text/plain"))
			} else {
				require.NoError(t, err)
			}
			require.ErrorIs(t, w.Store.PutBlob(bg, r, []byte("theirs"), nil, "text/plain"), store.ErrExists)

			r = ref(fmt.Sprintf("write/%d/%d", i, times))
			wr := w.Store.WriteBlob(bg, r, store.WriteOptions{ContentType: "application/zip"})
			_, err = wr.Write([]byte("mine"))
			require.NoError(t, err)
			w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return blobWrite(c) }, Action: action, Times: 1})
			etag, err := wr.Commit(bg)
			require.NoError(t, err)
			info, err := w.Store.StatBlob(bg, r)
			require.NoError(t, err)
			require.Equal(t, info.ETag, etag)
		}
	}
}

func TestWriteBlob(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := store.Ref{Container: store.Packages, Name: "t/r.zip"}
	body := make([]byte, 3<<20+17)
	_, _ = rand.Read(body)
	write := func(o store.WriteOptions, body []byte) (string, error) {
		wr := w.Store.WriteBlob(bg, r, o)
		if _, err := io.Copy(struct{ io.Writer }{wr}, iotestReader(body)); err != nil {
			wr.Abort()
			return "", err
		}
		return wr.Commit(bg)
	}
	etag, err := write(store.WriteOptions{ContentType: "application/zip", BlockSize: 256 << 10, Meta: map[string]string{"sha256": "00"}}, body)
	require.NoError(t, err)
	got, info, err := w.Store.GetBlob(bg, r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(body, got))
	require.Equal(t, "00", info.Meta["sha256"])
	require.Equal(t, etag, info.ETag)

	_, err = write(store.WriteOptions{}, []byte("second"))
	require.ErrorIs(t, err, store.ErrExists)
	newer, err := write(store.WriteOptions{IfMatch: etag}, []byte("second"))
	require.NoError(t, err)
	_, err = write(store.WriteOptions{IfMatch: etag}, []byte("third"))
	require.ErrorIs(t, err, store.ErrConflict)
	require.NotEqual(t, etag, newer)

	aborted := ref("aborted")
	wr := w.Store.WriteBlob(bg, aborted, store.WriteOptions{BlockSize: 10})
	_, err = wr.Write(make([]byte, 100))
	require.NoError(t, err)
	wr.Abort()
	_, err = wr.Commit(bg)
	require.Error(t, err)
	gone, err := w.Store.BlobGone(bg, aborted)
	require.NoError(t, err)
	require.True(t, gone)

	disarm := w.Faults.Add(storetest.Fault{Match: blobWrite, Action: storetest.Lost})
	wr = w.Store.WriteBlob(bg, aborted, store.WriteOptions{BlockSize: 10})
	_, err = wr.Write(make([]byte, 1000))
	if err == nil {
		_, err = wr.Commit(bg)
	}
	disarm()
	require.Error(t, err, "a block that was lost")
	wr.Abort()

	emptied := w.Store.WriteBlob(bg, ref("empty"), store.WriteOptions{})
	_, err = emptied.Commit(bg)
	require.NoError(t, err)
}

// iotestReader hands out odd sizes.
func iotestReader(b []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(b[:len(b)/3]), bytes.NewReader(b[len(b)/3:]))
}

func TestBlocksResume(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := store.Ref{Container: store.Results, Name: "t/b.ndjson"}
	ids := []string{"000000", "000001", "000002"}
	for _, id := range append(ids, ids...) { // a resumed import stages again
		require.NoError(t, w.Store.StageBlock(bg, r, id, []byte("line "+id+"\n")))
	}
	w.Faults.Add(storetest.Fault{Match: blobWrite, Action: storetest.DoneButFailed, Times: 1})
	require.NoError(t, w.Store.CommitBlocks(bg, r, ids, "application/x-ndjson"))
	require.NoError(t, w.Store.CommitBlocks(bg, r, ids, "application/x-ndjson"), "twice")
	got, _, err := w.Store.GetBlob(bg, r)
	require.NoError(t, err)
	require.Equal(t, "line 000000\nline 000001\nline 000002\n", string(got))
	require.NoError(t, w.Store.StageBlock(bg, r, "000003", []byte("more\n")))
	require.NoError(t, w.Store.CommitBlocks(bg, r, append(ids, "000003"), "application/x-ndjson"))
	got, _, err = w.Store.GetBlob(bg, r)
	require.NoError(t, err)
	require.Equal(t, "line 000000\nline 000001\nline 000002\nmore\n", string(got))
}

func TestSignedURL(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	r := store.Ref{Container: store.Packages, Name: "t/r.zip"}
	require.NoError(t, w.Store.PutBlob(bg, r, []byte("zip"), nil, "application/zip"))
	require.NoError(t, w.Store.PutBlob(bg, store.Ref{Container: store.Packages, Name: "t/s.zip"}, []byte("other"), nil, "application/zip"))
	info, err := w.Store.StatBlob(bg, r)
	require.NoError(t, err)
	link, err := w.Store.SignedURL(bg, r, w.Clock.Now().Add(15*time.Minute), `request "1".zip`, info.ETag)
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
		"a longer life":    replaceQuery(t, link, "se", w.Clock.Now().Add(24*time.Hour).UTC().Format(time.RFC3339)),
		"more rights":      replaceQuery(t, link, "sp", "rwd"),
		"another filename": replaceQuery(t, link, "rscd", "inline"),
		"no signature":     strings.Split(link, "?")[0],
	} {
		resp, _ := get(other)
		require.NotEqual(t, http.StatusOK, resp.StatusCode, name)
	}
	expired, err := w.Store.SignedURL(bg, r, w.Clock.Now().Add(-time.Minute), "r.zip", "")
	require.NoError(t, err)
	resp, _ = get(expired)
	require.Equal(t, http.StatusForbidden, resp.StatusCode)

	_, err = w.Store.SignedURL(bg, r, w.Clock.Now().Add(time.Minute), "r.zip", `"0x1"`)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = w.Store.SignedURL(bg, ref("none"), w.Clock.Now().Add(time.Minute), "r.zip", "")
	require.ErrorIs(t, err, store.ErrNotFound)
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

func TestContainersAreTheRetentionTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range store.Containers {
		require.False(t, seen[c.Name], c.Name)
		seen[c.Name] = true
		require.NotEmpty(t, c.Holds)
		require.NotEmpty(t, c.Kept)
	}
	require.Len(t, seen, 6)
}

func TestInitTwice(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	require.NoError(t, w.Store.Init(bg))
	w.Faults.Add(storetest.Fault{Action: storetest.Lost})
	err := w.Store.Init(bg)
	require.Error(t, err)
	require.True(t, errors.Is(err, storetest.ErrInjected))
}
