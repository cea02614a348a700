package store

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// answering is a transport that gives one answer to everything.
type answering struct{ body, contentType string }

func (a answering) Do(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusAccepted, Header: http.Header{"Content-Type": {a.contentType}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: req,
	}, nil
}

const (
	outerType = "multipart/mixed; boundary=b"
	good      = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" +
		"--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\nETag: W/\"1\"\r\n\r\n\r\n--c--\r\n--b--\r\n"
	refused = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" +
		"--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 412 Precondition Failed\r\nContent-Type: application/json\r\n\r\n" +
		`{"odata.error":{"code":"UpdateConditionNotSatisfied","message":{"lang":"en-US","value":"7:The update condition …"}}}` + "\r\n--c--\r\n--b--\r\n"
)

func TestAnswersOfTransactions(t *testing.T) {
	t.Parallel()
	do := func(body, contentType string, rows int) error {
		o := ClientOptions(answering{body, contentType})
		o.Retry.MaxRetries = -1
		c, err := aztables.NewServiceClientWithNoCredential("http://127.0.0.1/acct", &aztables.ClientOptions{ClientOptions: o})
		require.NoError(t, err)
		var ops []op
		for range rows {
			ops = append(ops, insert(newRow("p", "r")))
		}
		s := &Store{}
		err = s.transact(t.Context(), c.NewClient("t"), ops)
		if err == nil {
			require.Equal(t, `W/"1"`, ops[0].row.etag)
		}
		return err
	}
	require.NoError(t, do(good, outerType, 1))
	require.ErrorIs(t, do(good, outerType, 2), failure.ErrCut, "an answer for each row")
	require.Error(t, do("", outerType, 1), "the SDK panics on it")
	require.Error(t, do("\n", outerType, 1))
	require.Error(t, do(good[:40], outerType, 1))
	require.Error(t, do(good, "text/plain", 1))
	err := do(refused, outerType, 1)
	var b *batchError
	require.ErrorAs(t, err, &b)
	require.Equal(t, []any{412, "UpdateConditionNotSatisfied", 7}, []any{b.status, b.code, b.index})
	require.True(t, failure.LostRace(err))
	require.Equal(t, "store: commit: HTTP 412 UpdateConditionNotSatisfied", failure.Wrap("commit", err).Error())
}

func TestUnconditionalWritesAreRefused(t *testing.T) {
	t.Parallel()
	s := &Store{}
	for _, etag := range []string{"", "*"} {
		r := newRow("p", "r")
		r.etag = etag
		require.ErrorContains(t, s.transact(t.Context(), nil, []op{replace(r)}), "refused")
		require.ErrorContains(t, s.transact(t.Context(), nil, []op{remove(r)}), "refused")
		require.ErrorContains(t, s.drop(t.Context(), nil, r), "refused")
	}
}

func FuzzInnerAnswers(f *testing.F) {
	f.Add([]byte(good), outerType)
	f.Add([]byte(refused), outerType)
	f.Add([]byte(""), "")
	f.Fuzz(func(_ *testing.T, body []byte, contentType string) {
		innerAnswers(&http.Response{Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(body))})
	})
}

func FuzzCursor(f *testing.F) {
	s := &Store{idKey: make([]byte, 32)}
	q := ListQuery{Tenants: []string{"t"}}
	l, err := s.newList(q)
	require.NoError(f, err)
	f.Add(l.cursor("n|0000000000000|x"))
	f.Add("")
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 40)))
	f.Fuzz(func(t *testing.T, cursor string) {
		q := q
		q.Cursor = cursor
		l, err := s.newList(q)
		if err != nil {
			require.ErrorIs(t, err, ErrCursor)
			return
		}
		if cursor != "" {
			require.Equal(t, cursor, strings.TrimRight(l.cursor(strings.TrimSuffix(l.from, "!")), "="), "only what we made")
		}
	})
}

func FuzzDecodeRow(f *testing.F) {
	r := newRow("t|1", layout.RowHead)
	r.setInt("seq", 1)
	r.setBytes("private", []byte{1})
	b, err := r.encode()
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(`{"PartitionKey":"a","RowKey":"h","seq":"x","tasks0@odata.type":"Edm.Binary","tasks0":"bnVsbA=="}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		r, err := decodeRow(b, "")
		if err != nil {
			return
		}
		s := &Store{}
		_, _ = s.caseOf("t", "1", r, nil)
		_, _ = s.bulkOf("t", "1", r)
		_ = readTask(r)
		_, _ = readWake(r)
	})
}

func FuzzConnectionString(f *testing.F) {
	f.Add("UseDevelopmentStorage=true")
	f.Add("AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:1/a")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := Connect(s, azcore.ClientOptions{}); err != nil && len(s) > 40 {
			require.NotContains(t, err.Error(), s)
		}
	})
}
